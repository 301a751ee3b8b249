package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd/testca"
)

// startTLSRedis runs a redis-server as deploy/redis.conf advises: TLS only, with
// certificates of clients, and the users of deploy/redis-users.acl.
func startTLSRedis(t *testing.T, ca *testca.Authority, password string) (addr string) {
	t.Helper()
	server := ca.Issue("redis", time.Hour, "127.0.0.1")
	users, err := os.ReadFile("../../deploy/redis-users.acl")
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	acl := s.file("users.acl", strings.ReplaceAll(string(users), " on resetchannels", " on >"+password+" resetchannels"))
	addr = freePort(t)
	conf := s.file("redis.conf", fmt.Sprintf(`bind 127.0.0.1
port 0
tls-port %d
tls-cert-file %s
tls-key-file %s
tls-ca-cert-file %s
tls-auth-clients yes
aclfile %s
dir %s
save ""
`, port(addr), server.Cert, server.Key, ca.File, acl, s.home))
	cmd := exec.Command("redis-server", conf)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return addr
}

// The whole server works on a Redis that speaks nothing but TLS, asks for a
// client's certificate and knows only the users of the ACL file.
func TestServeOnARedisOverTLSWithTheUsersOfTheACLFile(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	addr := startTLSRedis(t, ca, "secret-of-redis")
	mine := ca.Issue("gateway", time.Hour, "gateway")
	files := "?ca=" + ca.File + "&cert=" + mine.Cert + "&key=" + mine.Key
	good := "rediss://passgate:secret-of-redis@" + addr + "/0" + files

	dir := t.TempDir()
	cmd := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: good, Prefix: "pg:", Data: dir, Retention: 28, AuditKeep: 1095, LogKeep: 36, Archive: "off", Drain: new(time.Duration)}
	logs := &lockedText{}
	con := &console{In: strings.NewReader(""), Out: logs, Err: logs, Env: func(string) string { return "" }}
	var srv *server
	var err error
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) { // until Redis is up
		if srv, err = cmd.open(t.Context(), con, slog.New(slog.NewTextHandler(logs, nil)), wallClock); err == nil || time.Now().After(end) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx); srv.close() }()
	for end := time.Now().Add(20 * time.Second); ; { // a loaded machine is no failure here
		err = seedTown(ctx, srv.store, 50, io.Discard)
		if err == nil {
			_, err = srv.store.CountSealed(ctx)
		}
		if !errors.Is(err, checkpoint.ErrUnavailable) || time.Now().After(end) {
			break
		}
	}
	if err != nil {
		t.Errorf("the demo town over TLS: %v", err)
	}
	time.Sleep(300 * time.Millisecond) // projector, sweeper and watchers have begun
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if text := logs.String(); strings.Contains(text, "NOPERM") || strings.Contains(text, "secret-of-redis") {
		t.Errorf("the log:\n%s", text)
	}

	stranger := testca.New(t)
	theirs := stranger.Issue("stranger", time.Hour, "stranger")
	for name, spec := range map[string]string{
		"no certificate":        "rediss://passgate:secret-of-redis@" + addr + "/0?ca=" + ca.File,
		"another's certificate": "rediss://passgate:secret-of-redis@" + addr + "/0?ca=" + ca.File + "&cert=" + theirs.Cert + "&key=" + theirs.Key,
		"another's authority":   "rediss://passgate:secret-of-redis@" + addr + "/0?ca=" + stranger.File + "&cert=" + mine.Cert + "&key=" + mine.Key,
		"system's authorities":  "rediss://passgate:secret-of-redis@" + addr + "/0",
		"no TLS":                "redis://passgate:secret-of-redis@" + addr + "/0",
		"wrong password":        "rediss://passgate:guess@" + addr + "/0" + files,
		"no user":               "rediss://" + addr + "/0" + files,
	} {
		backend, err := openURL(spec)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		client := backend.client(checkpoint.Tune)
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s: gets in", name)
		}
		_ = client.Close()
	}
	backend, err := openURL(good)
	if err != nil {
		t.Fatal(err)
	}
	client := backend.client(checkpoint.Tune)
	defer client.Close()
	if err := client.FlushAll(t.Context()).Err(); err == nil || !strings.HasPrefix(err.Error(), "NOPERM") {
		t.Errorf("FLUSHALL: %v", err)
	}
	if err := client.Get(t.Context(), "other").Err(); err == nil || errors.Is(err, redis.Nil) {
		t.Errorf("another's key: %v", err)
	}
}

func TestRedisAddressesThatCannotBe(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]string{
		"redis://h:1/0?ca=x.pem":           "go with TLS",
		"cluster://h:1?ca=x.pem":           "go with TLS",
		"rediss://h:1/0?cert=x.pem":        "give both",
		"rediss://h:1/0?ca=/nowhere.pem":   "no such file",
		"clusters://h:1,h:2?ca=/nowhere":   "no such file",
		"sentinels://h:1/m?ca=/nowhere":    "no such file",
		"rediss://h:1/0?cert=/a&key=/b":    "certificate for Redis",
		"sentinels://h:1":                  "name the master",
		"rediss://u:secret@h:1/0?ca=%zz":   "cannot be read",
		"rediss://u:secret@h:1/0?what=now": "unexpected option",
	} {
		_, err := openBackend(t.Context(), spec, "", slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", spec, err, want)
		}
	}
}
