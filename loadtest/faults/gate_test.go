//go:build linux

package faults

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
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
	binary           string   // of another release; "": the one that is tested
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

// launch starts the server and waits until it answers. One that ends again,
// because Redis is too slow for a start, is started again, as a supervisor does.
func (g *gateServer) launch() error {
	path, err := binaryPath()
	if err != nil {
		return err
	}
	path = cmp.Or(g.binary, path)
	args := append([]string{
		"serve", "--addr", g.url[len("http://"):], "--metrics-addr", "off", "--redis", g.redis, "--data", g.data, "--log-level", "warn",
	}, g.args...)
	err = patiently(90*time.Second, func() error {
		if g.process == nil || g.dead() {
			if g.process, err = start([]string{"PASSGATE_FAULT_CLOCK=" + g.clockFile}, path, args...); err != nil {
				return err
			}
		}
		_, err := g.ask(context.Background(), "/healthz")
		if err != nil && g.dead() {
			return fmt.Errorf("passgate ended: %w\n%s", g.err, g.out)
		}
		return err
	})
	if err != nil && g.process != nil && !g.dead() { // it hangs: have it say where
		err = errors.Join(err, g.signal(syscall.SIGQUIT))
		<-g.done
		err = fmt.Errorf("%w\n%s", err, g.out)
	}
	return err
}

// ready tells whether the server has a Redis with its newest rules, and owes it
// nothing.
func (g *gateServer) ready(ctx context.Context) error {
	body, err := g.ask(ctx, "/readyz")
	if err != nil {
		return err
	}
	var state struct {
		Status string
		Owed   int
	}
	if err := json.Unmarshal(body, &state); err != nil {
		return fmt.Errorf("/readyz: %s: %w", body, err)
	}
	if state.Status != "ready" || state.Owed > 0 {
		return fmt.Errorf("it is %s and owes %d scans", state.Status, state.Owed)
	}
	return nil
}

func (g *gateServer) ask(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, res.StatusCode, body)
	}
	return body, err
}

// journalFile is where the server keeps what it owes to Redis.
func (g *gateServer) journalFile() string { return filepath.Join(g.data, "journal", "journal.db") }

// stepClock makes the server's clock wrong by so much, at once.
func (g *gateServer) stepClock(by time.Duration) error {
	file, err := os.OpenFile(g.clockFile, os.O_CREATE|os.O_WRONLY, 0o600) // not replaced: the server has it mapped
	if err != nil {
		return err
	}
	_, err = file.WriteAt(binary.NativeEndian.AppendUint64(nil, uint64(by.Milliseconds())), 0)
	return errors.Join(err, file.Close())
}
