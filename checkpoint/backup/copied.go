package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// copied is a redis-server of our own that holds what the masters sent.
type copied struct {
	server  *redisd.Server
	client  *redis.Client
	version string
}

// dumpName is the file that a redis-server without an append-only file loads.
const dumpName = "dump.rdb"

// collect loads what the masters sent, each in a folder below dir, into one
// server. Keys of others than the store go no further than that.
func collect(ctx context.Context, dir string, masters, db int, prefix string) (*copied, error) {
	all, err := load(ctx, masterDir(dir, 0), db)
	if err != nil {
		return nil, err
	}
	for i := 1; i < masters; i++ {
		one, err := load(ctx, masterDir(dir, i), db)
		if err == nil {
			err = eachKey(ctx, one.client, prefix, func(some []record) error { return put(ctx, all.client, some) })
			one.close()
		}
		if err != nil {
			all.close()
			return nil, err
		}
	}
	return all, nil
}

func masterDir(dir string, i int) string { return filepath.Join(dir, "master-"+strconv.Itoa(i)) }

// load starts a redis-server on what one master sent.
func load(ctx context.Context, dir string, db int) (*copied, error) {
	server, err := redisd.Start(ctx, redisd.Options{Dir: dir, Log: io.Discard})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("backup: load the copy, which takes as much memory as the store and a redis-server no older than its own: %w", err)
	}
	c := &copied{server: server, client: redis.NewClient(&redis.Options{
		Network: "unix", Addr: server.Socket(), DB: db, Protocol: 2, MaxRetries: -1, ContextTimeoutEnabled: true,
		DialTimeout: 5 * time.Second, ReadTimeout: callTimeout, WriteTimeout: callTimeout, PoolTimeout: callTimeout, DisableIdentity: true,
	})}
	if c.version, err = c.versionOf(ctx); err == nil {
		err = os.Remove(filepath.Join(dir, dumpName)) // in the clear
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("backup: %w", err)
	}
	return c, nil
}

func (c *copied) versionOf(ctx context.Context) (string, error) {
	info, err := c.client.InfoMap(ctx, "server").Result()
	if err != nil {
		return "", unreachable(err)
	}
	if name := info["Server"]["valkey_version"]; name != "" {
		return "valkey " + name, nil
	}
	return info["Server"]["redis_version"], nil
}

func (c *copied) close() {
	bye, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_ = errors.Join(c.client.Close(), c.server.Stop(bye)) // nothing in it is needed any more
}
