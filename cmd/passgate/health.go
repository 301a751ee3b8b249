package main

import (
	"context"
	"fmt"
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
	base, _, err := askReady(ctx, cmd.Server, cmd.CA)
	if err != nil {
		return err
	}
	con.say("ready: %s", base)
	return nil
}

// askReady asks a server whether it is ready. It gives the server's address and, of
// one with TLS, when its certificate ends. The error's exit code tells one that is not
// ready from one that does not answer.
func askReady(ctx context.Context, server, ca string) (base string, certificateEnds time.Time, err error) {
	// Nothing secret is sent, so that http to another machine is all right.
	c, err := newClient(serverFlags{Server: server, CA: ca, Insecure: true})
	if err != nil {
		return "", certificateEnds, err
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/readyz", nil)
	if err != nil {
		return c.base, certificateEnds, badInput("--server %q: give one like http://localhost:8080", server)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		if refused := explainTLS(c.base, err); refused != nil {
			return c.base, certificateEnds, refused
		}
		return c.base, certificateEnds, unreachable("%s does not answer: %w", c.base, err)
	}
	defer answer.Body.Close()
	if answer.TLS != nil && len(answer.TLS.PeerCertificates) > 0 {
		certificateEnds = answer.TLS.PeerCertificates[0].NotAfter
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return c.base, certificateEnds, unreachable("%s does not answer: %w", c.base, err)
	}
	if answer.StatusCode != http.StatusOK {
		return c.base, certificateEnds, &exitError{exitNo, fmt.Errorf("not ready: %s %s", answer.Status, plain(strings.TrimSpace(string(text))))}
	}
	return c.base, certificateEnds, nil
}
