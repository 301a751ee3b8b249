package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/loadtest/rig"
)

// scratch holds the binary for as long as the tests run.
var scratch string

func TestMain(m *testing.M) {
	var err error
	if scratch, err = os.MkdirTemp("", "pgw"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(scratch)
	os.Exit(status)
}

// built builds passgate once for all tests.
var built = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(rig.BinaryVariable); path != "" {
		return path, nil
	}
	path := filepath.Join(scratch, "passgate")
	if out, err := exec.Command("go", "build", "-o", path, "passgate/cmd/passgate").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build passgate: %w\n%s", err, out)
	}
	return path, os.Setenv(rig.BinaryVariable, path)
})

func program(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// prometheus is a running one.
type prometheus struct{ base string }

// startPrometheus runs the shipped configuration, with other targets and a clock that ticks
// every second.
func startPrometheus(t *testing.T, target string) *prometheus {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(deploy, "prometheus"))); err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("_interval: 15s", "_interval: 1s").Replace(read(t, "prometheus/prometheus.yml"))
	for name, text := range map[string]string{
		"prometheus.yml": config, "targets/passgate.yml": fmt.Sprintf("- targets: [%q]\n", target), "targets/alertmanager.yml": "[]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &prometheus{start(t, "prometheus", func(addr string) []string {
		return []string{
			"--config.file=" + filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + addr, "--log.level=warn",
		}
	})}
}

// start runs one of the two programs at a free address until the test ends, and gives
// its base URL when it is ready.
func start(t *testing.T, program string, args func(addr string) []string) (base string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	_ = ln.Close()
	child, err := rig.Spawn(program, nil, nil, args(addr)...)
	if err != nil {
		t.Fatalf("%v; to install it: apt-get install prometheus prometheus-alertmanager", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(child.Complaints())
		}
		_ = child.Close()
	})
	base = "http://" + addr
	eventually(t, 20*time.Second, func() error { _, err := call(t.Context(), http.MethodGet, base+"/-/ready", "", nil); return err })
	return base
}

// get asks the API and reads its data into out.
func (p *prometheus) get(ctx context.Context, path string, out any) error {
	body, err := call(ctx, http.MethodGet, p.base+path, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, &struct{ Data any }{out})
}

// sample is one series of an answer, with its labels.
type sample struct {
	Metric map[string]string
	Value  [2]any // time, value as text
}

// query asks for an expression as it is now.
func (p *prometheus) query(ctx context.Context, expr string) ([]sample, error) {
	var data struct{ Result []sample }
	err := p.get(ctx, "/api/v1/query?query="+url.QueryEscape(expr), &data)
	return data.Result, err
}

// eventually tries until it succeeds.
func eventually(t *testing.T, within time.Duration, try func() error) {
	t.Helper()
	end := time.Now().Add(within)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s: %v", within, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// call makes one call and gives the body of a good answer.
func call(ctx context.Context, method, address, token string, in any) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, address, &body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", method, address, res.StatusCode, answer)
	}
	return answer, err
}
