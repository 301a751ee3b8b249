package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"passgate/checkpoint"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"Show who asked what in a window of time."`
	Export auditExportCmd `cmd:"" help:"Write the whole chain to a file."`
	Head   auditHeadCmd   `cmd:"" help:"Print the signed head of now, to keep it elsewhere."`
	Verify auditVerifyCmd `cmd:"" help:"Prove that nothing was changed, removed or put in."`
}

// Help is shown by --help.
func (auditCmd) Help() string {
	return "Example:\n\n    passgate audit verify --heads data/audit/heads.ndjson --public-key data/audit/audit.pub"
}

type auditListCmd struct {
	serverFlags
	windowFlags
	Actor   string `help:"Only what this account did." placeholder:"LOGIN"`
	Case    string `help:"Only what was asked under this case." placeholder:"CODE"`
	Subject string `help:"Only what is about this person, gate, site or case." placeholder:"ID"`
	Action  string `help:"Only actions that contain this, such as /trajectory." placeholder:"TEXT"`
}

// Help is shown by --help.
func (auditListCmd) Help() string {
	return `Auditors see what was done by the people of their part of the grid. This
look is in the audit itself.

Example:

    passgate audit list --actor wang --from 2026-11-24 --to 2026-11-25`
}

// auditEntry is an entry as the server tells it.
type auditEntry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Actor   string    `json:"actor"`
	Role    string    `json:"role"`
	Action  string    `json:"action"`
	Case    string    `json:"case"`
	Reason  string    `json:"reason"`
	Subject string    `json:"subject"`
	Detail  string    `json:"detail"`
	Outcome string    `json:"outcome"`
	Rows    int64     `json:"rows"`
}

// Run lists the entries, page by page.
func (l *auditListCmd) Run(ctx context.Context, con *console) error {
	query, err := l.query()
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"actor": l.Actor, "case": l.Case, "subject": l.Subject, "action": l.Action} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if query.Get("to") == "" { // one moment for all pages
		query.Set("to", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	c, err := l.open(ctx, con)
	if err != nil {
		return err
	}
	switch {
	case l.JSON:
		return printAuditPages(ctx, con.Out, c, query)
	case l.CSV:
		out, err := newCSV(con.Out, "seq", "at", "actor", "role", "action", "case", "reason", "subject", "detail", "outcome", "rows")
		if err != nil {
			return err
		}
		err = eachAuditEntry(ctx, c, query, func(e auditEntry) error {
			return out.add(strconv.FormatInt(e.Seq, 10), csvTime(e.At), e.Actor, e.Role, e.Action, e.Case, e.Reason, e.Subject, e.Detail, e.Outcome, strconv.FormatInt(e.Rows, 10))
		})
		return errors.Join(err, out.flush())
	}
	count, out := 0, newTable(con.Out, "NO", "TIME", "WHO", "ROLE", "WHAT", "CASE", "ABOUT", "ROWS", "OUTCOME", "REASON")
	err = eachAuditEntry(ctx, c, query, func(e auditEntry) error {
		count++
		return out.add(strconv.FormatInt(e.Seq, 10), localTime(e.At), e.Actor, e.Role, e.Action, e.Case, e.Subject, strconv.FormatInt(e.Rows, 10), e.Outcome, e.Reason)
	})
	if err = errors.Join(err, out.flush()); err == nil {
		con.say("%d entries", count)
	}
	return err
}

// printAuditPages writes one JSON document, page by page.
func printAuditPages(ctx context.Context, w io.Writer, c *client, query url.Values) error {
	out, comma := bufio.NewWriter(w), `{"entries":[`
	err := eachAuditPage(ctx, c, query, func(entry json.RawMessage) error {
		_, err := fmt.Fprintf(out, "%s\n%s", comma, entry)
		comma = ","
		return err
	})
	if err != nil {
		return err // what is left out of the document shows that it is not whole
	}
	if comma == "," {
		comma = "\n"
	}
	if _, err := fmt.Fprintf(out, "%s]}\n", comma); err != nil {
		return err
	}
	return out.Flush()
}

// eachAuditEntry reads the entries of all pages.
func eachAuditEntry(ctx context.Context, c *client, query url.Values, do func(auditEntry) error) error {
	return eachAuditPage(ctx, c, query, func(text json.RawMessage) error {
		var e auditEntry
		if err := json.Unmarshal(text, &e); err != nil {
			return unreachable("an entry cannot be read: %w", err)
		}
		return do(e)
	})
}

func eachAuditPage(ctx context.Context, c *client, query url.Values, do func(json.RawMessage) error) error {
	query.Set("limit", "1000")
	for {
		var page struct {
			Entries []json.RawMessage `json:"entries"`
			Next    string            `json:"next"`
		}
		if err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/audit", query: query}, &page); err != nil {
			return err
		}
		for _, entry := range page.Entries {
			if err := do(entry); err != nil {
				return err
			}
		}
		if page.Next == "" || page.Next == query.Get("cursor") {
			return nil
		}
		query.Set("cursor", page.Next)
	}
}

type auditExportCmd struct {
	serverFlags
	After int64  `help:"Only entries behind this number." placeholder:"N"`
	Out   string `help:"File (mode 0600) to write; default standard output." type:"path" placeholder:"FILE"`
	JSON  bool   `name:"json" hidden:"" help:"Print JSON, as it does anyway."`
}

// Help is shown by --help.
func (auditExportCmd) Help() string {
	return `One entry a line. "passgate audit verify --from FILE" proves it later; keep the
signed heads with it: "passgate audit head >> heads.ndjson".

Example:

    passgate audit export --out audit-2026-11.ndjson`
}

// Run writes the chain.
func (e *auditExportCmd) Run(ctx context.Context, con *console) error {
	c, err := e.open(ctx, con)
	if err != nil {
		return err
	}
	out, keep := bufio.NewWriter(con.Out), func() error { return nil }
	if e.Out != "" {
		file, err := createPrivate(e.Out)
		if err != nil {
			return badInput("%w", err)
		}
		defer file.drop()
		out, keep = file.Writer, file.keep
	}
	count := 0
	err = eachAuditLine(ctx, c, e.After, func(line []byte) error {
		count++
		if _, err := out.Write(line); err != nil {
			return err
		}
		return out.WriteByte('\n')
	})
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = keep()
	}
	if err == nil {
		con.say("%d entries", count)
	}
	return err
}

// eachAuditLine streams the chain behind an entry. Where the stream is cut, it
// goes on behind the last whole line.
func eachAuditLine(ctx context.Context, c *client, after int64, do func(line []byte) error) error {
	for {
		answer, err := c.send(ctx, request{method: http.MethodGet, path: "/v1/audit", query: url.Values{"after": {strconv.FormatInt(after, 10)}}, accept: "application/x-ndjson"})
		if err != nil {
			return err
		}
		begun, failed := after, error(nil)
		err = eachWholeLine(answer.Body, func(line []byte) error {
			if failed = do(line); failed != nil {
				return failed
			}
			if r, err := checkpoint.ParseAuditJSON(line); err == nil {
				after = max(after, r.Seq)
			}
			return nil
		})
		_ = answer.Body.Close()
		switch {
		case err == nil, failed != nil:
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", c.base, ctx.Err())
		case after == begun:
			return unreachable("%s: the answer broke off: %w", c.base, err)
		}
	}
}

// eachWholeLine reads whole lines, without their ends. A last line that does not end
// is an error, and so is one longer than any entry.
func eachWholeLine(r io.Reader, do func(line []byte) error) error {
	lines := bufio.NewReaderSize(r, checkpoint.MaxAuditLine+1)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
		if err := do(line[:len(line)-1]); err != nil {
			return err
		}
	}
}

type auditHeadCmd struct {
	serverFlags
	JSON bool `name:"json" hidden:"" help:"Print JSON, as it does anyway."`
}

// Help is shown by --help.
func (auditHeadCmd) Help() string {
	return `In the form of a file of heads, for "passgate audit verify --heads". Kept on
another machine, it proves that what was there today is there tomorrow.

Example:

    passgate audit head >> heads.ndjson`
}

// Run prints the head, and where the chain begins if entries were cut off.
func (h *auditHeadCmd) Run(ctx context.Context, con *console) error {
	c, err := h.open(ctx, con)
	if err != nil {
		return err
	}
	signed, err := fetchHead(ctx, c)
	if err != nil {
		return err
	}
	for _, head := range signed.heads() {
		if err := json.NewEncoder(con.Out).Encode(head); err != nil {
			return err
		}
	}
	con.say("public key %s", signed.PublicKey)
	return nil
}

// signedHead is the server's answer about its head.
type signedHead struct {
	Head      checkpoint.AuditHead  `json:"head"`
	PublicKey string                `json:"public_key"`
	Cut       *checkpoint.AuditHead `json:"cut"`
}

func (s *signedHead) heads() []checkpoint.AuditHead {
	if s.Cut == nil {
		return []checkpoint.AuditHead{s.Head}
	}
	return []checkpoint.AuditHead{*s.Cut, s.Head}
}

func fetchHead(ctx context.Context, c *client) (signed signedHead, err error) {
	return signed, c.fetch(ctx, request{method: http.MethodGet, path: "/v1/audit/head"}, &signed)
}

// openExport opens an exported chain; "-" is standard input.
func openExport(con *console, path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(con.In), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, badInput("--from: %w", err)
	}
	return file, nil
}
