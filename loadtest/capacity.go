package loadtest

import "math"

// Unit is what one scan, one event and one person cost, as measured (see
// MeasuredUnit); CPU in µs, everything else in bytes.
type Unit struct {
	GatewayUS float64 `json:"gateway_us"` // CPU of a gateway per scan
	RedisUS   float64 `json:"redis_us"`   // CPU of Redis per scan, indexes included
	Event     float64 `json:"event_bytes"`
	Person    float64 `json:"person_bytes"`
	Log       float64 `json:"log_bytes"`  // of an event until the log is trimmed, 36 h
	File      float64 `json:"file_bytes"` // append-only file per scan, before it is rewritten
	Wire      float64 `json:"wire_bytes"` // of a scan between phone and gateway, both ways, without TLS
	Back      float64 `json:"back_bytes"` // of a scan between gateway and Redis, both ways
}

// MeasuredUnit is what deploy/CAPACITY.md reports, with the commands; `passgate
// loadtest cost --json` measures the first two on another machine.
var MeasuredUnit = Unit{GatewayUS: 155, RedisUS: 95, Event: 92, Person: 550, Log: 62, File: 570, Wire: 1200, Back: 1100}

// Demand is what a place asks for.
type Demand struct {
	Name      string  `json:"name"`
	People    float64 `json:"people"`
	PerDay    float64 `json:"events_per_person_and_day"`
	Peak      float64 `json:"peak_scans_per_second"`
	Retention float64 `json:"retention_days"`
}

// Shares of a machine that are planned with, and why.
const (
	// GatewayLoad leaves half of a gateway's cores: latency rises steeply beyond
	// (the curve of `passgate loadtest curve`), and a third of the gateways may be gone.
	GatewayLoad = 0.5
	// ShardLoad is the share of one core at the peak: scripts run on one thread, and
	// after a master has changed, each gateway sends its journal of the last minute again.
	ShardLoad = 0.5
	// MemoryLoad leaves room for the pages that are copied while the file is rewritten.
	MemoryLoad = 0.6
	// GatewayCores and ShardMemory are the machines that are counted in.
	GatewayCores = 8
	ShardMemory  = 64e9
	// MaxShards is the number of partitions: one more shard would have none.
	MaxShards = 64
)

// Sizing is what a place needs.
type Sizing struct {
	Demand
	GatewayCores  float64 `json:"gateway_cores"`  // used at the peak
	Gateways      int     `json:"gateways"`       // machines of 8 cores, one in three to spare
	RedisCores    float64 `json:"redis_cores"`    // used at the peak, over all shards
	Shards        int     `json:"shards"`         // masters; as many replicas besides
	Memory        float64 `json:"memory_bytes"`   // of all masters together
	ShardMemory   float64 `json:"shard_bytes"`    // of the machine of one master
	Day           float64 `json:"day_bytes"`      // memory that one more day of retention costs
	File          float64 `json:"file_bytes_s"`   // append-only files at the peak, bytes/s, all shards
	Wire          float64 `json:"wire_bytes_s"`   // phones to gateways and back at the peak
	Back          float64 `json:"back_bytes_s"`   // gateways to Redis and back
	Replication   float64 `json:"replica_byte_s"` // masters to replicas
	ScansPerShard float64 `json:"scans_per_shard_s"`
}

// Size computes what a place needs.
func Size(u Unit, d Demand) Sizing {
	s := Sizing{Demand: d, GatewayCores: d.Peak * u.GatewayUS / 1e6, RedisCores: d.Peak * u.RedisUS / 1e6}
	s.Gateways = 1
	if machines := s.GatewayCores / GatewayLoad / GatewayCores; machines > 0.5 {
		s.Gateways = max(2, int(math.Ceil(math.Ceil(machines)*1.5)))
	}
	perDay := d.People * d.PerDay
	s.Day = perDay * u.Event
	s.Memory = d.People*u.Person + s.Day*d.Retention + perDay*1.5*u.Log
	need := max(s.RedisCores/ShardLoad, s.Memory/(ShardMemory*MemoryLoad))
	s.Shards = 1
	for float64(s.Shards) < need && s.Shards < MaxShards {
		s.Shards *= 2 // so that each has as many of the 64 partitions
	}
	s.ShardMemory = s.Memory / float64(s.Shards) / MemoryLoad
	s.File, s.Wire, s.Back = d.Peak*u.File, d.Peak*u.Wire, d.Peak*u.Back
	s.Replication = s.File
	s.ScansPerShard = d.Peak / float64(s.Shards)
	return s
}

// Places are those that deploy/CAPACITY.md sizes. The peaks of the city and of
// the province are what Xi'an claimed when its code system failed (1.2M scans a
// minute) and what Hainan reached.
func Places() []Demand {
	return []Demand{
		{"one gate", 3_000, 4, 1, 28},
		{"subdistrict", 100_000, 4, 600, 28},
		{"city", 13_000_000, 4, 20_000, 28},
		{"province", 40_000_000, 4, 60_000, 28},
	}
}
