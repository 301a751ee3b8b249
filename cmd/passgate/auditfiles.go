package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"passgate/checkpoint"
)

// Where a server keeps what proves its audit, in DATA/audit.
const (
	auditHeadsName = "heads.ndjson" // signed heads
	auditKeyName   = "audit.pub"    // the public key, 64 hexadecimal digits
)

// openAudit opens the server's file of signed heads, compares the chain with it
// and leaves the public key beside it.
func (s *server) openAudit(ctx context.Context, cmd *ServeCmd, key []byte) (*checkpoint.AuditSigner, error) {
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "gateway"
	}
	signer, err := checkpoint.NewAuditSigner(key, clip(plain(name), 90))
	if err != nil {
		return nil, err
	}
	dir, file := filepath.Join(cmd.Data, "audit"), auditHeadsName
	if cmd.Redis == "memory" { // each start begins a chain of its own
		file = "memory-" + file
		_ = os.Remove(filepath.Join(dir, file)) // it may not be there
	}
	if s.heads, err = checkpoint.OpenAuditFile(ctx, filepath.Join(dir, file), s.store, signer); err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() { _ = s.heads.Close() })
	s.heads.Keep = time.Duration(cmd.AuditKeep) * 24 * time.Hour
	if err := writePrivate(filepath.Join(dir, auditKeyName), fmt.Appendf(nil, "%s\n", hex.EncodeToString(signer.Public()))); err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	return signer, nil
}
