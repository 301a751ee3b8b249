package world

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
	"passgate/codes"
	"passgate/gateway"
)

var testRedis *redisd.Server

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "pgworld")
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

func redisClient(t testing.TB, tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	o := tune(&redis.UniversalOptions{Addrs: []string{testRedis.Socket()}})
	o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = 10*time.Second, 10*time.Second, 10*time.Second // a loaded machine is no failure here
	c := redis.NewUniversalClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const testPassword = "correct horse battery staple"

// newServer is a whole server in this process. It gives its store, its keys and
// the way to it as administrator.
func newServer(t testing.TB) (store *checkpoint.Store, ring *codes.Ring, admin *api) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	store, err := checkpoint.Open(t.Context(), checkpoint.Config{
		Client: redisClient(t, checkpoint.Tune), Prefix: t.Name() + ":", Clock: time.Now,
		FieldKey: bytes.Repeat([]byte{1}, 32), IndexKey: bytes.Repeat([]byte{2}, 32),
	})
	must(err)
	phc, err := gateway.HashPassword(testPassword)
	must(err)
	must(store.Change(t.Context(), func(d *checkpoint.Draft) error {
		return d.PutStaff(checkpoint.Staff{Login: "admin", Name: "管理员", Role: checkpoint.RoleAdmin, PasswordHash: phc})
	}))
	ring, err = codes.CreateRing(t.TempDir()+"/keys", time.Now())
	must(err)
	logger := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := gateway.New(gateway.Config{Store: store, Ring: ring, SessionKey: bytes.Repeat([]byte{3}, 32), Clock: time.Now, Logger: logger})
	must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { store.WatchRules(ctx, logger) })
	work.Go(func() {
		if err := server.Serve(ln); err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() {
		end, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		must(server.Shutdown(end))
		cancel()
		work.Wait()
	})
	var session struct{ Token string }
	admin = &api{base: "http://" + ln.Addr().String(), http: http.DefaultClient}
	must(admin.call(t.Context(), http.MethodPost, "/v1/login", map[string]string{"login": "admin", "password": testPassword}, &session))
	admin.token = session.Token
	return store, ring, admin
}
