//go:build linux

package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisServer is a redis-server on loopback, with the settings that
// deploy/redis.conf gives to operators, that keeps its port and its files over
// restarts.
type redisServer struct {
	dir  string
	port int
	args []string // settings that differ from deploy/redis.conf
	*process
	rdb *redis.Client // reads the records, past the proxy
}

func newRedis(dir string, args ...string) (*redisServer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	r := &redisServer{dir: dir, port: port, args: args}
	r.rdb = redis.NewClient(&redis.Options{Addr: r.addr(), MaxRetries: 2, ContextTimeoutEnabled: true})
	return r, errors.Join(os.MkdirAll(dir, 0o700), r.launch())
}

func (r *redisServer) addr() string { return "127.0.0.1:" + strconv.Itoa(r.port) }

// launch starts the server and waits until it has loaded its files. A limit on
// files fails a write instead of ending the process: the ignored signal is
// inherited through the shell.
func (r *redisServer) launch() (err error) {
	conf, err := filepath.Abs("../../deploy/redis.conf")
	if err != nil {
		return err
	}
	args := append([]string{
		"-c", `trap "" XFSZ; exec redis-server "$@"`, "redis-server", conf,
		"--port", strconv.Itoa(r.port), "--bind", "127.0.0.1", "--dir", r.dir, "--daemonize", "no", "--logfile", "",
	}, r.args...)
	if r.process, err = start(nil, "sh", args...); err != nil {
		return err
	}
	return patiently(20*time.Second, func() error {
		if r.dead() {
			return fmt.Errorf("%w: redis-server: %w\n%s", errEnded, r.err, r.out)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return r.rdb.Ping(ctx).Err()
	})
}

// bounce kills the server, lets it lie for a time and starts it again. between
// is done in that time if not nil.
func (r *redisServer) bounce(down time.Duration, between func() error) error {
	if err := r.kill(); err != nil {
		return err
	}
	time.Sleep(down)
	if between != nil {
		if err := between(); err != nil {
			return err
		}
	}
	return r.launch()
}

// appendOnlyFile is the file to which the server appends now.
func (r *redisServer) appendOnlyFile() (string, error) {
	files, err := filepath.Glob(filepath.Join(r.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("no append-only file in %s: %w", r.dir, err)
	}
	return files[len(files)-1], nil
}

// torn does to the append-only file what a power failure does: its last command
// is cut short. With acknowledged it cuts so many bytes off that were on disk.
func (r *redisServer) torn(acknowledged int64) error {
	path, err := r.appendOnlyFile()
	if err != nil {
		return err
	}
	if acknowledged > 0 {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()-acknowledged)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString("*3\r\n$3\r\nSET\r\n$9\r\nhalf a na")
	return errors.Join(err, file.Close())
}

// set changes a setting of the running server.
func (r *redisServer) set(ctx context.Context, name, value string) error {
	return r.rdb.ConfigSet(ctx, name, value).Err()
}

// usedMemory is what the server's data takes, in bytes.
func (r *redisServer) usedMemory(ctx context.Context) (int64, error) {
	info, err := r.rdb.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
}
