package redisd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// silence is how long a starting server may give no answer at all. Loading
	// a large file is not silence: it answers LOADING, for as long as it takes.
	silence   = 15 * time.Second
	readyPoll = 5 * time.Millisecond
	// politeStop is how long SIGTERM may take when the caller's context sets
	// no earlier end.
	politeStop = 10 * time.Second
	tailBytes  = 4096
)

var errNotListening = errors.New("the socket does not accept connections")

// child is one run of redis-server.
type child struct {
	cmd     *exec.Cmd
	tail    *tail
	started time.Time
	done    chan struct{}
	err     error // how it ended; read only after done is closed
}

// spawn starts the program. The goroutine keeps its thread until the child is
// gone, because the death signal is sent when that thread ends.
func spawn(o Options, config string, lock *os.File) (*child, error) {
	c := &child{tail: &tail{next: o.Log}, started: time.Now(), done: make(chan struct{})}
	args := []string{config}
	if o.tcp.sentinel != nil {
		args = append(args, "--sentinel")
	}
	c.cmd = exec.Command(o.Binary, args...) //nolint:gosec // the operator names the program
	c.cmd.Dir = o.Dir
	c.cmd.Stdout = c.tail
	c.cmd.Stderr = c.tail
	c.cmd.ExtraFiles = []*os.File{lock}
	c.cmd.SysProcAttr = childAttr()
	// A rewriting grandchild may hold the output open after the server died.
	c.cmd.WaitDelay = time.Second

	up := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		up <- err
		if err != nil {
			return
		}
		c.err = c.cmd.Wait()
		close(c.done)
	}()
	if err := <-up; err != nil {
		return nil, fmt.Errorf("redisd: start %s: %w", o.Binary, err)
	}
	return c, nil
}

// ready waits until the server answers PING.
func (c *child) ready(ctx context.Context, socket string) error {
	client := controlClient("unix", socket)
	defer func() { _ = client.Close() }()
	heard := time.Now()
	for {
		err := errNotListening // asked first: a failed dial costs go-redis a second
		if listening(socket) {
			err = client.Ping(ctx).Err()
		}
		switch {
		case err == nil:
			return nil
		case redis.IsLoadingError(err):
			heard = time.Now()
		case time.Since(heard) > silence:
			return fmt.Errorf("redisd: no answer for %s: %w; its last lines:\n%s", silence, err, c.tail)
		}
		select {
		case <-c.done:
			return fmt.Errorf("redisd: redis-server ended while starting (%s); its last lines:\n%s", c.outcome(), c.tail)
		default:
		}
		if ctxErr := sleep(ctx, readyPoll); ctxErr != nil {
			return fmt.Errorf("redisd: waiting for redis-server: %w (last answer: %w)", ctxErr, err)
		}
	}
}

// outcome tells how the child ended; only after done.
func (c *child) outcome() string {
	if c.err == nil {
		return "exit status 0"
	}
	return c.err.Error()
}

// terminate asks for a clean end, in which the append-only file is flushed and
// closed, and kills when the time is over.
func (c *child) terminate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, politeStop)
	defer cancel()
	if err := c.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if err := c.signal(syscall.SIGCONT); err != nil { // one that is paused hears nothing
		return err
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
	}
	if err := c.kill(); err != nil {
		return err
	}
	return fmt.Errorf("redisd: redis-server did not end when asked and was killed: %w", ctx.Err())
}

// kill ends the child at once and waits until it is gone.
func (c *child) kill() error {
	if err := c.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-c.done
	return nil
}

func (c *child) signal(sig os.Signal) error {
	err := c.cmd.Process.Signal(sig)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("redisd: signal redis-server: %w", err)
	}
	return nil
}

// tail passes output on and remembers the end of it for error messages.
type tail struct {
	mu   sync.Mutex
	next io.Writer
	buf  []byte
}

// Write never fails: a full log disk must not block or end the server.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - tailBytes; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	if t.next != nil {
		_, _ = t.next.Write(p)
	}
	return len(p), nil
}

// String gives the last lines printed.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.buf))
}
