//go:build linux

package faults

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// binaryPath builds passgate once for all rows.
var binaryPath = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("PASSGATE_FAULTS_BINARY"); path != "" {
		return path, nil
	}
	path := filepath.Join(scratch, "passgate")
	out, err := exec.Command("go", "build", "-tags", "faults", "-o", path, "passgate/cmd/passgate").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build passgate: %w\n%s", err, out)
	}
	return path, nil
})

// gateServer is one `passgate serve`. It keeps its address and its folder over
// restarts.
type gateServer struct {
	url, data, redis string
	args             []string // more flags of serve
	clockFile        string
	*process
}

func newGate(data, redisURL string, args ...string) (*gateServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	g := &gateServer{
		url: "http://127.0.0.1:" + strconv.Itoa(port), data: data, redis: redisURL, args: args,
		clockFile: filepath.Join(data, "clock"),
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	return g, errors.Join(g.stepClock(0), g.launch())
}

// launch starts the server and waits until it answers.
func (g *gateServer) launch() error {
	path, err := binaryPath()
	if err != nil {
		return err
	}
	args := append([]string{
		"serve", "--addr", g.url[len("http://"):], "--metrics-addr", "off", "--redis", g.redis, "--data", g.data, "--log-level", "warn",
	}, g.args...)
	if g.process, err = start([]string{"PASSGATE_FAULT_CLOCK=" + g.clockFile}, path, args...); err != nil {
		return err
	}
	return patiently(20*time.Second, func() error {
		if g.dead() {
			return fmt.Errorf("%w: passgate: %w\n%s", errEnded, g.err, g.out)
		}
		return g.ask(context.Background(), "/healthz")
	})
}

// ready tells whether the server has a Redis and its newest rules.
func (g *gateServer) ready(ctx context.Context) error { return g.ask(ctx, "/readyz") }

func (g *gateServer) ask(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d %s", path, res.StatusCode, body)
	}
	return err
}

// stepClock makes the server's clock wrong by so much, at once.
func (g *gateServer) stepClock(by time.Duration) error {
	file, err := os.OpenFile(g.clockFile, os.O_CREATE|os.O_WRONLY, 0o600) // not replaced: the server has it mapped
	if err != nil {
		return err
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(by.Milliseconds())), 0)
	return errors.Join(err, file.Close())
}
