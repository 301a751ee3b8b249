package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
)

// backend is where the data is: how to connect, and what to stop at the end.
type backend struct {
	options redis.UniversalOptions
	what    string // for the log, without secrets
	stop    func() // stops a Redis of our own
}

// client connects with the settings that tune gives.
func (b *backend) client(tune func(*redis.UniversalOptions) *redis.UniversalOptions) redis.UniversalClient {
	o := b.options
	return checkpoint.Connect(tune(&o))
}

// openBackend understands --redis:
//
//	managed                           a redis-server child with its files in dir
//	memory                            in this process, nothing is kept
//	redis:// rediss:// unix://        one server
//	cluster://[user:pass@]h:p,h:p     Redis Cluster; clusters:// with TLS
//	sentinel://[user:pass@]h:p,h:p/NAME   Sentinel, master NAME; sentinels:// with TLS
//
// With TLS, ?ca=FILE names who vouches for the servers, and &cert=FILE&key=FILE
// what the client shows them.
func openBackend(ctx context.Context, spec, dir string, logger *slog.Logger) (*backend, error) {
	scheme, _, _ := strings.Cut(spec, "://")
	switch scheme {
	case "managed":
		return openManaged(ctx, dir, logger)
	case "memory":
		return openMemory(logger)
	case "redis", "rediss", "unix":
		return openURL(spec)
	case "cluster", "clusters", "sentinel", "sentinels":
		return openMany(spec)
	}
	return nil, fmt.Errorf("--redis %q: give managed, memory, redis://…, rediss://…, cluster://host:port,host:port or sentinel://host:port/NAME", hidePassword(spec))
}

// openManaged runs a redis-server for as long as ctx and brings it back when
// it dies.
func openManaged(ctx context.Context, dir string, logger *slog.Logger) (*backend, error) {
	srv, err := redisd.Start(ctx, redisd.Options{Dir: filepath.Join(dir, "redis"), Persist: true, Restricted: true})
	if err != nil {
		return nil, err
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		srv.Supervise(ctx, func(attempt int, cause string, err error) {
			logger.Error("redis-server ended and was started again", "attempt", attempt, "cause", cause, "error", err)
		})
	}()
	stop := func() {
		bye, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := srv.Stop(bye); err != nil {
			logger.Error("redis-server did not stop cleanly", "error", err)
		}
		<-watched
	}
	return &backend{
		options: redis.UniversalOptions{Addrs: []string{srv.Socket()}},
		what:    "a redis-server of its own in " + filepath.Join(dir, "redis"), stop: stop,
	}, nil
}

// asOperator has the clients of a managed Redis sign in as who may copy it and
// put copies back. Of another Redis the URL names the user.
func (b *backend) asOperator(spec, dir string) error {
	if spec != "managed" {
		return nil
	}
	secret, err := redisd.Operator(filepath.Join(dir, "redis"))
	if secret != "" {
		b.options.Username, b.options.Password = redisd.OperatorUser, secret
	}
	return err
}

func openMemory(logger *slog.Logger) (*backend, error) {
	mini := miniredis.NewMiniRedis()
	if err := mini.Start(); err != nil {
		return nil, fmt.Errorf("--redis memory: %w", err)
	}
	logger.Warn("NOTHING IS KEPT: --redis memory loses every event when this process ends; it is for trying out only")
	return &backend{options: redis.UniversalOptions{Addrs: []string{mini.Addr()}}, what: "memory (nothing is kept)", stop: mini.Close}, nil
}

// openRunning opens the Redis that a server with this data folder runs, which may
// listen elsewhere than in the folder: see redisd.Socket.
func openRunning(data string) (*backend, error) {
	return openURL("unix://" + redisd.Socket(filepath.Join(data, "redis")))
}

func openURL(spec string) (*backend, error) {
	spec, files, err := cutRedisFiles(spec)
	if err != nil {
		return nil, err
	}
	o, err := redis.ParseURL(spec)
	if err != nil {
		cause := errors.Unwrap(err) // without the URL, which has the password
		if cause == nil {
			cause = err
		}
		return nil, fmt.Errorf("--redis %s: %w", hidePassword(spec), cause)
	}
	if o.TLSConfig != nil {
		name := o.TLSConfig.ServerName
		if o.TLSConfig, err = files.config(); err != nil {
			return nil, err
		}
		o.TLSConfig.ServerName = name
	}
	return &backend{options: redis.UniversalOptions{
		Addrs: []string{o.Addr}, Username: o.Username, Password: o.Password, DB: o.DB, TLSConfig: o.TLSConfig,
	}, what: hidePassword(spec), stop: func() {}}, nil
}

// openMany reads the two schemes that name several servers.
func openMany(spec string) (*backend, error) {
	spec, files, err := cutRedisFiles(spec)
	if err != nil {
		return nil, err
	}
	scheme, rest, _ := strings.Cut(spec, "://")
	watched := strings.HasPrefix(scheme, "sentinel")
	var user *url.Userinfo
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		parsed, err := url.Parse("redis://" + rest[:at] + "@host")
		if err != nil {
			return nil, fmt.Errorf("--redis %s: user and password cannot be read", hidePassword(spec))
		}
		user, rest = parsed.User, rest[at+1:]
	}
	hosts, name, _ := strings.Cut(rest, "/")
	o := redis.UniversalOptions{Addrs: strings.Split(hosts, ","), IsClusterMode: !watched}
	for _, a := range o.Addrs {
		if !strings.Contains(a, ":") {
			return nil, fmt.Errorf("--redis %s: %q is not host:port", hidePassword(spec), a)
		}
	}
	if user != nil {
		o.Username = user.Username()
		o.Password, _ = user.Password()
	}
	switch {
	case watched && name == "":
		return nil, fmt.Errorf("--redis %s: name the master, like sentinel://host:26379/mymaster", hidePassword(spec))
	case watched:
		o.MasterName = name
	case name != "":
		return nil, fmt.Errorf("--redis %s: a cluster has no database or name after the hosts", hidePassword(spec))
	}
	if strings.HasSuffix(scheme, "s") {
		if o.TLSConfig, err = files.config(); err != nil {
			return nil, err
		}
	}
	return &backend{options: o, what: hidePassword(spec), stop: func() {}}, nil
}

// hidePassword makes a URL fit for a log or an error.
func hidePassword(spec string) string {
	scheme, rest, ok := strings.Cut(spec, "://")
	at := strings.LastIndex(rest, "@")
	if !ok || at < 0 {
		return spec
	}
	return scheme + "://***@" + rest[at+1:]
}

// redisLog takes what go-redis would print to standard error.
type redisLog struct{ logger *slog.Logger }

// Printf logs one remark of the client.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.logger.DebugContext(ctx, "redis client", "remark", fmt.Sprintf(format, args...))
}
