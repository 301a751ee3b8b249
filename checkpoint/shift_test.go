package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

// guards makes an account with a badge ("badge of" + login) for each login, in
// area-1, which has v-01 and mall-01.
func guards(t testing.TB, s *Store, logins ...string) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, login := range logins {
			err := d.PutStaff(Staff{Login: login, Name: login, Role: RoleGuard, Grid: "area-1", BadgeHash: []byte("badge of " + login)})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// changeStaff edits an account.
func changeStaff(t testing.TB, s *Store, login string, edit func(*Staff)) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		old, _ := d.Staff(login)
		staff := *old
		edit(&staff)
		return d.PutStaff(staff)
	}))
}

// opening is the request with which a guard takes over a device now.
func opening(g *gatePost, id, login string) ShiftRequest {
	return ShiftRequest{ID: id, Device: g.device, BadgeHash: []byte("badge of " + login), OpenedAt: g.clock.Now().UnixMilli()}
}

func (g *gatePost) open(id, login string) ShiftResult {
	g.t.Helper()
	res, err := g.s.OpenShift(g.t.Context(), opening(g, id, login))
	if err != nil {
		g.t.Fatalf("open %s for %s: %v", id, login, err)
	}
	return res
}

// closing is the request with which a shift is handed over now.
func (g *gatePost) closing(id, note string) CloseRequest {
	return CloseRequest{ID: id, Device: g.device, ClosedAt: g.clock.Now().UnixMilli(), Note: note}
}

// named is who a store says was on shift at a post, "" for nobody.
func (g *gatePost) named(s *Store, at time.Time) string {
	g.t.Helper()
	staff, ok := s.Registry().StaffByNum(s.onShift(g.device, at.UnixMilli()))
	if !ok {
		return ""
	}
	return staff.Login
}

func TestGuardTakesOverFromTheOneBefore(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li")
	home := post(t, s, clock, "v-01")
	first := home.open("shift-0001", "wang")
	if first.Previous != nil || first.Duplicate || first.Shift.OpenedAt != testStart.UnixMilli() {
		t.Errorf("%+v", first)
	}
	clock.Advance(8 * time.Hour)
	const note = "3号楼王某等救护车。\n门口测温计没电了"
	closed, err := s.CloseShift(t.Context(), home.closing("shift-0001", note))
	must(t, err)
	if closed.Shift.EndedBy != EndClosed || closed.Shift.EndsAt != clock.Now().UnixMilli() || closed.Shift.Note != note {
		t.Errorf("%+v", closed.Shift)
	}
	clock.Advance(time.Minute)
	second := home.open("shift-0002", "li")
	if p := second.Previous; p == nil || p.Note != note || p.ID != "shift-0001" || home.named(s, time.UnixMilli(p.OpenedAt)) != "wang" {
		t.Errorf("previous %+v", p)
	}
	clock.Advance(time.Hour)
	third := home.open("shift-0003", "wang") // li left without a word
	if p := third.Previous; p == nil || p.EndedBy != EndRelieved || p.EndsAt != third.Shift.OpenedAt || p.Note != "" {
		t.Errorf("previous %+v", p)
	}
	for after, who := range map[time.Duration]string{
		-time.Millisecond: "", 0: "wang", 8*time.Hour - time.Millisecond: "wang", 8 * time.Hour: "", 8*time.Hour + time.Minute: "li",
		9*time.Hour + time.Minute - time.Millisecond: "li", 9*time.Hour + time.Minute: "wang",
		// Forgotten: nobody is named for longer than 16 hours.
		25*time.Hour + time.Minute - time.Millisecond: "wang", 25*time.Hour + time.Minute: "",
	} {
		if got := home.named(s, testStart.Add(after)); got != who {
			t.Errorf("after %s it is %q, want %q", after, got, who)
		}
	}
	if mall := post(t, s, clock, "mall-01"); mall.named(s, clock.Now()) != "" {
		t.Error("another device has the shift, too")
	}
	stored := s.rdb.Get(t.Context(), s.keys.shifts(home.device)).Val()
	if !strings.Contains(stored, "shift-0001") || strings.Contains(stored, "王某") {
		t.Errorf("stored as %s", stored)
	}
}

func TestRetryOpensOneShiftAndClosesOnce(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li")
	home := post(t, s, clock, "v-01")
	req := opening(home, "shift-0001", "wang")
	other := openStore(t, s.keys.prefix, clock)
	fresh := make([]bool, 20)
	var wg sync.WaitGroup
	for i := range fresh {
		wg.Go(func() {
			st := []*Store{s, other}[i%2]
			res, err := st.OpenShift(t.Context(), req)
			if err != nil || home.named(st, clock.Now()) != "wang" {
				t.Errorf("%v, %q on shift", err, home.named(st, clock.Now()))
			}
			fresh[i] = !res.Duplicate
		})
	}
	wg.Wait()
	if n := count(fresh); n != 1 {
		t.Errorf("opened %d times", n)
	}
	bent := req
	bent.OpenedAt++
	if _, err := s.OpenShift(t.Context(), bent); !errors.Is(err, ErrOtherShift) {
		t.Errorf("another time: %v", err)
	}
	bent = req
	bent.BadgeHash = []byte("badge of li")
	if _, err := s.OpenShift(t.Context(), bent); !errors.Is(err, ErrOtherShift) {
		t.Errorf("another badge: %v", err)
	}
	clock.Advance(time.Hour)
	end := home.closing("shift-0001", "all well")
	for i := range 3 {
		if res, err := s.CloseShift(t.Context(), end); err != nil || res.Duplicate != (i > 0) || res.Shift.Note != "all well" {
			t.Errorf("close %d: %+v, %v", i, res, err)
		}
	}
	end.Note = "not well"
	if _, err := s.CloseShift(t.Context(), end); !errors.Is(err, ErrOtherShift) {
		t.Errorf("another note: %v", err)
	}
	// Long after, with the badge gone, the retry still gets its answer.
	changeStaff(t, s, "wang", func(st *Staff) { st.BadgeHash = nil })
	clock.Advance(48 * time.Hour)
	if res, err := s.OpenShift(t.Context(), req); err != nil || !res.Duplicate || res.Shift.OpenedAt != req.OpenedAt {
		t.Errorf("late retry: %+v, %v", res, err)
	}
}

func count(bits []bool) (n int) {
	for _, b := range bits {
		if b {
			n++
		}
	}
	return n
}

// Of many who take over a device at once each has a shift, one of them runs,
// and both gateways agree which.
func TestOpeningAtOnceLeavesOneOnShift(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	other := openStore(t, s.keys.prefix, clock)
	logins := make([]string, 12)
	for i := range logins {
		logins[i] = fmt.Sprintf("guard-%02d", i)
	}
	guards(t, s, logins...)
	must(t, other.reload(t.Context()))
	home := post(t, s, clock, "v-01")
	reqs := make([]ShiftRequest, len(logins))
	for i, login := range logins {
		reqs[i] = opening(home, "shift-of-"+login, login)
	}
	var wg sync.WaitGroup
	for i := range reqs {
		wg.Go(func() {
			if _, err := []*Store{s, other}[i%2].OpenShift(t.Context(), reqs[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	must(t, s.loadShifts(t.Context()))
	must(t, other.loadShifts(t.Context()))
	now, err := s.CurrentShift(t.Context(), home.device)
	must(t, err)
	staff, _ := s.Registry().StaffByNum(now.Shift.Staff)
	if who := home.named(s, clock.Now()); who == "" || who != home.named(other, clock.Now()) || who != staff.Login {
		t.Errorf("on shift %q, %q, %q", who, home.named(other, clock.Now()), staff.Login)
	}
	all, err := s.Shifts(t.Context(), "v-01-g1", testStart.UnixMilli(), testStart.UnixMilli()+1)
	must(t, err)
	running := 0
	for _, r := range all {
		if r.EndsAt > clock.Now().UnixMilli() {
			running++
		}
	}
	if len(all) != len(logins) || running != 1 {
		t.Errorf("%d shifts, %d of them run", len(all), running)
	}
}

func TestBadgesThatOpenNothing(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li", "zhao")
	home := post(t, s, clock, "v-01")
	changeStaff(t, s, "li", func(st *Staff) { st.BadgeHash = []byte("new badge of li") })
	changeStaff(t, s, "zhao", func(st *Staff) { st.Disabled = true })
	refused := func(what string, g *gatePost, login string, want error) {
		t.Helper()
		if _, err := s.OpenShift(t.Context(), opening(g, "shift-bad1", login)); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("never made", home, "nobody", ErrBadge)
	refused("replaced", home, "li", ErrBadge)
	refused("disabled", home, "zhao", ErrBadgeDisabled)
	refused("another area", post(t, s, clock, "v-02"), "wang", ErrBadgeElsewhere)
	changeStaff(t, s, "wang", func(st *Staff) { st.BadgeHash = nil })
	refused("withdrawn", home, "wang", ErrBadge)
	changeStaff(t, s, "wang", func(st *Staff) { st.BadgeHash = []byte("badge of wang") })
	if _, err := s.OpenShift(t.Context(), ShiftRequest{ID: "shift-bad1", Device: home.device, OpenedAt: clock.Now().UnixMilli()}); !errors.Is(err, ErrBadge) {
		t.Errorf("no badge: %v", err)
	}
	if home.named(s, clock.Now()) != "" {
		t.Error("somebody is on shift")
	}
	home.open("shift-0001", "wang")
	changeStaff(t, s, "wang", func(st *Staff) { st.Role, st.PasswordHash, st.Grid = RoleAdmin, "x", "area-2" })
	home.open("shift-0002", "wang") // an admin's reaches everything
}

func TestTimesOfShiftsAreBounded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang")
	home := post(t, s, clock, "v-01")
	refused := func(field string, err error) {
		t.Helper()
		var fe *FieldError
		if !errors.As(err, &fe) || fe.Field != field {
			t.Errorf("want a complaint about %s, got %v", field, err)
		}
	}
	try := func(g *gatePost, id string, away time.Duration) error {
		req := opening(g, id, "wang")
		req.OpenedAt += away.Milliseconds()
		_, err := s.OpenShift(t.Context(), req)
		return err
	}
	refused("opened_at", try(home, "shift-far1", 2*time.Minute+time.Millisecond))
	refused("opened_at", try(home, "shift-old1", -24*time.Hour-time.Millisecond))
	refused("id", try(home, "short", 0))
	must(t, s.Change(t.Context(), func(d *Draft) error {
		return d.PutDevice(Device{Code: "v-01-d2", Gate: "v-01-g1", Lane: "2", EnrolledAt: d.Now() - 3_600_000, TokenHash: []byte("d2")})
	}))
	d2, _ := s.Registry().Device("v-01-d2")
	young := &gatePost{t: t, s: s, clock: clock, device: d2.Num}
	refused("opened_at", try(young, "shift-old2", -time.Hour-time.Millisecond))
	must(t, try(young, "shift-ok01", -time.Hour))
	must(t, try(home, "shift-ok01", -24*time.Hour))
	must(t, try(home, "shift-ok02", 2*time.Minute))

	end := func(id string, away time.Duration, note string) error {
		req := home.closing(id, note)
		req.ClosedAt += away.Milliseconds()
		_, err := s.CloseShift(t.Context(), req)
		return err
	}
	refused("closed_at", end("shift-ok02", 2*time.Minute+time.Millisecond, ""))
	refused("closed_at", end("shift-ok02", time.Minute, "")) // before it was opened
	refused("closed_at", end("shift-ok01", -24*time.Hour-time.Millisecond, ""))
	refused("note", end("shift-ok02", 2*time.Minute, strings.Repeat("长", 201)))
	refused("note", end("shift-ok02", 2*time.Minute, "bell \a"))
	if err := end("shift-none", 0, ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
	must(t, end("shift-ok02", 2*time.Minute, strings.Repeat("长", 200)))
	if _, err := s.OpenShift(t.Context(), ShiftRequest{ID: "shift-none", Device: 999}); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// A phone without network reports at noon that its guard began at seven: who
// is known to have come later stays, and the hours between get their name.
func TestShiftOpenedOfflineTakesItsPlace(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li", "zhao")
	home := post(t, s, clock, "v-01")
	home.open("shift-0001", "wang")
	clock.Advance(2 * time.Hour)
	home.open("shift-0002", "li")
	clock.Advance(2 * time.Hour)
	late := opening(home, "shift-0003", "zhao")
	late.OpenedAt = testStart.Add(time.Hour).UnixMilli()
	res, err := s.OpenShift(t.Context(), late)
	must(t, err)
	if res.Previous.ID != "shift-0001" || res.Shift.EndedBy != EndRelieved || res.Shift.EndsAt != testStart.Add(2*time.Hour).UnixMilli() {
		t.Errorf("%+v before it %+v", res.Shift, res.Previous)
	}
	for after, who := range map[time.Duration]string{30 * time.Minute: "wang", 90 * time.Minute: "zhao", 3 * time.Hour: "li"} {
		if got := home.named(s, testStart.Add(after)); got != who {
			t.Errorf("after %s it is %q, want %q", after, got, who)
		}
	}
	// The note of the one who was relieved long ago comes late, too.
	end := home.closing("shift-0001", "keys in the drawer")
	if res, err = s.CloseShift(t.Context(), end); err != nil || res.Shift.EndedBy != EndRelieved || res.Shift.Note != "keys in the drawer" {
		t.Errorf("%+v, %v", res.Shift, err)
	}
	if got := home.named(s, testStart.Add(90*time.Minute)); got != "zhao" {
		t.Errorf("%q, want zhao", got)
	}
}

func TestOtherGatewayKnowsOfAShiftWithinASecond(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li")
	other := openStore(t, s.keys.prefix, clock)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); other.WatchRules(ctx, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() { cancel(); <-done })
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	rules := s.Registry().Version
	soon := func(g *gatePost, who string) {
		t.Helper()
		begin := time.Now()
		eventually(t, who+" is known at the other gateway", func() bool { return g.named(other, clock.Now()) == who })
		if took := time.Since(begin); took > time.Second {
			t.Errorf("it took %s", took)
		}
	}
	home.open("shift-0001", "wang")
	soon(home, "wang")
	mall.open("shift-0001", "li") // another device may use the same ID
	soon(mall, "li")
	soon(home, "wang") // what has not changed stays
	clock.Advance(time.Hour)
	_, err := s.CloseShift(t.Context(), home.closing("shift-0001", ""))
	must(t, err)
	soon(home, "")
	if now := s.Registry().Version; now != rules {
		t.Errorf("shifts made version %d of the rules into %d", rules, now)
	}
	if third := openStore(t, s.keys.prefix, clock); mall.named(third, clock.Now()) != "li" {
		t.Error("a gateway that starts does not know who is on shift")
	}
}

// A Redis that has lost its newest changes (a replica that took over) is
// believed: its older number of the newest change is news.
func TestShiftsThatRedisLostAreForgotten(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang", "li")
	home := post(t, s, clock, "v-01")
	home.open("shift-0001", "wang")
	before := s.rdb.Get(t.Context(), s.keys.shifts(home.device)).Val()
	clock.Advance(time.Hour)
	home.open("shift-0002", "li")
	must(t, s.rdb.Set(t.Context(), s.keys.shifts(home.device), before, 0).Err())
	must(t, s.rdb.ZIncrBy(t.Context(), s.keys.shiftVersions(), -1, fmt.Sprint(home.device)).Err())
	must(t, s.loadShifts(t.Context()))
	if got := home.named(s, clock.Now()); got != "wang" {
		t.Errorf("%q on shift", got)
	}
}

func TestShiftsAreKeptAsLongAsEvents(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	guards(t, s, "wang")
	home := post(t, s, clock, "v-01")
	home.open("shift-0001", "wang")
	clock.Advance(8 * time.Hour)
	_, err := s.CloseShift(t.Context(), home.closing("shift-0001", "note"))
	must(t, err)
	clock.Advance(s.retention - time.Millisecond)
	home.open("shift-0002", "wang")
	if home.named(s, testStart) != "wang" {
		t.Error("the shift is gone before its events are")
	}
	clock.Advance(2 * time.Millisecond)
	if res := home.open("shift-0003", "wang"); res.Previous == nil || res.Previous.ID != "shift-0002" {
		t.Errorf("%+v", res.Previous)
	}
	if stored := s.rdb.Get(t.Context(), s.keys.shifts(home.device)).Val(); strings.Contains(stored, "shift-0001") {
		t.Error("the shift is kept after its events are gone")
	}
	if ttl := s.rdb.PTTL(t.Context(), s.keys.shifts(home.device)).Val(); ttl < s.retention || ttl > s.retention+48*time.Hour {
		t.Errorf("a device that is used no more keeps its shifts for %s", ttl)
	}
	for i := range maxShifts + 20 {
		clock.Advance(time.Second)
		home.open(fmt.Sprintf("shift-n%04d", i), "wang")
	}
	_, records, err := s.readShifts(t.Context(), home.device)
	must(t, err)
	if len(records) != maxShifts || records[len(records)-1].ID != fmt.Sprintf("shift-n%04d", maxShifts+19) {
		t.Errorf("%d are kept", len(records))
	}
}

func TestShiftsAreCounted(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	project(t, s)
	guards(t, s, "wang", "li")
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	mall.scan(id, In, 36_5) // nobody is on shift yet
	clock.Advance(time.Minute)
	mall.open("shift-0001", "wang")
	mall.scan(id, Out, 0)
	clock.Advance(time.Minute)
	mall.scan(id, In, 38_0)
	clock.Advance(time.Minute)
	back := mall.request(id, In, 36_5)
	mall.send(back)
	_, err := s.Annul(t.Context(), AnnulRequest{
		ID: "annul-0001", Device: mall.device, Scan: back.ID, OccurredAt: back.OccurredAt, At: back.OccurredAt, Person: id,
	})
	must(t, err)
	clock.Advance(time.Minute)
	mall.open("shift-0002", "li")
	urgent := mall.request(id, In, 0)
	urgent.Override = OverrideFire
	mall.send(urgent)
	from, to := testStart.UnixMilli(), testStart.UnixMilli()+86_400_000
	want := []ShiftCounts{
		{Out: [4]int{Pass: 1}, In: [4]int{Remeasure: 1}, Annulled: 1},
		{In: [4]int{Pass: 1}, Overrides: 1},
	}
	var got []ShiftReport
	eventually(t, "every event is counted", func() bool {
		got, err = s.Shifts(t.Context(), "mall-01-g1", from, to)
		must(t, err)
		return len(got) == 2 && got[0].Counts == want[0] && got[1].Counts == want[1]
	})
	second := got[1].OpenedAt
	for _, w := range []struct {
		gate     string
		from, to int64
		n        int
	}{
		{"mall-01-g1", from, second, 1},
		{"mall-01-g1", from, second + 1, 2},
		{"mall-01-g1", second, to, 1},
		{"mall-01-g1", second - 1, to, 2},
		{"mall-01-g1", to, to + 1, 0},
		{"v-01-g1", from, to, 0},
	} {
		if got, err := s.Shifts(t.Context(), w.gate, w.from, w.to); err != nil || len(got) != w.n {
			t.Errorf("%+v: %d shifts, %v", w, len(got), err)
		}
	}
	var fe *FieldError
	if _, err := s.Shifts(t.Context(), "mall-01-g1", from, from+7*86_400_000+1); !errors.As(err, &fe) {
		t.Errorf("eight days: %v", err)
	}
	if _, err := s.Shifts(t.Context(), "nowhere", from, to); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestGuardHasABadgeAndNoPassword(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	put := func(st Staff) error {
		return s.Change(t.Context(), func(d *Draft) error { return d.PutStaff(st) })
	}
	var fe *FieldError
	if err := put(Staff{Login: "wang", Role: RoleGuard, PasswordHash: "x"}); !errors.As(err, &fe) || fe.Field != "password" {
		t.Errorf("%v", err)
	}
	if err := put(Staff{Login: "wang", Role: RoleMedic}); err == nil {
		t.Error("a medic without a password")
	}
	must(t, put(Staff{Login: "wang", Role: RoleGuard}))
	must(t, put(Staff{Login: "li", Role: RoleMedic, PasswordHash: "x", BadgeHash: []byte("b")}))
	reg := openStore(t, s.keys.prefix, &testClock{}).Registry()
	li, ok := reg.StaffByBadge([]byte("b"))
	if again, _ := reg.StaffByNum(li.Num); !ok || again != li || li.Login != "li" {
		t.Errorf("%+v", li)
	}
	if _, ok := reg.StaffByBadge(nil); ok {
		t.Error("no badge is somebody's badge")
	}
	// A draft that comes to nothing has changed nothing.
	nothing := errors.New("nothing")
	err := s.Change(t.Context(), func(d *Draft) error {
		must(t, d.PutStaff(Staff{Login: "li", Role: RoleMedic, PasswordHash: "x", BadgeHash: []byte("c")}))
		_, old := d.StaffByBadge([]byte("b"))
		if _, ok := d.StaffByBadge([]byte("c")); !ok || old {
			t.Errorf("the draft has the new badge %v, the old one %v", ok, old)
		}
		return nothing
	})
	if _, ok := s.Registry().StaffByBadge([]byte("b")); !ok || !errors.Is(err, nothing) {
		t.Errorf("the badge is gone, or %v", err)
	}
}
