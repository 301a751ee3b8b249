package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// historyRun lives one history through, in the store and in the reference.
type historyRun struct {
	t       testing.TB
	town    *historyTown
	ref     *reference
	base    int64 // UTC ms, what times are told from
	sites   []*refSite
	people  []*historyPerson
	sent    []ScanRequest
	before  *historyPerson // of the last scan
	sentBy  uint32         // device
	sentIn  bool
	annuls  []AnnulRequest
	moments []int64 // UTC ms, when something begins or ends
	told    []func() string
	scans   int
	seen    func(Outcome)
}

// historyPerson is somebody as the outside knows them.
type historyPerson struct {
	name   string
	id     uint64
	words  *WalkIn
	passes []*PassClaims
	last   string // ID of their last scan
}

// onRecord is nil until somebody is.
func (r *historyRun) onRecord(p *historyPerson) *refPerson {
	if p.words != nil {
		return r.ref.guests[*p.words]
	}
	return r.ref.people[p.id]
}

// live gives the first difference between the store and the reference.
func (town *historyTown) live(t testing.TB, h history, distort func(*refCase), seen func(Outcome)) error {
	t.Helper()
	midnight := town.reset(t)
	r := &historyRun{t: t, town: town, base: midnight + int64(h.minute)*refMinute, seen: seen}
	r.sites = []*refSite{town.sites[h.homes[0]], town.sites[h.homes[1]], town.sites[h.public[0]], town.sites[h.public[1]]}
	r.ref = &reference{
		gates: town.gates, people: map[uint64]*refPerson{}, guests: map[WalkIn]*refPerson{}, ids: map[WalkIn]uint64{},
		told: map[refScanID]ScanRequest{}, turned: map[refScanID]*refEvent{}, looked: map[*refSite]int{}, distort: distort,
	}
	for _, site := range r.sites {
		for _, at := range []string{site.rules.OpensAt, site.rules.ClosesAt} {
			var hour, minute int64
			if n, _ := fmt.Sscanf(at, "%d:%d", &hour, &minute); n == 2 {
				r.moments = append(r.moments, midnight+hour*refHour+minute*refMinute, midnight+refDay+hour*refHour+minute*refMinute)
			}
		}
	}
	r.moments = append(r.moments, midnight+refDay, midnight+2*refDay)
	town.clock.ms.Store(r.base)
	r.settle()
	for _, m := range h.moves {
		if err := r.make(m); err != nil {
			return r.difference(err)
		}
	}
	if err := r.compareRecords(); err != nil {
		return r.difference(err)
	}
	return nil
}

// difference tells what led to it.
func (r *historyRun) difference(err error) error {
	var lines strings.Builder
	for _, line := range r.told {
		fmt.Fprint(&lines, "\n", line())
	}
	return fmt.Errorf("%w%s", err, &lines)
}

// settle enrols a household of two and a neighbour, and makes up a visitor, two
// whom the guard writes down and one whom nobody knows.
func (r *historyRun) settle() {
	n := r.town.lived * 10
	rows := []NewResident{resident(n, r.sites[0].code), resident(n+1, r.sites[0].code), resident(n+2, r.sites[1].code)}
	for i := range rows {
		rows[i].Grid, rows[i].Door = "", fmt.Sprint("1-", n+i/2)
	}
	ids := mustEnrol(r.t, r.town.s, rows...)
	homes := []*refHousehold{{}, nil, {}}
	homes[1] = homes[0]
	for i, id := range ids {
		r.people = append(r.people, &historyPerson{name: string(rune('A' + i)), id: id})
		r.ref.people[id] = &refPerson{id: id, kind: KindResident, home: r.sites[i/2], household: homes[i]}
	}
	visitor := &historyPerson{name: "visitor", id: ids[0] ^ 1}
	must(r.t, r.town.s.rdb.HSet(r.t.Context(), r.town.s.keys.person(visitor.id), "s", int(StatusVisitor), "k", "v", "n", "来*", "g", 0).Err())
	r.ref.people[visitor.id] = &refPerson{id: visitor.id, kind: KindVisitor, status: StatusVisitor}
	r.people = append(r.people, visitor)
	for i := range 2 {
		words := &WalkIn{Name: "李四", IDTail: "123X", Phone: fmt.Sprintf("139%08d", n+i)}
		id, err := r.town.s.WalkInID(*words)
		must(r.t, err)
		r.ref.ids[*words] = id
		r.people = append(r.people, &historyPerson{name: fmt.Sprint("walk-in ", i+1), id: id, words: words})
	}
	r.people = append(r.people, &historyPerson{name: "unknown", id: ids[0] ^ 2})
}

func (r *historyRun) now() int64 { return r.town.clock.ms.Load() }

// say keeps what happened, for the report of a difference.
func (r *historyRun) say(format string, args ...any) {
	now := r.now()
	r.told = append(r.told, func() string { return fmt.Sprintf("%10s  ", r.time(now)) + fmt.Sprintf(format, args...) })
}

// time tells a time from the beginning of the history.
func (r *historyRun) time(at int64) string { return fmt.Sprintf("%+.3fs", float64(at-r.base)/1000) }

func (r *historyRun) make(m move) error {
	defer r.town.clock.ms.Add(1)
	p := r.people[m.who%len(r.people)]
	site := r.sites[m.site]
	switch m.do {
	case doScan:
		return r.scan(m, p, site)
	case doForged:
		return r.forged(m, site)
	case doAgain:
		return r.again(m, p)
	case doAnnul:
		return r.annul(m, p)
	case doWait:
		r.wait(m)
	case doLook:
		return r.look()
	case doRules:
		if m.choice%8 == 7 { // a change of the registry is slow
			rng := rand.New(rand.NewPCG(uint64(m.n), 1)) //nolint:gosec // has to repeat itself
			r.town.change(r.t, site, anyRules(rng, site.kind))
			r.say("%s gets %+v", site.code, site.rules)
		}
	default:
		return r.office(m, p, site)
	}
	return nil
}

// office does what concerns one person and is no scan.
func (r *historyRun) office(m move, p *historyPerson, site *refSite) error {
	s, ctx, ref := r.town.s, r.t.Context(), r.onRecord(p)
	switch m.do {
	case doStatus:
		status := Status(m.n % len(Statuses()))
		err := s.SetStatus(ctx, p.id, status)
		if ref == nil {
			if !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("the status of %s: %w", p.name, err)
			}
			return nil
		}
		must(r.t, err)
		ref.status = status
		r.say("%s is %s", p.name, status)
	case doPermit, doExempt:
		if ref == nil {
			return nil
		}
		from := r.now() + []int64{0, -refHour, refHour / 2, -20 * refMinute}[m.n%4]
		v := &refPermit{
			number: uint32(len(ref.permits) + 1), exempt: m.do == doExempt, site: r.sites[m.site%2], from: from,
			until: from + []int64{refHour, 20 * refMinute, refDay}[m.choice%3], allowed: []int{1, 0, 2}[m.n%3],
			plate: []string{"", "鲁A12345"}[m.choice%2],
		}
		if v.exempt && ref.home != nil {
			v.site = ref.home
		}
		ref.permits = append(ref.permits, v)
		r.moments = append(r.moments, v.from, v.until)
		must(r.t, s.rdb.HSet(ctx, s.keys.person(p.id), "v", storedPermits(ref.permits)).Err())
		r.say("%s gets a permit for %s from %s until %s, %d entries, plate %q, exempt %v", p.name, v.site.code,
			r.time(v.from), r.time(v.until), v.allowed, v.plate, v.exempt)
	case doRevoke:
		if ref == nil {
			return nil
		}
		generation, err := s.Revoke(ctx, p.id)
		must(r.t, err)
		ref.generation++
		r.say("the passes of %s are revoked", p.name)
		if generation != ref.generation {
			return fmt.Errorf("generation %d, want %d", generation, ref.generation)
		}
	case doClose:
		if ref == nil || ref.fever == nil {
			return nil
		}
		return r.closeFever(p, ref)
	case doMatch:
		return r.match(m, p, ref)
	}
	return nil
}

// match matches a walk-in to a resident, or takes a match back.
func (r *historyRun) match(m move, p *historyPerson, ref *refPerson) error {
	if p.words == nil {
		return nil
	}
	resident, want := r.people[2*(m.n%2)], ""
	var err error
	if m.choice%3 == 0 {
		_, err = r.town.s.UnmatchWalkIn(r.t.Context(), p.id)
		want = r.ref.unmatch(ref)
		r.say("%s is nobody any more: %s", p.name, want)
	} else {
		_, err = r.town.s.MatchWalkIn(r.t.Context(), p.id, resident.id, "wu")
		want = r.ref.match(ref, r.onRecord(resident))
		r.say("%s is %s: %s", p.name, resident.name, want)
	}
	if got := problemOf(err); got != want {
		return fmt.Errorf("a match of %s: %q, want %q", p.name, got, want)
	}
	return nil
}

func (r *historyRun) closeFever(p *historyPerson, ref *refPerson) error {
	owner, first, second := ref.fever.owner.id, ref.fever.first, ref.fever.second
	id := FeverID(fromRaw(string(caseOf(owner, second.Hash))))
	c, err := r.town.s.CloseFever(r.t.Context(), id, FeverScreenedNegative, "medic", "")
	must(r.t, err)
	r.say("the fever case of %s is closed", p.name)
	want := FeverCase{
		ID: id, Person: owner, OpenedAt: second.OccurredAt, Site: second.gate.site.num, Gate: second.gate.num,
		First:  FeverReading{first.Hash, first.OccurredAt, first.Temperature},
		Second: FeverReading{second.Hash, second.OccurredAt, second.Temperature}, Outcome: FeverScreenedNegative,
		ClosedAt: r.now(), ClosedBy: "medic",
	}
	ref.fever.close()
	if c != want {
		return fmt.Errorf("the fever case is %+v, want %+v", c, want)
	}
	return nil
}

// storedPermits is the form of the person's field v (verdict.lua).
func storedPermits(permits []*refPermit) (b []byte) {
	for _, v := range permits {
		kind := byte('v')
		if v.exempt {
			kind = 'x'
		}
		b = append(binary.BigEndian.AppendUint32(b, v.number), kind)
		b = binary.BigEndian.AppendUint32(b, v.site.num)
		for _, at := range []int64{v.from, v.until} {
			b = append(b, binary.BigEndian.AppendUint64(nil, uint64(at))[2:]...)
		}
		b = append(b, byte(v.allowed), byte(v.used))
		hash := [4]byte{}
		if v.plate != "" {
			hash = plateHash(v.plate)
		}
		b = append(b, hash[:]...)
	}
	return b
}

// wait moves the clock, often to where something begins or ends.
func (r *historyRun) wait(m move) {
	now := r.now()
	switch m.choice {
	case 0, 1, 2:
		now += 30_000
	case 3, 4, 5:
		now += 5 * refMinute
	case 6, 7:
		now += 40 * refMinute
	case 8, 9:
		now += refDay / 2
	default:
		slices.Sort(r.moments)
		ahead, _ := slices.BinarySearch(r.moments, now+2)
		if ahead += m.n % 4; ahead < len(r.moments) && r.moments[ahead] < r.base+5*refDay { // histories lie historyDays apart
			now = r.moments[ahead] + int64(m.n%3-1)
		}
	}
	r.town.clock.ms.Store(now)
}

// look lets the gateway count who is inside the sites with a limit.
func (r *historyRun) look() error {
	must(r.t, r.town.s.watchOccupancy(r.t.Context()))
	inside := r.ref.inside()
	clear(r.ref.looked)
	r.say("the gateway counts who is inside")
	for site, n := range inside {
		if site.rules.Capacity == 0 {
			continue
		}
		r.ref.looked[site] = n
		if got := (*r.town.s.occupied.Load())[site.num]; got != n {
			return fmt.Errorf("%d people are inside %s, want %d", got, site.code, n)
		}
	}
	return nil
}
