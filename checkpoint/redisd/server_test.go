package redisd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// ownerEnv turns the test program into a process that owns a server in the
// named directory and waits to be killed.
const ownerEnv = "REDISD_TEST_OWNER_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		s, err := Start(context.Background(), Options{Dir: dir, Persist: true})
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		fmt.Printf("pid %d\n", s.PID())
		select {}
	}
	os.Exit(m.Run())
}

// tempDir is short, unlike t.TempDir, so that the usual socket path is used.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, opt Options) *Server {
	t.Helper()
	s, err := Start(testContext(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s
}

// client connects the way a user of the package does: by URL.
func client(t *testing.T, s *Server) *redis.Client {
	t.Helper()
	opt, err := redis.ParseURL(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(opt)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func set(t *testing.T, s *Server, value string) {
	t.Helper()
	if err := client(t, s).Set(testContext(t), "k", value, 0).Err(); err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, s *Server, want string) {
	t.Helper()
	got, err := client(t, s).Get(testContext(t), "k").Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("value after all this: got %q, want %q", got, want)
	}
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func eventually(t *testing.T, what string, test func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !test(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestPersistedDataSurvivesEveryEnd(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	// The directory has what a careless quoting would break.
	dir := filepath.Join(tempDir(t), `数据 "a" \b`)
	s := start(t, Options{Dir: dir, Persist: true})

	set(t, s, "before kill")
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "before kill")

	set(t, s, "before restart")
	pid := s.PID()
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if s.PID() == pid {
		t.Fatal("Restart left the same process")
	}
	wantValue(t, s, "before restart")

	set(t, s, "before stop")
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	wantValue(t, start(t, Options{Dir: dir, Persist: true}), "before stop")
}

func TestWithoutPersistNothingIsKept(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: tempDir(t)})
	set(t, s, "gone")
	if err := s.Restart(testContext(t)); err != nil {
		t.Fatal(err)
	}
	wantValue(t, s, "")
}

func TestStopEndsTheProcessAndFreesTheDirectory(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	dir := tempDir(t)
	s := start(t, Options{Dir: dir})
	pid, done := s.PID(), s.Done()
	for range 2 {
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-done:
	default:
		t.Fatal("Done is open after Stop")
	}
	if alive(pid) {
		t.Fatalf("process %d is alive after Stop", pid)
	}
	if err := s.Restart(ctx); !errors.Is(err, ErrStopped) {
		t.Fatalf("Restart after Stop: got %v, want ErrStopped", err)
	}
	start(t, Options{Dir: dir})
}

func TestServerIsPrivate(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir, Persist: true, MaxMemory: "64mb"})
	for path, want := range map[string]os.FileMode{
		dir: 0o700, s.Socket(): 0o700, filepath.Join(dir, "redis.conf"): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s: got %o, want %o", path, got, want)
		}
	}
	for name, want := range map[string]string{
		"port": "0", "maxmemory": "67108864", "maxmemory-policy": "noeviction",
		"appendfsync": "always", "appendonly": "yes", "save": "",
		"zset-max-listpack-entries": "128",
	} {
		got, err := client(t, s).ConfigGet(testContext(t), name).Result()
		if err != nil {
			t.Fatal(err)
		}
		if got[name] != want {
			t.Errorf("%s in force: got %q, want %q", name, got[name], want)
		}
	}
}

func TestSecondStartIsRefusedAndHarmless(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := start(t, Options{Dir: dir, Persist: true})
	set(t, s, "mine")
	_, err := Start(testContext(t), Options{Dir: dir, Persist: true})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Fatalf("second Start: got %v, want ErrInUse naming process %d", err, os.Getpid())
	}
	wantValue(t, s, "mine")
}

func TestDeepDirectoryStillGetsASocket(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	dir := filepath.Join(tempDir(t), strings.Repeat("deep/", 30))
	s := start(t, Options{Dir: dir, Persist: true})
	set(t, s, "deep")
	short := s.Socket()
	if err := s.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if s.Socket() != short {
		t.Fatalf("socket moved over a restart: %s, then %s", short, s.Socket())
	}
	if target, err := os.Readlink(filepath.Join(dir, "redis.sock")); err != nil || target != short {
		t.Fatalf("link in the directory: got %q, %v, want %q", target, err, short)
	}
	wantValue(t, s, "deep")
	if err := s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(short)); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("the short directory is left behind: %v", err)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt  Options
		want string
	}{
		"no directory": {Options{}, "Dir is empty"},
		"fsync":        {Options{Dir: "x", Fsync: "sometimes"}, "always, everysec, no"},
		"memory":       {Options{Dir: "x", MaxMemory: "1gb\nport 6379"}, "not an amount"},
		"binary":       {Options{Dir: "x", Binary: "no-such-redis"}, "apt-get install redis-server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Start(testContext(t), c.opt)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestBrokenDataIsReportedWithTheServersWords(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	broken := filepath.Join(dir, "appendonlydir")
	if err := os.WriteFile(broken, []byte("not a directory"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	_, err := Start(testContext(t), Options{Dir: dir, Persist: true, Log: &log})
	if err == nil || !strings.Contains(err.Error(), "ended while starting") || !strings.Contains(err.Error(), "appendonlydir") {
		t.Fatalf("got %v, want the server's own last lines", err)
	}
	if !strings.Contains(log.String(), "appendonlydir") {
		t.Fatalf("Log did not receive the output: %q", log.String())
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir, Persist: true}) // the failed Start left no lock
}

func TestSuperviseBringsADeadServerBack(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: tempDir(t), Persist: true})
	set(t, s, "kept")
	var mu sync.Mutex
	var attempts []int
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.Supervise(testContext(t), func(attempt int, _ string, err error) {
			if err != nil {
				t.Errorf("attempt %d: %v", attempt, err)
			}
			mu.Lock()
			defer mu.Unlock()
			attempts = append(attempts, attempt)
		})
	}()
	for n := 1; n <= 3; n++ {
		pid := s.PID()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a new server after a kill", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return s.PID() != pid && len(attempts) == n
		})
		wantValue(t, s, "kept")
	}
	if fmt.Sprint(attempts) != "[1 2 3]" {
		t.Fatalf("attempts reported: %v", attempts)
	}
	if err := s.Stop(testContext(t)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Fatal("Supervise goes on after Stop")
	}
}
