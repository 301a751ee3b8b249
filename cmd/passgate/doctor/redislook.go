package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisLook says which Redis to look at.
type RedisLook struct {
	Client  redis.UniversalClient
	Options redis.UniversalOptions // it was made of
	Where   string                 // without secrets
	Prefix  string                 // of passgate's keys
	Managed bool
	Now     func() time.Time // this machine's clock
}

// LookAtRedis asks the master, or all masters of a cluster. Each call has the
// deadlines of the client.
func LookAtRedis(ctx context.Context, look *RedisLook) (servers []*RedisServer) {
	cluster, many := look.Client.(*redis.ClusterClient)
	if !many {
		node, ok := look.Client.(*redis.Client)
		if !ok {
			return nil
		}
		addr := look.Options.Addrs[0]
		if look.Options.MasterName != "" {
			addr = "" // sentinels know it
		}
		return append(servers, look.ask(ctx, node, look.Where, addr))
	}
	var turn sync.Mutex
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		addr := node.Options().Addr
		s := look.ask(ctx, node, addr, addr)
		turn.Lock()
		defer turn.Unlock()
		servers = append(servers, s)
		return nil
	})
	if err != nil {
		servers = append(servers, &RedisServer{Where: look.Where, Err: err})
	}
	return servers
}

// ask asks one server. addr is where somebody else would try to get in.
func (look *RedisLook) ask(ctx context.Context, c *redis.Client, where, addr string) *RedisServer {
	s := &RedisServer{
		Where: where, Addr: addr, Managed: look.Managed, Watched: look.Options.MasterName != "",
		Local: isLocal(addr), Encrypted: look.Options.TLSConfig != nil, Info: map[string]string{},
	}
	began := look.Now()
	clock, err := c.Time(ctx).Result()
	ended := look.Now()
	if err != nil {
		s.Err = err
		return s
	}
	s.Offset = began.Add(ended.Sub(began) / 2).Sub(clock)
	for _, section := range []string{"server", "memory", "persistence", "replication", "cluster"} {
		told, err := c.InfoMap(ctx, section).Result()
		if err != nil {
			s.Err = err
			return s
		}
		for _, facts := range told {
			for name, value := range facts {
				s.Info[name] = value
			}
		}
	}
	config := redis.NewMapStringStringCmd(ctx, append([]any{"config", "get"}, anys(configNames)...)...)
	if c.Process(ctx, config) == nil {
		s.Config = config.Val()
	}
	s.Open = look.open(ctx, addr)
	look.sample(ctx, c, s)
	return s
}

func anys(words []string) (out []any) {
	for _, w := range words {
		out = append(out, w)
	}
	return out
}

// isLocal tells whether an address is a socket or one of this machine alone.
func isLocal(addr string) bool {
	if strings.HasPrefix(addr, "/") {
		return true
	}
	host, _, _ := net.SplitHostPort(addr)
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// open tells whether a stranger is let in: without a user, a password or a
// certificate. Behind sentinels, whose master's address is not known here, that is
// known of ourselves only.
func (look *RedisLook) open(ctx context.Context, addr string) bool {
	if addr == "" {
		return look.Options.Password == "" && look.Options.TLSConfig == nil
	}
	if strings.HasPrefix(addr, "/") {
		return look.Options.Password == ""
	}
	options := &redis.Options{
		Addr: addr, DialTimeout: strangerPatience, ReadTimeout: strangerPatience, WriteTimeout: strangerPatience, ContextTimeoutEnabled: true,
		MaxRetries: -1, DialerRetries: 1, PoolSize: 1, Protocol: 2, DisableIdentity: true,
	}
	if look.Options.TLSConfig != nil {
		options.TLSConfig = look.Options.TLSConfig.Clone()
		options.TLSConfig.GetClientCertificate = nil
	}
	stranger := redis.NewClient(options)
	defer func() { _ = stranger.Close() }()
	return stranger.Ping(ctx).Err() == nil
}

const (
	strangerPatience = time.Second
	// A database is looked at in at most this many steps of so many keys: where more
	// than one key in a thousand is foreign, one is among them.
	sampleSteps, sampleStep = 20, 500
)

// sample counts foreign keys.
func (look *RedisLook) sample(ctx context.Context, c *redis.Client, s *RedisServer) {
	var cursor uint64
	for range sampleSteps {
		keys, next, err := c.Scan(ctx, cursor, "", sampleStep).Result()
		if err != nil {
			return
		}
		for _, key := range keys {
			s.Sampled++
			if !strings.HasPrefix(key, look.Prefix) {
				s.Strangers++
			}
		}
		if cursor = next; cursor == 0 {
			return
		}
	}
}
