package town_test

import (
	"regexp"
	"strings"
	"testing"

	"passgate/loadtest/town"
)

func TestTheTownHasTheNumbersOfTheArticle(t *testing.T) {
	t.Parallel()
	kinds := map[string]int{}
	committees := map[string]bool{}
	for _, s := range town.Sites() {
		kinds[s.Kind]++
		if s.Committee != "" {
			committees[s.Committee] = true
		}
		if (s.Kind == town.KindCompound) != (s.Committee != "") {
			t.Errorf("%s %s: committee %q", s.Kind, s.Code, s.Committee)
		}
		if s.Closed != (s.Kind == town.KindMarket) {
			t.Errorf("%s %s: closed = %v, want only the markets closed", s.Kind, s.Code, s.Closed)
		}
	}
	for kind, want := range map[string]int{
		town.KindVillage: 50, town.KindCompound: 130, town.KindMall: 3, town.KindMarket: 5,
		town.KindShop: 20, town.KindEnterprise: 140, town.KindPharmacy: 12,
	} {
		if kinds[kind] != want {
			t.Errorf("%d sites of kind %s, want %d", kinds[kind], kind, want)
		}
	}
	if len(committees) != 23 {
		t.Errorf("%d committees, want 23", len(committees))
	}
	levels := map[int]int{}
	communities := 0
	for _, n := range town.Grid() {
		levels[n.Level]++
		if strings.HasPrefix(n.ID, "community-") {
			communities++
		}
	}
	if levels[1] != 1 || levels[2] != 12 || levels[3] != 14+50+130 || levels[4] != 853 || communities != 14 {
		t.Errorf("grid levels %v with %d communities", levels, communities)
	}
}

func TestTheGridIsOneTree(t *testing.T) {
	t.Parallel()
	nodes := map[string]town.GridNode{}
	homes := map[string]bool{}
	for _, s := range town.Sites() {
		homes[s.Code] = s.Residential()
	}
	microGrids := map[string]int{}
	for _, n := range town.Grid() {
		parent, known := nodes[n.Parent]
		switch {
		case nodes[n.ID].ID != "":
			t.Errorf("node %s comes twice", n.ID)
		case n.Level == 1 && (n.ID != town.RootGrid || n.Parent != ""):
			t.Errorf("root is %+v", n)
		case n.Level > 1 && !known:
			t.Errorf("node %s comes before its parent %q", n.ID, n.Parent)
		case n.Level == 4 && !homes[n.Parent]:
			t.Errorf("micro-grid %s is not below a residential site", n.ID)
		case n.Level == 2 && parent.Level != 1, n.Level == 4 && parent.Level != 3:
			t.Errorf("node %s of level %d is below level %d", n.ID, n.Level, parent.Level)
		case n.Level == 3 && parent.Level != 2 && !strings.HasPrefix(parent.ID, "community-"):
			t.Errorf("node %s is below %s", n.ID, parent.ID)
		}
		if n.Level == 4 {
			microGrids[n.Parent]++
		}
		nodes[n.ID] = n
	}
	for _, s := range town.Sites() {
		if nodes[s.Grid].Level != 3 {
			t.Errorf("site %s answers to %q of level %d, want 3", s.Code, s.Grid, nodes[s.Grid].Level)
		}
		if s.Residential() && microGrids[s.Code] == 0 {
			t.Errorf("site %s has no micro-grid", s.Code)
		}
		if s.Kind == town.KindCompound && !strings.HasPrefix(nodes[s.Code].Parent, "community-") {
			t.Errorf("compound %s is below %s, want a community", s.Code, nodes[s.Code].Parent)
		}
	}
}

func TestEveryHomeHasOneOpenGate(t *testing.T) {
	t.Parallel()
	sites := map[string]town.Site{}
	for _, s := range town.Sites() {
		if _, twice := sites[s.Code]; twice {
			t.Errorf("site %s comes twice", s.Code)
		}
		sites[s.Code] = s
	}
	gates := map[string]int{}
	codes := map[string]bool{}
	for _, g := range town.Gates() {
		s, ok := sites[g.Site]
		if !ok || codes[g.Code] || !strings.HasPrefix(g.Code, g.Site+"-g") {
			t.Errorf("gate %+v: no such site, or the code is taken", g)
		}
		if g.Open == s.Closed {
			t.Errorf("gate %s open = %v at a site with closed = %v", g.Code, g.Open, s.Closed)
		}
		codes[g.Code] = true
		gates[g.Site]++
	}
	for code, s := range sites {
		if n := gates[code]; n < 1 || n > 2 || (s.Residential() && n != 1) {
			t.Errorf("%s %s has %d gates", s.Kind, code, n)
		}
	}
}

func TestVillagesKeepTheirRealCodesAndNames(t *testing.T) {
	t.Parallel()
	official := regexp.MustCompile(`^370126001\d{3}$`)
	name := map[string]string{}
	seen := map[string]bool{}
	for _, s := range town.Sites() {
		name[s.Code] = s.Name
		if s.Residential() && seen[s.Name] {
			t.Errorf("the name %s comes twice", s.Name)
		}
		seen[s.Name] = true
		if s.Kind == town.KindVillage && !official.MatchString(s.Code) {
			t.Errorf("village %s has code %s", s.Name, s.Code)
		}
		if s.Committee != "" && !official.MatchString(s.Committee) {
			t.Errorf("compound %s has committee %s", s.Code, s.Committee)
		}
	}
	for code, want := range map[string]string{
		"370126001202": "佟道口村", "370126001230": "徐炉坊村", "370126001263": "张公村", "370126001200": "商南新村",
	} {
		if name[code] != want {
			t.Errorf("village %s is called %q, want %q", code, name[code], want)
		}
	}
}
