//go:build linux

package faults

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a program that a row may freeze and kill. It dies with the test.
type process struct {
	cmd  *exec.Cmd
	out  *tail
	done chan struct{}
	err  error // how it ended; read only after done is closed
}

// start runs a program. Its thread is kept because the death signal is sent
// when the thread that started it ends.
func start(env []string, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), out: new(tail), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	p.cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

func (p *process) signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.cmd.Path, err)
	}
	return nil
}

// kill is kill -9; it returns when the process is gone.
func (p *process) kill() error {
	err := p.signal(syscall.SIGKILL)
	<-p.done
	return err
}

// end asks the process to end and waits for it.
func (p *process) end() error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(20 * time.Second):
		return errors.Join(fmt.Errorf("%s did not end when asked:\n%s", p.cmd.Path, p.out), p.kill())
	}
}

func (p *process) dead() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// limitFiles bounds how large a file may become that the process writes, which
// stands for a full disk: a write beyond it is cut short and then fails. 0 frees
// the disk again.
func (p *process) limitFiles(bytes uint64) error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if bytes > 0 {
		limit.Cur = bytes
	}
	return unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil)
}

// tail keeps what a process prints, the last of it, and can be waited for.
type tail struct {
	mu    sync.Mutex
	lines []string
	part  string
}

const tailLines = 400

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(t.part+string(b), "\n")
	t.part = lines[len(lines)-1]
	t.lines = append(t.lines, lines[:len(lines)-1]...)
	t.lines = t.lines[max(0, len(t.lines)-tailLines):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(append(slices.Clone(t.lines), t.part), "\n")
}

// find gives the first line that holds a text.
func (t *tail) find(text string) (string, bool) {
	scanner := bufio.NewScanner(strings.NewReader(t.String()))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if strings.Contains(scanner.Text(), text) {
			return scanner.Text(), true
		}
	}
	return "", false
}

// freePort gives a port on which nobody listens at the moment. The ports lie
// below those that the kernel hands out by itself, and none is given twice.
func freePort() (int, error) {
	ports.Lock()
	defer ports.Unlock()
	for range 2000 {
		ports.last++
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports.last))
		if err == nil {
			return ports.last, l.Close()
		}
	}
	return 0, errors.New("no free port")
}

var ports = struct {
	sync.Mutex
	last int
}{last: 21000 + os.Getpid()%500*10}

// errEnded: the process is gone, there is nothing to wait for.
var errEnded = errors.New("the process ended")

// patiently repeats f until it gives nil or errEnded, at most for so long.
func patiently(long time.Duration, f func() error) error {
	end := time.Now().Add(long)
	for {
		err := f()
		if err == nil || errors.Is(err, errEnded) || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}
