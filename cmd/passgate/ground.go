package main

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
)

// ground is why somebody asks where people were: it goes along in headers, so
// that neither the case nor the reason is in a URL or in anybody's log.
type ground struct {
	code   string // of an open case
	reason string
}

// set puts the ground into a request.
func (g ground) set(h http.Header) {
	if g.code != "" {
		h.Set("Trace-Case", g.code)
	}
	if g.reason != "" {
		h.Set("Trace-Reason", url.PathEscape(g.reason))
	}
}

// String ends a line about an answer with the ground on which it was given.
func (g ground) String() string {
	if g.code == "" {
		return ""
	}
	return "; case " + plain(g.code) + ": " + plain(g.reason)
}

// askFlags are serverFlags of a command that asks where people were.
type askFlags struct {
	serverFlags
	Case   string `help:"Open case under which this is asked; default the one kept by \"passgate case use\"." env:"PASSGATE_CASE" placeholder:"CODE"`
	Reason string `help:"Why this is asked, 4 to 200 characters. It stays in the audit." env:"PASSGATE_REASON" placeholder:"TEXT"`
}

// open gives a client that is signed in and says on what ground it asks: by the
// flags, or as it was kept with the session. A reason that was kept belongs to
// its case: another case takes a reason of its own. Whether a ground is needed
// is for the server to say: a device at its own gate needs none.
func (f askFlags) open(ctx context.Context, con *console) (*client, error) {
	c, err := f.serverFlags.open(ctx, con)
	if err != nil {
		return nil, err
	}
	c.ground = ground{f.Case, f.Reason}
	if f.Case == "" || f.Case == c.kept.code {
		c.ground = ground{c.kept.code, cmp.Or(f.Reason, c.kept.reason)}
	}
	return c, nil
}
