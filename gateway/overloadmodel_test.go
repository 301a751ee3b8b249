package gateway

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
)

// shop is a gateway as a model: scans come at a rate, wait in one queue and are
// answered at a rate, in a time of its own.
type shop struct {
	o       *overload
	now     time.Duration
	queue   []time.Duration // when those at work came
	waits   []time.Duration // of those answered
	refused int
}

func newShop() *shop {
	s := &shop{o: newOverload(slog.New(slog.DiscardHandler), NewMetrics())}
	s.o.now = func() int64 { return int64(s.now) }
	return s
}

// run has scans come at one rate (a second) and be answered at another for a while.
func (s *shop) run(length time.Duration, come, served int) {
	const tick = time.Millisecond
	var arriving, serving int
	for end := s.now + length; s.now < end; s.now += tick {
		for arriving += come; arriving >= 1000; arriving -= 1000 {
			if s.o.admit(classScans, nil, int64(s.now)) {
				s.queue = append(s.queue, s.now)
			} else {
				s.refused++
			}
		}
		for serving += served; serving >= 1000; serving -= 1000 {
			if len(s.queue) > 0 {
				s.waits = append(s.waits, s.now-s.queue[0])
				s.o.done(classScans, true, int64(s.queue[0]))
				s.queue = s.queue[1:]
			}
		}
	}
}

// settle runs below capacity until nothing is refused, and says how long that took.
func (s *shop) settle(t *testing.T, come, served int) time.Duration {
	t.Helper()
	began := s.now
	for s.o.level.Load() > 0 {
		if s.now-began > time.Minute {
			t.Fatal("requests are refused for ever")
		}
		s.run(100*time.Millisecond, come, served)
		s.o.admit(classVital, nil, int64(s.now))
	}
	return s.now - began
}

func TestThreeTimesTheCapacityIsAnsweredAtCapacity(t *testing.T) {
	t.Parallel()
	for _, capacity := range []int{1000, 5000, 20000} {
		t.Run(fmt.Sprint(capacity), func(t *testing.T) {
			t.Parallel()
			s := newShop()
			s.run(time.Second, capacity/2, capacity)
			if s.o.level.Load() != 0 || s.refused > 0 {
				t.Fatalf("level %d, %d refused at half the capacity", s.o.level.Load(), s.refused)
			}
			s.run(2*time.Second, 3*capacity, capacity)
			s.waits = s.waits[:0]
			s.run(3*time.Second, 3*capacity, capacity)
			if answered := len(s.waits); answered < 29*capacity/10 {
				t.Errorf("%d answered in three seconds", answered)
			}
			slices.Sort(s.waits)
			if p99 := s.waits[len(s.waits)*99/100]; p99 > 2*standingWait {
				t.Errorf("p99 of those answered is %s", p99)
			}
			if s.o.level.Load() != int32(classScans) {
				t.Errorf("scans are refused at level %d", s.o.level.Load())
			}
			if took := s.settle(t, capacity/2, capacity); took > 10*time.Second {
				t.Errorf("normal after %s", took)
			}
		})
	}
}

// What is no queue of ours changes nothing: a hiccup of the machine, a slow Redis with
// few who ask, a gateway that nobody asks.
func TestABusyMachineIsNoOverload(t *testing.T) {
	t.Parallel()
	s := newShop()
	s.run(3*time.Second, 1000, 5000)
	s.run(500*time.Millisecond, 1000, 0) // all stand still
	s.run(time.Second, 1000, 5000)
	if s.refused > 0 || s.o.level.Load() > int32(classReads) {
		t.Errorf("after a hiccup: %d scans refused, level %d", s.refused, s.o.level.Load())
	}
	s.settle(t, 1000, 5000)
	for range 100 { // 20 phones that wait 400 ms
		for range 20 {
			s.o.admit(classScans, nil, int64(s.now))
		}
		s.now += 400 * time.Millisecond
		for range 20 {
			s.o.done(classScans, true, int64(s.now-400*time.Millisecond))
		}
	}
	if s.o.level.Load() != 0 {
		t.Errorf("20 phones at a slow Redis: level %d", s.o.level.Load())
	}
}

// After one late scan of a busy moment nothing is refused for long, though nobody
// passes a gate for hours and the desk has much to do.
func TestWithoutScansNothingIsRefusedForLong(t *testing.T) {
	t.Parallel()
	s := newShop()
	for range crowd { // the desk's, and slow
		s.o.admit(classWrites, nil, int64(s.now))
	}
	s.o.admit(classScans, nil, int64(s.now))
	s.now += lookLatest
	s.o.done(classScans, true, 0)
	highest := s.o.level.Load()
	for range 10 {
		s.now += lookLatest
		s.o.admit(classBulk, nil, int64(s.now)) // somebody at the desk tries again
		highest = max(highest, s.o.level.Load())
	}
	if now := s.o.level.Load(); highest > int32(classBulk) || now > 0 {
		t.Errorf("level %d at its highest, and %d after five seconds without a scan", highest, now)
	}
}

// Scans of which none is answered are a queue, too.
func TestScansThatAreStuckAreAQueue(t *testing.T) {
	t.Parallel()
	s := newShop()
	s.run(2*time.Second, 100, 0)
	if level := s.o.level.Load(); level < int32(classReads) {
		t.Errorf("level %d", level)
	}
}

// One device that asks for what is not there, quickly and without end, is no overload
// of a gateway where nobody else is, nor is a burst after a quiet hour.
func TestWhatIsAnsweredAtOnceIsNoQueue(t *testing.T) {
	t.Parallel()
	s := newShop()
	burst := func(scans int, answered bool) {
		began := int64(s.now)
		for range scans {
			s.o.admit(classScans, nil, began)
		}
		if level := s.o.level.Load(); level != 0 {
			t.Fatalf("level %d after %s", level, s.now)
		}
		s.now += lateAfter / 10
		for range scans {
			s.o.done(classScans, answered, began)
		}
	}
	s.now = time.Hour
	burst(2*crowd, true)
	s.now += time.Hour
	burst(2*crowd, true)
	s.now += time.Hour
	for range 40 {
		burst(3*crowd, false)
		s.now += lookLatest
	}
	if s.run(4*lookLatest, 100, 0); s.o.level.Load() == 0 {
		t.Error("scans that are stuck are no queue any more")
	}
}

func TestUrgentScansAreFoundByTheirText(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{
		`{"id":"scan-1","direction":"out","pass":"x"}`:                         true,
		`{"id":"scan-1","direction":"in","override":{"reason":"fire"}}`:        true,
		`{"id":"scan-1","direction":"in","plate":"\"direction\":\"out\""}`:     false,
		`{"id":"scan-1","direction":"in","purpose":"direction: \"override\""}`: false,
		``: false,
	} {
		if urgent([]byte(body)) != want {
			t.Errorf("%s: %v", body, !want)
		}
	}
}

// TestEveryRouteHasItsClass holds when each route is refused: what is here is meant, the
// others go by their form.
func TestEveryRouteHasItsClass(t *testing.T) {
	t.Parallel()
	s, got := new(Server), map[class][]string{}
	for _, r := range s.routes() {
		c := r.classOf()
		got[c] = append(got[c], r.method+" "+r.path)
		switch {
		case c == classUnset || int(c) >= classes:
			t.Errorf("%s %s has no class", r.method, r.path)
		case c >= classUploads && c != classVital && !r.who.devices:
			t.Errorf("%s %s is refused last and is for no gate", r.method, r.path)
		case r.reads == asked && c != classBulk:
			t.Errorf("%s %s is a tracer's question and refused at %s", r.method, r.path, c)
		case r.who.devices && r.method == get && c < classBulk:
			t.Errorf("%s %s", r.method, r.path)
		}
	}
	for c, want := range map[class]string{
		classScans:   "POST /v1/scans, POST /v1/scans/annul, POST /v1/scans/vehicle",
		classUploads: "POST /v1/scans/batch",
		classVital:   "DELETE /v1/devices/:code, DELETE /v1/staff/:login/badge, GET /healthz, GET /readyz, POST /v1/residents/:id/passes/revoke, PUT /v1/sites/:site, PUT /v1/staff/:login",
		classPhones: "GET /.well-known/jwks.json, GET /ca, GET /ca.crt, GET /v1/gate/sync, GET /v1/live, GET /v1/me, GET /v1/my/household, " +
			"GET /v1/revocations, GET /v1/rules/table, GET /v1/shifts/current, GET /v1/time, POST /v1/activate, POST /v1/devices/enrol, " +
			"POST /v1/gate/search, POST /v1/login, POST /v1/my/passes, POST /v1/shifts, POST /v1/shifts/close",
	} {
		slices.Sort(got[c])
		if have := strings.Join(got[c], ", "); have != want {
			t.Errorf("class %s:\nhave %s\nwant %s", c, have, want)
		}
	}
	for route, want := range map[string]class{
		"GET /v1/gates/:gate/events": classBulk, "GET /v1/residents/:id/contacts": classBulk, "POST /v1/crowd": classBulk,
		"GET /v1/residents": classBulk, "POST /v1/residents/import": classBulk, "GET /v1/feed": classBulk, "GET /v1/bulletin": classBulk,
		"GET /v1/fevers": classReads, "GET /v1/my/history": classReads, "GET /v1/board": classReads,
		"POST /v1/fevers/:id/reports": classWrites, "POST /v1/status-changes": classWrites, "POST /v1/authority/changes": classWrites,
		"POST /v1/permits": classWrites, "POST /v1/devices": classWrites,
	} {
		if !slices.Contains(got[want], route) {
			t.Errorf("%s is not of class %s", route, want)
		}
	}
}

// BenchmarkOverloadCheck is what it costs a scan to be let in and counted.
func BenchmarkOverloadCheck(b *testing.B) {
	o := newOverload(slog.New(slog.DiscardHandler), NewMetrics())
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			began := o.now()
			if o.admit(classScans, nil, began) {
				o.done(classScans, true, began)
			}
		}
	})
}
