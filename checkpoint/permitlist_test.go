package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// numbers lists the permits that a filter lets through.
func (d *permitDesk) numbers(f PermitFilter) (out []uint32) {
	d.t.Helper()
	permits, more, err := d.s.Permits(d.t.Context(), f)
	if err != nil || more {
		d.t.Fatalf("list: more %v, %v", more, err)
	}
	now := d.s.now()
	for _, p := range permits {
		if f.State != "" && p.StateAt(now) != f.State {
			d.t.Errorf("permit %d is %s in a list of %s", p.Number, p.StateAt(now), f.State)
		}
		out = append(out, p.Number)
	}
	return out
}

func TestPermitsAreListedByWhatIsAsked(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk := newDesk(t, s)
	start, hour := s.now(), time.Hour.Milliseconds()
	host := villager(t, s, 2)
	span := func(from, until int64) func(*NewPermit) {
		return func(in *NewPermit) { in.From, in.Until = start+from*hour, start+until*hour }
	}
	a := desk.issue(1, span(0, 1))
	b := desk.issue(2, span(0, 9))
	c := desk.issue(1, span(5, 8))
	d := desk.issue(3, span(0, 7), func(in *NewPermit) { in.Site, in.Host = "v-02", host })
	clock.Advance(2 * time.Hour)
	for what, test := range map[string]struct {
		filter PermitFilter
		want   []Permit
	}{
		"all":       {PermitFilter{}, []Permit{b, c, d, a}},
		"a person":  {PermitFilter{Person: a.Person}, []Permit{c, a}},
		"a host":    {PermitFilter{Host: host}, []Permit{d}},
		"a site":    {PermitFilter{Site: "v-01"}, []Permit{b, c, a}},
		"in force":  {PermitFilter{State: PermitInForce}, []Permit{b, d}},
		"coming":    {PermitFilter{State: PermitComing}, []Permit{c}},
		"ended":     {PermitFilter{State: PermitEnded}, []Permit{a}},
		"overstay":  {PermitFilter{State: PermitOverstayed}, nil},
		"in scope":  {PermitFilter{Within: func(site *Site) bool { return site.Grid == "area-2" }}, []Permit{d}},
		"two wants": {PermitFilter{Site: "v-01", State: PermitInForce, Host: desk.host}, []Permit{b}},
	} {
		var numbers []uint32
		for _, p := range test.want {
			numbers = append(numbers, p.Number)
		}
		if got := desk.numbers(test.filter); !slices.Equal(got, numbers) {
			t.Errorf("%s: got %v, want %v", what, got, numbers)
		}
	}
	if _, _, err := s.Permits(t.Context(), PermitFilter{Site: "v-99"}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a site that is none: %v", err)
	}
	_, _, err := s.Permits(t.Context(), PermitFilter{State: "lost"})
	wantField(t, err, "state")
}

func TestWhoIsInsideWhenThePermitEndsIsLeftBehind(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	enter := func(visitor int, edit ...func(*NewPermit)) Permit {
		p := desk.issue(visitor, edit...)
		want(t, gate.scan(p.Person, In, 36_5), Pass, ReasonOK, Admit, 0)
		return p
	}
	stays, leaves, moves, longer, renewed := enter(1), enter(2), enter(3), enter(4, many), enter(5)
	desk.issue(6) // never came
	clock.Advance(time.Minute)
	want(t, gate.scan(leaves.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
	want(t, post(t, s, clock, "mall-01").scan(moves.Person, In, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
	desk.issue(4, func(in *NewPermit) { in.From, in.Until = s.now(), longer.Until+60_000 })
	desk.issue(5, func(in *NewPermit) { in.From, in.Until = longer.Until+120_000, longer.Until+240_000 })
	overstayed := PermitFilter{State: PermitOverstayed}

	clock.Advance(time.Duration(stays.Until-s.now()-1) * time.Millisecond)
	if got := desk.numbers(overstayed); got != nil {
		t.Errorf("a millisecond early: %v", got)
	}
	clock.Advance(time.Millisecond)
	if got := desk.numbers(overstayed); !slices.Equal(got, []uint32{renewed.Number, stays.Number}) {
		t.Errorf("left behind: %v, want %v", got, []uint32{renewed.Number, stays.Number})
	}
	if got := desk.numbers(PermitFilter{State: PermitEnded, Person: stays.Person}); got != nil {
		t.Errorf("who overstays is listed as ended: %v", got)
	}

	t.Log("the exit says so; a permit that goes on covers it, one that is to come does not")
	clock.Advance(time.Second)
	want(t, gate.scan(stays.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider|FlagOverstayed)
	want(t, gate.scan(longer.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
	want(t, gate.scan(renewed.Person, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider|FlagOverstayed)
	if got := desk.numbers(overstayed); got != nil {
		t.Errorf("all have left: %v", got)
	}
}

// Only the permit under which somebody may have come in can be overstayed.
func TestWhoCameInByOtherMeansOverstaysNoPermit(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk, gate := newDesk(t, s), post(t, s, clock, "v-01")
	emergency := func(person uint64) {
		req := gate.request(person, In, 36_5)
		req.Override = OverrideFire
		want(t, gate.send(req), Pass, ReasonOutsider, Admit, FlagOverride)
	}
	t.Log("inside since before a permit that was withdrawn before it began")
	in := desk.ask(1)
	guest, err := s.visitor(t.Context(), *in.Visitor, desk.host, nil)
	must(t, err)
	emergency(guest)
	clock.Advance(time.Minute)
	coming := desk.issue(1, func(in *NewPermit) { in.From = s.now() + 60_000 })
	_, err = s.WithdrawPermit(t.Context(), coming.Number, "li")
	must(t, err)
	t.Log("and since after one had ended")
	over := desk.issue(2, func(in *NewPermit) { in.Until = s.now() + 1 })
	clock.Advance(time.Millisecond)
	req := gate.request(over.Person, In, 36_5)
	req.Override = OverrideFire
	want(t, gate.send(req), Pass, ReasonPermitExpired, Admit, FlagOverride)
	clock.Advance(time.Minute)
	if got := desk.numbers(PermitFilter{State: PermitOverstayed}); got != nil {
		t.Errorf("left behind: %v", got)
	}
	for _, id := range []uint64{guest, over.Person} {
		want(t, gate.scan(id, Out, 36_5), Pass, ReasonOK, Admit, FlagOutsider)
	}
}

// What ended goes when retention is over, with whatever is issued next in the
// partition, from the person too.
func TestPermitsPastRetentionAreNowhere(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	desk := newDesk(t, s)
	old := desk.issue(1)
	clock.Advance(s.retention + time.Hour)
	next := desk.issue(2)
	if got := desk.numbers(PermitFilter{Person: old.Person}); !slices.Equal(got, []uint32{old.Number}) {
		t.Errorf("at the end of retention: %v", got)
	}
	clock.Advance(time.Millisecond)
	desk.issue(2)
	if _, err := s.Permit(t.Context(), old.Number); !errors.Is(err, ErrNotFound) {
		t.Errorf("past retention: %v", err)
	}
	if v, err := s.rdb.HGet(t.Context(), s.keys.person(old.Person), "v").Result(); err != nil && !errors.Is(err, redis.Nil) || v != "" {
		t.Errorf("%d bytes of permits are left on the person, %v", len(v), err)
	}
	for _, key := range allKeys(t, s) {
		if strings.HasSuffix(key, s.keys.permit(old.Number)) {
			t.Errorf("key %q is left", key)
		}
	}
	if _, err := s.Permit(t.Context(), next.Number); err != nil {
		t.Error(err)
	}
}

func TestListSaysThatThereIsMore(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	desk := newDesk(t, s)
	p := desk.issue(1)
	m, err := s.permitMember(t.Context(), p.Number)
	must(t, err)
	fill := func(n int) { // as many that are further on, without particulars
		members := make([]redis.Z, n)
		for i := range members {
			b := appendUint32(nil, uint32(1_000_000+i))
			b = binary.BigEndian.AppendUint64(append(b, 'v'), m.person)
			b = binary.BigEndian.AppendUint64(appendUint32(b, m.site), m.host)
			members[i] = redis.Z{Score: float64(p.Until + int64(i)), Member: append(b, logHeadOf(0, m.from)[8:]...)}
		}
		must(t, s.rdb.ZAdd(t.Context(), s.keys.permits(permitPartition(p.Number)), members...).Err())
	}
	for n, want := range map[int]bool{0: false, MaxPermits - 1: false, MaxPermits: true} {
		must(t, s.rdb.ZRemRangeByScore(t.Context(), s.keys.permits(permitPartition(p.Number)), "("+fmt.Sprint(p.Until), "+inf").Err())
		fill(max(1, n))
		if _, more, err := s.Permits(t.Context(), PermitFilter{Site: "v-01"}); err != nil || more != want {
			t.Errorf("%d others: more %v, %v", n, more, err)
		}
	}
	fill(permitsRead)
	if _, more, err := s.Permits(t.Context(), PermitFilter{Person: 1}); err != nil || more != (permitPartition(p.Number) == 0) {
		t.Errorf("another person: more %v, %v", more, err)
	}
	if _, more, err := s.Permits(t.Context(), PermitFilter{Host: 1}); err != nil || !more {
		t.Errorf("a full partition: more %v, %v", more, err)
	}
}
