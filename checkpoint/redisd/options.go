package redisd

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

var (
	// ErrNotInstalled says that no redis-server program was found.
	ErrNotInstalled = errors.New("redisd: no redis-server program")
	// ErrInUse says that another living process owns the directory.
	ErrInUse = errors.New("redisd: directory is in use")
	// ErrStopped says that the server was stopped for good by Stop.
	ErrStopped = errors.New("redisd: server was stopped")
)

// Options says how one redis-server is run.
type Options struct {
	// Dir holds the server's files; it is created with mode 0700. Required.
	Dir string
	// Fsync is when an acknowledged write reaches the disk: "always" (the
	// default: before the reply), "everysec" (a crash of the machine may lose
	// a second) or "no" (left to the kernel). Without Persist it has no effect.
	Fsync string
	// Persist keeps the data in an append-only file, so that it survives the
	// process. Without it the data is gone when the server ends.
	Persist bool
	// MaxMemory is the limit after which writes are refused, as Redis spells it
	// ("512mb", "2gb"); empty is no limit. Nothing is ever evicted.
	MaxMemory string
	// Binary is the program to run, a name looked up in PATH or a path. Empty
	// means redis-server, or valkey-server where only that is installed.
	Binary string
	// Restricted lets clients do what gateways do and nothing else. Backup and
	// restore sign in as OperatorUser, with the password that Operator gives.
	Restricted bool
	// Log receives what the server prints; nil discards it. It is written from
	// one goroutine at a time.
	Log io.Writer

	tcp tcpOptions
}

// tcpOptions is how a server of a group is reached by the others: on loopback,
// without a password.
type tcpOptions struct {
	host          string        // it listens there and connects from there; "" is no TCP at all
	port          int           // of the server; the cluster bus has busOffset more
	announce, bus int           // ports told to the others instead, 0: the true ones
	cluster       bool          // a node of a cluster
	nodeTimeout   time.Duration // after which a node of a cluster is held for dead
	group         bool          // master or replica under Sentinel
	masterPort    int           // it starts as the replica of this port, 0: as a master
	sentinel      *watchOptions // it is no store but a sentinel
}

// watchOptions is what a sentinel looks after.
type watchOptions struct {
	name         string
	masterPort   int
	quorum       int
	downAfter    time.Duration
	failoverTime time.Duration
}

// reach is the port by which everybody else comes to the server.
func (t tcpOptions) reach() int {
	if t.announce != 0 {
		return t.announce
	}
	return t.port
}

// memorySize is what redis.conf takes as an amount of memory.
var memorySize = regexp.MustCompile(`^[0-9]{1,15}([kmg]b?)?$`)

// normalized fills the defaults in and refuses what would end up as a broken
// or a different redis.conf.
func (o Options) normalized() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("redisd: Options.Dir is empty")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("redisd: directory %q: %w", o.Dir, err)
	}
	o.Dir = dir
	switch o.Fsync {
	case "":
		o.Fsync = "always"
	case "always", "everysec", "no":
	default:
		return o, fmt.Errorf("redisd: fsync %q is none of always, everysec, no", o.Fsync)
	}
	if o.MaxMemory != "" && !memorySize.MatchString(o.MaxMemory) {
		return o, fmt.Errorf("redisd: max memory %q is not an amount such as 512mb or 2gb", o.MaxMemory)
	}
	o.Binary, err = findBinary(o.Binary)
	return o, err
}

// findBinary resolves the program to run. Debian 13 and Ubuntu 24.04 ship
// Valkey beside Redis, and some machines have Valkey only.
func findBinary(name string) (string, error) {
	names := []string{name}
	if name == "" {
		names = []string{"redis-server", "valkey-server"}
	}
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%w: %q is not in PATH; install it with `apt-get install redis-server`", ErrNotInstalled, names[0])
}
