package checkpoint

import (
	"fmt"
	"slices"
	"testing"
)

func TestResidentsAreFoundByNameTailOrDoor(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	people := mustEnrol(t, s,
		NewResident{Name: "王小明", IDNumber: idNumber(1), Phone: "13800001234", Site: "v-01", Door: "3-2-501"},
		NewResident{Name: "王小红", IDNumber: "X1230C4D", Site: "v-01", Door: "3-2-501"},
		NewResident{Name: "欧阳娜娜", IDNumber: "P5556666", Site: "v-01", Door: "12"},
		NewResident{Name: "𠮷田", IDNumber: "P5557777", Site: "v-01"},
		NewResident{Name: "王小明", IDNumber: idNumber(2), Site: "v-02", Door: "3-2-501"},
		NewResident{Name: "王小走", IDNumber: "P5559999", Site: "v-01", Door: "9"},
	)
	must(t, s.SetStatus(t.Context(), people[5], StatusGone))
	tail := idNumber(1)[14:]
	for query, want := range map[string][]int{
		"王小明": {0}, "王小": {0, 1}, "王": {}, "欧阳": {2}, "小明": {}, "𠮷田": {3}, " 王 小 明 ": {0},
		tail: {0}, "0c4d": {1}, "0C4D": {1}, "6666": {2}, "1234": {}, "666": {}, "P5556666": {},
		"3-2-501": {0, 1}, "3—2—501": {0, 1}, "3-2": {}, "12": {2}, "五号楼": {}, `"d":"12"`: {}, "9999": {},
	} {
		found, more, err := s.SearchHome(t.Context(), "v-01", query)
		var ids []uint64
		for _, p := range found {
			ids = append(ids, p.ID)
		}
		var expected []uint64
		for _, i := range want {
			expected = append(expected, people[i])
		}
		slices.Sort(ids)
		slices.Sort(expected)
		if err != nil || more || !slices.Equal(ids, expected) {
			t.Errorf("%q finds %d people, want %d; more %v, %v", query, len(ids), len(want), more, err)
		}
	}
	for _, query := range []string{"", "  ", "\xff\xfe", string(make([]byte, 200))} {
		_, _, err := s.SearchHome(t.Context(), "v-01", query)
		fieldError(t, err, "query", "must be")
	}
}

func TestASearchAtAGateIsBounded(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	var rows []NewResident
	for i := range 90 {
		rows = append(rows, NewResident{Name: "王小明", IDNumber: fmt.Sprintf("P%07d", i), Site: "v-01", Door: fmt.Sprintf("%02d", i)})
	}
	mustEnrol(t, s, rows...)
	for _, n := range []struct {
		query string
		found int
		more  bool
	}{{"王小明", MaxHomeSearch, true}, {"0021", 1, false}} {
		found, more, err := s.SearchHome(t.Context(), "v-01", n.query)
		if err != nil || len(found) != n.found || more != n.more {
			t.Errorf("%q finds %d, more %v, %v", n.query, len(found), more, err)
		}
	}
}

// BenchmarkSearchHome is one search among the 3,000 people of a large compound.
func BenchmarkSearchHome(b *testing.B) {
	s, _ := newStore(b)
	var rows []NewResident
	for i := range 3000 {
		row := resident(i, "v-01")
		row.Name, row.Door = fmt.Sprintf("王小%c", '一'+rune(i)), fmt.Sprintf("%d-%d-%d", i/300+1, i%3+1, i/3)
		rows = append(rows, row)
	}
	mustEnrol(b, s, rows...)
	for _, query := range []string{"王小丁", "0042", "1-1-3"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if found, _, err := s.SearchHome(b.Context(), "v-01", query); err != nil || len(found) == 0 {
					b.Fatalf("%d, %v", len(found), err)
				}
			}
		})
	}
}
