package gateway

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
	"passgate/codes"
)

// What the metrics tell of the town and of Redis is gathered, not asked for at each
// collection: however many collect, Redis has the same to do.
const (
	gatherEvery   = 15 * time.Second
	gatherTimeout = 5 * time.Second
	gatheredFor   = time.Minute // older figures are not shown: a figure that stands still looks as if all were well

	gateActive  = 15 * time.Minute // after an event
	gateInUse   = 24 * time.Hour   // likewise
	listFresh   = 15 * time.Minute // a phone asks for it every few minutes
	deviceInUse = 24 * time.Hour   // after it has called
	listsNoted  = 25 * time.Hour   // after an upgrade the phones' lists are on record; longer than deviceInUse
)

// TownWatch gathers the figures of the town and of its Redis servers, which are the
// same from each gateway. Run has to be called for them to be there.
type TownWatch struct {
	s        *Server
	town     atomic.Pointer[townFigures] // nil: never gathered
	servers  atomic.Pointer[[]checkpoint.ServerFigures]
	failures prometheus.Counter
	failing  bool
}

// townFigures are what was gathered at a moment.
type townFigures struct {
	at           time.Time
	gates        map[gateUse]int
	devices      map[listAge]int
	oldestList   time.Duration
	inside       []int // by kind of site
	fevers       int64 // open
	feversToday  int64
	overdue      int64
	observations int64
	format       int
	saved        int64 // when the newest backup was taken; before the first, when the data began (UTC ms)
}

// gateUse tells whether a gate is in use.
type gateUse string

const (
	gateIsActive gateUse = "active"
	gateIsSilent gateUse = "silent"
	gateIsClosed gateUse = "closed"
)

// listAge tells how old the revocation list is that a device has.
type listAge string

const (
	listIsFresh   listAge = "fresh"
	listIsStale   listAge = "stale"
	listIsExpired listAge = "expired"
)

var (
	gatesFigure        = figure("passgate_gates", "Gates by use: active had an event within 15 minutes; silent is open, has a phone, and had an event within a day but none for 15 minutes; closed are the others. The same from each gateway: take max.", "state")
	devicesFigure      = figure("passgate_devices", "Guards' phones in use by the revocation list that they last took: fresh, at most 15 minutes old; stale, still good; expired, or none. The same from each gateway: take max.", "state")
	oldestListFigure   = figure("passgate_device_revocation_age_seconds_max", "Age of the oldest revocation list among phones that called within a day. The same from each gateway: take max.")
	insideFigure       = figure("passgate_inside", "People inside by kind of site, as gates saw them last. The same from each gateway: take max.", "site_kind")
	feversFigure       = figure("passgate_fevers_open", "Fever cases that are open. The same from each gateway: take max.")
	feversTodayFigure  = figure("passgate_fevers_today", "Fever cases opened since local midnight. The same from each gateway: take max.")
	overdueFigure      = figure("passgate_fevers_overdue", "Open fever cases whose next step is overdue. The same from each gateway: take max.")
	observationsFigure = figure("passgate_observations_open", "Medical observations that last. The same from each gateway: take max.")
	savedFigure        = figure("passgate_backup_timestamp_seconds", "When the newest whole backup was taken; before the first, when the data began (Unix time).")
	formatFigure       = figure("passgate_data_format", "Version of the format of the data in Redis.")
	gatherAgeFigure    = figure("passgate_gather_age_seconds", "Time since the figures of the town were gathered; -1: never. After a minute they are not shown any more.")
)

// WatchTown adds the figures of the town and of Redis to the metrics. Call it once.
func (s *Server) WatchTown() *TownWatch {
	t := &TownWatch{s: s, failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "passgate_gather_failures_total", Help: "How often the figures of the town could not be gathered.",
	})}
	s.metrics.registry.MustRegister(t.failures, t.collectServers(), figures{[]*prometheus.Desc{
		gatesFigure, devicesFigure, oldestListFigure, insideFigure, feversFigure, feversTodayFigure, overdueFigure, observationsFigure, formatFigure, savedFigure, gatherAgeFigure,
	}, t.collect})
	return t
}

// Run gathers until ctx ends.
func (t *TownWatch) Run(ctx context.Context) {
	tick := time.NewTicker(gatherEvery)
	defer tick.Stop()
	for {
		err := t.Gather(ctx)
		if err != nil && ctx.Err() == nil && !t.failing {
			t.s.logger.Warn("the figures of the town cannot be gathered", "error", err)
		}
		t.failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Gather gathers once. On an error the town's figures stay as they were, until they
// are too old to be shown; servers that do not answer are shown as such. Errors:
// ErrUnavailable.
func (t *TownWatch) Gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, gatherTimeout)
	defer cancel()
	servers, err := t.s.store.ServerFigures(ctx)
	if err != nil {
		servers = []checkpoint.ServerFigures{{}} // whoever they are, none is known to be up
	}
	t.servers.Store(&servers)
	town, failed := t.s.gatherTown(ctx)
	if err = errors.Join(err, failed); err != nil {
		t.failures.Inc()
	}
	if failed == nil {
		t.town.Store(town)
	}
	return err
}

func (s *Server) gatherTown(ctx context.Context) (f *townFigures, err error) {
	f = &townFigures{at: time.Now()}
	reg, now := s.store.Registry(), s.now()
	format, err := s.store.Format(ctx)
	if err != nil {
		return nil, err
	}
	f.format = format.Version
	if f.saved, err = s.store.LastBackup(ctx); err != nil {
		return nil, err
	}
	if f.saved == 0 {
		f.saved = format.At
	}
	calls, lists, err := s.store.DeviceTimes(ctx)
	if err != nil {
		return nil, err
	}
	withPhone := f.countDevices(reg, calls, lists, format.At, now)
	if err := f.countGates(ctx, s.store, reg, withPhone, now); err != nil {
		return nil, err
	}
	sites := reg.Sites()
	inside, err := s.store.Inside(ctx, sites)
	if err != nil {
		return nil, err
	}
	f.inside = make([]int, unknownKind)
	for i, site := range sites {
		f.inside[site.Kind] += inside[i]
	}
	midnight, _ := s.store.Bounds(s.store.DayAt(now))
	if f.fevers, f.feversToday, err = s.store.CountFevers(ctx, midnight); err != nil {
		return nil, err
	}
	if f.overdue, err = s.store.CountDue(ctx, office.KindFever, now); err != nil {
		return nil, err
	}
	observed, err := s.store.CountMatters(ctx, office.KindObservation, checkpoint.OpenOnly, 0, 0)
	for _, n := range observed {
		f.observations += n
	}
	return f, err
}

// countDevices counts the phones in use and tells which gates have one. The release
// before an upgrade (UTC ms) may have noted no lists: how old those are is not known.
func (f *townFigures) countDevices(reg *checkpoint.Registry, called, listed map[uint32]int64, upgraded, now int64) (withPhone map[string]bool) {
	f.devices, withPhone = map[listAge]int{listIsFresh: 0, listIsStale: 0, listIsExpired: 0}, map[string]bool{}
	for _, d := range reg.Devices() {
		if !calls(d) {
			continue
		}
		withPhone[d.Gate] = true
		at, has := listed[d.Num]
		if !has {
			at = d.EnrolledAt // it has had none since
		}
		age := time.Duration(now-at) * time.Millisecond
		switch {
		case has && age < listFresh:
			f.devices[listIsFresh]++
		case has && age < codes.ListLife:
			f.devices[listIsStale]++
		default:
			f.devices[listIsExpired]++
		}
		unknown := !has && d.EnrolledAt < upgraded && now-upgraded < listsNoted.Milliseconds()
		if now-called[d.Num] < deviceInUse.Milliseconds() && !unknown {
			f.oldestList = max(f.oldestList, age)
		}
	}
	return withPhone
}

func (f *townFigures) countGates(ctx context.Context, store *checkpoint.Store, reg *checkpoint.Registry, withPhone map[string]bool, now int64) error {
	f.gates = map[gateUse]int{gateIsActive: 0, gateIsSilent: 0, gateIsClosed: 0}
	gates := reg.Gates()
	numbers := make([]uint32, len(gates))
	for i, g := range gates {
		numbers[i] = g.Num
	}
	last, err := store.LastEvents(ctx, numbers)
	if err != nil {
		return err
	}
	for _, g := range gates {
		at, any := last[g.Num]
		site, known := reg.Site(g.Site)
		switch {
		case any && now-at < gateActive.Milliseconds():
			f.gates[gateIsActive]++
		case any && now-at < gateInUse.Milliseconds() && known && withPhone[g.Code] && store.GateState(reg, g, site, now) == checkpoint.GateOpen:
			f.gates[gateIsSilent]++
		default:
			f.gates[gateIsClosed]++
		}
	}
	return nil
}

func (t *TownWatch) collect(out chan<- prometheus.Metric) {
	f := t.town.Load()
	if f == nil {
		out <- gauge(gatherAgeFigure, -1)
		return
	}
	out <- gauge(gatherAgeFigure, time.Since(f.at).Seconds())
	if time.Since(f.at) > gatheredFor {
		return
	}
	for use, n := range f.gates {
		out <- gauge(gatesFigure, float64(n), string(use))
	}
	for age, n := range f.devices {
		out <- gauge(devicesFigure, float64(n), string(age))
	}
	for kind, n := range f.inside {
		out <- gauge(insideFigure, float64(n), kindLabel(checkpoint.SiteKind(kind)))
	}
	out <- gauge(oldestListFigure, f.oldestList.Seconds())
	out <- gauge(feversFigure, float64(f.fevers))
	out <- gauge(feversTodayFigure, float64(f.feversToday))
	out <- gauge(overdueFigure, float64(f.overdue))
	out <- gauge(observationsFigure, float64(f.observations))
	out <- gauge(formatFigure, float64(f.format))
	out <- gauge(savedFigure, float64(f.saved)/1000)
}
