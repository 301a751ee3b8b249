package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"passgate/codes"
)

type passVerifyCmd struct {
	keySource
	At     string   `help:"Judge the validity at this time; default now." placeholder:"TIME"`
	JSON   bool     `name:"json" help:"Print one JSON object a line."`
	Passes []string `arg:"" optional:"" name:"pass" sep:"none" help:"Passes in either form; without any, one a line from standard input."`
}

// Help is shown by --help.
func (passVerifyCmd) Help() string {
	return `Prints a line for each pass: "ok", a tab and the sealed subject; or the reason, a
tab and a detail. Any bytes are taken; a line that is too long is malformed.
Revocation is not known offline. TIME is RFC 3339, a date or "2026-11-24 08:00"
in Shanghai, or Unix seconds. Exit code 0 if all are ok, 1 if any is refused.

Example:

    zbarimg -q --raw pass.png | passgate pass verify --jwks keys.json`
}

// verdict is one line of output.
type verdict struct {
	OK        bool   `json:"ok"`
	Subject   string `json:"sub,omitempty"`
	PassID    string `json:"jti,omitempty"`
	KeyID     string `json:"kid,omitempty"`
	Kind      string `json:"kind,omitempty"`
	NotBefore int64  `json:"nbf,omitempty"`
	ExpiresAt int64  `json:"exp,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Detail    string `json:"detail,omitempty"`
}

// Run verifies.
func (p *passVerifyCmd) Run(ctx context.Context, con *console) error {
	if p.JWKS == "" {
		return badInput("give the public keys with --jwks FILE, as \"passgate keys jwks\" prints them")
	}
	at := time.Now
	if p.At != "" {
		moment, err := parseTime("--at", p.At)
		if err != nil {
			return err
		}
		at = func() time.Time { return moment }
	}
	verifier, err := p.verifier()
	if err != nil {
		return err
	}
	return eachPass(ctx, con, p.Passes, func(out lineWriter, text string) (bool, error) {
		v := judge(verifier, text, at())
		switch {
		case p.JSON:
			return v.OK, out.json(v)
		case v.OK:
			return true, out.line("ok\t" + v.Subject)
		}
		return false, out.line(v.Reason + "\t" + v.Detail)
	})
}

func judge(verifier *codes.Verifier, text string, at time.Time) verdict {
	pass, refusal := verifier.Verify(text)
	if refusal == nil {
		refusal = pass.ValidAt(at)
	}
	if refusal != nil {
		return verdict{Reason: string(refusal.Reason), Detail: plain(refusal.Detail)}
	}
	return verdict{
		OK: true, Subject: base64.RawURLEncoding.EncodeToString(pass.Subject[:]), PassID: base64.RawURLEncoding.EncodeToString(pass.ID[:]),
		KeyID: pass.KeyID, Kind: pass.Kind.String(), NotBefore: pass.NotBefore, ExpiresAt: pass.ExpiresAt,
	}
}

// refusalOf gives reason and detail of a conversion that failed.
func refusalOf(err error) (reason, detail string) {
	var refusal *codes.Refusal
	if errors.As(err, &refusal) {
		return string(refusal.Reason), plain(refusal.Detail)
	}
	return string(codes.ReasonMalformed), plain(err.Error())
}

// lineWriter writes results, one a line.
type lineWriter struct{ *bufio.Writer }

func (w lineWriter) line(text string) error {
	_, err := w.WriteString(text + "\n")
	return err
}

func (w lineWriter) json(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	return w.line(string(text))
}

// eachPass gives do each argument or, without any, each line of standard input,
// and fails with errRefused if do said no to one. Output waits for no more input
// than there is, so that a scanner can be piped in.
func eachPass(ctx context.Context, con *console, passes []string, do func(lineWriter, string) (bool, error)) error {
	out := lineWriter{bufio.NewWriter(con.Out)}
	good := true
	one := func(text string) error {
		ok, err := do(out, text)
		good = good && ok
		return err
	}
	for _, pass := range passes {
		if err := one(pass); err != nil {
			return err
		}
	}
	if len(passes) == 0 {
		if err := eachLine(ctx, con, out, one); err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	if !good {
		return errRefused
	}
	return nil
}

// eachLine gives do the lines of standard input. They are read on the side, so
// that an interrupt is heeded while a terminal or a pipe is silent.
func eachLine(ctx context.Context, con *console, out lineWriter, do func(string) error) error {
	if in, ok := con.In.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		con.say("type or scan passes, one a line; Ctrl-D ends")
	}
	type read struct {
		text string
		err  error
	}
	lines := make(chan read, 64)
	go func() {
		in := bufio.NewReader(con.In)
		for {
			text, err := readLine(in)
			select {
			case lines <- read{text, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	for {
		if len(lines) == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line := <-lines:
			if errors.Is(line.err, io.EOF) {
				return nil
			}
			if line.err != nil {
				return line.err
			}
			if err := do(line.text); err != nil {
				return err
			}
		}
	}
}

// longestLine is how much of a line is kept: so much that a token cut off there
// is still seen to be too long.
const longestLine = codes.MaxTokenBytes + 2

// readLine reads one line of any bytes without its line end (\n or \r\n). Of a
// line of any length it keeps the start. io.EOF means that there is no more.
func readLine(in *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part[:min(len(part), longestLine-len(line))]...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(part) == 0 && len(line) == 0) {
			return "", err
		}
		text, ended := strings.CutSuffix(string(line), "\n")
		if ended {
			text = strings.TrimSuffix(text, "\r")
		}
		return text, nil
	}
}

// readAtMost reads all, or limit bytes of it.
func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	return io.ReadAll(io.LimitReader(r, limit))
}
