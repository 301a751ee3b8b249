package redisd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// healthyAfter is how long a server must live for its death to count as a
	// new misfortune and not as one more turn of the same crash loop.
	healthyAfter = 10 * time.Second
)

// Server is one owned redis-server. Its methods may be called from several
// goroutines at once.
type Server struct {
	opt      Options
	socket   string
	shortDir string // holds the socket when Dir is too deep, else empty
	owner    *os.File

	quit     chan struct{} // closed when Stop begins
	quitOnce sync.Once

	mu      sync.Mutex // held while the child is being replaced
	cur     *child
	stopped bool

	curMu sync.RWMutex // guards cur for readers that must not wait for a start
}

// Start runs redis-server in Options.Dir and returns when it answers PING,
// which with a large append-only file means: when it is loaded. The context
// bounds the start only, not the server's life. A server left behind in the
// directory by a killed owner is ended cleanly and replaced. Errors:
// ErrNotInstalled, ErrInUse, or the reason with redis-server's last lines.
func Start(ctx context.Context, opt Options) (*Server, error) {
	opt, err := opt.normalized()
	if err != nil {
		return nil, err
	}
	if err := privateDir(opt.Dir); err != nil {
		return nil, err
	}
	owner, err := own(opt.Dir)
	if err != nil {
		return nil, err
	}
	s := &Server{opt: opt, owner: owner, quit: make(chan struct{})}
	if err := s.launch(ctx); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// privateDir makes the directory if needed, readable by its owner only.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("redisd: make directory: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs its x bit
		return fmt.Errorf("redisd: make directory private: %w", err)
	}
	return nil
}

// launch starts a child and waits until it is ready. The caller holds mu, or
// is the only one to know the server.
func (s *Server) launch(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // Stop need not wait for a long loading to finish
		select {
		case <-s.quit:
			cancel()
		case <-ctx.Done():
		}
	}()

	lock, err := claim(ctx, s.opt.Dir)
	if err != nil {
		return err
	}
	// The child has its own copy; ours must go, or the lock would outlive it.
	defer func() { _ = lock.Close() }()
	if s.socket == "" {
		if s.socket, s.shortDir, err = placeSocket(s.opt.Dir); err != nil {
			return err
		}
	}
	config, err := writeConfig(s.opt, s.socket)
	if err != nil {
		return err
	}
	c, err := spawn(s.opt, config, lock)
	if err != nil {
		return err
	}
	if err := c.ready(ctx, s.socket); err != nil {
		return errors.Join(err, c.kill())
	}
	s.curMu.Lock()
	s.cur = c
	s.curMu.Unlock()
	return nil
}

func (s *Server) current() *child {
	s.curMu.RLock()
	defer s.curMu.RUnlock()
	return s.cur
}

// Socket is the path of the unix socket; it stays the same over restarts.
func (s *Server) Socket() string { return s.socket }

// URL is the socket as redis clients take it: unix:///path/redis.sock.
func (s *Server) URL() string { return socketURL(s.socket) }

// PID is the process id of the running server, or of the last one.
func (s *Server) PID() int { return s.current().cmd.Process.Pid }

// Done is closed when the server that runs now has ended, for whatever reason.
// After a restart it is another channel.
func (s *Server) Done() <-chan struct{} { return s.current().done }

// Kill ends the server as kill -9 does and waits until it is gone. Restart or
// Supervise bring it back.
func (s *Server) Kill() error { return s.current().kill() }

// Pause stops the process where it is, as SIGSTOP does: connections to it stay
// open and nobody is answered. Resume lets it go on.
func (s *Server) Pause() error { return s.current().signal(syscall.SIGSTOP) }

// Resume ends a pause.
func (s *Server) Resume() error { return s.current().signal(syscall.SIGCONT) }

// Stop ends the server for good and frees the directory. It is asked to close
// its files cleanly and killed after 10 s or at the end of the context, which
// gives an error; with Persist nothing acknowledged is lost either way. A
// second Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	s.quitOnce.Do(func() { close(s.quit) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	err := s.cur.terminate(ctx)
	s.release()
	return err
}

// release gives the directory back.
func (s *Server) release() {
	if s.shortDir != "" {
		forgetShortDir(plainSocket(s.opt.Dir))
	}
	disown(s.owner)
}

// Restart ends the server cleanly, if it runs, and starts it again on the same
// files and the same socket. Errors as for Start, and ErrStopped.
func (s *Server) Restart(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return ErrStopped
	}
	if err := s.cur.terminate(ctx); err != nil && ctx.Err() != nil {
		return err
	}
	return s.launch(ctx)
}

// Supervise brings the server back whenever it ends by itself, at once the
// first time, then with pauses that double from 100 ms to 5 s. onRestart, if
// not nil, is told after every attempt: its number since the last healthy run,
// how the server had ended, and the error of the attempt, nil when it is up.
// Supervise returns when the context ends or Stop is called.
func (s *Server) Supervise(ctx context.Context, onRestart func(attempt int, cause string, err error)) {
	attempt := 0
	for {
		c := s.current()
		select {
		case <-ctx.Done():
			return
		case <-s.quit:
			return
		case <-c.done:
		}
		if time.Since(c.started) > healthyAfter {
			attempt = 0
		}
		for s.current() == c {
			if !s.pause(ctx, attempt) {
				return
			}
			attempt++
			tried, err := s.revive(ctx, c)
			if errors.Is(err, ErrStopped) || ctx.Err() != nil {
				return
			}
			if tried && onRestart != nil {
				onRestart(attempt, c.outcome(), err)
			}
		}
	}
}

// pause waits before an attempt; false when supervision is over.
func (s *Server) pause(ctx context.Context, attempt int) bool {
	if attempt == 0 {
		return true
	}
	d := min(firstBackoff<<min(attempt-1, 10), maxBackoff)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.quit:
		return false
	case <-t.C:
		return true
	}
}

// revive starts a successor of the dead child, unless somebody else has.
func (s *Server) revive(ctx context.Context, dead *child) (tried bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false, ErrStopped
	}
	if s.cur != dead {
		return false, nil
	}
	return true, s.launch(ctx)
}
