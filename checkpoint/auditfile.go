package checkpoint

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// AuditFile is a gateway's own file of signed heads. The gateway adds a head
// when it knows of a new one, at most once a second and always before it ends,
// and syncs the file. Past headsFile bytes the first head, the last of each day
// (UTC) and the marked ones stay. Each gateway has a file; every one of them
// bears witness to the whole chain up to its last head, so verifying takes any
// of them, and finds more with all. A copy on another machine is what protects
// against somebody who has Redis and this disk.
type AuditFile struct {
	// Keep is how long entries are kept, 0 for ever.
	Keep time.Duration

	path   string
	store  *Store
	signer *AuditSigner
	file   *os.File
	size   int64
	last   AuditHead // the last that is not a cut
	told   int64     // AuditStats.Broken when it was last reported
}

const (
	headsFile = 1 << 20
	// headEvery is how often a head is signed where there is a new one.
	headEvery = time.Second
	// cutEvery is how often entries whose time is over are cut off.
	cutEvery = time.Hour
	// maxCut is how many entries are cut off in one call.
	maxCut = 10_000
)

// OpenAuditFile opens the file of a gateway's heads, or begins it, and compares
// the chain with the last of them. Run reports what was found. A file that
// cannot be read as one is put aside under another name.
func OpenAuditFile(ctx context.Context, path string, store *Store, signer *AuditSigner) (*AuditFile, error) {
	f := &AuditFile{path: path, store: store, signer: signer}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	heads, bad := ParseAuditHeads(text)
	for i := range heads {
		if heads[i].Mark != AuditCut {
			f.last = heads[i]
		}
	}
	if bad != nil {
		aside := fmt.Sprintf("%s.damaged-%d", path, store.now())
		if err := os.Rename(path, aside); err != nil {
			return nil, fmt.Errorf("checkpoint: heads of the audit: %w", err)
		}
		store.audit.broke(fmt.Sprintf("the file of heads was damaged and is now %s: %v", aside, bad))
	}
	if err := f.check(ctx); err != nil {
		return nil, err
	}
	if err := f.rewrite(heads); err != nil {
		return nil, err
	}
	if len(heads) > 0 {
		return f, nil
	}
	now := store.audit.known() // a file without a head is one that was emptied
	return f, f.add(signer.Sign(now.seq, now.hash, store.now(), ""))
}

// rewrite puts these heads into the file in place of what it has, and leaves it
// open for more.
func (f *AuditFile) rewrite(heads []AuditHead) error {
	var text bytes.Buffer
	for i := range heads {
		line, err := json.Marshal(heads[i])
		if err != nil {
			return fmt.Errorf("checkpoint: heads of the audit: %w", err)
		}
		text.Write(append(line, '\n'))
	}
	fresh, err := os.OpenFile(f.path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	_, err = fresh.Write(text.Bytes())
	if err == nil {
		err = fresh.Sync()
	}
	if err == nil {
		err = os.Rename(f.path+".new", f.path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(f.path))
	}
	if err != nil {
		_ = fresh.Close()
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file, f.size = fresh, int64(text.Len())
	return nil
}

// syncFolder makes the names in a folder last.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// Close closes the file. Every line in it is synced.
func (f *AuditFile) Close() error { return f.file.Close() }

// Run keeps the file until ctx ends, to sign then what is new. It reports a chain that is
// not the one that was known. Only one Run may work on a file.
func (f *AuditFile) Run(ctx context.Context, logger *slog.Logger) {
	f.step(logger)
	sign, cut := time.NewTicker(headEvery), time.NewTicker(cutEvery)
	defer sign.Stop()
	defer cut.Stop()
	for {
		select {
		case <-ctx.Done():
			f.step(logger)
			return
		case <-sign.C:
			f.step(logger)
		case <-cut.C:
			if err := f.Cut(ctx); err != nil {
				logger.Error("old entries of the audit were not cut off", "error", err)
			}
		}
	}
}

// check compares the chain with the head that was signed last, which from then
// on is what this process knows.
func (f *AuditFile) check(ctx context.Context) error {
	cut, _, err := f.store.AuditCut(ctx)
	if err != nil {
		return err
	}
	var now otherHead
	if now.seq, now.hash, err = f.store.AuditHead(ctx); err != nil {
		return err
	}
	known := auditPoint{f.last.Seq, f.last.Hash}
	found, err := f.store.auditRange(ctx, known.seq, known.seq, 1)
	switch {
	case err != nil:
		return err
	case len(found) == 1:
		now.known = found[0].record.Sum()
	case cut != nil && cut.Seq >= known.seq && cut.Verify([]ed25519.PublicKey{f.signer.Public()}) == nil: // its time was over
		now.known = known.hash
	}
	f.store.audit.compare(known, &now)
	return nil
}

// step signs the head if it is new, and reports what was found broken.
func (f *AuditFile) step(logger *slog.Logger) {
	stats, head := f.store.AuditStats(), f.store.audit.known()
	if stats.Broken > f.told {
		logger.Error("THE AUDIT LOG IS NOT WHAT IT WAS: keep the files of heads and run \"passgate audit verify\"", "cause", stats.Cause, "times", stats.Broken-f.told)
		if f.last.Seq > 0 {
			if err := f.add(f.signer.Sign(f.last.Seq, f.last.Hash, f.store.now(), AuditBroken)); err != nil {
				logger.Error("a head of the audit was not written", "error", err)
				return
			}
		}
		f.told = stats.Broken
	}
	if head.seq == 0 || head.seq == f.last.Seq && head.hash == f.last.Hash {
		return
	}
	if err := f.add(f.signer.Sign(head.seq, head.hash, f.store.now(), "")); err != nil {
		logger.Error("a head of the audit was not written", "error", err)
	}
}

// add writes one head and syncs it.
func (f *AuditFile) add(h AuditHead) error {
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	if _, err = f.file.Write(append(line, '\n')); err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	f.size += int64(len(line)) + 1
	if h.Mark != AuditCut {
		f.last = h
	}
	if f.size <= headsFile {
		return nil
	}
	text, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	heads, err := ParseAuditHeads(text)
	if err != nil {
		return err
	}
	return f.rewrite(fewerHeads(heads))
}

// fewerHeads keeps the first head, the last of each day and the marked ones.
func fewerHeads(heads []AuditHead) (kept []AuditHead) {
	for i := range heads {
		endOfDay := i == len(heads)-1 || dayOf(heads[i].At) != dayOf(heads[i+1].At)
		if i == 0 || endOfDay || heads[i].Mark != "" {
			kept = append(kept, heads[i])
		}
	}
	return kept
}

// Cut takes the entries away that are older than Keep, some at a time: first
// the head behind which they lie is signed and on disk. The last entry stays.
func (f *AuditFile) Cut(ctx context.Context) error {
	if f.Keep == 0 {
		return nil
	}
	for {
		first, err := f.store.AuditSince(ctx, f.store.now()-f.Keep.Milliseconds())
		if err != nil {
			return err
		}
		last, _, err := f.store.AuditHead(ctx)
		if err != nil {
			return err
		}
		oldest, err := f.store.auditRange(ctx, 1, last, 1)
		if err != nil || len(oldest) == 0 {
			return err
		}
		first = min(first, last)
		some := min(first, oldest[0].place+maxCut)
		if some <= oldest[0].place {
			return nil
		}
		if err := f.cutBefore(ctx, some); err != nil || some == first {
			return err
		}
	}
}

// cutBefore makes an entry the first of the chain.
func (f *AuditFile) cutBefore(ctx context.Context, seq int64) error {
	found, err := f.store.auditRange(ctx, seq, seq, 1)
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].record.Sum() != found[0].record.Hash || found[0].record.Seq != seq {
		return fmt.Errorf("checkpoint: entry %d of the audit is not as it was written: nothing is cut off in front of it", seq)
	}
	h := f.signer.Sign(seq-1, found[0].record.Prev, f.store.now(), AuditCut)
	if err := f.add(h); err != nil {
		return err
	}
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("checkpoint: heads of the audit: %w", err)
	}
	_, err = f.store.run(ctx, f.store.rdb, auditCutScript, []string{f.store.keys.audit("head"), f.store.keys.audit("log")}, h.Seq, line)
	return err
}

// AuditCut is the signed head up to which entries were cut off, nil if none
// were. bad says that there is one that cannot be read.
func (s *Store) AuditCut(ctx context.Context) (cut *AuditHead, bad bool, err error) {
	text, err := s.rdb.HGet(ctx, s.keys.audit("head"), "l").Result()
	if isNil(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, unavailable(err)
	}
	var h AuditHead
	if json.Unmarshal([]byte(text), &h) != nil {
		return nil, true, nil
	}
	return &h, false, nil
}
