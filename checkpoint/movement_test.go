package checkpoint

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// movingTown is a town whose people move at random, for the questions about who
// was where. Everything goes through Store.Scan, as gates report it: late, in
// any order, twice, not at all, under the name of a walk-in, taken back.
type movingTown struct {
	t      testing.TB
	s      *Store
	clock  *testClock
	rng    *rand.Rand
	people []uint64          // residents and visitors
	homes  map[uint64]string // of residents
	words  []WalkIn          // of walk-ins
	knows  map[uint64]uint64 // walk-in -> resident, as matched at the end
	scans  []ScanRequest
	n      int
	begin  int64 // UTC ms, of the days that they move in
}

const (
	movingDays   = 3
	movingPeople = 12 // two of them visitors
)

// newMovingTown lets a town of its own live through some days.
func newMovingTown(t testing.TB, seed uint64) *movingTown {
	t.Helper()
	s, clock := newStore(t)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, err := range []error{
			d.PutGate(Gate{Code: "mall-01-g2", Name: "西门", Site: "mall-01", Open: true}),
			d.PutDevice(Device{Code: "mall-01-d2", Gate: "mall-01-g2", Lane: "1", EnrolledAt: 1, TokenHash: []byte("mall-01-2")}),
			d.PutSite(Site{Code: "works-01", Name: "工厂", Kind: Enterprise, Grid: "area-2"}),
			d.PutGate(Gate{Code: "works-01-g1", Name: "门", Site: "works-01", Open: true}),
			d.PutDevice(Device{Code: "works-01-d1", Gate: "works-01-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte("works-01")}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	}))
	town := &movingTown{
		t: t, s: s, clock: clock, rng: rand.New(rand.NewPCG(seed, 1)), //nolint:gosec // has to repeat itself
		knows: map[uint64]uint64{}, homes: map[uint64]string{}, begin: testStart.UnixMilli() - movingDays*dayMillis,
	}
	town.settle()
	for i, person := range town.people {
		town.live(i, person)
	}
	town.report()
	return town
}

// settle enrols households of one to three at two homes, and two visitors.
func (m *movingTown) settle() {
	m.t.Helper()
	rows := make([]NewResident, movingPeople-2)
	for i := range rows {
		rows[i] = resident(i+1, []string{"v-01", "c-01"}[i/5])
		rows[i].Door = fmt.Sprint("1-", i/2-i/6)
	}
	rows[3].Status = StatusRed
	m.people = mustEnrol(m.t, m.s, rows...)
	for i, id := range m.people {
		m.homes[id] = rows[i].Site
	}
	for i := range uint64(2) {
		visitor := m.people[i] ^ 1
		must(m.t, m.s.rdb.HSet(m.t.Context(), m.s.keys.person(visitor), "s", int(StatusVisitor), "k", "v", "n", "来*", "g", 0).Err())
		m.people = append(m.people, visitor)
		m.words = append(m.words, WalkIn{Name: "李四", IDTail: "123X", Phone: fmt.Sprintf("1390000%04d", i)})
	}
}

// live lets one person come and go. Times are rounded so that people meet.
func (m *movingTown) live(i int, person uint64) {
	home := []string{"v-01", "c-01"}[min(i/5, 1)]
	places := []string{"mall-01", "mall-01", "works-01", "pharmacy-01"}
	at := m.begin + m.rng.Int64N(20)*20*60_000
	for at < testStart.UnixMilli() {
		step := func(site string, way Direction) {
			m.pass(person, site, way, at+m.rng.Int64N(4)*45_000)
		}
		step(home, Out)
		place := places[m.rng.IntN(len(places))]
		at += 10 * 60_000
		step(place, In)
		switch m.rng.IntN(12) {
		case 0:
			at += 30 * 3600_000 // longer than the longest stay
		default:
			at += (1 + m.rng.Int64N(24)) * 10 * 60_000
		}
		step(place, Out)
		at += 10 * 60_000
		step(home, In)
		at += (1 + m.rng.Int64N(12)) * 3600_000
	}
}

// pass is what the gates report of one passage.
func (m *movingTown) pass(person uint64, site string, way Direction, at int64) {
	if at >= testStart.UnixMilli() || m.rng.IntN(12) == 0 { // not yet, or lost
		return
	}
	device := site + "-d1"
	if site == "mall-01" && m.rng.IntN(2) == 0 {
		device = "mall-01-d2"
	}
	d, _ := m.s.Registry().Device(device)
	m.n++
	req := ScanRequest{
		ID: fmt.Sprintf("moving-%06d", m.n), Device: d.Num, OccurredAt: at, Direction: way, Who: ByResident, Person: person,
		Presented: FormatPersonID(person), Temperature: 36_5, Late: true,
	}
	switch m.rng.IntN(14) {
	case 0: // the guard wrote down a name
		words := m.words[m.rng.IntN(len(m.words))]
		req.Who, req.Person, req.WalkIn, req.Presented = ByWalkIn, 0, &words, words.Phone
	case 1:
		req.Told = &Told{Deny, ReasonExpired, Register}
	case 2, 3, 4, 5, 6:
		req.Plate = []string{"鲁A12345", "鲁a·12345", "鲁B54321", NoPlate}[m.rng.IntN(4)]
		req.Vehicle = fmt.Sprintf("vehicle-%d-%d", at/300_000, m.rng.IntN(2))
	}
	m.scans = append(m.scans, req)
}

// report sends everything in any order, some of it twice, takes some back, and
// finds out who the walk-ins were, one of them between two reports.
func (m *movingTown) report() {
	m.t.Helper()
	ctx := m.t.Context()
	m.rng.Shuffle(len(m.scans), func(a, b int) { m.scans[a], m.scans[b] = m.scans[b], m.scans[a] })
	for i := range m.scans {
		req := &m.scans[i]
		if i == len(m.scans)/2 {
			m.match(m.words[0], m.people[m.rng.IntN(movingPeople-2)])
		}
		res, err := m.s.Scan(ctx, *req)
		must(m.t, err)
		if m.rng.IntN(8) == 0 {
			_, err = m.s.Scan(ctx, m.scans[m.rng.IntN(i+1)])
			must(m.t, err)
		}
		if m.rng.IntN(15) == 0 {
			_, err = m.s.Annul(ctx, AnnulRequest{
				ID: "annul-" + req.ID, Device: req.Device, Scan: req.ID, OccurredAt: req.OccurredAt,
				At: req.OccurredAt + 60_000, Person: res.Person.ID, Late: true,
			})
			must(m.t, err)
		}
	}
	if m.rng.IntN(2) == 0 {
		m.match(m.words[1], m.people[m.rng.IntN(movingPeople-2)])
	}
	projectAll(m.t, m.s)
}

// match says who a walk-in was, if anybody came under those words.
func (m *movingTown) match(words WalkIn, resident uint64) {
	m.t.Helper()
	id, err := m.s.WalkInID(words)
	must(m.t, err)
	if people, err := m.s.Views(m.t.Context(), []uint64{id}); err != nil || len(people) == 0 {
		must(m.t, err)
		return
	}
	_, err = m.s.MatchWalkIn(m.t.Context(), id, resident, "wu")
	must(m.t, err)
	m.knows[id] = resident
}

// records are the raw records of everybody, those of one person together, in
// order, and without what counts for nothing.
func (m *movingTown) records() map[uint64][]ScanEvent {
	m.t.Helper()
	ids := slices.Clone(m.people)
	for _, words := range m.words {
		id, err := m.s.WalkInID(words)
		must(m.t, err)
		ids = append(ids, id)
	}
	out := map[uint64][]ScanEvent{}
	for _, id := range ids {
		events, err := m.s.wholeTrail(m.t.Context(), id)
		must(m.t, err)
		person := id
		if resident, ok := m.knows[id]; ok {
			person = resident
		}
		for i := range events {
			if events[i].Counts() {
				out[person] = append(out[person], events[i])
			}
		}
	}
	for _, events := range out {
		slices.SortFunc(events, func(a, b ScanEvent) int { return cmp.Compare(a.OccurredAt, b.OccurredAt) })
	}
	return out
}

// window draws a period within or about the days that they moved in.
func (m *movingTown) window() (from, to int64) {
	from = m.begin + m.rng.Int64N(movingDays*24)*3600_000
	to = from + (1+m.rng.Int64N(movingDays*24))*3600_000
	if m.rng.IntN(5) == 0 {
		from += m.rng.Int64N(20*60_000) - 10*60_000
	}
	return from, to
}

// projectAll carries what the logs hold into the indexes, once.
func projectAll(t testing.TB, s *Store) {
	t.Helper()
	p := s.NewProjector(s.rdb, slog.New(slog.DiscardHandler))
	all := make([]*followed, Partitions)
	for part := range all {
		all[part] = &followed{part: part, fence: 1, cursor: "0"}
	}
	for more := true; more; {
		var err error
		more, err = p.step(t.Context(), all)
		must(t, err)
	}
}

// movingTowns runs a test in as many towns as are asked for, each under its seed.
func movingTowns(t *testing.T, towns int, test func(*testing.T, *movingTown)) {
	t.Helper()
	if testInMemory {
		towns = min(towns, 1)
	}
	start := time.Now()
	for seed := range towns {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { test(t, newMovingTown(t, uint64(seed))) })
	}
	t.Logf("%d towns in %.1f s", towns, time.Since(start).Seconds())
}
