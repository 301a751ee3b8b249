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
	Server string `default:"http://localhost:8080" env:"PASSGATE_SERVER" help:"Address of the server." placeholder:"URL"`
	CA     string `name:"ca" help:"Certificate (PEM) of the authority that vouches for the server, instead of those that this machine trusts." env:"PASSGATE_CA" type:"path" placeholder:"FILE"`
}

// Help is shown by --help.
func (healthCmd) Help() string {
	return `Exit codes: 0 it serves and its store answers, 1 it is not ready, 3 it does not
answer.

Examples:

    passgate health --server https://gates.example.org
    passgate health --server https://10.0.0.5:8443 --ca DATA/keys/tls/ca.pem`
}

// healthTimeout bounds the question.
const healthTimeout = 4 * time.Second

// Run asks.
func (cmd *healthCmd) Run(ctx context.Context, con *console) error {
	// Nothing secret is sent, so that http to another machine is all right.
	c, err := newClient(serverFlags{Server: cmd.Server, CA: cmd.CA, Insecure: true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/readyz", nil)
	if err != nil {
		return badInput("--server %q: give one like http://localhost:8080", cmd.Server)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if refused := explainTLS(c.base, err); refused != nil {
			return refused
		}
		return unreachable("%s does not answer: %w", c.base, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return unreachable("%s does not answer: %w", c.base, err)
	}
	if answer.StatusCode != http.StatusOK {
		con.say("not ready: %s %s", answer.Status, plain(strings.TrimSpace(string(text))))
		return errRefused
	}
	con.say("ready: %s", c.base)
	return nil
}
