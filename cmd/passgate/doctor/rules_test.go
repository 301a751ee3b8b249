package doctor

import (
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/backup"
	"passgate/codes"
)

// goodServer is as deploy/redis.conf advises, behind sentinels and with a replica.
func goodServer() *RedisServer {
	return &RedisServer{
		Where: "rediss://***@redis.example.org:6380/0", Addr: "redis.example.org:6380", Watched: true, Encrypted: true,
		Info: map[string]string{
			"redis_version": "7.2.4", "aof_enabled": "1", "aof_last_write_status": "ok", "aof_last_bgrewrite_status": "ok", "connected_slaves": "1",
			"maxmemory_policy": "noeviction", "used_memory": "1000000", "maxmemory": "600000000", "total_system_memory": "1000000000",
		},
		Config: map[string]string{
			"appendfsync": "everysec", "no-appendfsync-on-rewrite": "no", "protected-mode": "yes", "port": "0", "tls-port": "6380", "bind": "0.0.0.0",
			"lua-time-limit": "500", "min-replicas-to-write": "1",
			"zset-max-listpack-entries": "128", "zset-max-listpack-value": "64", "hash-max-listpack-entries": "128", "hash-max-listpack-value": "512",
		},
	}
}

// What no test can plant on any machine: other versions, disks, owners and networks.
func TestRulesOverFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 2, 10, 8, 0, 0, 0, time.UTC)
	server := func(change func(s *RedisServer)) []Finding {
		s := goodServer()
		change(s)
		return s.Check()
	}
	folder := func(f Folder) []Finding { f.Name, f.Path = "data", "/d"; return f.Check() }
	for name, c := range map[string]struct {
		found    []Finding
		severity Severity
		code     string
	}{
		"good":                 {server(func(*RedisServer) {}), "", ""},
		"Redis 6":              {server(func(s *RedisServer) { s.Info["redis_version"] = "6.2.14" }), Error, "redis-version"},
		"everysec alone":       {server(func(s *RedisServer) { s.Info["connected_slaves"] = "0" }), Error, "redis-fsync"},
		"fsync left to kernel": {server(func(s *RedisServer) { s.Config["appendfsync"] = "no" }), Error, "redis-fsync"},
		"disk of Redis":        {server(func(s *RedisServer) { s.Info["aof_last_write_status"] = "err" }), Error, "redis-aof-failing"},
		"deposed master":       {server(func(s *RedisServer) { s.Config["min-replicas-to-write"] = "0" }), Error, "redis-min-replicas"},
		"all of the machine":   {server(func(s *RedisServer) { s.Info["maxmemory"] = "900000000" }), Warning, "redis-memory-limit"},
		"three quarters used":  {server(func(s *RedisServer) { s.Info["used_memory"] = "450000000" }), Warning, "redis-memory-full"},
		"no TLS":               {server(func(s *RedisServer) { s.Encrypted = false }), Warning, "redis-no-tls"},
		"within containers":    {server(func(s *RedisServer) { s.Encrypted, s.Addr = false, "redis:6379" }), Note, "redis-no-tls"},
		"open on the network":  {server(func(s *RedisServer) { s.Open = true }), Error, "redis-open"},
		"clock an hour off":    {server(func(s *RedisServer) { s.Offset = -time.Hour }), Error, "clock-off"},
		"cluster stands as one": {server(func(s *RedisServer) {
			s.Info["cluster_enabled"], s.Config["cluster-require-full-coverage"] = "1", "yes"
		}), Error, "redis-coverage"},
		"disk at its end":         {folder(Folder{Free: 1 << 20, Size: 1 << 30}), Error, "disk-full"},
		"no room for a rewrite":   {folder(Folder{Free: 1 << 29, Size: 1 << 30, Needs: 1 << 30}), Warning, "disk-room"},
		"on a file server":        {folder(Folder{Free: 1 << 29, Size: 1 << 30, Kind: diskNetwork}), Warning, "disk-network"},
		"root's keys":             {(&KeyFolder{Path: "/d/keys", Foreign: []string{"/d/keys/field-2.key"}, Owner: 998}).Check(), Error, "keys-owner"},
		"first key":               {(&KeyFolder{Now: now, Ring: []codes.KeyInfo{{Use: "pass", CanSign: true, CreatedAt: now, SignsFrom: now}}}).Check(), "", ""},
		"data of long ago":        {(&StoreFacts{Kept: true, Archived: true, Survey: checkpoint.Survey{Format: checkpoint.Format{Version: 1, ReadableFrom: 1}}}).Check(), Error, "format-older"},
		"certificate of tomorrow": {(&Answer{Ends: now.Add(24 * time.Hour), Now: now}).Check(), Warning, "tls-expiring"},
		"backup of last week":     {(&Backups{Now: now, Newest: &backup.Manifest{TakenAt: now.AddDate(0, 0, -7), DestroyBy: now.AddDate(0, 0, -4)}}).Check(), Warning, "backup-old"},
	} {
		switch {
		case c.code == "" && len(c.found) > 0, c.code != "" && len(c.found) != 1:
			t.Errorf("%s: %+v", name, c.found)
		case c.code != "" && (c.found[0].Code != c.code || c.found[0].Severity != c.severity):
			t.Errorf("%s: %+v, want %s %s", name, c.found[0], c.severity, c.code)
		}
	}
}

func TestTheWorstComesFirstAndTheSameIsSaidOnce(t *testing.T) {
	t.Parallel()
	got := Sort([]Finding{{Note, "n", "x", "", "", ""}, {Warning, "w", "x", "", "", ""}, {Error, "e", "a:1", "", "", ""}, {Error, "e", "b:1", "", "", ""}, {Error, "e", "b:1", "", "", ""}})
	if len(got) != 3 || got[0].Where != "a:1, b:1" || got[1].Code != "w" || got[2].Code != "n" {
		t.Errorf("got %+v", got)
	}
}
