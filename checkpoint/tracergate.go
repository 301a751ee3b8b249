package checkpoint

import (
	"cmp"
	"context"
	"slices"
	"sort"

	"github.com/redis/go-redis/v9"
)

// readHomes lists, for each of the subjects, who lives at their home site in
// their partition: their household is among them. Nobody for people without one.
func (s *Store) readHomes(ctx context.Context, subjects []*subject) ([][]uint64, error) {
	replies := make([]*redis.StringSliceCmd, len(subjects))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, x := range subjects {
			if x.household != "" && x.home != 0 {
				replies[i] = p.HKeys(ctx, s.keys.homeSet(partitionOf(x.id), x.home))
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	members := make([][]uint64, len(subjects))
	for i, reply := range replies {
		if reply == nil {
			continue
		}
		for _, id := range reply.Val() {
			members[i] = append(members[i], fromRaw(id))
		}
	}
	return members, nil
}

// passer is somebody's passage as the indexes of gates and plates tell it.
type passer struct {
	Passage
	person  uint64 // the ID of the event
	vehicle [8]byte
	plate   string // "" if it says nothing
}

func passerOf(e *ScanEvent) passer {
	p := passer{Passage{e.OccurredAt, e.Gate, e.Direction, e.Decision}, e.Person, e.Vehicle, tidyPlate(e.Plate)}
	if p.plate == NoPlate {
		p.plate = ""
	}
	return p
}

// turnedAway tells that they were not let in: no stay says that they were there.
func (p *Passage) turnedAway() bool { return p.Direction == In && p.Decision != Pass }

// inOneVehicle tells whether two passages at one gate were in one vehicle.
func (p *passer) inOneVehicle(o *passer) bool {
	return p.vehicle != [8]byte{} && p.vehicle == o.vehicle || p.plate != "" && p.plate == o.plate
}

// vicinity is what passed a gate, or was seen of a plate, around the passages
// of subjects.
type vicinity struct {
	around []int64  // UTC ms
	passed []passer // by time
}

// near gives what passed within the margin of a moment.
func (v *vicinity) near(at, margin int64) []passer {
	first := sort.Search(len(v.passed), func(i int) bool { return v.passed[i].At >= at-margin })
	last := sort.Search(len(v.passed), func(i int) bool { return v.passed[i].At > at+margin })
	return v.passed[first:last]
}

// atGates finds who passed gates within the margin of the subjects, and who sat
// in their vehicles.
func (t *tracer) atGates(ctx context.Context, subjects []*subject) error {
	gates, plates := map[uint32]*vicinity{}, map[string]*vicinity{}
	for _, x := range subjects {
		for i := range x.events {
			e := &x.events[i]
			mark(gates, e.Gate, e.OccurredAt)
			if base, ok := t.s.plateSet(e.Plate); ok {
				mark(plates, base, e.OccurredAt)
			}
		}
	}
	if err := t.readVicinities(ctx, gates, plates); err != nil {
		return err
	}
	for _, x := range subjects {
		for i := range x.events {
			mine := passerOf(&x.events[i])
			t.atGate(x, &mine, gates[mine.Gate])
			if base, ok := t.s.plateSet(x.events[i].Plate); ok {
				t.onTheRoad(x, &mine, plates[base])
			}
		}
	}
	return nil
}

func mark[K comparable](around map[K]*vicinity, key K, at int64) {
	if around[key] == nil {
		around[key] = &vicinity{}
	}
	around[key].around = append(around[key].around, at)
}

// atGate finds whom a subject met by one passage.
func (t *tracer) atGate(x *subject, mine *passer, v *vicinity) {
	gate, ok := t.reg.GateByNum(mine.Gate)
	if !ok {
		return
	}
	site, ok := t.reg.Site(gate.Site)
	if !ok {
		return
	}
	for _, theirs := range v.near(mine.At, t.q.GateMargin.Milliseconds()) {
		kind := ContactGate
		switch {
		case mine.inOneVehicle(&theirs):
			kind = ContactVehicle
		case !site.Kind.Residential() && !mine.turnedAway() && !theirs.turnedAway():
			continue
		}
		t.passedTogether(x, kind, site.Num, mine, &theirs)
	}
}

// onTheRoad finds whom a subject met in a vehicle that passed different gates
// within the margin.
func (t *tracer) onTheRoad(x *subject, mine *passer, v *vicinity) {
	gate, _ := t.reg.GateByNum(mine.Gate)
	if gate == nil {
		return
	}
	site, _ := t.reg.Site(gate.Site)
	for _, theirs := range v.near(mine.At, t.q.GateMargin.Milliseconds()) {
		if site != nil && theirs.Gate != mine.Gate {
			t.passedTogether(x, ContactVehicle, site.Num, mine, &theirs)
		}
	}
}

func (t *tracer) passedTogether(x *subject, kind ContactKind, site uint32, mine, theirs *passer) {
	other := t.dir.of(theirs.person)
	if other == nil || other.id == x.id || theirs.At < x.from {
		return
	}
	x.meet(other.id, Meeting{
		Kind: kind, Site: site, From: min(mine.At, theirs.At), To: max(mine.At, theirs.At), Mine: mine.Passage, Theirs: theirs.Passage,
	})
}

// readVicinities reads what passed around the marked moments, and who that was.
func (t *tracer) readVicinities(ctx context.Context, gates map[uint32]*vicinity, plates map[string]*vicinity) error {
	var spans []span
	var whose []*vicinity
	for num, v := range gates {
		for _, w := range t.windows(v.around) {
			days := t.s.gateSpans(num, w[0], w[1])
			spans, whose = append(spans, days...), append(whose, slices.Repeat([]*vicinity{v}, len(days))...)
		}
	}
	for base, v := range plates {
		for _, w := range t.windows(v.around) {
			spans, whose = append(spans, span{base: base, from: w[0], to: w[1], parse: parsePlateMember}), append(whose, v)
		}
	}
	if err := t.s.readTables(ctx, spans); err != nil {
		return err
	}
	people := map[uint64]bool{}
	err := t.s.readSpans(ctx, spans, func(i int, e *ScanEvent) error {
		if e.Person != 0 && e.Counts() {
			people[e.Person] = true
			whose[i].passed = append(whose[i].passed, passerOf(e))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.dir.meet(ctx, keysOf(people))
}

// windows are the times within the margin of some moments, in the period, in
// order and apart: [from, to).
func (t *tracer) windows(moments []int64) (windows [][2]int64) {
	slices.Sort(moments)
	margin := t.q.GateMargin.Milliseconds()
	for _, at := range moments {
		from, to := max(t.q.From, at-margin), min(t.end, at+margin+1)
		if n := len(windows); n > 0 && from <= windows[n-1][1] {
			windows[n-1][1] = max(to, windows[n-1][1])
			continue
		}
		windows = append(windows, [2]int64{from, to})
	}
	return windows
}

// compareMeetings is the order of evidence: by time, and no two the same.
func compareMeetings(a, b Meeting) int {
	return cmp.Or(
		cmp.Compare(a.From, b.From), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.To, b.To), cmp.Compare(a.Site, b.Site),
		comparePassages(a.Mine, b.Mine), comparePassages(a.Theirs, b.Theirs),
	)
}

func comparePassages(a, b Passage) int {
	return cmp.Or(
		cmp.Compare(a.At, b.At), cmp.Compare(a.Gate, b.Gate), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Decision, b.Decision),
	)
}
