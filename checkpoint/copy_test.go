package checkpoint

import (
	"strings"
	"testing"
)

// TestSettleCopyMakesAgreeWhatLiesOnSeveralMasters: the masters of a cluster are
// copied at slightly different moments, so that a person may be there whose
// document is not in the index yet, and partitions may ask for rules that the
// registry does not have yet.
func TestSettleCopyMakesAgreeWhatLiesOnSeveralMasters(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	person := mustEnrol(t, s, NewResident{Name: "王小明", IDNumber: "P0000001", Phone: "13800138000", Site: "v-01", Door: "1-1"})[0]
	for _, key := range allKeys(t, s) {
		for _, kind := range []string{"}:xd", "}:xf"} {
			if strings.Contains(key, kind) {
				must(t, s.rdb.Del(t.Context(), key).Err())
			}
		}
	}
	must(t, s.raiseRules(t.Context(), s.Registry().Version+3))
	copied := openStore(t, s.keys.prefix, clock)
	if found, err := copied.FindByDocument(t.Context(), "P0000001"); err == nil && found != 0 {
		t.Fatalf("found before it was settled: %x", found)
	}
	for range 2 { // the second time changes nothing
		must(t, copied.SettleCopy(t.Context()))
	}
	if found, err := copied.FindByDocument(t.Context(), "P0000001"); err != nil || found != person {
		t.Errorf("by document: %x, %v", found, err)
	}
	if found, err := copied.FindByPhone(t.Context(), "13800138000"); err != nil || len(found) != 1 || found[0] != person {
		t.Errorf("by phone: %x, %v", found, err)
	}
	if want := s.Registry().Version + 4; copied.Registry().Version != want {
		t.Errorf("version %d, want %d: above what the partitions ask for, and settled once", copied.Registry().Version, want)
	}
}
