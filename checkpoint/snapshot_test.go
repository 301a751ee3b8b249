package checkpoint

import (
	"maps"
	"testing"
	"time"
)

// After any change the copy holds what a copy that is read anew holds.
func TestCopyFollowsEveryChange(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	var rows []NewResident
	for i := range 40 {
		rows = append(rows, resident(i, []string{"v-01", "c-01"}[i%2]))
	}
	ids := mustEnrol(t, s, rows...)
	n := newSnapshot()
	must(t, s.fill(t.Context(), n))
	if got := n.size(); got != 40 {
		t.Fatalf("%d people in the copy", got)
	}
	mall, pharmacy := post(t, s, clock, "mall-01"), post(t, s, clock, "pharmacy-01")
	desk := newDeskOf(t, s, ids[0])
	walk := mall.request(0, In, 36_5)
	walk.Who, walk.Person, walk.WalkIn = ByWalkIn, 0, &WalkIn{Name: "赵六", IDTail: "1234"}
	changes := map[string]func(){
		"somebody enrols": func() { mustEnrol(t, s, resident(100, "c-01")) },
		"somebody is edited": func() {
			mustEnrol(t, s, NewResident{Name: "王小明", IDNumber: "P0000000", Site: "v-01", Door: "1-1-0", Grid: "mg-1", Phone: "13800000001"})
		},
		"a status":       func() { must(t, s.SetStatus(t.Context(), ids[2], StatusRed)) },
		"a revoked pass": func() { _, err := s.Revoke(t.Context(), ids[3]); must(t, err) },
		"a permit":       func() { desk.issue(1) },
		"an exemption": func() {
			_, err := s.Exempt(t.Context(), ids[4], clock.Now().UnixMilli()+refDay, ExemptMedical, "li")
			must(t, err)
		},
		"an exemption's end": func() { must(t, s.EndExemption(t.Context(), ids[4], "li")) },
		"a fever case": func() {
			pharmacy.send(pharmacy.request(ids[5], In, 38_0))
			clock.Advance(time.Minute)
			pharmacy.send(pharmacy.request(ids[5], In, 38_1))
		},
		"a fever case's end": func() {
			open, err := s.openFevers(t.Context())
			must(t, err)
			_, err = s.CloseFever(t.Context(), open[0].ID, FeverScreenedNegative, "medic-1", "")
			must(t, err)
		},
		"a walk-in": func() { walk.OccurredAt = s.now(); mall.send(walk) },
		"a match": func() {
			id, _ := s.WalkInID(*walk.WalkIn)
			_, err := s.MatchWalkIn(t.Context(), id, ids[6], "li")
			must(t, err)
		},
		"the end of a match":    func() { id, _ := s.WalkInID(*walk.WalkIn); _, err := s.UnmatchWalkIn(t.Context(), id); must(t, err) },
		"an erasure":            func() { must(t, s.Erase(t.Context(), ids[7], "li")) },
		"passages, and no more": func() { mall.send(mall.request(ids[8], In, 36_5)) },
	}
	order := []string{
		"somebody enrols", "somebody is edited", "a status", "a revoked pass", "a permit", "an exemption", "an exemption's end",
		"a fever case", "a fever case's end", "a walk-in", "a match", "the end of a match", "an erasure", "passages, and no more",
	}
	for _, what := range order {
		changes[what]()
		must(t, s.follow(t.Context(), n))
		anew := newSnapshot()
		must(t, s.fill(t.Context(), anew))
		for part := range Partitions {
			got, want := n.copyOf(part), anew.copyOf(part)
			for id := range got { // those are met by changes only, and judged as they are without a copy
				if k, _ := got[id].field(factPlace["k"]); want[id] == "" && (k == string(KindWalkIn) || k == string(KindErased)) {
					delete(got, id)
				}
			}
			if !maps.Equal(got, want) {
				t.Fatalf("%s: partition %d: followed %v, anew %v", what, part, got, want)
			}
		}
	}
	number, err := ParseDocument("P0000100")
	must(t, err)
	if _, ok := n.document(s.seal.blind("document", number)); !ok {
		t.Error("who enrolled meanwhile is not found by document")
	}
}

func TestFactsArePackedAndReadBack(t *testing.T) {
	t.Parallel()
	long := string(make([]byte, 254))
	f := packFacts([]any{"1", nil, "", long, string(make([]byte, 255)), "x"})
	for place, want := range []struct {
		text  string
		there bool
	}{{"1", true}, {"", false}, {"", true}, {long, true}, {"", false}, {"x", true}, {"", false}} {
		if got, there := f.field(place); got != want.text || there != want.there {
			t.Errorf("field %d: %q, %v", place, got, there)
		}
	}
	if f := packFacts([]any{nil, nil}); f != "" {
		t.Errorf("nobody is %q", f)
	}
}

// copyOf is a copy of a partition's people.
func (n *snapshot) copyOf(part int) map[uint64]personFacts {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return maps.Clone(n.parts[part].people)
}
