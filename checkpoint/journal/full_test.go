package journal

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// overfill owes until the disk takes no more, makes room and goes on: whatever
// was acknowledged has to be there, and nothing else.
func overfill(t *testing.T, dir string, makeRoom func()) {
	t.Helper()
	j := open(t, options(dir))
	value := strings.Repeat("x", 20_000)
	var promised []string
	next := func() error {
		text := fmt.Sprint(len(promised), value)
		_, err := j.Owe(t.Context(), 1, []byte(text))
		if err == nil {
			promised = append(promised, text)
		}
		return err
	}
	var err error
	for err == nil {
		err = next()
	}
	wantErr(t, err, ErrBroken)
	if j.Stats().Broken == nil || len(promised) < 20 {
		t.Fatalf("%d promised, %+v", len(promised), j.Stats())
	}
	for range 5 { // the whole time, not only once
		if err := next(); err == nil {
			continue // what was freed on the way may have made room for one more
		}
	}
	if err := j.Keep(1, []byte("kept meanwhile")); err != nil {
		t.Fatal(err)
	}
	want(t, "reading goes on", owed(t, j, 1), promised...)
	makeRoom()
	deadline := time.Now().Add(10 * time.Second)
	for err = next(); err != nil && time.Now().Before(deadline); err = next() {
		time.Sleep(50 * time.Millisecond)
	}
	must(t, err)
	if j.Stats().Broken != nil {
		t.Fatal(j.Stats().Broken)
	}
	j = reopen(t, j)
	if j.Stats().Damage != nil {
		t.Fatalf("%+v", j.Stats().Damage)
	}
	want(t, "owed", owed(t, j, 1), promised...)
	want(t, "kept", kept(t, j, 1, 0), "kept meanwhile")
	fmt.Println("overfilled and healed")
}

// passes runs a test as a process of its own and wants it to pass.
func passes(t *testing.T, test, dir string, how *syscall.SysProcAttr) {
	t.Helper()
	cmd := child(t, test, dir)
	cmd.SysProcAttr = how
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || strings.Contains(string(out), "no mount") {
		t.Skip("this machine lets nobody mount a small file system")
	}
	if err != nil || !strings.Contains(string(out), "overfilled and healed") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestBoundedFile is no test but a process that may write files of 2 MiB only.
func TestBoundedFile(t *testing.T) {
	dir := childDir(t, "TestNoRoomForTheFile")
	signal.Ignore(syscall.SIGXFSZ)
	var bound syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &bound))
	small := syscall.Rlimit{Cur: 2 << 20, Max: bound.Max}
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small))
	overfill(t, dir, func() { must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &bound)) })
}

func TestNoRoomForTheFile(t *testing.T) {
	t.Parallel()
	passes(t, "TestBoundedFile", t.TempDir(), nil)
}

// TestSmallDisk is no test but a process with a disk of 4 MiB.
func TestSmallDisk(t *testing.T) {
	dir := childDir(t, "TestFullDisk")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal("no mount: ", err)
	}
	ballast := filepath.Join(dir, "ballast")
	must(t, os.WriteFile(ballast, make([]byte, 1<<20), 0o600))
	var once sync.Once
	overfill(t, filepath.Join(dir, "journal"), func() { once.Do(func() { must(t, os.Remove(ballast)) }) })
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	how := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		how.Cloneflags |= syscall.CLONE_NEWUSER
		how.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		how.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	passes(t, "TestSmallDisk", t.TempDir(), how)
}

// TestHealsOnANewFile breaks the file under the journal, as a disk with errors
// does: what comes after goes to a new file with all that was promised before.
func TestHealsOnANewFile(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var files []*os.File
	o := options(t.TempDir())
	o.openFile = func(name string, flag int, mode os.FileMode) (*os.File, error) {
		f, err := os.OpenFile(name, flag, mode)
		mu.Lock()
		defer mu.Unlock()
		files = append(files, f)
		return f, err
	}
	j := open(t, o)
	owe(t, j, 1, "before")
	must(t, j.SetAside(owe(t, j, 1, "aside"), "why"))
	must(t, j.Keep(1, []byte("kept before")))
	want(t, "kept", kept(t, j, 1, 0), "kept before")
	mu.Lock()
	must(t, files[len(files)-1].Close())
	mu.Unlock()
	_, err := j.Owe(t.Context(), 1, []byte("refused"))
	wantErr(t, err, ErrBroken)
	_, err = j.Owe(t.Context(), 1, []byte("refused"))
	wantErr(t, err, ErrBroken)
	must(t, j.Keep(1, []byte("kept meanwhile")))
	want(t, "owed meanwhile", owed(t, j, 1), "before")
	time.Sleep(retryAfter + 100*time.Millisecond)
	owe(t, j, 1, "after")
	j = reopen(t, j)
	if s := j.Stats(); s.Damage != nil || s.Aside != 1 {
		t.Fatalf("%+v", s)
	}
	want(t, "owed", owed(t, j, 1), "before", "after")
	want(t, "kept", kept(t, j, 1, 0), "kept before", "kept meanwhile")
}
