package doctor

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// oldestRedis is the first major version that passgate runs on; Valkey says that it
// is a Redis of 7.2.
const oldestRedis = 7

// RedisServer is what one server tells of itself.
type RedisServer struct {
	Where string // address without secrets
	Addr  string // host:port or the path of its socket; "" behind sentinels
	Err   error  // it does not answer; nothing else is known then
	// Managed: it is the child of a passgate, which chooses its settings.
	Managed bool
	// Watched: sentinels choose the master.
	Watched bool
	// Local: it is reached by a socket or on this machine.
	Local bool
	// Encrypted: it is reached by TLS.
	Encrypted bool
	// Open: it answers somebody who names no user and shows no certificate.
	Open bool

	Info   map[string]string // INFO
	Config map[string]string // CONFIG GET; nil if the user may not ask
	Offset time.Duration     // this machine's clock minus the server's
	// Keys of the database are looked at for foreign ones: Strangers of Sampled.
	Sampled, Strangers int
}

// Check judges a server.
func (s *RedisServer) Check() []Finding {
	f := &findings{where: s.Where}
	if s.Err != nil {
		do := "look at the server's log, the network between and the user's password; then run this again"
		if s.Managed {
			do = "start the server (systemctl start passgate, or: passgate serve) and run this again"
		}
		f.add(Error, "redis-down", "Redis does not answer: "+s.Err.Error(),
			"nothing is recorded in Redis; gates go on by the gateways' copies, or stop", do)
		return f.all
	}
	if version := s.Info["redis_version"]; majorOf(version) < oldestRedis {
		f.add(Error, "redis-version", "this is Redis "+version,
			"the scripts that decide at gates need Redis 7.0 or Valkey 7.2", "upgrade the server to Redis 7.0 or newer, or to Valkey")
		return f.all // the rest is called otherwise there
	}
	s.checkDurable(f)
	s.checkMemory(f)
	s.checkClock(f)
	s.checkReach(f)
	s.checkConfig(f)
	if s.Strangers > 0 {
		f.add(Warning, "redis-strangers", fmt.Sprintf("%d of %d keys looked at in this database are not passgate's", s.Strangers, s.Sampled),
			"other software fills the memory that gates need, and its slow commands hold up every scan",
			"give passgate a Redis of its own, or the other software another one")
	}
	return f.all
}

func majorOf(version string) int {
	major, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(major) // 0 is too old
	return n
}

func (s *RedisServer) number(name string) int64 {
	n, _ := strconv.ParseInt(s.Info[name], 10, 64) // 0 if it is not told
	return n
}

func (s *RedisServer) replicas() int64 { return s.number("connected_slaves") }

// set is the command that changes a setting, "name value".
func (s *RedisServer) set(setting string) string {
	if s.Managed {
		return "restart passgate: it starts its own Redis with " + setting
	}
	return "redis-cli CONFIG SET " + setting + ", and the same in its configuration file (see deploy/redis.conf)"
}

// checkDurable is about what a failure may cost.
func (s *RedisServer) checkDurable(f *findings) {
	if s.Info["aof_enabled"] != "1" {
		f.add(Error, "redis-no-aof", "appendonly is off", "when this server restarts, every passage since its last snapshot is gone, and so are revocations",
			s.set("appendonly yes"))
		return
	}
	const lost = "scans that guards were told are recorded are lost when the machine fails"
	switch fsync := s.Config["appendfsync"]; {
	case fsync == "no":
		f.add(Error, "redis-fsync", "appendfsync is no", lost, s.set("appendfsync always"))
	case fsync == "everysec" && s.replicas() == 0:
		f.add(Error, "redis-fsync", "appendfsync is everysec and no replica follows", lost+": up to seconds of them",
			s.set("appendfsync always")+"; everysec is right where replicas can take over")
	}
	if s.Config["no-appendfsync-on-rewrite"] == "yes" {
		f.add(Warning, "redis-fsync-rewrite", "no-appendfsync-on-rewrite is yes", lost+" while the file is being rewritten", s.set("no-appendfsync-on-rewrite no"))
	}
	switch {
	case s.Info["aof_last_write_status"] == "err":
		f.add(Error, "redis-aof-failing", "the append-only file cannot be written", "Redis refuses writes: nothing is recorded, gates go on by copies",
			"make room on its disk; see PassgateRedisAOFFailing in deploy/RUNBOOK.md")
	case s.Info["aof_last_bgrewrite_status"] == "err":
		f.add(Warning, "redis-aof-failing", "the last rewrite of the append-only file failed", "what was deleted stays on the disk, the file grows and a restart takes longer",
			"look for the cause in the server's log (room on the disk, memory to fork), then: redis-cli BGREWRITEAOF")
	}
}

// The parts of its memory at which a server needs more: those of the alerts
// PassgateRedisMemoryHigh and PassgateRedisMemoryFull, and of a limit of the machine.
const (
	memoryHigh  = 0.7
	memoryFull  = 0.9
	memoryLimit = 0.6
)

func (s *RedisServer) checkMemory(f *findings) {
	if policy := s.Info["maxmemory_policy"]; policy != "noeviction" {
		f.add(Error, "redis-evicts", "maxmemory-policy is "+policy, "when memory is full Redis drops keys by itself: recorded passages, and revocations of passes",
			s.set("maxmemory-policy noeviction"))
	}
	used, limit, machine := float64(s.number("used_memory")), float64(s.number("maxmemory")), float64(s.number("total_system_memory"))
	whole, bound := limit, "its limit"
	if limit == 0 {
		whole, bound = machine, "the machine's memory"
	}
	const full = "when it is full nothing more can be recorded, and gates go on by copies"
	const enlarge = "give it more memory, or shorten --retention; deploy/CAPACITY.md says how much a town needs"
	switch {
	case whole > 0 && used > memoryFull*whole:
		f.add(Error, "redis-memory-full", fmt.Sprintf("%.0f %% of %s are used", 100*used/whole, bound), full, enlarge)
	case whole > 0 && used > memoryHigh*whole:
		f.add(Warning, "redis-memory-full", fmt.Sprintf("%.0f %% of %s are used", 100*used/whole, bound), full, enlarge)
	}
	const sixty = "about 60 % of the machine: rewriting the file may need the rest"
	switch {
	case limit == 0 && !s.Managed:
		f.add(Warning, "redis-memory-limit", "there is no maxmemory", "at the end of the memory the kernel ends Redis, instead of Redis refusing what does not fit", s.set("maxmemory "+megabytes(memoryLimit*machine))+", "+sixty)
	case limit > memoryLimit*machine*1.05 && machine > 0: // "about"
		f.add(Warning, "redis-memory-limit", fmt.Sprintf("maxmemory is %.0f %% of the machine", 100*limit/machine), "a rewrite or a backup may need as much again: then the kernel ends Redis", s.set("maxmemory "+megabytes(memoryLimit*machine))+", "+sixty)
	}
}

func megabytes(bytes float64) string { return fmt.Sprintf("%.0fmb", bytes/(1<<20)) }

// The offsets of clocks that are told: those of the alerts PassgateClockOffset and
// PassgateClockWrong.
const (
	clockOff   = time.Second
	clockWrong = 30 * time.Second
)

func (s *RedisServer) checkClock(f *findings) {
	off, severity, why := s.Offset.Abs(), Warning, "passages are recorded at the wrong time, and leases between gateways misjudged"
	if off > clockWrong {
		severity, why = Error, "good passes show as expired or not yet valid, scans are refused, and the order of events is wrong"
	}
	if off > clockOff {
		f.add(severity, "clock-off", fmt.Sprintf("the clocks of this machine and of Redis differ by %s", off.Round(100*time.Millisecond)), why,
			"run chrony or systemd-timesyncd on both machines: timedatectl set-ntp true")
	}
}
