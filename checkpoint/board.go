package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

// Board counts what passes the gates while it happens, from their indexes and their
// own logs. It remembers how many members each chunk had and reads again only those
// that have changed, so a look costs little however much the day holds. It follows the
// record within the projector's lag and a second; what is recorded late, for an hour
// that is over, is counted within BoardSlow looks. One that came back from a change of
// master in other words is counted anew when its chunk next changes. It names nobody.
type Board struct {
	store *Store
	mu    sync.Mutex // one look at a time
	sets  map[boardKey]*boardSet
	looks int
	usual usualCounts
}

const (
	// BoardMinutes is how many minutes, the current one among them, are told one by one.
	BoardMinutes = 60
	// BoardSlow is how many looks go by until all of the day is looked at again.
	BoardSlow = 10
	// FreshDenial is how long ago (ms) a refusal may have occurred to be told as news.
	FreshDenial = 15 * 60_000

	minuteMillis = 60_000
	fiveMinutes  = 5
)

// NewBoard makes a board that has seen nothing yet.
func (s *Store) NewBoard() *Board { return &Board{store: s, sets: map[boardKey]*boardSet{}} }

// PassageCounts counts events as the bulletin does: who went through, who was refused.
type PassageCounts struct {
	In, Out, Denied int
	Fevers          int // refused for fever; among Denied
}

func (c *PassageCounts) add(o *PassageCounts) {
	c.In += o.In
	c.Out += o.Out
	c.Denied += o.Denied
	c.Fevers += o.Fevers
}

func (c *PassageCounts) count(e *ScanEvent) {
	switch {
	case !e.Counts():
		return
	case e.Moved() && e.Direction == In:
		c.In++
	case e.Moved():
		c.Out++
	}
	if e.Decision == Deny {
		c.Denied++
		if e.Reason == ReasonFever {
			c.Fevers++
		}
	}
}

// GateNow is how a gate stands. Times are occurred_at in UTC ms, 0 for none today.
type GateNow struct {
	Gate *Gate
	Site *Site
	Area string // node of the management area, "" for none

	Today, Hour, Five PassageCounts     // of the local day; of the last 60 and 5 minutes, the current one among them
	Passed, Denied    [BoardMinutes]int // by minute, the current one last
	LastAt            int64             // of anything, refusals too
	DegradedAt        int64             // of the last that was decided without Redis

	State    GateState
	Usual    int   // who passes in such a half hour, as the week before had it; -1: not known
	QuietFor int64 // ms since LastAt, or since the day began
	Silent   bool
}

// GateState tells whether people pass a gate now.
type GateState string

// The states.
const (
	GateOpen     GateState = "open"
	GateClosed   GateState = "closed"    // the gate or its site
	GateOffHours GateState = "off_hours" // outside the hours of the site
)

// Denial is a refusal as a board tells it.
type Denial struct {
	Gate      *Gate
	At        int64 // occurred_at, UTC ms
	Direction Direction
	Reason    Reason
	hash      [8]byte
}

// BoardLook is what a board saw at a moment.
type BoardLook struct {
	At      int64 // UTC ms
	Version int64 // of the registry
	Gates   []GateNow
	News    []Denial // refusals of the last minutes that no look before had, in order of time
	Recent  []Denial // all refusals of the last minutes, in order of time
}

// Look counts what has changed since the look before. After an error, the next look
// goes on from what was read. Errors: ErrUnavailable.
func (b *Board) Look(ctx context.Context) (*BoardLook, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	reg, now := b.store.Registry(), b.store.now()
	since := b.since(now)
	b.keep(reg, since, now)
	all := b.looks%BoardSlow == 0
	if err := b.read(ctx, b.due(all, now), all); err != nil {
		return nil, err
	}
	b.looks++
	if err := b.learn(ctx, reg, now); err != nil {
		return nil, err
	}
	look := &BoardLook{At: now, Version: reg.Version}
	byGate := map[uint32][]*boardSet{}
	for k, set := range b.sets {
		byGate[k.gate] = append(byGate[k.gate], set)
	}
	for _, gate := range reg.Gates() {
		site, ok := reg.Site(gate.Site)
		if !ok {
			continue
		}
		g := GateNow{Gate: gate, Site: site, Area: reg.areaOf(gate)}
		for _, set := range byGate[gate.Num] {
			set.sum(&g, b.dayStart(now), now)
			recent, news := set.denials(gate, now)
			look.Recent, look.News = append(look.Recent, recent...), append(look.News, news...)
		}
		b.judge(reg, &g, now)
		look.Gates = append(look.Gates, g)
	}
	slices.SortFunc(look.Recent, Denial.compare)
	slices.SortFunc(look.News, Denial.compare)
	return look, nil
}

func (d Denial) compare(e Denial) int {
	return cmp.Or(cmp.Compare(d.At, e.At), slices.Compare(d.hash[:], e.hash[:]))
}

// dayStart is when the local day began, UTC ms.
func (b *Board) dayStart(now int64) int64 {
	start, _ := b.store.Bounds(b.store.DayAt(now))
	return start
}

// since is the time from which on events are counted: the local day, and an hour of
// the one before.
func (b *Board) since(now int64) int64 {
	return min(b.dayStart(now), b.sinceMinutes(now, BoardMinutes))
}

// sinceMinutes is when the last so many minutes began, the current one among them.
func (b *Board) sinceMinutes(now, minutes int64) int64 {
	return (now/minuteMillis - minutes + 1) * minuteMillis
}

// judge says how the gate stands. It is silent if it is open, people usually pass at
// this time, and for so long nothing came that with the usual flow eight events would
// have: between 10 minutes and an hour.
func (b *Board) judge(reg *Registry, g *GateNow, now int64) {
	g.State = b.stateAt(reg, g, now)
	g.Usual = b.usual.of(g.Gate.Num)
	g.QuietFor = now - max(g.LastAt, b.dayStart(now))
	wait, busy := silenceAfter(g.Usual)
	g.Silent = busy && g.QuietFor >= wait && g.State == GateOpen && b.stateAt(reg, g, now-wait) == GateOpen
}

func (b *Board) stateAt(reg *Registry, g *GateNow, at int64) GateState {
	return b.store.GateState(reg, g.Gate, g.Site, at)
}

// GateState tells whether people pass a gate of a site at a time (UTC ms).
func (s *Store) GateState(reg *Registry, gate *Gate, site *Site, at int64) GateState {
	rules := reg.RulesAt(site, at)
	switch {
	case !gate.Open, rules.Closed:
		return GateClosed
	case !rules.openAt(time.UnixMilli(at), s.zone):
		return GateOffHours
	}
	return GateOpen
}
