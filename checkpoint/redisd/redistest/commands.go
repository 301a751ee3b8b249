package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint/redisd"
)

// testCommands are what tests ask of Redis themselves, to look into it, to
// harm it and to measure it, and what servers of a group ask of each other.
var testCommands = strings.Fields(`
	hello auth client|setname client|setinfo client|list client|kill client|pause client|unpause
	config|set config|get config|resetstat keys debug object|encoding object|freq memory|usage memory|stats
	flushall flushdb dbsize dump restore pexpiretime rename copy touch ttl pttl type zincrby strlen smembers xlen hscan hstrlen
	script|flush script|exists function|stats latency|latest latency|reset slowlog|get slowlog|reset info acl|whoami
	select pexpireat psync sync replconf replicaof wait role failover shutdown bgsave save lastsave
	cluster|nodes cluster|myid cluster|meet cluster|setslot cluster|addslotsrange cluster|set-config-epoch cluster|replicate cluster|failover
	cluster|reset cluster|forget cluster|countkeysinslot cluster|getkeysinslot cluster|keyslot cluster|shards migrate`)

// unknownCommands tells which commands servers were asked that gateways may not ask
// and tests are not known to.
func unknownCommands(addrs []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	known := append(redisd.ServerCommands(), testCommands...)
	var unknown []string
	for _, addr := range addrs {
		client := redis.NewClient(&redis.Options{Addr: addr, Network: network(addr)})
		text, err := client.Info(ctx, "commandstats").Result()
		_ = client.Close()
		if err != nil {
			continue // a test has ended it
		}
		for line := range strings.Lines(text) {
			name, _, stat := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":")
			if stat && !slices.Contains(known, name) && !slices.Contains(unknown, name) {
				unknown = append(unknown, name)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("redistest: Redis was asked %s: a gateway may not; add it in redisd/users.go and deploy/redis-users.acl if it has to, or to testCommands if a test alone asks it",
		strings.Join(unknown, ", "))
}

func network(addr string) string {
	if strings.HasPrefix(addr, "/") {
		return "unix"
	}
	return "tcp"
}
