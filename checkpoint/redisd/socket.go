package redisd

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/redis/go-redis/v9"
)

// maxSocketPath is the longest path a unix socket may have: the address has
// 104 bytes on BSD and macOS, 108 on Linux, with a closing zero.
const maxSocketPath = 103

// shortDirPrefix begins the name of the directory that holds the socket when
// Dir is too deep.
const shortDirPrefix = "passgate-redis-"

// plainSocket is the name by which people look for the socket of dir.
func plainSocket(dir string) string { return filepath.Join(dir, "redis.sock") }

// placeSocket decides where the socket of dir is. Normally it is dir/redis.sock.
// When that path is too long for the kernel, it is in a short private directory
// of its own, and dir/redis.sock is a link to it, by which the next start and
// people find it.
func placeSocket(dir string) (path, shortDir string, err error) {
	plain := plainSocket(dir)
	if len(plain) <= maxSocketPath {
		return plain, "", nil
	}
	forgetShortDir(plain)
	for _, base := range []string{os.TempDir(), "/tmp"} {
		short, err := os.MkdirTemp(base, shortDirPrefix)
		if err != nil {
			continue
		}
		path := filepath.Join(short, "redis.sock")
		if len(path) > maxSocketPath {
			_ = os.Remove(short)
			continue
		}
		if err := os.Symlink(path, plain); err != nil {
			_ = os.Remove(short)
			return "", "", fmt.Errorf("redisd: record the short socket path: %w", err)
		}
		return path, short, nil
	}
	return "", "", fmt.Errorf("redisd: %q is longer than the %d bytes a unix socket may have, and no short directory could be made in %q or /tmp: choose a shorter data directory",
		plain, maxSocketPath, os.TempDir())
}

// forgetShortDir removes the link of an earlier start and what it points to. A
// link that does not look like ours is only unlinked, never followed.
func forgetShortDir(link string) {
	target, err := os.Readlink(link)
	if err != nil {
		return
	}
	short := filepath.Dir(target)
	if ok, _ := filepath.Match(shortDirPrefix+"*", filepath.Base(short)); ok {
		_ = os.Remove(target)
		_ = os.Remove(short)
	}
	_ = os.Remove(link)
}

// Socket is where a server of dir listens, if one does.
func Socket(dir string) string {
	plain := plainSocket(dir)
	if target, err := os.Readlink(plain); err == nil {
		return target
	}
	return plain
}

// socketURL spells a socket path the way redis clients take it.
func socketURL(path string) string {
	return (&url.URL{Scheme: "unix", Path: path}).String()
}

// listening reports whether anybody accepts connections on the socket.
func listening(path string) bool {
	if len(path) > maxSocketPath {
		return false
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// controlClient talks to a server about itself: one connection, no repeats.
func controlClient(network, addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Network:               network,
		Addr:                  addr,
		Protocol:              2,
		MaxRetries:            -1,
		DialerRetries:         1,
		PoolSize:              1,
		DialTimeout:           time.Second,
		ReadTimeout:           2 * time.Second,
		WriteTimeout:          2 * time.Second,
		ContextTimeoutEnabled: true,
		DisableIdentity:       true,
	})
}

// askToEnd sends SHUTDOWN over the socket. The connection breaks on success,
// so there is no answer worth reading; whoever calls watches the lock.
func askToEnd(ctx context.Context, dir, socket string, force bool) {
	if !listening(socket) {
		return
	}
	client := controlClient("unix", socket)
	defer func() { _ = client.Close() }()
	if secret, _ := Operator(dir); secret != "" { // a server without restrictions refuses it, and needs it not
		_ = client.Do(ctx, "AUTH", OperatorUser, secret).Err()
	}
	if force {
		// The append-only file is still flushed; only what holds the
		// server up (replicas, write errors) is ignored.
		_ = client.Do(ctx, "SHUTDOWN", "NOSAVE", "NOW", "FORCE").Err()
		return
	}
	_ = client.Do(ctx, "SHUTDOWN").Err()
}
