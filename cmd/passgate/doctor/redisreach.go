package doctor

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// checkReach is about who else can read and write the store.
func (s *RedisServer) checkReach(f *findings) {
	const read = "whoever is on that network can read and change every movement of every person"
	if !s.Local && !s.Encrypted {
		severity := Warning
		what := "it is reached over the network without TLS"
		if host, _, err := net.SplitHostPort(s.Addr); err == nil && !strings.Contains(host, ".") && !strings.Contains(host, ":") {
			severity = Note // a name within a network of containers
			what += ", which is right if that network stays within one machine or is encrypted itself"
		}
		f.add(severity, "redis-no-tls", what, read, "TLS as in deploy/redis.conf, and rediss://…?ca=FILE&cert=FILE&key=FILE in PASSGATE_REDIS (clusters://, sentinels://)")
	}
	if s.Open && s.reachable() {
		f.add(Error, "redis-open", "it takes commands from other hosts without a password", read,
			"users and passwords by deploy/secrets and aclfile, protected-mode yes, and bind to the addresses that gateways use")
	}
}

// reachable tells whether other hosts come through to somebody without a password.
func (s *RedisServer) reachable() bool {
	if !s.Local {
		return true
	}
	if s.Config == nil || s.Config["protected-mode"] == "yes" || s.Config["port"] == "0" && s.Config["tls-port"] == "0" {
		return false
	}
	for _, at := range strings.Fields(s.Config["bind"]) {
		if addr, err := netip.ParseAddr(strings.TrimPrefix(at, "-")); err != nil || !addr.IsLoopback() {
			return true // "*" is no address
		}
	}
	return false
}

// configNames are the settings that are asked for.
var configNames = []string{
	"appendfsync", "no-appendfsync-on-rewrite", "protected-mode", "bind", "port", "tls-port", "lua-time-limit",
	"cluster-require-full-coverage", "min-replicas-to-write",
	"zset-max-listpack-entries", "zset-max-listpack-value", "hash-max-listpack-entries", "hash-max-listpack-value",
}

// leastListpack are the limits below which records take three times the memory.
var leastListpack = []struct {
	name        string
	least, good int
}{
	{"zset-max-listpack-entries", 120, 128},
	{"zset-max-listpack-value", 64, 64},
	{"hash-max-listpack-entries", 128, 128},
	{"hash-max-listpack-value", 512, 512},
}

// longestScript is how long a script may run, in ms, before others are told BUSY.
const longestScript = 1000

// checkConfig is about settings that only CONFIG GET tells.
func (s *RedisServer) checkConfig(f *findings) {
	if s.Config == nil {
		f.add(Note, "redis-config-hidden", "this user may not ask CONFIG GET, so appendfsync, listpack limits, lua-time-limit and more were not looked at",
			"a setting there may lose acknowledged scans", "as an account that may: passgate doctor --redis …, or compare the server's file with deploy/redis.conf")
		return
	}
	number := func(name string) int { n, _ := strconv.Atoi(s.Config[name]); return n }
	var low, set []string
	for _, limit := range leastListpack {
		if n := number(limit.name); n < limit.least {
			low = append(low, fmt.Sprintf("%s is %d", limit.name, n))
			set = append(set, fmt.Sprintf("%s %d", limit.name, limit.good))
		}
	}
	if len(low) > 0 {
		f.add(Warning, "redis-listpack", strings.Join(low, ", "), "people and their trails take up to three times the memory, which is full so much sooner",
			s.set(strings.Join(set, " "))+"; what is stored already changes as it is written")
	}
	if limit := number("lua-time-limit"); limit == 0 || limit > longestScript {
		f.add(Warning, "redis-script-limit", fmt.Sprintf("lua-time-limit is %d ms", limit), "a script that hangs leaves every gate waiting without an answer for so long", s.set("lua-time-limit 500"))
	}
	if s.Info["cluster_enabled"] == "1" && s.Config["cluster-require-full-coverage"] == "yes" {
		f.add(Error, "redis-coverage", "cluster-require-full-coverage is yes", "one failed master stops all gates of the town instead of a part of them", s.set("cluster-require-full-coverage no"))
	}
	if s.Watched && number("min-replicas-to-write") == 0 {
		f.add(Error, "redis-min-replicas", "min-replicas-to-write is 0", "a master that was replaced without hearing of it goes on taking scans, which are lost when it comes back",
			s.set("min-replicas-to-write 1")+"; min-replicas-max-lag 3")
	}
}
