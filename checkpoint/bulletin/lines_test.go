package bulletin_test

import (
	"slices"
	"testing"

	"passgate/checkpoint"
	"passgate/checkpoint/bulletin"
	"passgate/checkpoint/office"
)

// TestLinesCountWhatTheOfficeWrites names the registers that the lines count, as the
// office does; what is counted under a name that nobody writes would be 0 for ever.
func TestLinesCountWhatTheOfficeWrites(t *testing.T) {
	t.Parallel()
	want := []string{"gate", "fever case", "reading", "contest", "request", "permit", "missed", "home"}
	for _, kind := range []checkpoint.MatterKind{
		office.KindFever, office.KindObservation, office.KindReturnee, office.KindProposal, office.KindBed, office.KindBedStay,
		office.KindPurchase, office.KindVisit, office.KindSupply, office.KindStock, office.KindDisinfection, office.KindRound,
		office.KindApplication, office.KindInspection, office.KindFinding, office.KindReport, office.KindDispatch,
	} {
		want = append(want, string(kind))
	}
	got := bulletin.SourceNames()
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("lines count %v,\nwant %v", got, want)
	}
	for _, state := range []struct{ is, want string }{
		{office.BedOccupied, "occupied"},
		{office.BedFree, "free"},
		{office.StayWaiting, "waiting"},
		{office.RoundDropped, "dropped"},
		{office.RoundDone, "done"},
		{office.AppApproved, "approved"},
	} {
		if state.is != state.want {
			t.Errorf("the office writes %q, the lines look for %q", state.is, state.want)
		}
	}
	seen := map[string]bool{}
	for _, l := range bulletin.Lines() {
		if seen[l.Key] || l.ZH == "" || l.EN == "" || l.Unit == "" || l.Group == nil || l.Of != "" && !seen[l.Of] {
			t.Errorf("the line %+v", l)
		}
		seen[l.Key] = true
	}
}
