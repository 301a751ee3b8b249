package checkpoint

import (
	"slices"
	"testing"
)

// What the sentences of Precedence promise beyond the order.

func TestHighReadingsOfRefusedPeopleCount(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	home := post(t, s, clock, "v-01")
	must(t, s.SetStatus(t.Context(), id, StatusRed))
	want(t, home.scan(id, Out, 38_1), Deny, ReasonStatusRed, MeasureAgain, FlagBreach|FlagTemperatureHigh)
	want(t, home.scan(id, Out, 38_2), Deny, ReasonStatusRed, HoldHere, FlagBreach|FlagTemperatureHigh)
	if n := s.rdb.ZCard(t.Context(), s.keys.fevers(partitionOf(id))).Val(); n != 1 {
		t.Errorf("%d open cases", n)
	}
	want(t, home.scan(id, In, 36_5), Pass, ReasonStatusRed, Escort, FlagEscort|FlagFeverCase) // home, whatever it is
}

func TestWhoIsInsideAFullSiteTakesNoFurtherPlace(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("mall-01")
		small := *site
		small.Capacity = 1
		return d.PutSite(small)
	}))
	mall := post(t, s, clock, "mall-01")
	want(t, mall.scan(ids[0], In, 36_5), Pass, ReasonOK, Admit, 0)
	must(t, s.watchOccupancy(t.Context()))
	want(t, mall.scan(ids[0], In, 36_5), Pass, ReasonOK, Admit, FlagAlreadyInside)
	want(t, mall.scan(ids[1], In, 36_5), Deny, ReasonSiteFull, SendBack, 0)
}

// Every reason that can be on record is one of a step's, or marks a scan that
// was taken back; every step says in both languages what it does.
func TestPrecedenceIsComplete(t *testing.T) {
	t.Parallel()
	var names []string
	given := map[Reason]bool{ReasonAnnulled: true}
	for _, step := range Precedence() {
		if slices.Contains(names, step.Name) || step.ZH == "" || step.EN == "" || len(step.Ways) == 0 {
			t.Errorf("step %+v", step)
		}
		if step.Where.ZH() == "" || step.Replaces.ZH() == "" {
			t.Errorf("%s: where %q, replaces %q have no Chinese word", step.Name, step.Where, step.Replaces)
		}
		names = append(names, step.Name)
		for _, r := range step.Reasons {
			given[r] = true
		}
	}
	for r := range reasons {
		if !given[Reason(r)] { //nolint:gosec // an index of the table
			t.Errorf("no step gives %s", reasons[r].Name)
		}
	}
}

func TestEveryNameHasItsOwnWord(t *testing.T) {
	t.Parallel()
	words := map[string][]string{
		"status": statusZH[:], "site kind": siteKindZH[:], "decision": decisionZH[:], "action": actionZH[:], "flag": flagZH[:],
	}
	for _, r := range reasons {
		words["reason"] = append(words["reason"], r.ZH)
	}
	for what, table := range map[string][]Word{"action in English": ActionWords(), "flag in English": FlagWords()} {
		for _, w := range table {
			words[what] = append(words[what], w.EN)
		}
	}
	for what, list := range words {
		for i, word := range list {
			if word == "" || slices.Contains(list[:i], word) {
				t.Errorf("%s %d has the word %q", what, i, word)
			}
		}
	}
	if got := (FlagLate | FlagOtherVehicle).NamesZH(); !slices.Equal(got, []string{"补传", "非许可车辆"}) {
		t.Errorf("flags %v", got)
	}
}
