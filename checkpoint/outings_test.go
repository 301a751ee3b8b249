package checkpoint

import (
	"testing"
	"time"
)

// limitOutings sets the rule of a village, on the given temperature rule none.
func limitOutings(t testing.TB, s *Store, outings, days int) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		edited := *site
		edited.Outings, edited.OutingDays, edited.AntiPassback = outings, days, Off
		return d.PutSite(edited)
	}))
}

// family enrols people behind one door of v-01.
func family(t testing.TB, s *Store, size int) []uint64 {
	t.Helper()
	rows := make([]NewResident, size)
	for i := range rows {
		rows[i] = resident(i+1, "v-01")
		rows[i].Door = "1-1-101"
	}
	return mustEnrol(t, s, rows...)
}

func TestHouseholdGoesOutSoManyTimesInSoManyLocalDays(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	limitOutings(t, s, 2, 2)
	ids := family(t, s, 2)
	stranger := mustEnrol(t, s, resident(9, "v-01"))[0]
	gate := post(t, s, clock, "v-01")
	// Noon in Shanghai on the first day.
	want(t, gate.scan(ids[0], Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(ids[1], Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(ids[0], Out, 36_5), Deny, ReasonQuota, SendBack, 0)
	want(t, gate.scan(stranger, Out, 36_5), Pass, ReasonOK, Admit, 0) // another household
	want(t, gate.scan(ids[0], In, 36_5), Pass, ReasonOK, Admit, 0)

	clock.Advance(36*time.Hour - time.Millisecond) // the last millisecond of the second day
	want(t, gate.scan(ids[1], Out, 36_5), Deny, ReasonQuota, SendBack, 0)
	clock.Advance(time.Millisecond) // the third begins, the first no longer counts
	want(t, gate.scan(ids[1], Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(ids[0], Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(ids[0], Out, 36_5), Deny, ReasonQuota, SendBack, 0)
}

func TestMedicalAndWorkAreNoOutings(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	limitOutings(t, s, 1, 1)
	id := family(t, s, 1)[0]
	gate := post(t, s, clock, "v-01")
	leave := func(purpose Purpose) ScanResult {
		clock.Advance(time.Second)
		req := gate.request(id, Out, 36_5)
		req.Purpose = purpose
		return gate.send(req)
	}
	for _, p := range []Purpose{PurposeMedical, PurposeWork} {
		want(t, leave(p), Pass, ReasonOK, Admit, 0)
	}
	want(t, leave(PurposeSupplies), Pass, ReasonOK, Admit, 0)
	for _, p := range []Purpose{PurposeSupplies, PurposeOther, PurposeUnsaid} {
		want(t, leave(p), Deny, ReasonQuota, SendBack, 0)
	}
	for _, p := range []Purpose{PurposeMedical, PurposeWork} {
		want(t, leave(p), Pass, ReasonOK, Admit, 0)
	}
}

func TestExemptionFreesOnePersonForItsTime(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	limitOutings(t, s, 1, 14)
	ids := family(t, s, 2)
	gate := post(t, s, clock, "v-01")
	leave := func(id uint64) ScanResult { return gate.scan(id, Out, 36_5) }
	until := s.now() + time.Hour.Milliseconds()
	exempt, err := s.Exempt(t.Context(), ids[0], until, ExemptMedical, "wu")
	must(t, err)
	if w := (Exemption{ids[0], "v-01", ExemptMedical, s.now(), until, "wu"}); exempt != w {
		t.Errorf("got %+v, want %+v", exempt, w)
	}
	for range 3 {
		want(t, leave(ids[0]), Pass, ReasonOK, Admit, 0)
	}
	want(t, leave(ids[1]), Pass, ReasonOK, Admit, 0) // none of those counted
	want(t, leave(ids[1]), Deny, ReasonQuota, SendBack, 0)

	t.Log("the same again changes nothing, another one takes its place")
	if again, err := s.Exempt(t.Context(), ids[0], until, ExemptMedical, "chen"); err != nil || again != exempt {
		t.Errorf("again: %+v, %v", again, err)
	}
	for i := range 20 { // the first for another ground only; the records of those before make room
		clock.Advance(time.Second)
		_, err := s.Exempt(t.Context(), ids[0], until-int64(i), ExemptWork, "chen")
		must(t, err)
	}
	until -= 19
	if now, err := s.Exemption(t.Context(), ids[0]); err != nil || now == nil || now.Until != until || now.Ground != ExemptWork {
		t.Errorf("in force: %+v, %v", now, err)
	}
	if permits, _, err := s.Permits(t.Context(), PermitFilter{Person: ids[0]}); err != nil || len(permits) != 0 {
		t.Errorf("exemptions are listed as permits: %+v, %v", permits, err)
	}
	clock.Advance(time.Duration(until-s.now()-1) * time.Millisecond)
	want(t, leave(ids[0]), Pass, ReasonOK, Admit, 0)
	clock.Advance(time.Millisecond)
	want(t, leave(ids[0]), Deny, ReasonQuota, SendBack, 0)
}

func TestExemptionIsTakenBack(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	limitOutings(t, s, 1, 1)
	id := family(t, s, 1)[0]
	gate := post(t, s, clock, "v-01")
	must(t, s.EndExemption(t.Context(), id, "wu")) // there is none
	_, err := s.Exempt(t.Context(), id, s.now()+1000_000, ExemptWork, "wu")
	must(t, err)
	for range 2 {
		want(t, gate.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0)
	}
	for range 2 {
		must(t, s.EndExemption(t.Context(), id, "wu"))
	}
	want(t, gate.scan(id, Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(id, Out, 36_5), Deny, ReasonQuota, SendBack, 0)

	visitor := newDeskOf(t, s, id).issue(1).Person
	for field, call := range map[string]func() error{
		"ground":   func() error { _, err := s.Exempt(t.Context(), id, s.now()+1000, "fun", "wu"); return err },
		"until":    func() error { _, err := s.Exempt(t.Context(), id, s.now(), ExemptWork, "wu"); return err },
		"by":       func() error { _, err := s.Exempt(t.Context(), id, s.now()+1000, ExemptWork, ""); return err },
		"resident": func() error { _, err := s.Exempt(t.Context(), visitor, s.now()+1000, ExemptWork, "wu"); return err },
	} {
		wantField(t, call(), field)
	}
}

// Whoever was refused and goes out in an emergency has been out.
func TestRefusedExitThenEmergency(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	limitOutings(t, s, 1, 1)
	ids := family(t, s, 2)
	gate := post(t, s, clock, "v-01")
	want(t, gate.scan(ids[0], Out, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, gate.scan(ids[1], Out, 36_5), Deny, ReasonQuota, SendBack, 0)
	req := gate.request(ids[1], Out, 36_5)
	req.Override = OverrideMedical
	want(t, gate.send(req), Pass, ReasonQuota, Admit, FlagOverride)
	household := s.rdb.HGet(t.Context(), s.keys.person(ids[1]), "u").Val()
	if n := s.rdb.ZCard(t.Context(), s.keys.outings(partitionOf(ids[1]))+household).Val(); n != 2 {
		t.Errorf("%d outings on record, want 2: the refused one is none", n)
	}
}
