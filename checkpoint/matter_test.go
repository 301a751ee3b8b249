package checkpoint

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"
)

func matterOf(text, node, state string) Matter {
	m := Matter{ID: NewMatterID("test", text), Kind: "test", Node: node, State: state}
	_ = m.Put(map[string]string{"text": text})
	return m
}

func idsOf(page []Matter) (ids []MatterID) {
	for i := range page {
		ids = append(ids, page[i].ID)
	}
	return ids
}

func TestAMatterAddedTwiceIsOne(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	first, err := s.AddMatter(t.Context(), matterOf("a", "mg-1", "open"))
	must(t, err)
	clock.Advance(time.Minute)
	_, err = s.TurnMatter(t.Context(), "test", first.ID, 7, "看过了", func(m *Matter) error { m.State = "taken"; return nil })
	must(t, err)
	again, err := s.AddMatter(t.Context(), matterOf("a", "mg-1", "open"))
	must(t, err)
	if again.State != "taken" || again.OpenedAt != first.OpenedAt || len(again.Steps) != 2 || again.Steps[1] != (MatterStep{first.OpenedAt + 60_000, 7, "taken", "看过了"}) {
		t.Errorf("the same again gave %+v", again)
	}
	if _, err := s.AddMatter(t.Context(), matterOf("a", "mg-2", "open")); !errors.Is(err, ErrOtherRecord) {
		t.Errorf("other content under the same ID: %v", err)
	}
}

func TestMattersOfANodeAreThoseOfItsSubtree(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	var one, all []MatterID
	for i := range 25 {
		node := []string{"mg-1", "area-1", "mg-2"}[i%3]
		if i%5 == 0 {
			clock.Advance(time.Second) // others share their millisecond
		}
		m, err := s.AddMatter(t.Context(), matterOf(fmt.Sprint(i), node, "open"))
		must(t, err)
		all = append(all, m.ID)
		if node != "mg-2" {
			one = append(one, m.ID)
		}
	}
	for _, q := range []MatterQuery{
		{Node: "area-1"}, {Node: "area-1", Newest: true}, {Node: "area-1", By: OpenOnly}, {Node: "root"}, {},
	} {
		want := one
		if q.Node != "area-1" {
			want = all
		}
		var got []MatterID
		q.Kind, q.Limit = "test", 4
		for {
			page, next, err := s.Matters(t.Context(), q)
			must(t, err)
			got = append(got, idsOf(page)...)
			if q.Cursor = next; next == "" {
				break
			}
		}
		if slices.Sort(got); len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%+v: one came twice", q)
		}
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%+v: %d matters, want %d", q, len(got), len(want))
		}
	}
	counts, err := s.CountMatters(t.Context(), "test", OpenOnly, 0, 0)
	must(t, err)
	if counts["mg-1"] != 9 || counts["area-1"] != 8 || counts["mg-2"] != 8 {
		t.Errorf("counts %v", counts)
	}
}

func TestAMatterMovesBetweenLists(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := mustEnrol(t, s, NewResident{Name: "王小明", IDNumber: "11010519491231002X", Site: "v-01", Door: "1"})[0]
	m := matterOf("a", "mg-1", "open")
	m.Person, m.DueAt = who, s.Now()+time.Hour.Milliseconds()
	m, err := s.AddMatter(t.Context(), m)
	must(t, err)
	listed := func(by MatterOrder, node string) int {
		page, _, err := s.Matters(t.Context(), MatterQuery{Kind: "test", Node: node, By: by})
		must(t, err)
		return len(page)
	}
	due := func() int {
		late, err := s.DueMatters(t.Context(), "test", s.Now())
		must(t, err)
		return len(late)
	}
	if due() != 0 {
		t.Error("due before its time")
	}
	clock.Advance(61 * time.Minute)
	if due() != 1 {
		t.Error("not due after its time")
	}
	_, err = s.TurnMatter(t.Context(), "test", m.ID, 1, "", func(m *Matter) error { m.Node = "mg-2"; return nil })
	must(t, err)
	if listed(OpenedAll, "area-1") != 0 || listed(OpenOnly, "area-2") != 1 {
		t.Error("it is still where it was")
	}
	_, err = s.TurnMatter(t.Context(), "test", m.ID, 1, "", func(m *Matter) error { m.State, m.ClosedAt = "done", s.Now(); return nil })
	must(t, err)
	if listed(OpenOnly, "") != 0 || listed(ClosedOnly, "area-2") != 1 || listed(OpenedAll, "area-2") != 1 || due() != 0 {
		t.Error("a closed one is not where it should be")
	}
	mine, _, err := s.Matters(t.Context(), MatterQuery{Kind: "test", Person: who})
	must(t, err)
	if len(mine) != 1 {
		t.Errorf("%d about the person", len(mine))
	}
}

func TestMattersTurnTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	refs := []MatterRef{{"test", 1}, {"test", 2}}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				err := s.TurnMatters(t.Context(), 1, "", refs, func(some []*Matter) error {
					for i, m := range some {
						var n int
						if err := m.Get(&n); err != nil {
							return err
						}
						m.Node, m.State = "mg-1", "open"
						if err := m.Put(n + 1 - 2*i); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil && !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var up, down int
	for i, n := range []*int{&up, &down} {
		m, err := s.Matter(t.Context(), "test", refs[i].ID)
		must(t, err)
		must(t, m.Get(n))
	}
	if up <= 0 || up != -down {
		t.Errorf("one was counted %d times up, the other %d down", up, down)
	}
	refused := errors.New("no")
	if err := s.TurnMatters(t.Context(), 1, "", refs, func([]*Matter) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("the refusal became %v", err)
	}
}

func TestMattersAreSealedAndGoWithTheirTime(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := mustEnrol(t, s, NewResident{Name: "王小明", IDNumber: "11010519491231002X", Site: "v-01", Door: "1"})[0]
	secret := "不可外传的内容"
	about := func(text string, closed bool) MatterID {
		m := matterOf(secret+text, "mg-1", "open")
		if m.Person = who; closed {
			m.ClosedAt = s.Now()
		}
		m, err := s.AddMatter(t.Context(), m)
		must(t, err)
		return m.ID
	}
	open, closed := about("1", false), about("2", true)
	for _, key := range allKeys(t, s) {
		if text, err := s.rdb.Get(t.Context(), key).Result(); err == nil && len(text) > 0 && slices.Contains([]rune(text), '外') {
			t.Errorf("%q is not sealed", key)
		}
	}
	clock.Advance(30 * 24 * time.Hour)
	sweep(t, s)
	if _, err := s.Matter(t.Context(), "test", closed); !errors.Is(err, ErrNotFound) {
		t.Errorf("a closed one after retention: %v", err)
	}
	must(t, s.Erase(t.Context(), who, "admin"))
	m, err := s.Matter(t.Context(), "test", open)
	must(t, err)
	if m.Person != 0 || len(m.Body) != 0 || m.Open() {
		t.Errorf("after the erasure: %+v", m)
	}
	clock.Advance(30 * 24 * time.Hour)
	sweep(t, s)
	for _, list := range []string{s.keys.matter("test", open), s.keys.matters("test", OpenedAll, "mg-1"), s.keys.matters("test", ClosedOnly, "mg-1"), s.keys.mattersOf(who)} {
		if n, err := s.rdb.Exists(t.Context(), list).Result(); err != nil || n != 0 {
			t.Errorf("%q is still there (%v)", list, err)
		}
	}
}
