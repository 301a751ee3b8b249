package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// healthCmd asks a server whether it is ready: the healthcheck of a container
// that holds no other program.
type healthCmd struct {
	Server string `default:"http://localhost:8080" env:"PASSGATE_SERVER" help:"Address of the server."`
}

// Help is shown by --help.
func (healthCmd) Help() string {
	return `Exit codes: 0 it serves and its store answers, 1 it is not ready, 3 it does not
answer.

Example:

    passgate health --server https://gates.example.org`
}

// healthTimeout bounds the question.
const healthTimeout = 4 * time.Second

// Run asks.
func (cmd *healthCmd) Run(ctx context.Context, con *console) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(cmd.Server, "/")+"/readyz", nil)
	if err != nil {
		return badInput("--server %q: give one like http://localhost:8080", cmd.Server)
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return unreachable("%s does not answer: %w", cmd.Server, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return unreachable("%s does not answer: %w", cmd.Server, err)
	}
	if answer.StatusCode != http.StatusOK {
		con.say("not ready: %s %s", answer.Status, plain(strings.TrimSpace(string(text))))
		return errRefused
	}
	return nil
}
