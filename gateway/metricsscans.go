package gateway

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint"
)

// stage is a part of the work on one scan.
type stage uint8

const (
	stageParse   stage = iota // reading the body
	stageVerify               // the pass's signature, whose it is
	stageDecide               // the store
	stageRespond              // rendering the answer
)

var stageNames = [...]string{"parse", "verify", "decide", "respond"}

// unknownKind stands for the kind of a site that is not known any more.
var unknownKind = checkpoint.SiteKind(len(checkpoint.SiteKinds()))

func kindLabel(k checkpoint.SiteKind) string {
	if k >= unknownKind {
		return "unknown"
	}
	return k.String()
}

// kindOf is the kind of the site that a device stands at.
func (s *Server) kindOf(device uint32) checkpoint.SiteKind {
	reg := s.store.Registry()
	if d, ok := reg.DeviceByNum(device); ok {
		if gate, ok := reg.Gate(d.Gate); ok {
			if site, ok := reg.Site(gate.Site); ok {
				return site.Kind
			}
		}
	}
	return unknownKind
}

// maxReasons and maxDecisions bound what scanCounters finds without looking its labels up.
const (
	maxReasons   = 64
	maxDecisions = 4
)

// scanCounters counts scans. Each counter is looked up by its labels once.
type scanCounters struct {
	vec   *prometheus.CounterVec
	known []atomic.Pointer[prometheus.Counter] // by kind, decision and reason
}

func newScanCounters() *scanCounters {
	return &scanCounters{
		vec: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "passgate_scans_total", Help: "Answered scans by kind of site, decision and reason, repeats included.",
		}, []string{"site_kind", "decision", "reason"}),
		known: make([]atomic.Pointer[prometheus.Counter], (int(unknownKind)+1)*maxDecisions*maxReasons),
	}
}

func (n *scanCounters) count(kind checkpoint.SiteKind, o checkpoint.Outcome) {
	kind = min(kind, unknownKind)
	if o.Decision >= maxDecisions || o.Reason >= maxReasons {
		n.counter(kind, o).Inc()
		return
	}
	at := &n.known[(int(kind)*maxDecisions+int(o.Decision))*maxReasons+int(o.Reason)]
	c := at.Load()
	if c == nil {
		counter := n.counter(kind, o)
		c = &counter
		at.Store(c)
	}
	(*c).Inc()
}

func (n *scanCounters) counter(kind checkpoint.SiteKind, o checkpoint.Outcome) prometheus.Counter {
	return n.vec.WithLabelValues(kindLabel(kind), o.Decision.String(), o.Reason.String())
}

// countScan counts a scan of a device.
func (s *Server) countScan(device uint32, o checkpoint.Outcome) {
	s.metrics.scans.count(s.kindOf(device), o)
}

// scanClock times the stages of one scan, and tells of them where the request is traced.
type scanClock struct {
	s           *Server
	traced      *traced // nil: not traced
	start, last time.Time
}

func (s *Server) startScan(t *traced) scanClock {
	now := time.Now()
	return scanClock{s, t, now, now}
}

// done ends a stage.
func (k *scanClock) done(at stage) {
	now := time.Now()
	k.s.metrics.stages[at].Observe(now.Sub(k.last).Seconds())
	if k.traced != nil {
		k.traced.stage(stageNames[at], k.last, now)
	}
	k.last = now
}

// finish ends the last stage and the scan.
func (k *scanClock) finish(device uint32, o checkpoint.Outcome) {
	k.done(stageRespond)
	k.s.metrics.scan.Observe(k.last.Sub(k.start).Seconds())
	kind := k.s.kindOf(device)
	k.s.metrics.scans.count(kind, o)
	if k.traced != nil {
		k.traced.outcome(kind, o)
	}
}
