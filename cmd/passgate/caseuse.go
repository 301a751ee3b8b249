package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
)

type caseUseCmd struct {
	serverFlags
	Code   string `arg:"" optional:"" help:"Code of an open case."`
	Reason string `help:"Why its questions are asked, 4 to 200 characters." placeholder:"TEXT"`
	Forget bool   `help:"Forget what was kept."`
}

// Help is shown by --help.
func (caseUseCmd) Help() string {
	return `Kept with the session of "passgate login" and as long as it; --case and --reason of a
question go before it.

Example:

    passgate case use C12 --reason "onset 11-22, contacts wanted"`
}

// Run keeps case and reason for the server's session.
func (u *caseUseCmd) Run(ctx context.Context, con *console) error {
	if !u.Forget && (u.Code == "" || u.Reason == "") || u.Forget && u.Code+u.Reason != "" {
		return badInput("give CODE and --reason TEXT, or --forget")
	}
	path, err := u.sessionFile(con)
	if err != nil {
		return err
	}
	c, err := u.open(ctx, con)
	if err != nil {
		return err
	}
	kept, _, err := readSessions(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return badInput("%w", err)
	}
	s, ok := kept[c.base]
	if !ok || s.Token != c.token {
		return badInput("nothing is kept without a session: sign in with \"passgate login --login NAME\", or put both into PASSGATE_CASE and PASSGATE_REASON")
	}
	if !u.Forget {
		if err := checkOpen(ctx, c, u.Code); err != nil {
			return err
		}
	}
	s.Case, s.Reason = u.Code, u.Reason
	kept[c.base] = s
	if err := writeSessions(path, kept); err != nil {
		return err
	}
	if u.Forget {
		con.say("no case is kept")
		return nil
	}
	con.say("kept%s", ground{u.Code, u.Reason})
	return nil
}

// checkOpen refuses a case under which nothing can be asked.
func checkOpen(ctx context.Context, c *client, code string) error {
	var k tracingCase
	if err := c.fetch(ctx, request{method: http.MethodGet, path: "/v1/cases/" + url.PathEscape(code)}, &k); err != nil {
		return err
	}
	if k.ClosedAt != nil {
		return &exitError{exitNo, fmt.Errorf("case %s is closed: \"passgate case list\" shows the open ones", plain(k.Code))}
	}
	return nil
}
