package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// politeEnd is how long a child may take to end when it is asked to.
const politeEnd = 20 * time.Second

// BinaryVariable names the environment variable with the passgate to run, where
// this program is not it (tests, tools).
const BinaryVariable = "PASSGATE_BIN"

// Binary is the passgate that children run: this program, or the one that
// PASSGATE_BIN names.
func Binary() (string, error) {
	if path := os.Getenv(BinaryVariable); path != "" {
		return path, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("rig: which program to run: %w", err)
	}
	return path, nil
}

// Child is a process of passgate that serves. Its owner calls Close.
type Child struct {
	// PID is its number. It stays taken until Close.
	PID int

	cmd       *exec.Cmd
	said, err keep
	done      chan struct{}
	end       error // how it ended; read only after done is closed
}

// Spawn runs passgate with these arguments, on some processors only if cpus names
// them. It does not wait until it serves; the caller asks Said for that. Secrets
// do not belong into args, which everybody on the machine can read.
func Spawn(binary string, env []string, cpus []int, args ...string) (*Child, error) {
	c := &Child{cmd: exec.Command(binary, args...), done: make(chan struct{})} //nolint:gosec // this program, or the operator's choice
	c.cmd.Env = append(ownless(os.Environ()), env...)
	c.cmd.Stdout, c.cmd.Stderr = &c.said, &c.err
	c.cmd.WaitDelay = time.Second
	tie(c.cmd)
	started := make(chan error, 1)
	go func() {
		// The thread is kept, because the signal at the owner's death is sent
		// when the thread that started the child ends; and it is not given
		// back, because it may be pinned.
		runtime.LockOSThread()
		err := pin(cpus)
		if err == nil {
			err = c.cmd.Start()
		}
		started <- err
		if err == nil {
			c.end = c.cmd.Wait()
			close(c.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("rig: start %s: %w", binary, err)
	}
	c.PID = c.cmd.Process.Pid
	return c, nil
}

// ownless leaves out the settings of passgate: a child is set up by its arguments
// alone, so that a measurement does not depend on who runs it.
func ownless(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "PASSGATE_") })
}

// Said waits until the child has printed a line that begins with prefix, after
// blanks, and gives the words of the rest.
func (c *Child) Said(ctx context.Context, prefix string) ([]string, error) {
	for {
		for line := range strings.Lines(c.said.String()) {
			rest, found := strings.CutPrefix(strings.TrimSpace(line), prefix)
			if found && strings.HasSuffix(line, "\n") {
				return strings.Fields(rest), nil
			}
		}
		select {
		case <-c.done:
			return nil, fmt.Errorf("rig: it ended before it served: %w\n%s", c.outcome(), c.err.String())
		case <-ctx.Done():
			return nil, fmt.Errorf("rig: waiting for %q: %w\n%s", prefix, ctx.Err(), c.err.String())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// outcome is how it ended, for after done.
func (c *Child) outcome() error {
	if c.end != nil {
		return c.end
	}
	return errors.New("exit status 0")
}

// Ended is closed when the child has ended, by itself or not.
func (c *Child) Ended() <-chan struct{} { return c.done }

// Complaints are the last lines of its standard error.
func (c *Child) Complaints() string { return c.err.String() }

// Close asks the child to end and waits for it; one that does not is killed.
func (c *Child) Close() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("rig: end %d: %w", c.PID, err)
	}
	select {
	case <-c.done:
		if c.end != nil {
			return fmt.Errorf("rig: it ended badly: %w\n%s", c.end, c.err.String())
		}
		return nil
	case <-time.After(politeEnd):
	}
	err := c.cmd.Process.Kill()
	<-c.done
	return errors.Join(fmt.Errorf("rig: %d did not end within %s and was killed\n%s", c.PID, politeEnd, c.err.String()), err)
}

// keptBytes is how much of a child's output is kept.
const keptBytes = 16 << 10

// keep holds the end of an output.
type keep struct {
	mu   sync.Mutex
	text []byte
}

// Write never fails.
func (k *keep) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.text = append(k.text, p...)
	if over := len(k.text) - keptBytes; over > 0 {
		k.text = bytes.Clone(k.text[over:])
	}
	return len(p), nil
}

func (k *keep) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return string(k.text)
}
