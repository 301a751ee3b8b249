package gateway

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint"
)

// serverFigures are what each Redis server tells of itself: name, help, value.
var serverFigures = []struct {
	desc *prometheus.Desc
	of   func(*checkpoint.ServerFigures) float64
}{
	{
		figure("passgate_redis_memory_bytes", "Memory that the data of a Redis server takes.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return float64(f.Memory) },
	},
	{
		figure("passgate_redis_memory_limit_bytes", "Limit of a Redis server's memory; 0: none but the machine's.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return float64(f.MemoryLimit) },
	},
	{
		figure("passgate_redis_machine_memory_bytes", "Memory of the machine of a Redis server.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return float64(f.MachineMemory) },
	},
	{
		figure("passgate_redis_aof_bytes", "Size of a Redis server's append-only file; 0: it has none.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return float64(f.AOF) },
	},
	{
		figure("passgate_redis_aof_last_write_ok", "1 if a Redis server could write its append-only file the last time it tried. Anything but 1 is an alarm.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return boolFigure(f.AOFLastWriteOK) },
	},
	{
		figure("passgate_redis_connected_replicas", "Replicas that are connected to a Redis server.", "server"),
		func(f *checkpoint.ServerFigures) float64 { return float64(f.Replicas) },
	},
}

var (
	redisUpFigure     = figure("passgate_redis_up", "1 for each Redis server, by its place among those that hold data, that answers as a master.", "server")
	clockOffsetFigure = figure("passgate_clock_offset_seconds", "The clock of this gateway's machine minus that of the first Redis server. It should stay within a second.")
)

// collectServers shows the Redis servers as they were at the last gathering.
func (t *TownWatch) collectServers() prometheus.Collector {
	descs := []*prometheus.Desc{redisUpFigure, clockOffsetFigure}
	for _, f := range serverFigures {
		descs = append(descs, f.desc)
	}
	return figures{descs, func(out chan<- prometheus.Metric) {
		servers := t.servers.Load()
		if servers == nil {
			return
		}
		for i := range *servers {
			server, name := &(*servers)[i], strconv.Itoa(i)
			out <- gauge(redisUpFigure, boolFigure(server.Up), name)
			if i == 0 && server.Up {
				out <- gauge(clockOffsetFigure, server.ClockOffset.Seconds())
			}
			if !server.Told {
				continue
			}
			for _, f := range serverFigures {
				out <- gauge(f.desc, f.of(server), name)
			}
		}
	}}
}
