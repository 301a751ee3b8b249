package checkpoint

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// searchBoth asks with and without a copy and holds the answers together.
func searchBoth(t *testing.T, s *Store, b *Standby, q NameQuery) (found []Resident, more bool) {
	t.Helper()
	found, more, err := s.SearchName(t.Context(), q)
	must(t, err)
	q.Copy = b
	again, moreAgain, err := s.SearchName(t.Context(), q)
	must(t, err)
	if !slices.EqualFunc(found, again, func(a, b Resident) bool { return a.ID == b.ID }) || more != moreAgain {
		t.Errorf("%q: %d found without a copy, %d with one; more %v, %v", q.Name, len(found), len(again), more, moreAgain)
	}
	return again, moreAgain
}

func TestPeopleAreFoundByName(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	people := mustEnrol(t, s,
		NewResident{Name: "王小明", IDNumber: idNumber(1), Site: "v-01", Door: "3-2-501"},
		NewResident{Name: "王大明", IDNumber: idNumber(2), Site: "v-01", Door: "3-2-501"}, // of the same mask
		NewResident{Name: "王小明", IDNumber: idNumber(3), Site: "v-02", Door: "1"},
		NewResident{Name: "王小明明", IDNumber: idNumber(4), Site: "v-02", Door: "1"},
		NewResident{Name: "Jose\u0301 Li", IDNumber: "P5551111", Site: "v-01"},
		NewResident{Name: "古丽·艾力", IDNumber: "P5552222", Site: "v-01"},
	)
	must(t, s.SetStatus(t.Context(), people[2], StatusGone))
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	for _, n := range []struct {
		name, site string
		want       []int
	}{
		{"王小明", "", []int{0, 2}},
		{" 王 小 明 ", "v-01", []int{0}},
		{"王小明", "v-02", []int{2}},
		{"王*明", "", nil},
		{"王小", "", nil},
		{"Jos\u00e9  Li", "", []int{4}},
		{"古丽•艾力", "", []int{5}},
		{"赵六", "", nil},
	} {
		if strings.Contains(n.name, "*") {
			_, _, err := s.SearchName(t.Context(), NameQuery{Name: n.name})
			fieldError(t, err, "name", "masked")
			continue
		}
		found, more := searchBoth(t, s, b, NameQuery{Name: n.name, Site: n.site})
		var ids, want []uint64
		for _, p := range found {
			ids = append(ids, p.ID)
		}
		for _, i := range n.want {
			want = append(want, people[i])
		}
		if more || !slices.Equal(ids, want) {
			t.Errorf("%q at %q finds %x, want %x", n.name, n.site, ids, want)
		}
	}
	_, _, err := s.SearchName(t.Context(), NameQuery{Name: "王小明", Site: "v-99"})
	fieldError(t, err, "site", "known site")
}

// Who is enrolled, renamed or erased is found, or not, by the copy a moment later.
func TestASearchByNameFollowsTheRegister(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	b.run(t)
	finds := func(name string, want int) {
		t.Helper()
		var n int
		for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			found, _, err := s.SearchName(t.Context(), NameQuery{Name: name, Copy: b})
			must(t, err)
			if n = len(found); n == want {
				return
			}
		}
		t.Errorf("%s finds %d, want %d", name, n, want)
	}
	id := mustEnrol(t, s, NewResident{Name: "王小明", IDNumber: idNumber(1), Site: "v-01"})[0]
	finds("王小明", 1)
	_, err := s.Correct(t.Context(), id, Correction{Name: "汪晓铭", Reason: "写错了"}, &Staff{Login: "clerk"})
	must(t, err)
	finds("王小明", 0)
	finds("汪晓铭", 1)
	must(t, s.Erase(t.Context(), id, "admin"))
	finds("汪晓铭", 0)
}

func TestASearchByNameIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	var rows []NewResident
	for i := range 2 * MaxNamesakes {
		rows = append(rows, NewResident{Name: "王伟", IDNumber: fmt.Sprintf("P%07d", i), Site: []string{"v-01", "v-02"}[i%2], Door: fmt.Sprintf("%03d", i)})
	}
	mustEnrol(t, s, rows...)
	b := newStandby(t, s, t.TempDir(), StandbyConfig{})
	found, more := searchBoth(t, s, b, NameQuery{Name: "王伟"})
	if len(found) != MaxNamesakes || !more || found[0].Door != "000" || found[1].Door != "002" {
		t.Errorf("%d found, more %v: %+v", len(found), more, found[:2])
	}
	site, _ := s.Registry().Site("v-02")
	within := func(node string) bool { return node == site.Grid }
	if found, more := searchBoth(t, s, b, NameQuery{Name: "王伟", Within: within}); len(found) != MaxNamesakes || more || found[0].Site != "v-02" {
		t.Errorf("%d found in a part of the town, more %v", len(found), more)
	}
}

// BenchmarkSearchName is one search among 100,000 people, of whom one in 400 has the
// name and four times as many its mask.
func BenchmarkSearchName(b *testing.B) {
	s, _ := newStore(b)
	var rows []NewResident
	for i := range 100_000 {
		row := resident(i, "v-01")
		row.Name = fmt.Sprintf("%c小%c", '一'+rune(i%100), '一'+rune(i/100%1000))
		if i%100 == 0 {
			row.Name = fmt.Sprintf("王%c", '一'+rune(i/100%4))
		}
		rows = append(rows, row)
	}
	mustEnrol(b, s, rows...)
	standby := newStandby(b, s, b.TempDir(), StandbyConfig{})
	for _, with := range []struct {
		name string
		copy *Standby
	}{{"copy", standby}, {"redis", nil}} {
		b.Run(with.name, func(b *testing.B) {
			for b.Loop() {
				if found, more, err := s.SearchName(b.Context(), NameQuery{Name: "王丁", Copy: with.copy}); err != nil || len(found) != MaxNamesakes || !more {
					b.Fatalf("%d, %v, %v", len(found), more, err)
				}
			}
		})
	}
}
