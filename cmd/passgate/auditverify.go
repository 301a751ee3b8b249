package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"passgate/checkpoint"
)

type auditVerifyCmd struct {
	serverFlags
	Heads     []string `help:"File of signed heads: DATA/audit/heads.ndjson of a gateway, or a copy of it; may be given more than once." sep:"none" placeholder:"FILE"`
	PublicKey []string `help:"Key of a gateway: 64 hexadecimal digits, or a file of them (DATA/audit/audit.pub); may be given more than once." sep:"none" placeholder:"FILE|HEX"`
	From      string   `help:"Exported chain to verify rather than the server's; - is standard input." xor:"source" placeholder:"FILE"`
	Redis     string   `help:"Redis to read the chain from, as in \"passgate serve\"; it takes no secret." xor:"source" placeholder:"URL"`
	Prefix    string   `help:"Prefix of the keys in Redis." default:"pg:" env:"PASSGATE_PREFIX"`
	JSON      bool     `name:"json" help:"Print the report as JSON."`
}

// Help is shown by --help.
func (auditVerifyCmd) Help() string {
	return `Finds entries that were changed, removed, put in, doubled or exchanged, a chain
that was written anew or rolled back, and heads that were changed. Any gateway's
file of heads bears witness to the whole chain up to its last head; give those of
all gateways to prove the end. Without --heads only the server itself does.
Without --public-key the key is taken from audit.pub beside the first file, or
from the server, which then vouches for itself.

Exit codes: 0 sound, 1 something was found, 2 bad input, 3 not reachable.

Examples:

    passgate audit verify --login wang
    passgate audit verify --from audit.ndjson --heads gw1.ndjson --heads gw2.ndjson --public-key audit.pub
    passgate audit verify --redis redis://10.0.0.1:6379 --heads data/audit/heads.ndjson`
}

// Run verifies. The heads are read before the chain, which may grow.
func (a *auditVerifyCmd) Run(ctx context.Context, con *console) error {
	v := checkpoint.NewAuditVerifier()
	keys, err := a.keys(con)
	if err != nil {
		return err
	}
	read, err := a.source(ctx, con, v, &keys)
	if err != nil {
		return err
	}
	if len(a.Heads) > 0 && len(keys) == 0 {
		return badInput("whose heads are these? give --public-key")
	}
	for _, path := range a.Heads {
		text, err := os.ReadFile(path)
		if err != nil {
			return badInput("--heads: %w", err)
		}
		heads, bad := checkpoint.ParseAuditHeads(text)
		switch {
		case bad != nil:
			v.BadHeads(path, bad)
		case len(heads) == 0:
			v.BadHeads(path, errors.New("there is no head in it"))
		}
		v.AddHeads(path, heads, keys)
	}
	if err := read(); err != nil {
		return err
	}
	return a.tell(con, v.Report())
}

// keys are those given, or the one beside the first file of heads.
func (a *auditVerifyCmd) keys(con *console) (keys []ed25519.PublicKey, err error) {
	given := a.PublicKey
	if len(given) == 0 && len(a.Heads) > 0 {
		beside := filepath.Join(filepath.Dir(a.Heads[0]), auditKeyName)
		if _, err := os.Stat(beside); err == nil {
			con.say("public key from %s", beside)
			given = []string{beside}
		}
	}
	for _, text := range given {
		key, err := publicKey(text)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// publicKey reads a key, or a file that holds it.
func publicKey(text string) (ed25519.PublicKey, error) {
	if key, err := hex.DecodeString(text); err == nil && len(key) == ed25519.PublicKeySize {
		return key, nil
	}
	content, err := os.ReadFile(text)
	if err != nil {
		return nil, badInput("--public-key: neither 64 hexadecimal digits nor a file: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(content)))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, badInput("--public-key: %s does not hold 64 hexadecimal digits", text)
	}
	return key, nil
}

// source finds where the chain is, takes the heads that are there, and gives
// what reads it into the verifier.
func (a *auditVerifyCmd) source(ctx context.Context, con *console, v *checkpoint.AuditVerifier, keys *[]ed25519.PublicKey) (read func() error, err error) {
	switch {
	case a.From != "":
		return func() error { return a.readExport(con, v) }, nil
	case a.Redis != "":
		return a.redisSource(ctx, v, *keys)
	}
	c, err := a.open(ctx, con)
	if err != nil {
		return nil, err
	}
	signed, err := fetchHead(ctx, c)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(signed.PublicKey)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, unreachable("%s: its public key is not in its form", c.base)
	}
	known := false
	for _, k := range *keys {
		known = known || bytes.Equal(k, key)
	}
	if len(*keys) == 0 {
		con.say("warning: the public key is the server's own word: give --public-key to prove more than that it agrees with itself")
		*keys, known = []ed25519.PublicKey{key}, true
	}
	if !known {
		con.say("warning: the server signs with key %s, which is none of those given: its own head is not used", checkpoint.AuditKeyID(key))
		signed.Head = checkpoint.AuditHead{}
	}
	for _, h := range signed.heads() {
		if h.Seq > 0 {
			v.AddHeads(c.base, []checkpoint.AuditHead{h}, *keys)
		}
	}
	return func() error {
		return eachAuditLine(ctx, c, 0, func(line []byte) error { addLine(v, line); return nil })
	}, nil
}

func (a *auditVerifyCmd) redisSource(ctx context.Context, v *checkpoint.AuditVerifier, keys []ed25519.PublicKey) (func() error, error) {
	if a.Redis == "managed" || a.Redis == "memory" {
		return nil, badInput("--redis %s: that one is the server's own: ask the server, or name the socket, unix://DATA/redis/…", a.Redis)
	}
	b, err := openBackend(ctx, a.Redis, "", nil)
	if err != nil {
		return nil, badInput("%w", err)
	}
	client := b.client(checkpoint.Tune)
	reader := checkpoint.NewAuditReader(client, a.Prefix)
	cut, bad, err := reader.Cut(ctx)
	switch {
	case err != nil:
		_ = client.Close()
		return nil, unreachable("%s: %w", b.what, err)
	case bad:
		v.BadHeads(b.what, errors.New("the signed head in front of which entries were cut off cannot be read"))
	case cut != nil && len(keys) == 0:
		_ = client.Close()
		return nil, badInput("the chain begins behind a signed head: give --public-key")
	case cut != nil:
		v.AddHeads(b.what, []checkpoint.AuditHead{*cut}, keys)
	}
	return func() error {
		defer func() { _ = client.Close() }() // it was only read
		err := reader.Records(ctx, func(r *checkpoint.AuditRecord) error { v.Add(r); return nil })
		if err != nil {
			return unreachable("%s: %w", b.what, err)
		}
		return nil
	}, nil
}

func (a *auditVerifyCmd) readExport(con *console, v *checkpoint.AuditVerifier) error {
	file, err := openExport(con, a.From)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := eachWholeLine(file, func(line []byte) error { addLine(v, line); return nil }); err != nil {
		return badInput("--from %s: it does not end with a whole line: %w", a.From, err)
	}
	return nil
}

func addLine(v *checkpoint.AuditVerifier, line []byte) {
	r, err := checkpoint.ParseAuditJSON(line)
	if err != nil {
		v.AddUnreadable("a line", err)
		return
	}
	v.Add(&r)
}

// tell prints the report.
func (a *auditVerifyCmd) tell(con *console, report checkpoint.AuditReport) error {
	var b strings.Builder
	for _, f := range report.Findings {
		what := "FOUND"
		if f.Warning {
			what = "warning"
		}
		fmt.Fprintf(&b, "%s %s: %s\n", what, f.Kind, plain(f.Text))
	}
	if report.More > 0 {
		fmt.Fprintf(&b, "and %d findings more\n", report.More)
	}
	verdict := "sound"
	if !report.Sound() {
		verdict = "NOT SOUND"
	}
	fmt.Fprintf(&b, "%s: %d entries, %d to %d; proven up to %d by %d signed heads\n", verdict, report.Entries, report.First, report.Last, report.Signed, report.Heads)
	var err error
	if a.JSON {
		if report.Findings == nil {
			report.Findings = []checkpoint.AuditFinding{}
		}
		err = printJSON(con.Out, map[string]any{"sound": report.Sound(), "report": report})
	} else {
		_, err = fmt.Fprint(con.Out, b.String())
	}
	if err == nil && !report.Sound() {
		return errRefused
	}
	return err
}
