package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// deploy/RULES.md is what the program prints.
func TestRulesInTheDocsAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	want, _ := newShell(t).must(0, "rules", "table", "--markdown")
	got, err := os.ReadFile("../../deploy/RULES.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("deploy/RULES.md is not what the program prints; repair with: go run ./cmd/passgate rules table --markdown > deploy/RULES.md")
	}
}

// What the groups say is what the cells say: every cell is in one group, with
// its outcome, and no group says more.
func TestGroupsOfTheTableSayWhatItsCellsSay(t *testing.T) {
	t.Parallel()
	for _, only := range []bool{false, true} {
		cells, said := cellsOf(only), map[checkpoint.Rule]bool{}
		for _, g := range groupRules(cells) {
			for _, r := range g.cells() {
				if said[r] {
					t.Errorf("residents only %v: %+v is said twice", only, r)
				}
				said[r] = true
			}
		}
		for _, r := range cells {
			if !said[r] {
				t.Errorf("residents only %v: nothing says %+v", only, r)
			}
		}
		if len(said) != len(cells) {
			t.Errorf("residents only %v: %d cells are said, there are %d", only, len(said), len(cells))
		}
	}
}

func (g *ruleGroup) cells() (out []checkpoint.Rule) {
	for _, status := range g.statuses {
		for _, kind := range g.kinds {
			for _, way := range g.ways {
				out = append(out, checkpoint.Rule{Status: status, Kind: kind, Direction: way, OwnHome: g.own, Outcome: g.outcome})
			}
		}
	}
	return out
}

func TestGroupsNameTheirPlaces(t *testing.T) {
	t.Parallel()
	for want, g := range map[string]ruleGroup{
		"own home":                {own: true, kinds: []checkpoint.SiteKind{checkpoint.Village, checkpoint.Compound}},
		"own home, compound":      {own: true, kinds: []checkpoint.SiteKind{checkpoint.Compound}},
		"other homes":             {kinds: []checkpoint.SiteKind{checkpoint.Village, checkpoint.Compound}},
		"village":                 {kinds: []checkpoint.SiteKind{checkpoint.Village}},
		"village, mall, pharmacy": {kinds: []checkpoint.SiteKind{checkpoint.Village, checkpoint.Mall, checkpoint.Pharmacy}},
		"not own home":            {kinds: checkpoint.SiteKinds()},
	} {
		if zh, en := g.where(); en != want || zh == "" {
			t.Errorf("got %q and %q, want %q", zh, en, want)
		}
	}
}

func TestRulesAsJSONAndCSV(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	out, _ := s.must(0, "rules", "table", "--json")
	var table map[string][]map[string]any
	if err := json.Unmarshal([]byte(out), &table); err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int{}
	for name, rows := range table {
		sizes[name] = len(rows)
	}
	want := map[string]int{
		"rules": len(checkpoint.Table()), "residents_only": 10,
		"precedence": len(checkpoint.Precedence()), "reasons": len(checkpoint.Reasons()),
	}
	if !reflect.DeepEqual(sizes, want) {
		t.Errorf("rows %v, want %v", sizes, want)
	}
	out, _ = s.must(0, "rules", "table", "--csv")
	rows := readCSV(t, out)
	if len(rows) != 1+9*7*2+9*2*2+10 {
		t.Errorf("%d rows of CSV", len(rows))
	}
	red := []string{"red", "village", "out", "true", "false", "deny", "status_red", "red", "send_back", "breach", "红码", "Status red"}
	if !slices.ContainsFunc(rows, func(row []string) bool { return slices.Equal(row, red) }) {
		t.Errorf("no row %v", red)
	}
}

func readCSV(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, byteOrderMark))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestReasonsNameTheStepsThatGiveThem(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	out, _ := s.must(0, "rules", "reasons", "--csv")
	rows := readCSV(t, out)
	fever := []string{"fever", "fever_case fever_home temperature", "发热，请就地等候", "Fever, wait here"}
	if len(rows) != 1+len(checkpoint.Reasons()) || !slices.ContainsFunc(rows, func(row []string) bool { return slices.Equal(row, fever) }) {
		t.Errorf("%d rows, with %v?", len(rows), fever)
	}
	out, _ = s.must(0, "rules", "reasons", "--json")
	var doc struct{ Reasons []reasonRow }
	if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Reasons) != len(checkpoint.Reasons()) {
		t.Errorf("%d reasons, %v", len(doc.Reasons), err)
	}
	for _, form := range []string{"", "--markdown"} {
		out, _ = s.must(0, strings.Fields("rules reasons "+form)...)
		contains(t, out, "fever_case, fever_home, temperature", "发热", "Fever, wait here")
	}
}

func TestRulesTableForATerminal(t *testing.T) {
	t.Parallel()
	out, _ := newShell(t).must(0, "rules", "table")
	contains(t, out, "红码，离开本人住处：红，不放行（红码），劝返；标记未居家", "observation, quarantine", "Public places: mall, market",
		"17 temperature: in, out, anywhere; replaces pass; gives temperature_required", "14 full: in, not own home; replaces pass; may lag", "查无此人，请登记")
}
