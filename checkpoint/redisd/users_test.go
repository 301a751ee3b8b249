package redisd

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

var update = flag.Bool("update", false, "write deploy/redis-users.acl anew")

func TestTheACLFileIsWhatTheCodeUses(t *testing.T) {
	t.Parallel()
	path := "../../deploy/redis-users.acl"
	if *update {
		if err := os.WriteFile(path, []byte(Users("pg:")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || string(text) != Users("pg:") {
		t.Errorf("deploy/redis-users.acl differs from the commands in users.go (%v): go test ./checkpoint/redisd -run ACLFile -update", err)
	}
}

// attacks are what somebody tries who has got hold of a gateway's connection.
var attacks = []string{
	"FLUSHALL", "FLUSHDB", "CONFIG SET dir /tmp", "CONFIG GET requirepass", "CONFIG REWRITE", "KEYS *", "DEBUG SLEEP 0", "SHUTDOWN",
	"SAVE", "BGSAVE", "MONITOR", "ACL SETUSER x on nopass +@all", "ACL LIST", "ACL WHOAMI", "CLIENT LIST", "CLIENT KILL TYPE normal", "SYNC", "PSYNC ? -1",
	"REPLICAOF 127.0.0.1 1", "SLAVEOF NO ONE", "MODULE LIST", "MODULE LOAD /tmp/x.so", "SCRIPT FLUSH", "FUNCTION LIST", "MIGRATE 127.0.0.1 1 k 0 1",
	"DUMP pg:x", "RESTORE pg:x 0 x", "RENAME pg:a pg:b", "MOVE pg:a 1", "SWAPDB 0 1", "SELECT 1", "SUBSCRIBE x", "PUBLISH x y", "OBJECT HELP", "MEMORY DOCTOR",
	"SORT pg:x", "CLUSTER RESET", "CLUSTER FAILOVER", "FAILOVER", "LATENCY RESET", "SLOWLOG GET", "RANDOMKEY", "GETDEL pg:x",
}

func TestAGatewayCanDoWhatItDoesAndNoMore(t *testing.T) {
	t.Parallel()
	if strings.HasPrefix(Users("pg:"), "#") {
		t.Fatal("Redis takes no comments in an ACL file")
	}
	srv, err := Start(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(t.Context()) })
	admin := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket()})
	t.Cleanup(func() { _ = admin.Close() })
	// The file's own lines, with passwords, on a running server.
	for line := range strings.Lines(Users("pg:")) {
		args := []any{"ACL", "SETUSER"}
		for _, word := range strings.Fields(line)[1:] {
			if word != "off" { // the test goes on as the unnamed user
				args = append(args, word)
			}
		}
		if err := admin.Do(t.Context(), append(args, ">secret")...).Err(); err != nil {
			t.Fatalf("%.60s…: %v", line, err)
		}
	}
	admin.Set(t.Context(), "other:k", "v", 0)
	gate := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket(), Username: ServerUser, Password: "secret", MaxRetries: -1, DisableIdentity: true})
	t.Cleanup(func() { _ = gate.Close() })
	refusedAll(t, gate)

	for _, c := range []string{"GET other:k", "SET other:k v", "DEL other:k", "HSET other:h a b", "XADD other:s * a b", "SCAN 0 MATCH pg:* COUNT 1000", "EVAL return{redis.call('get','other:k')} 0", "EVAL return{redis.call('flushall')} 0", "EVAL return{redis.call('keys','*')} 0"} {
		err := gate.Do(t.Context(), words(c)...).Err()
		if allowed := strings.HasPrefix(c, "SCAN"); (err == nil) != allowed {
			t.Errorf("%s: %v", c, err)
		}
	}
	if got := admin.Get(t.Context(), "other:k").Val(); got != "v" {
		t.Errorf("another's key is now %q", got)
	}
	if err := gate.Eval(t.Context(), "return redis.call('set', KEYS[1], ARGV[1])", []string{"pg:k"}, "v").Err(); err != nil {
		t.Errorf("a script on a key of its own: %v", err)
	}
}

func words(line string) []any {
	var out []any
	for _, w := range strings.Fields(line) {
		out = append(out, w)
	}
	return out
}

func refusedAll(t *testing.T, gate *redis.Client) {
	t.Helper()
	for _, c := range attacks {
		err := gate.Do(t.Context(), words(c)...).Err()
		if err == nil || !strings.HasPrefix(err.Error(), "NOPERM") && !strings.Contains(err.Error(), "command not allowed") {
			t.Errorf("%s: %v, want it refused", c, err)
		}
	}
}

func TestARestrictedServerTakesOrdersFromItsOperatorOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srv, err := Start(t.Context(), Options{Dir: dir, Persist: true, Restricted: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(t.Context()) })
	open := func(user, password string) *redis.Client {
		c := redis.NewClient(&redis.Options{Network: "unix", Addr: srv.Socket(), Username: user, Password: password, MaxRetries: -1, DisableIdentity: true})
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	gate := open("", "")
	refusedAll(t, gate)
	if err := gate.Set(t.Context(), "any", "v", 0).Err(); err != nil {
		t.Errorf("what a gateway does is refused: %v", err)
	}
	secret, err := Operator(dir)
	if err != nil || len(secret) < 20 {
		t.Fatalf("the operator's password: %q, %v", secret, err)
	}
	if err := open(OperatorUser, secret).ConfigGet(t.Context(), "dir").Err(); err != nil {
		t.Errorf("the operator: %v", err)
	}
	if err := open(OperatorUser, "guess").Ping(t.Context()).Err(); err == nil {
		t.Error("any password makes an operator")
	}
	for _, name := range []string{"operator.secret", "redis.conf"} {
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
		if text, err := os.ReadFile(path); name == "redis.conf" && (err != nil || bytes.Contains(text, []byte(secret))) {
			t.Error("redis.conf has the password in the clear")
		}
	}
	// A server left behind by an owner that was killed is ended by the next one.
	askToEnd(t.Context(), dir, srv.Socket(), false)
	select {
	case <-srv.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("the owner of the directory cannot end the server")
	}
	if err := srv.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again, err := Operator(dir); err != nil || again != secret {
		t.Errorf("the operator's password changed over a restart: %v", err)
	}
	if got := gate.Get(t.Context(), "any").Val(); got != "v" {
		t.Errorf("after a restart the key is %q", got)
	}
}
