package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// boardOf is one look, by the gates' codes.
func boardOf(t testing.TB, b *Board) (*BoardLook, map[string]*GateNow) {
	t.Helper()
	look, err := b.Look(t.Context())
	must(t, err)
	gates := map[string]*GateNow{}
	for i := range look.Gates {
		gates[look.Gates[i].Gate.Code] = &look.Gates[i]
	}
	return look, gates
}

// recordOf counts what the record says of a gate since a time.
func recordOf(t testing.TB, s *Store, gate string, since int64) (c PassageCounts) {
	t.Helper()
	g, _ := s.Registry().Gate(gate)
	must(t, s.EventsAt(t.Context(), []*Gate{g}, since, s.now()+600_000, func(e *ScanEvent) error { c.count(e); return nil }))
	return c
}

// TestTheBoardCountsWhatIsOnRecord: whatever passes, is refused, taken back or comes in
// hours late, a board that has been looking all the time says the same as the record and
// as a board that looks for the first time.
func TestTheBoardCountsWhatIsOnRecord(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"), resident(3, "v-01"))
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	board, random := s.NewBoard(), rand.New(rand.NewPCG(1, 2))
	boardOf(t, board)
	var news, refused int
	for round := range 6 {
		for n := range 60 {
			clock.Advance(time.Duration(random.IntN(8000)) * time.Millisecond)
			at, way := home, In
			if random.IntN(2) == 0 {
				at, way = mall, Out
			}
			switch req := at.request(people[random.IntN(3)], way, 36_5); random.IntN(8) {
			case 0:
				at.send(req)
				_, err := at.takeBack(fmt.Sprintf("annul-%d-%d", round, n), req, req.Person)
				must(t, err)
			case 1:
				req.Person, req.Presented = 0, fmt.Sprint("forged", n)
				_, err := s.Refuse(t.Context(), req, ReasonBadSignature)
				must(t, err)
				refused++
			case 2: // from a phone that was offline
				req.OccurredAt -= int64(random.IntN(3 * 3600_000))
				req.Late = true
				at.send(req)
			default:
				at.send(req)
			}
		}
		projectAll(t, s)
		for range BoardSlow {
			look, _ := boardOf(t, board)
			for _, d := range look.News {
				if d.Reason == ReasonBadSignature {
					news++
				}
			}
		}
	}
	_, fresh := boardOf(t, s.NewBoard())
	_, kept := boardOf(t, board)
	start, now := board.dayStart(s.now()), s.now()
	for code, g := range kept {
		if want := recordOf(t, s, code, start); g.Today != want || fresh[code].Today != want {
			t.Errorf("%s today: %+v, on record %+v, at a first look %+v", code, g.Today, want, fresh[code].Today)
		}
		if want := recordOf(t, s, code, board.sinceMinutes(now, BoardMinutes)); g.Hour != want {
			t.Errorf("%s in the last hour: %+v, on record %+v", code, g.Hour, want)
		}
		if want := recordOf(t, s, code, board.sinceMinutes(now, fiveMinutes)); g.Five != want {
			t.Errorf("%s in the last 5 minutes: %+v, on record %+v", code, g.Five, want)
		}
		var passed, denied int
		for i := range BoardMinutes {
			passed, denied = passed+g.Passed[i], denied+g.Denied[i]
		}
		if passed != g.Hour.In+g.Hour.Out || denied != g.Hour.Denied {
			t.Errorf("%s: the minutes hold %d and %d, the hour %+v", code, passed, denied, g.Hour)
		}
	}
	if news != refused || refused == 0 || kept["mall-01-g1"].Today.In+kept["mall-01-g1"].Today.Out == 0 {
		t.Errorf("%d refusals were told as news, %d happened", news, refused)
	}
}

// TestAGateIsSilentWhereItIsUsuallyBusy: quiet is trouble only where on the days before
// people passed at this time, for as long as eight of them take, and not at night or at
// a gate that is closed.
func TestAGateIsSilentWhereItIsUsuallyBusy(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	people := mustEnrol(t, s, resident(1, "v-01"))
	busy, calm := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	noon := clock.Now()
	clock.Advance(-72 * time.Hour)
	for range 3 {
		clock.Advance(-30 * time.Minute)
		for range 20 { // 10 in each half hour: silent after 24 minutes
			busy.scan(people[0], In, 36_5)
			clock.Advance(3 * time.Minute)
		}
		calm.scan(people[0], In, 36_5)
		clock.Advance(23*time.Hour + 30*time.Minute)
	}
	clock.ms.Store(noon.UnixMilli())
	busy.scan(people[0], In, 36_5)
	projectAll(t, s)
	board := s.NewBoard()
	silent := func() string {
		_, gates := boardOf(t, board)
		return fmt.Sprint(gates["v-01-g1"].Silent, gates["mall-01-g1"].Silent, gates["v-01-g1"].Usual)
	}
	for _, step := range []struct {
		later time.Duration
		want  string
	}{{23 * time.Minute, "false false 10"}, {2 * time.Minute, "true false 10"}} {
		clock.Advance(step.later)
		if got := silent(); got != step.want {
			t.Errorf("%s later: %s, want %s", step.later, got, step.want)
		}
	}
	must(t, s.Change(t.Context(), func(d *Draft) error {
		g, _ := d.Gate("v-01-g1")
		shut := *g
		shut.Open = false
		return d.PutGate(shut)
	}))
	if got := silent(); got != "false false 10" {
		t.Errorf("a closed gate: %s", got)
	}
}

func TestContactsOfDevicesAreKeptForAWhile(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.NoteContacts(t.Context(), map[uint32]int64{1: 100, 1 << 31: 200}, nil))
	must(t, s.NoteContacts(t.Context(), map[uint32]int64{1: 300}, map[uint32]int64{1 << 31: 250}))
	got, err := s.DeviceContacts(t.Context())
	must(t, err)
	if len(got) != 2 || got[1] != 300 || got[1<<31] != 200 {
		t.Errorf("%v", got)
	}
	if left := s.rdb.PTTL(t.Context(), s.keys.contacts()).Val(); left <= 0 || left > s.retention {
		t.Errorf("kept for %s", left)
	}
}
