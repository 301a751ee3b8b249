package loadtest

import "time"

// Report is what one command of the load test measured: one run or several, and
// the audit of all of them. Its JSON names are kept from version to version.
type Report struct {
	Kind      string             `json:"kind"` // run, curve, rush, spike, soak or scale
	Command   string             `json:"command,omitempty"`
	StartedAt time.Time          `json:"started_at"`
	Machine   Machine            `json:"machine"`
	Runs      []*Result          `json:"runs"`
	Audits    []*Audit           `json:"audits"`
	Figures   map[string]float64 `json:"figures"`
	Warnings  []string           `json:"warnings,omitempty"`
}

// Clean tells that every audit found everything as it should be, and that no scan
// was answered with a wrong reason or for somebody else.
func (r *Report) Clean() bool {
	for _, a := range r.Audits {
		if !a.Clean() {
			return false
		}
	}
	for _, run := range r.Runs {
		if run.Mistaken > 0 {
			return false
		}
	}
	return true
}

// Result is what a run came to. Its JSON names are kept from version to version;
// times are microseconds unless they say otherwise.
type Result struct {
	Name      string    `json:"name"` // which of a report's runs it is
	Pace      string    `json:"pace"` // the Pacer's own words
	Source    string    `json:"source,omitempty"`
	Seed      uint64    `json:"seed"`
	People    int       `json:"people"`
	Devices   int       `json:"devices"`
	StartedAt time.Time `json:"started_at"`
	Seconds   float64   `json:"seconds"` // from the start to the last answer

	Counts
	Decisions map[string]int64 `json:"decisions"` // of acknowledged scans
	Reasons   map[string]int64 `json:"reasons"`
	Statuses  map[string]int64 `json:"statuses"` // of HTTP; "none" without an answer
	Kinds     map[string]int64 `json:"kinds"`    // of offered scans
	Errors    map[string]int64 `json:"error_kinds"`
	Wrong     []string         `json:"wrong_examples,omitempty"` // the first few

	Latency Latency `json:"latency"` // answers, from the time the send was due
	Service Latency `json:"service"` // answers, from the time it left: blind to whatever made it leave late
	Queued  Latency `json:"queued"`  // sends for which no connection was free: how long they waited
	Pacing  Latency `json:"pacing"`  // how late the generator itself was

	Series    []Second  `json:"series"`
	Generator Generator `json:"generator"`
	Warnings  []string  `json:"warnings,omitempty"` // what makes figures of this run doubtful
}

// Counts are sends by what became of them.
type Counts struct {
	Offered      int64 `json:"offered"`
	Acknowledged int64 `json:"acknowledged"`
	Shed         int64 `json:"shed"`
	Failed       int64 `json:"errors"`
	Mistaken     int64 `json:"wrong"`      // acknowledged with a reason that is not right for the scan, or for somebody else
	Duplicates   int64 `json:"duplicates"` // acknowledged as on record already
	Degraded     int64 `json:"degraded"`   // acknowledged without Redis
	Retries      int64 `json:"retries"`    // sendings after the first of a scan
	QueuedSends  int64 `json:"queued_sends"`
}

// Latency is a distribution. Histogram is the whole of it, in the compressed
// form of HdrHistogram, base64.
type Latency struct {
	Count     int64   `json:"count"`
	Mean      float64 `json:"mean_us"`
	P50       int64   `json:"p50_us"`
	P90       int64   `json:"p90_us"`
	P99       int64   `json:"p99_us"`
	P999      int64   `json:"p99_9_us"`
	P9999     int64   `json:"p99_99_us"`
	Max       int64   `json:"max_us"`
	Histogram string  `json:"histogram,omitempty"`
}

// Second is what happened in one second of the run: sends by when they were due,
// answers by when they came.
type Second struct {
	At           int   `json:"at_s"` // since the start
	Offered      int64 `json:"offered"`
	Done         int64 `json:"done"` // answers of any kind
	Acknowledged int64 `json:"acknowledged"`
	Shed         int64 `json:"shed"`
	Failed       int64 `json:"errors"`
	Waiting      int64 `json:"waiting"` // due, but not answered, at its end
	P50          int64 `json:"p50_us"`
	P99          int64 `json:"p99_us"`
	P999         int64 `json:"p99_9_us"`
	Max          int64 `json:"max_us"`
	Readings
	Histogram string `json:"histogram,omitempty"` // of what one of several processes saw
}

// Readings are what the processes used in a second, as far as they are known.
type Readings struct {
	GatewayCPU   float64 `json:"gateway_cpu"` // cores
	RedisCPU     float64 `json:"redis_cpu"`
	GeneratorCPU float64 `json:"generator_cpu"`
	GatewayRSS   int64   `json:"gateway_rss"` // bytes
	RedisRSS     int64   `json:"redis_rss"`
	Goroutines   int64   `json:"goroutines"` // of the gateway
	Heap         int64   `json:"heap"`       // of the gateway, in use, bytes
}

// Generator is what the sending side used.
type Generator struct {
	Processes   int     `json:"processes"`
	Connections int     `json:"connections"`
	CPU         float64 `json:"cpu_seconds"`
}

// Machine is where a run took place.
type Machine struct {
	Cores   int    `json:"cores"`
	CPU     string `json:"cpu"`
	Kernel  string `json:"kernel"`
	Memory  int64  `json:"memory_bytes"`
	Go      string `json:"go"`
	Version string `json:"version,omitempty"` // of passgate
	Redis   string `json:"redis,omitempty"`
}
