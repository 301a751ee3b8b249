package redisd

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// startOwner runs another process that owns a server in dir.
func startOwner(t *testing.T, dir string) (owner *exec.Cmd, pid int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	owner = exec.Command(exe)
	owner.Env = append(os.Environ(), ownerEnv+"="+dir)
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = owner.Process.Kill()
		_ = owner.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(line, "pid %d", &pid); err != nil {
		t.Fatalf("owner said %q: %v", line, err)
	}
	return owner, pid
}

func TestServerDiesWithItsKilledOwner(t *testing.T) {
	t.Parallel()
	owner, pid := startOwner(t, tempDir(t))
	if !alive(pid) {
		t.Fatal("the server does not even run")
	}
	// Long enough for idle threads of the owner to come and go: the server
	// must follow the process, not the thread that happened to start it.
	time.Sleep(300 * time.Millisecond)
	if !alive(pid) {
		t.Fatal("the server died while its owner lived")
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the server's end", func() bool { return !alive(pid) })
}

// holdsFiles reports whether a process can still write anything: one that is
// just being taken down may have a process id for a moment, but no files.
func holdsFiles(pid int) bool {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return err == nil && len(open) > 0
}

func TestStartAfterAKilledOwnerFindsTheData(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	for round := range 5 {
		owner, pid := startOwner(t, dir)
		seen := &Server{socket: Socket(dir)}
		set(t, seen, fmt.Sprint("round ", round))
		if err := owner.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = owner.Wait()
		// No pause: the old server may still be there.
		s := start(t, Options{Dir: dir, Persist: true})
		if holdsFiles(pid) {
			t.Fatalf("two servers on one directory: %d and %d", pid, s.PID())
		}
		wantValue(t, s, fmt.Sprint("round ", round))
		if err := s.Stop(testContext(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestServerLeftBehindIsReplaced(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	// A server that nobody owns any more: the owner's lock is gone, the
	// server's is held, as after a kill on a system without death signals.
	left := start(t, Options{Dir: dir, Persist: true})
	set(t, left, "left")
	if err := left.owner.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir, Persist: true})
	select {
	case <-left.Done():
	default:
		t.Fatal("two servers on one directory")
	}
	wantValue(t, s, "left")
}

func TestServerStartedByHandIsReplaced(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	s := start(t, Options{Dir: dir, Persist: true})
	set(t, s, "by hand")
	if err := s.Stop(testContext(t)); err != nil {
		t.Fatal(err)
	}
	hand := exec.Command(s.opt.Binary, dir+"/redis.conf")
	if err := hand.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = hand.Wait(); close(ended) }()
	t.Cleanup(func() { _ = hand.Process.Kill(); <-ended })
	eventually(t, "the hand-started server listens", func() bool { return listening(s.Socket()) })
	again := start(t, Options{Dir: dir, Persist: true})
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("two servers on one directory")
	}
	wantValue(t, again, "by hand")
}
