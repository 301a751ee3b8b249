package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"golang.org/x/term"
)

// session is what the server gives for a password.
type session struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
	Login     string    `json:"login"`
	Name      string    `json:"name,omitempty"`
	Role      string    `json:"role,omitempty"`
	Grid      string    `json:"grid,omitempty"`
	// Case and Reason are what "passgate case use" keeps for questions.
	Case   string `json:"case,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// good says that the session will be accepted for a while.
func (s session) good() bool { return s.Token != "" && time.Until(s.ExpiresAt) > time.Minute }

// sessions are those of several servers, by base URL.
type sessions map[string]session

const maxTokenFile = 1 << 20

// bareToken is a token that stands alone in a file.
var bareToken = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)

// open gives a client that is signed in: by the token file, by login and
// password, or by the session kept earlier.
func (f serverFlags) open(ctx context.Context, con *console) (*client, error) {
	c, err := newClient(f)
	if err != nil {
		return nil, err
	}
	path, err := f.sessionFile(con)
	if err != nil {
		return nil, err
	}
	kept, token, err := readSessions(path)
	switch {
	case err != nil && (!errors.Is(err, fs.ErrNotExist) || f.TokenFile != ""):
		return nil, badInput("%w", err)
	case token != "":
		c.token = token
		return c, nil
	}
	old := kept[c.base]
	if old.good() && (f.Login == "" || f.Login == old.Login) && (f.Login == "" || con.Env("PASSGATE_PASSWORD") == "") {
		c.token, c.kept = old.Token, ground{old.Case, old.Reason}
		return c, nil
	}
	if f.Login == "" {
		return nil, badInput("not signed in to %s: run \"passgate login --login NAME --server %s\"", c.base, c.base)
	}
	s, err := c.signIn(ctx, con, f.Login)
	if err != nil {
		return nil, err
	}
	c.token = s.Token
	return c, nil
}

// sessionFile is where sessions are kept.
func (f serverFlags) sessionFile(con *console) (string, error) {
	if f.TokenFile != "" {
		return f.TokenFile, nil
	}
	dir, err := con.ConfigDir()
	if err != nil {
		return "", badInput("no folder for the session: %w: name a file with --token-file", err)
	}
	return filepath.Join(dir, "passgate", "sessions.json"), nil
}

// readSessions reads a token file: sessions, or one bare token.
func readSessions(path string) (sessions, string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", fmt.Errorf("token file: %w", err)
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, "", fmt.Errorf("token file: others can read %s: run chmod 600 %s", path, path)
	}
	if !info.Mode().IsRegular() || info.Size() > maxTokenFile {
		return nil, "", fmt.Errorf("token file: %s holds no token", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, "", fmt.Errorf("token file: %w", err)
	}
	text = bytes.TrimSpace(text)
	if bareToken.Match(text) {
		return nil, string(text), nil
	}
	var kept sessions
	if err := json.Unmarshal(text, &kept); err != nil {
		return nil, "", fmt.Errorf("token file: %s holds neither a token nor sessions: delete it and sign in again", path)
	}
	return kept, "", nil
}

func writeSessions(path string, kept sessions) error {
	text, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("session: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return badInput("session: %w", err)
	}
	if err := writePrivate(path, append(text, '\n')); err != nil {
		return badInput("session: %w", err)
	}
	return nil
}

// signIn trades a password for a session.
func (c *client) signIn(ctx context.Context, con *console, login string) (session, error) {
	password := con.Env("PASSGATE_PASSWORD")
	if password == "" {
		var err error
		if password, err = askPassword(ctx, con, login); err != nil {
			return session{}, err
		}
	}
	var s session
	ask := map[string]string{"login": login, "password": password}
	err := c.post(ctx, "/v1/login", ask, &s)
	var p *problem
	if errors.As(err, &p) && p.Code == "code_required" {
		if ask["code"], err = askCode(ctx, con, login); err != nil {
			return session{}, err
		}
		err = c.post(ctx, "/v1/login", ask, &s)
	}
	if errors.As(err, &p) && p.Code == "unauthorized" {
		what := "this password"
		if ask["code"] != "" {
			what = "this password and code: a code is good once, take the newest one"
		}
		return session{}, &exitError{exitNo, fmt.Errorf("the server does not accept login %q with %s", login, what)}
	}
	if err == nil && s.Token == "" {
		err = unreachable("%s: the answer holds no token: is it a passgate server?", c.base)
	}
	return s, err
}

// askPassword asks at the terminal, without echo.
func askPassword(ctx context.Context, con *console, login string) (string, error) {
	return askSecret(ctx, con, "password", "Password of "+plain(login), "PASSGATE_PASSWORD")
}

// askCode gives the code of an account with a second factor: that of the
// environment, or the one typed at the terminal.
func askCode(ctx context.Context, con *console, login string) (string, error) {
	if code := con.Env("PASSGATE_CODE"); code != "" {
		return code, nil
	}
	return askSecret(ctx, con, "code", "Code of "+plain(login)+"'s app, or a recovery code", "PASSGATE_CODE")
}

// askSecret asks for something at the terminal, without echo; variable is where it
// can be put instead.
func askSecret(ctx context.Context, con *console, what, prompt, variable string) (string, error) {
	in, isFile := con.In.(*os.File)
	if !isFile || !term.IsTerminal(int(in.Fd())) {
		return "", badInput("no %s: put it into the environment variable %s, or run this in a terminal", what, variable)
	}
	fd := int(in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("terminal: %w", err)
	}
	_, _ = fmt.Fprintf(con.Err, "%s: ", prompt) // it is asked for all the same
	type typed struct {
		text []byte
		err  error
	}
	done := make(chan typed, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		done <- typed{text, err}
	}()
	select {
	case <-ctx.Done(): // the read goes on, but the process ends
		_ = term.Restore(fd, state)
		con.say("")
		return "", fmt.Errorf("%s: %w", what, ctx.Err())
	case answer := <-done:
		con.say("")
		switch {
		case answer.err != nil:
			return "", badInput("%s: %w", what, answer.err)
		case len(answer.text) == 0:
			return "", badInput("no %s was typed", what)
		}
		return string(answer.text), nil
	}
}

type loginCmd struct {
	serverFlags
	JSON bool `name:"json" help:"Print JSON."`
}

// Help is shown by --help.
func (loginCmd) Help() string {
	return `Keeps the session (12 hours) in a file that only you can read: in your
configuration folder, or in --token-file. An account with a second factor is asked
for its code as well (or PASSGATE_CODE).

Example:

    passgate login --login wang --server http://localhost:8080`
}

// Run signs in and keeps the session.
func (l *loginCmd) Run(ctx context.Context, con *console) error {
	if l.Login == "" {
		return badInput("whose session? give --login NAME")
	}
	c, err := newClient(l.serverFlags)
	if err != nil {
		return err
	}
	path, err := l.sessionFile(con)
	if err != nil {
		return err
	}
	kept, _, err := readSessions(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return badInput("%w", err)
	}
	s, err := c.signIn(ctx, con, l.Login)
	if err != nil {
		return err
	}
	if kept == nil {
		kept = sessions{}
	}
	kept[c.base] = s
	for base, old := range kept {
		if !old.good() {
			delete(kept, base)
		}
	}
	if err := writeSessions(path, kept); err != nil {
		return err
	}
	if l.JSON {
		return printJSON(con.Out, map[string]any{
			"login": s.Login, "name": s.Name, "role": s.Role, "grid": s.Grid,
			"server": c.base, "expires_at": s.ExpiresAt.UTC(), "file": path,
		})
	}
	_, err = fmt.Fprintf(con.Out, "signed in to %s as %s (%s) until %s; kept in %s\n", c.base, plain(s.Login), plain(s.Role), localTime(s.ExpiresAt), path)
	return err
}
