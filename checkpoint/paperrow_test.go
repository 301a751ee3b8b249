package checkpoint

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// paperLog types rows of one page of v-01's gate.
type paperLog struct {
	t      testing.TB
	s      *Store
	device uint32
	start  time.Time
}

func paperOf(t testing.TB, s *Store, clock *testClock) *paperLog {
	t.Helper()
	d, err := s.PaperDevice(t.Context(), "v-01-g1")
	must(t, err)
	return &paperLog{t, s, d.Num, clock.Now().Add(-3 * time.Hour)}
}

// row is a row of somebody who was let in a while ago.
func (p *paperLog) row(n int, person uint64, after time.Duration) PaperRow {
	return PaperRow{
		Date: "20200211", Page: 7, Row: n,
		Scan: ScanRequest{
			Device: p.device, OccurredAt: p.start.Add(after).UnixMilli(), Direction: In, Who: ByResident, Person: person,
			Presented: FormatPersonID(person), Temperature: 36_5, Late: true, Told: &Told{Decision: Pass, Reason: ReasonOK, Action: Admit},
		},
	}
}

func (p *paperLog) record(row PaperRow) (ScanResult, error) {
	return p.s.RecordPaper(p.t.Context(), row, p.s.Scan, p.s.Annul)
}

// counting are the events of a person that nobody has taken back.
func counting(t testing.TB, s *Store, person uint64) (out []ScanEvent) {
	t.Helper()
	for _, e := range trailOf(t, s, person) {
		if e.Counts() {
			out = append(out, e)
		}
	}
	return out
}

func TestARowTypedTwiceIsOnePassage(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	log := paperOf(t, s, clock)
	row := log.row(3, people[0], 0)
	row.Scan.TypedBy = 7
	first, err := log.record(row)
	must(t, err)
	want(t, first, Pass, ReasonOK, Admit, FlagLate)
	again := log.row(3, people[0], 0) // by somebody else
	again.Scan.TypedBy = 8
	res, err := log.record(again)
	if err != nil || !res.Duplicate || res.Outcome != first.Outcome {
		t.Fatalf("typed again: %+v, %v", res, err)
	}
	for what, other := range map[string]PaperRow{
		"time": log.row(3, people[0], time.Minute), "person": log.row(3, people[1], 0),
		"decision": func() PaperRow {
			r := log.row(3, people[0], 0)
			r.Scan.Told = &Told{Decision: Deny, Reason: ReasonFever, Action: HoldHere}
			return r
		}(),
	} {
		if _, err := log.record(other); !errors.Is(err, ErrRowTaken) {
			t.Errorf("with another %s: %v", what, err)
		}
	}
	if events := trailOf(t, s, people[0]); len(events) != 1 || events[0].Staff != 7 || events[0].Device != log.device {
		t.Errorf("%d events: %+v", len(events), events)
	}
	// The same row of another page is another passage.
	other := log.row(3, people[0], time.Minute)
	other.Page = 8
	_, err = log.record(other)
	must(t, err)
	if n := len(counting(t, s, people[0])); n != 2 {
		t.Errorf("%d passages of two pages", n)
	}
}

func TestARowIsReplacedAndTheEarlierOneTakenBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	log := paperOf(t, s, clock)
	first := log.row(1, people[0], 0)
	_, err := log.record(first)
	must(t, err)
	fails := log.row(1, people[1], 0) // what takes back is the caller's, who remembers it over a fail-over
	fails.Replace = true
	gone := errors.New("asked the caller")
	_, err = s.RecordPaper(t.Context(), fails, s.Scan, func(context.Context, AnnulRequest) (AnnulResult, error) { return AnnulResult{}, gone })
	if !errors.Is(err, gone) {
		t.Errorf("taken back by another: %v", err)
	}
	steps := []PaperRow{log.row(1, people[1], 0), log.row(1, people[1], time.Minute), first} // and back to what it was
	for i, row := range steps {
		row.Replace = true
		for range 2 { // sent twice
			res, err := log.record(row)
			if err != nil || res.Person.ID != row.Scan.Person {
				t.Fatalf("step %d: %+v, %v", i, res, err)
			}
		}
		total := 0
		for _, person := range people {
			for _, e := range counting(t, s, person) {
				total++
				if person != row.Scan.Person || e.OccurredAt != row.Scan.OccurredAt {
					t.Errorf("step %d: an event of another person or time stands", i)
				}
			}
		}
		if total != 1 {
			t.Errorf("step %d: %d passages count", i, total)
		}
	}
	// What would be refused takes nothing back.
	bad := log.row(1, people[1], 0)
	bad.Replace, bad.Scan.OccurredAt = true, clock.Now().Add(-DefaultRetention-time.Hour).UnixMilli()
	_, err = log.record(bad)
	fieldError(t, err, "occurred_at", "older")
	if n := len(counting(t, s, people[0])); n != 1 {
		t.Errorf("a bad row left %d passages", n)
	}
}

// TestARowReplacedWhileItIsRecorded: whoever claimed the row first and records
// last takes it back.
func TestARowReplacedWhileItIsRecorded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	log := paperOf(t, s, clock)
	slow, quick := log.row(1, people[0], 0), log.row(1, people[1], 0)
	quick.Replace = true
	_, err := s.RecordPaper(t.Context(), slow, func(ctx context.Context, req ScanRequest) (ScanResult, error) {
		if _, err := log.record(quick); err != nil {
			t.Error(err)
		}
		return s.Scan(ctx, req)
	}, s.Annul)
	if !errors.Is(err, ErrRowTaken) {
		t.Errorf("the slow one is told %v", err)
	}
	if a, b := len(counting(t, s, people[0])), len(counting(t, s, people[1])); a != 0 || b != 1 {
		t.Errorf("%d of the slow one and %d of the quick one count", a, b)
	}
}

func TestManyTypistsOfOneRowLeaveOnePassage(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"), resident(4, "v-01"))
	log := paperOf(t, s, clock)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			row := log.row(1, people[i%4], time.Duration(i)*time.Second)
			row.Replace = true
			if _, err := log.record(row); err != nil && !errors.Is(err, ErrRowTaken) && !errors.Is(err, ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	last := log.row(1, people[0], time.Hour)
	last.Replace = true
	_, err := log.record(last)
	must(t, err)
	total := 0
	for _, person := range people {
		total += len(counting(t, s, person))
	}
	if total != 1 {
		t.Errorf("%d passages of one row count", total)
	}
}

func TestPaperTellsWhatWasDecidedAndIsFlagged(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	must(t, s.SetStatus(t.Context(), people[1], StatusRed))
	log := paperOf(t, s, clock)
	red := log.row(1, people[1], 0)
	red.Scan.Direction = Out
	res, err := log.record(red)
	must(t, err)
	if res.Decision != Pass || res.Reason != ReasonOK || res.Flags&FlagConflict == 0 {
		t.Errorf("what was told is %v for %v with %v", res.Decision, res.Reason, res.Flags.Names())
	}
	none := log.row(2, people[0], 0)
	none.Scan.Told = nil
	_, err = log.record(none)
	fieldError(t, err, "told", "missing")
	early := log.row(2, people[0], -20*24*time.Hour) // long before anything was made here
	_, err = log.record(early)
	must(t, err)
	scan := post(t, s, clock, "v-01").request(people[0], In, 36_5)
	notPaper := log.row(4, people[0], 0)
	notPaper.Scan.Device = scan.Device
	if _, err := log.record(notPaper); !errors.Is(err, ErrNotFound) {
		t.Errorf("a phone records paper: %v", err)
	}
}

func TestNoPhoneBecomesThePaperLog(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	d, err := s.PaperDevice(t.Context(), "v-01-g1")
	must(t, err)
	same, err := s.PaperDevice(t.Context(), "v-01-g1")
	if err != nil || same.Num != d.Num || !d.Paper || d.Lane != "纸质登记" {
		t.Fatalf("%+v, then %+v, %v", d, same, err)
	}
	_, err = s.PaperDevice(t.Context(), "none")
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("of no gate: %v", err)
	}
	err = s.Change(t.Context(), func(draft *Draft) error {
		phone := *d
		phone.EnrolHash = []byte("hash")
		return draft.PutDevice(phone)
	})
	fieldError(t, err, "code", "paper")
}

func TestPaperRowsGoByRetention(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	people := mustEnrol(t, s, resident(1, "v-01"))
	log := paperOf(t, s, clock)
	_, err := log.record(log.row(1, people[0], 0))
	must(t, err)
	_, err = log.record(log.row(2, people[0], 2*time.Hour))
	must(t, err)
	gate, _ := s.Registry().Gate("v-01-g1")
	key := s.keys.paperRows(gate.Num, "20200211", 7)
	clock.Advance(DefaultRetention - 24*time.Hour)
	projected(t, s)
	sweep(t, s)
	if n := s.rdb.HLen(t.Context(), key).Val(); n != 2 {
		t.Errorf("%d rows are left within retention", n)
	}
	clock.Advance(48 * time.Hour)
	last := sweep(t, s)
	if n := s.rdb.Exists(t.Context(), key).Val(); n != 0 {
		t.Errorf("rows are there after retention: %+v", last.Removed)
	}
}
