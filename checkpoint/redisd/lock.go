package redisd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// orphanPatience is how long a server of an earlier owner may take to end
	// when asked politely, and again when forced.
	orphanPatience = 10 * time.Second
	lockPoll       = 10 * time.Millisecond
	ownerLock      = "owner.lock"
)

// lockFile opens the file and takes its lock; it gives nil without an error
// when somebody else has it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("redisd: open lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("redisd: lock %s: %w", path, err)
}

// own takes the directory for this process until disown.
func own(dir string) (*os.File, error) {
	path := filepath.Join(dir, ownerLock)
	f, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, fmt.Errorf("%w: %s belongs to process %s; stop it or choose another directory", ErrInUse, dir, readOwner(path))
	}
	if err := f.Truncate(0); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("redisd: write %s: %w", path, err)
	}
	if _, err := fmt.Fprintf(f, "%d\n", os.Getpid()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("redisd: write %s: %w", path, err)
	}
	return f, nil
}

// disown gives the directory back. Closing alone would not do while another child of
// this process is between its fork and its exec: until then it has the file, too.
func disown(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
	_ = f.Close()
}

// Owner is the process that owns the server of dir, or owned it last; 0 if it is not
// known.
func Owner(dir string) int {
	pid, _ := strconv.Atoi(readOwner(filepath.Join(dir, ownerLock))) // "(unknown)" is 0
	return pid
}

// readOwner gives the process id noted in the lock, for the error message.
func readOwner(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return "(unknown)"
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil || len(text) == 0 {
		return "(unknown)"
	}
	return strings.TrimSpace(string(text))
}

// claim takes the lock that the next redis-server will hold. A server that is
// still there, left by an owner that was killed or started by hand on the same
// socket, is asked to end first.
func claim(ctx context.Context, dir string) (*os.File, error) {
	socket := Socket(dir)
	begin := time.Now()
	asked, forced := false, false
	for {
		f, err := lockFile(filepath.Join(dir, "redis.lock"))
		if err != nil {
			return nil, err
		}
		if f != nil && !listening(socket) {
			return f, nil
		}
		if f != nil {
			_ = f.Close()
		}
		waited := time.Since(begin)
		switch {
		case !asked:
			asked = true
			askToEnd(ctx, dir, socket, false)
		case !forced && waited > orphanPatience:
			forced = true
			askToEnd(ctx, dir, socket, true)
		case waited > 2*orphanPatience:
			return nil, fmt.Errorf("%w: a redis-server of an earlier run still holds %s and does not end; end the process in its redis.pid and try again", ErrInUse, dir)
		}
		if err := sleep(ctx, lockPoll); err != nil {
			return nil, fmt.Errorf("redisd: waiting for the earlier redis-server of %s: %w", dir, err)
		}
	}
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
