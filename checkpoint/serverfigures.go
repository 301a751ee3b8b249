package checkpoint

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// ServerFigures is what one Redis server tells of itself.
type ServerFigures struct {
	Up   bool // it answers, and does not say that it is a replica
	Told bool // it told what follows, which the Redis of --redis memory does not

	Memory, MemoryLimit, MachineMemory int64 // bytes; MemoryLimit 0: none
	AOF                                int64 // bytes of the append-only file, 0: none
	AOFLastWriteOK                     bool
	Replicas                           int64 // that are connected

	// ClockOffset is this machine's clock minus the server's, to within half a round trip.
	ClockOffset time.Duration
}

// ServerFigures asks the masters about themselves, in the order of the first partition
// that each holds, those that hold gates alone at the end, by address: as long as no
// partition moves, each that holds one has the same place. One that does not answer
// within ctx is not Up. Errors: ErrUnavailable if it is not known who they are.
func (s *Store) ServerFigures(ctx context.Context) ([]ServerFigures, error) {
	nodes, _, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	figures := make([]ServerFigures, len(nodes))
	var asking sync.WaitGroup
	for i, node := range nodes {
		asking.Go(func() { figures[i] = askFigures(ctx, node) })
	}
	asking.Wait()
	return figures, nil
}

func askFigures(ctx context.Context, c *redis.Client) (f ServerFigures) {
	began := time.Now()
	clock, err := c.Time(ctx).Result()
	if err != nil {
		return f
	}
	ended := time.Now()
	f.ClockOffset = began.Add(ended.Sub(began) / 2).Sub(clock)
	facts := map[string]string{}
	for _, section := range []string{"memory", "persistence", "replication"} {
		text, err := c.Info(ctx, section).Result()
		var refused redis.Error
		if errors.As(err, &refused) { // a server that does not know INFO answers nevertheless
			f.Up = true
			return f
		}
		if err != nil {
			return f
		}
		for name, value := range infoFacts(text) {
			facts[name] = value
		}
	}
	number := func(name string) int64 { n, _ := strconv.ParseInt(facts[name], 10, 64); return n } // no line: 0
	f.Up, f.Told = facts["role"] != "slave", true
	f.Memory, f.MemoryLimit, f.MachineMemory = number("used_memory"), number("maxmemory"), number("total_system_memory")
	f.AOF, f.AOFLastWriteOK = number("aof_current_size"), facts["aof_last_write_status"] == "ok"
	f.Replicas = number("connected_slaves")
	return f
}
