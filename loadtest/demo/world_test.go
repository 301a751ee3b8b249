package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/codes"
	"passgate/gateway"
)

var (
	testRedis    *redisd.Server
	testPrefixes atomic.Int64
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pgdemo")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if testRedis, err = redisd.Start(context.Background(), redisd.Options{Dir: dir}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer testRedis.Stop(context.Background()) //nolint:errcheck // the process ends
	return m.Run()
}

// testStart is a Monday's midnight in Shanghai.
var testStart = time.Date(2020, 2, 9, 16, 0, 0, 0, time.UTC)

const testPassword = "correct horse battery staple"

var testPHC = sync.OnceValues(func() (string, error) { return gateway.HashPassword(testPassword) })

// service is a whole server in this process, with a clock that only moves when
// told.
type service struct {
	clock atomic.Int64
	url   string
}

func (s *service) now() time.Time { return time.UnixMilli(s.clock.Load()) }

func redisClient(t testing.TB, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	o := tune(&redis.UniversalOptions{Addrs: []string{testRedis.Socket()}})
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 10*time.Second, 10*time.Second, 10*time.Second // a loaded machine is no failure here
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newService(t testing.TB) *service {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := &service{}
	s.clock.Store(testStart.Add(-leadTime).UnixMilli())
	store, err := checkpoint.Open(t.Context(), checkpoint.Config{
		Client: redisClient(t, checkpoint.Tune), Prefix: fmt.Sprintf("d%d:", testPrefixes.Add(1)), Clock: s.now,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	})
	must(err)
	phc, err := testPHC()
	must(err)
	must(store.Change(t.Context(), func(d *checkpoint.Draft) error {
		return d.PutStaff(checkpoint.Staff{Login: "admin", Name: "管理员", Role: checkpoint.RoleAdmin, PasswordHash: phc})
	}))
	ring, err := codes.CreateRing(t.TempDir()+"/keys", s.now())
	must(err)
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := gateway.New(gateway.Config{
		Store: store, Ring: ring, SessionKey: bytes.Repeat([]byte{3}, 32), Clock: s.now, Logger: logger,
	})
	must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	s.url = "http://" + ln.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	projector := store.NewProjector(redisClient(t, checkpoint.TuneReader), logger)
	work.Go(func() { projector.Run(ctx) })
	work.Go(func() { store.WatchRules(ctx, logger) })
	work.Go(func() {
		if err := server.Serve(ln); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		end, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		if err := server.Shutdown(end); err != nil {
			t.Errorf("shut down: %v", err)
		}
		cancel()
		work.Wait()
	})
	return s
}

func (s *service) config(residents, days int, seed uint64) Config {
	return Config{
		BaseURL: s.url, AdminLogin: "admin", AdminPassword: testPassword,
		Residents: residents, Days: days, Seed: seed, Workers: 8, Pictures: 60, Start: testStart,
		SetClock: func(t time.Time) { s.clock.Store(t.UnixMilli()) },
	}
}

// liar stands between the run and the server and changes answers. change gets
// the request and the answer's body and gives the body that is passed on.
func (s *service) liar(t testing.TB, change func(*http.Request, []byte) []byte) string {
	t.Helper()
	target, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	proxy.ModifyResponse = func(res *http.Response) error {
		var body bytes.Buffer
		if _, err := body.ReadFrom(res.Body); err != nil {
			return err
		}
		changed := change(res.Request, body.Bytes())
		res.Body = http.NoBody
		if len(changed) > 0 {
			res.Body = &readCloser{bytes.NewReader(changed)}
		}
		res.ContentLength = int64(len(changed))
		res.Header.Set("Content-Length", fmt.Sprint(len(changed)))
		return nil
	}
	return serveHTTP(t, proxy)
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// serveHTTP serves a handler until the test ends.
func serveHTTP(t testing.TB, h http.Handler) string {
	t.Helper()
	front := httptest.NewServer(h)
	t.Cleanup(front.Close)
	return front.URL
}

var forwarder = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}

// forward passes a request on with the given body.
func forward(t testing.TB, to string, q *http.Request, body []byte) (int, http.Header, []byte) {
	out, err := http.NewRequestWithContext(q.Context(), q.Method, to+q.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return http.StatusBadGateway, nil, nil
	}
	for _, name := range []string{"Authorization", "Content-Type", "Accept", "Trace-Case", "Trace-Reason"} {
		if v := q.Header.Get(name); v != "" {
			out.Header.Set(name, v)
		}
	}
	res, err := forwarder.Do(out)
	if err != nil {
		t.Error(err)
		return http.StatusBadGateway, nil, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode, res.Header, answer
}
