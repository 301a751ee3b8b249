package limits

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
	"passgate/loadtest"
	"passgate/loadtest/rig"
)

// Figures of all versions are compared by this script: it must not change.
func TestTheReferenceIsFrozen(t *testing.T) {
	t.Parallel()
	const frozen = "b1e20c344dba3cf3db2cfee5bd1a53ca096ee4189b35189e53a117571e166214"
	if sum := sha256.Sum256([]byte(loadtest.Reference)); hex.EncodeToString(sum[:]) != frozen {
		t.Errorf("loadtest/testdata/reference.lua is not what it was: %x", sum)
	}
}

func TestTheReferenceDoesWhatItIsComparedFor(t *testing.T) {
	t.Parallel()
	c := startRedis(t)
	ctx := t.Context()
	script := redis.NewScript(loadtest.Reference)
	const at = 1_700_000_000_000
	cells := strings.Repeat("\x08\x09\x00\x00", 2) + strings.Repeat("\x00\x00\x00\x00", 2) // status 0 is refused
	scan := func(person, id, generation string) string {
		t.Helper()
		got, err := script.Run(ctx, c, []string{"p:" + person, "t:" + person, "log"},
			at, id, "body", "head", cells, "17", "i-passage", generation).StringSlice()
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%q", got)
	}
	for person, status := range map[string]string{"green": "1", "red": "0"} {
		if err := c.HSet(ctx, "p:"+person, "s", status, "h", "17", "g", "2", "k", "r", "n", "王*").Err(); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct{ person, id, generation, want string }{
		{"nobody", "hash0001dig1", "2", `["unknown"]`},
		{"green", "hash0001dig1", "2", `["new" "hash0001dig1\x00\x00\x00\x00body" "王*" "r" "17"]`},
		{"green", "hash0001dig1", "2", `["again" "hash0001dig1\x00\x00\x00\x00body" "王*" "r" "17"]`},
		{"green", "hash0001dig2", "2", `["other"]`},
		{"green", "hash0002dig2", "1", `["new" "hash0002dig2\b\a\x00\x00body" "王*" "r" "17"]`},
		{"red", "hash0003dig1", "2", `["new" "hash0003dig1\b\t\x00\x00body" "王*" "r" "17"]`},
	} {
		if got := scan(step.person, step.id, step.generation); got != step.want {
			t.Errorf("%s %s: %s, want %s", step.person, step.id, got, step.want)
		}
	}
	state := fmt.Sprint(c.ZCard(ctx, "t:green").Val(), c.ZCard(ctx, "t:red").Val(), c.XLen(ctx, "log").Val(),
		c.HExists(ctx, "p:green", "l").Val(), c.HExists(ctx, "p:red", "l").Val())
	if want := "2 1 3 true false"; state != want {
		t.Errorf("trails, log and passages: %s, want %s", state, want)
	}
}

func startRedis(t *testing.T) *redis.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgl") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	child, err := rig.Spawn("redis-server", nil, nil, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(&redis.Options{Network: "unix", Addr: socket, MaxRetries: -1})
	t.Cleanup(func() { _, _, _ = c.Close(), child.Close(), os.RemoveAll(dir) })
	for end := time.Now().Add(10 * time.Second); c.Ping(t.Context()).Err() != nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("redis-server does not answer\n%s", child.Complaints())
		}
	}
	return c
}

// A server that answers fast because it does less must not pass for a fast one.
func TestDriveCountsOnlyScansInFull(t *testing.T) {
	t.Parallel()
	const full = `{"decision":"pass","person":{"id":"1"},"duplicate":false,"degraded":false}`
	answers := map[string]string{
		"/full": full, "/denied": strings.Replace(full, "pass", "deny", 1), "/degraded": strings.Replace(full, `"degraded":false`, `"degraded":true`, 1),
		"/repeat": strings.Replace(full, `"duplicate":false`, `"duplicate":true`, 1), "/nobody": strings.Replace(full, `{"id":"1"}`, "null", 1),
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer secret" || string(body) == "/shed" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, answers[string(body)])
	}))
	t.Cleanup(srv.Close)
	var scans []*loadtest.Scan
	for _, body := range []string{"/full", "/denied", "/full", "/degraded", "/repeat", "/nobody", "/shed", "/full"} {
		scans = append(scans, &loadtest.Scan{Body: []byte(body)})
	}
	load := &Load{URL: srv.URL, Requests: Requests(srv.URL, scans, []loadtest.Device{{Token: "secret"}}), Connections: 3}
	got, err := load.Drive(t.Context())
	if err != nil || got.Passed != 3 || got.Done != 7 || got.Failed != 1 {
		t.Errorf("%+v, %v: want 3 passed of 7 answered well, 1 failed", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := load.Drive(ctx); err == nil {
		t.Error("a load that was called off ended as if it had run")
	}
}

func TestTheEchoGivesTheBodyBack(t *testing.T) {
	t.Parallel()
	const body = `{"id":"scan-0001","occurred_at":"2026-11-24T00:00:00.000Z","pass":"PG1:X","direction":"in","temperature":36.5,"temperature_method":"wrist"}`
	status, got := postTo(t, echoOn(t, ""), body)
	var sent, back any
	if status != http.StatusOK || json.Unmarshal([]byte(body), &sent) != nil || json.Unmarshal(got, &back) != nil || !reflect.DeepEqual(sent, back) {
		t.Errorf("sent %s, got %d %s", body, status, got)
	}
}

// What the durable echo has answered is in its Redis; it answers no other way.
func TestTheDurableEchoKeepsTheBodyFirst(t *testing.T) {
	t.Parallel()
	srv, err := redisd.Start(t.Context(), redisd.Options{Dir: t.TempDir(), Persist: true, Restricted: true})
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceValue(func() error { return srv.Stop(context.Background()) })
	defer stop() //nolint:errcheck // stopped below already, or the test has failed
	url := echoOn(t, srv.Socket())
	const body = `{"id":"scan-0001","occurred_at":"2026-11-24T00:00:00.000Z","direction":"in"}`
	if status, got := postTo(t, url, body); status != http.StatusOK {
		t.Fatalf("%d %s", status, got)
	}
	client := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket(), Protocol: 2, DisableIdentity: true})
	defer client.Close()
	if kept := client.Get(t.Context(), "echo:scan-0001").Val(); kept != body {
		t.Errorf("Redis has %q", kept)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if status, got := postTo(t, url, body); status == http.StatusOK {
		t.Errorf("without Redis it answered %s", got)
	}
}

// echoOn serves an echo until the test ends and gives its address.
func echoOn(t *testing.T, socket string) (url string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- ServeEcho(ctx, "127.0.0.1:0", socket, write) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if _, err := fmt.Fscanf(read, echoReady+" %s\n", &url); err != nil {
		t.Fatal(err)
	}
	return url
}

func postTo(t *testing.T, url, body string) (status int, got []byte) {
	t.Helper()
	res, err := http.Post(url+"/v1/scans", "application/json", strings.NewReader(body)) //nolint:noctx // ends with the test
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, _ = io.ReadAll(res.Body)
	return res.StatusCode, got
}

func TestAChildIsAccountedForAndEnds(t *testing.T) {
	t.Parallel()
	c, err := rig.Spawn("sh", []string{"WORD=two"}, []int{0}, "-c", `i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo "  ready one $WORD $PASSGATE_BIN"; exec sleep 60`)
	if err != nil {
		t.Fatal(err)
	}
	words, err := c.Said(t.Context(), "ready")
	if err != nil || fmt.Sprint(words) != "[one two]" {
		t.Errorf("it said %q, %v", words, err)
	}
	used, err := rig.Used(c.PID)
	if err != nil || used.Total <= 0 || used.Total > 5*time.Second {
		t.Errorf("it used %v, %v", used, err)
	}
	if err := c.Close(); err == nil {
		t.Error("sleep ends by the signal, which is not a good end")
	}
	if _, err := rig.Used(c.PID); err == nil {
		t.Error("it is still there")
	}
	c, err = rig.Spawn("sh", nil, nil, "-c", "echo a reason >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Said(t.Context(), "ready"); err == nil || !strings.Contains(err.Error(), "a reason") {
		t.Errorf("it ended with a reason: %v", err)
	}
}

func TestSpreadAndShares(t *testing.T) {
	t.Parallel()
	if got := SpreadOf([]float64{4, 1, 3, 2}); got != (Spread{1, 2.5, 4}) {
		t.Errorf("%v", got)
	}
	stack := func(ns int64, names ...string) *profile.Sample {
		s := &profile.Sample{Value: []int64{1, ns}}
		for _, name := range names {
			s.Location = append(s.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
		}
		return s
	}
	got := sharesOf(&profile.Profile{Sample: []*profile.Sample{
		stack(500, "runtime.memmove", "encoding/json.(*Decoder).Decode", "passgate/gateway.decode"),
		stack(300, "crypto/internal/fips140/edwards25519.(*Point).Add", "passgate/codes.(*Verifier).Verify"),
		stack(100, "runtime.mallocgc", "passgate/codes.(*Verifier).Verify"),
		stack(100, "runtime.nanotime"),
	}}, 100)
	if want := "[{JSON 0.5 50} {signature 0.3 30} {allocation 0.1 10} {other 0.1 10}]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
}
