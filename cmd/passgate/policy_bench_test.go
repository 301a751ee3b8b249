package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"passgate/checkpoint/redisd"
	"passgate/loadtest/town"
)

const (
	policyChanges = 200
	policyLimit   = time.Second // p99 of a change to its effect elsewhere
)

// BenchmarkPolicyReachesTheOtherGateway runs two processes of the program on
// one redis-server that syncs every write, makes and ends a policy at the first
// over HTTP, in turn, and scans at the second without a pause. It measures until
// the second answers by the change: from the moment at which the request was sent
// and from that at which it was acknowledged (0: the effect came first). A scan
// sent after the acknowledgement that is judged by the old rules is a failure.
//
//	go test -run '^$' -bench PolicyReaches -benchtime 1x ./cmd/passgate
func BenchmarkPolicyReachesTheOtherGateway(b *testing.B) {
	first, second := newPair(b)
	var sent, acked []time.Duration
	for b.Loop() {
		for range policyChanges / 2 {
			code := fmt.Sprintf("shut-%d", len(sent)/2)
			for _, c := range []policyChange{
				{"/v1/policies", map[string]any{
					"code": code, "name": "关闭商场", "ground": "指挥部通告",
					"parts": []any{map[string]any{"kinds": []string{"mall"}, "rules": map[string]any{"closed": true}}},
				}, "deny site_closed"},
				{"/v1/policies/" + code + "/end", map[string]any{}, "pass ok"},
			} {
				time.Sleep(rand.N(250 * time.Millisecond)) // any phase of the second one's polling
				fromSent, fromAck := c.measure(b, first, second)
				sent, acked = append(sent, fromSent), append(acked, fromAck)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // mostly waiting
	b.ReportMetric(float64(second.scans)/float64(len(sent)), "scans/change")
	report := func(what string, all []time.Duration) {
		slices.Sort(all)
		at := func(share float64) time.Duration { return all[int(share*float64(len(all))+0.999999)-1] }
		for name, d := range map[string]time.Duration{"p50": at(0.5), "p99": at(0.99), "max": at(1)} {
			b.ReportMetric(float64(d.Microseconds())/1000, what+"-"+name+"-ms")
		}
		if p99 := at(0.99); p99 >= policyLimit {
			b.Errorf("p99 of %d changes from %s to effect is %s, want under %s", len(all), what, p99, policyLimit)
		}
	}
	report("sent", sent)
	report("acked", acked)
}

// policyChange is a request and how scans at a mall are answered after it.
type policyChange struct {
	path string
	body map[string]any
	want string
}

func (c policyChange) measure(b *testing.B, first *client, second *mallGuard) (fromSent, fromAck time.Duration) {
	b.Helper()
	type ack struct {
		at  time.Time
		err error
	}
	answered := make(chan ack, 1)
	began := time.Now()
	go func() {
		err := first.post(b.Context(), c.path, c.body, &struct{}{})
		answered <- ack{time.Now(), err}
	}()
	var done ack
	wait := func() {
		if done = <-answered; done.err != nil {
			b.Fatal(done.err)
		}
	}
	for {
		asked := time.Now()
		if second.scan(b) == c.want {
			break
		}
		if done.at.IsZero() && len(answered) > 0 {
			wait()
		}
		if !done.at.IsZero() && asked.After(done.at) {
			b.Fatalf("%s was acknowledged and a scan sent later is judged without it", c.path)
		}
	}
	effect := time.Now()
	if done.at.IsZero() {
		wait()
	}
	for range 3 { // it stays so
		if got := second.scan(b); got != c.want {
			b.Fatalf("after %s a scan is answered %q, want %q", c.path, got, c.want)
		}
	}
	return effect.Sub(began), max(0, effect.Sub(done.at))
}

// mallGuard scans one resident into a mall, again and again.
type mallGuard struct {
	*client
	document string
	scans    int
}

func (g *mallGuard) scan(b *testing.B) string {
	b.Helper()
	g.scans++
	var result struct{ Decision, Reason string }
	err := g.post(b.Context(), "/v1/scans", map[string]any{
		"id": fmt.Sprintf("scan-%08d", g.scans), "occurred_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"id_document": g.document, "direction": "in", "temperature": 36.5, "temperature_method": "wrist",
	}, &result)
	if err != nil {
		b.Fatal(err)
	}
	return result.Decision + " " + result.Reason
}

// newPair builds the program and starts it twice on the demo town: an admin at
// the first process, a guard's phone at the second.
func newPair(b *testing.B) (*client, *mallGuard) {
	b.Helper()
	dir, err := os.MkdirTemp("", "pgp") // short: a socket lies in it
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	binary := filepath.Join(dir, "passgate")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	redis, err := redisd.Start(b.Context(), redisd.Options{Dir: filepath.Join(dir, "redis"), Persist: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = redis.Stop(context.Background()) })
	const residents = 1000
	at := []string{"--redis", "unix://" + redis.Socket(), "--data", filepath.Join(dir, "data")}
	here, password := startProcess(b, binary, append(at, "--demo", fmt.Sprintf("--demo-residents=%d", residents))...)
	there, _ := startProcess(b, binary, at...)

	first, err := newClient(serverFlags{Server: here})
	if err != nil {
		b.Fatal(err)
	}
	var session struct{ Token string }
	if err := first.post(b.Context(), "/v1/login", map[string]string{"login": adminLogin, "password": password}, &session); err != nil {
		b.Fatal(err)
	}
	first.token = session.Token
	phone := gatePhone(b, first, "mall-01-g1")
	phone.base = there
	guard := &mallGuard{client: phone}
	for r := range town.Residents(demoSeed, residents) {
		guard.document = r.IDNumber
		break
	}
	for range 100 { // the phone is known at the second process within a poll
		var me struct{ Gate string }
		if err = phone.fetch(b.Context(), request{method: "GET", path: "/v1/me"}, &me); err == nil {
			return first, guard
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.Fatal(err)
	return nil, nil
}

var (
	servesOn   = regexp.MustCompile(`^passgate serves on (http://\S+)`)
	adminShown = regexp.MustCompile(`^  admin login +admin / (\S+)`)
	lastLine   = regexp.MustCompile(`^  health `) // of a process that makes no password
)

// startProcess runs the server until the benchmark ends. The password is there
// only if the process has made one.
func startProcess(b *testing.B, binary string, args ...string) (url, password string) {
	b.Helper()
	cmd := exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--metrics-addr", "off"}, args...)...)
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			b.Errorf("%s ended: %v", binary, err)
		}
		if b.Failed() {
			b.Logf("%s:\n%s", url, log.Bytes())
		}
	}
	b.Cleanup(stop)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := servesOn.FindStringSubmatch(lines.Text()); m != nil {
			url = m[1]
		}
		if m := adminShown.FindStringSubmatch(lines.Text()); m != nil {
			return url, m[1]
		}
		if lastLine.MatchString(lines.Text()) && !slices.Contains(args, "--demo") {
			return url, ""
		}
	}
	b.Fatalf("%s printed no address", binary)
	return "", ""
}
