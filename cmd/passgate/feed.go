package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"passgate/codes"
)

type feedCmd struct {
	Follow feedFollowCmd `cmd:"" help:"Print what happens, one event a line, and go on where it was left."`
}

// Help is shown by --help.
func (feedCmd) Help() string {
	return "Example:\n\n    passgate feed follow --token-file jinan.token --state jinan.cursor"
}

type feedFollowCmd struct {
	serverFlags
	From  string `help:"Where to begin: start (the oldest that is kept), now, or the cursor of a page. Default: where --state was left, else start." placeholder:"CURSOR"`
	State string `help:"File that keeps the cursor, to go on from." type:"path" placeholder:"FILE"`
	JWKS  string `name:"jwks" help:"Public keys to check the signatures by, instead of those that the server gives." type:"path" placeholder:"FILE"`
	Once  bool   `help:"End when there is nothing more, instead of waiting."`
	JSON  bool   `name:"json" hidden:"" help:"Print JSON, as it does anyway."`
}

// Help is shown by --help.
func (feedFollowCmd) Help() string {
	return `For offices outside the town, with the token that the town's administrator has
given them (PUT /v1/subscribers/NAME). Events are CloudEvents. Each comes at least
once: leave out those whose source and id came before. The cursor is kept when a page
is printed; what was printed and not kept comes again. Every page's signature is
checked.

Example:

    passgate feed follow --token-file jinan.token --state jinan.cursor >> events.ndjson`
}

const (
	feedWait    = "20" // seconds that a call waits for something to happen
	feedLimit   = "1000"
	maxFeedPage = 8 << 20
	feedPause   = 30 * time.Second // the longest before a server that is away is asked again
)

// Run follows until it is interrupted.
func (f *feedFollowCmd) Run(ctx context.Context, con *console) error {
	cursor, err := f.begin()
	if err != nil {
		return err
	}
	c, err := f.open(ctx, con)
	if err != nil {
		return err
	}
	keys, err := f.keys(ctx, c)
	if err != nil {
		return err
	}
	out, pause := bufio.NewWriter(con.Out), time.Second
	for {
		page, err := f.page(ctx, c, keys, cursor)
		switch {
		case err != nil && (f.Once || !passing(err) || ctx.Err() != nil):
			return err
		case err != nil:
			con.say("%v; asking again in %v", err, pause)
			select {
			case <-ctx.Done():
				return fmt.Errorf("%s: %w", c.base, ctx.Err())
			case <-time.After(pause):
			}
			pause = min(2*pause, feedPause)
			continue
		}
		pause = time.Second
		for _, event := range page.events {
			if _, err := fmt.Fprintf(out, "%s\n", event); err != nil {
				return err
			}
		}
		if err := out.Flush(); err != nil {
			return err
		}
		if err := f.keep(page.next, cursor); err != nil {
			return err
		}
		if cursor = page.next; f.Once && !page.more {
			return nil
		}
	}
}

// begin is the cursor to begin with.
func (f *feedFollowCmd) begin() (string, error) {
	if f.From != "" || f.State == "" {
		return f.From, nil
	}
	text, err := os.ReadFile(f.State)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", badInput("--state: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// keep writes the cursor down.
func (f *feedFollowCmd) keep(next, before string) error {
	if f.State == "" || next == before {
		return nil
	}
	if err := writePrivate(f.State, []byte(next+"\n")); err != nil {
		return badInput("--state: %w", err)
	}
	return nil
}

// keys are what signatures are checked by.
func (f *feedFollowCmd) keys(ctx context.Context, c *client) (*codes.Verifier, error) {
	var set json.RawMessage
	if f.JWKS == "" {
		if err := c.fetch(ctx, request{method: http.MethodGet, path: "/.well-known/jwks.json"}, &set); err != nil {
			return nil, err
		}
	} else {
		text, err := os.ReadFile(f.JWKS)
		if err != nil {
			return nil, badInput("--jwks: %w", err)
		}
		set = text
	}
	keys, err := codes.VerifierFromJWKS(set)
	if err != nil {
		return nil, badInput("%s: %w", cmp.Or(f.JWKS, c.base), err)
	}
	return keys, nil
}

// feedPage is a page whose signature is good.
type feedPage struct {
	events []json.RawMessage
	next   string
	more   bool
}

func (f *feedFollowCmd) page(ctx context.Context, c *client, keys *codes.Verifier, cursor string) (p feedPage, err error) {
	query := url.Values{"limit": {feedLimit}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	if !f.Once {
		query.Set("wait", feedWait)
	}
	answer, err := c.send(ctx, request{method: http.MethodGet, path: "/v1/feed", query: query, accept: "application/cloudevents-batch+json"})
	if err != nil {
		return p, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxFeedPage))
	if err != nil {
		return p, unreachable("%s: the answer broke off: %w", c.base, err)
	}
	p.next = answer.Header.Get("Feed-Cursor")
	p.more, _ = strconv.ParseBool(answer.Header.Get("Feed-More"))
	claims, err := keys.VerifyFeed(answer.Header.Get("Passgate-Signature"), body)
	if err != nil || claims.Cursor != p.next {
		return p, &exitError{exitNo, fmt.Errorf("%s: a page is not signed by the town's key: nothing of it is taken; if the key was changed, start again (%w)", c.base, cmp.Or(err, errors.New("for another cursor")))}
	}
	if err := json.Unmarshal(body, &p.events); err != nil {
		return p, unreachable("%s: a page cannot be read: %w", c.base, err)
	}
	for i, event := range p.events {
		var line bytes.Buffer
		if err := json.Compact(&line, event); err != nil {
			return p, unreachable("%s: an event cannot be read: %w", c.base, err)
		}
		p.events[i] = line.Bytes()
	}
	return p, nil
}

// passing says that the same call may succeed a little later.
func passing(err error) bool {
	var p *problem
	if errors.As(err, &p) {
		return p.passing()
	}
	var coded *exitError
	return errors.As(err, &coded) && coded.code == exitBackend
}
