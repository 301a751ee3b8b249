package checkpoint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// withMarkets adds four village markets and the live-poultry market, and a shop.
func withMarkets(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for i := range 5 {
			code := fmt.Sprintf("market-%02d", i+1)
			if err := d.PutSite(Site{Code: code, Name: "集市", Kind: Market, Grid: "area-1"}); err != nil {
				return err
			}
			if err := d.PutGate(Gate{Code: code + "-g1", Site: code, Open: true}); err != nil {
				return err
			}
			dev := Device{Code: code + "-d1", Gate: code + "-g1", Lane: "1", EnrolledAt: 1, TokenHash: []byte(code)}
			if err := d.PutDevice(dev); err != nil {
				return err
			}
		}
		return d.PutSite(Site{Code: "shop-01", Name: "超市", Kind: Shop, Grid: "area-2"})
	}))
}

func ofPreset(t testing.TB, code string) Policy {
	t.Helper()
	preset, ok := FindPreset(code)
	if !ok {
		t.Fatalf("no preset %s", code)
	}
	return Policy{Code: code + "-2020", Name: preset.NameZH, Ground: preset.Source, CreatedBy: "wang", Parts: preset.Parts}
}

func TestMarketClosureClosesExactlyTheMarkets(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	withMarkets(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	putPolicy(t, s, ofPreset(t, "market-closure"))
	var closed []string
	for _, site := range s.Registry().Sites() {
		if rulesNow(t, s, site.Code).Closed {
			closed = append(closed, site.Code)
		}
	}
	if got := strings.Join(closed, " "); got != "market-01 market-02 market-03 market-04 market-05" {
		t.Errorf("closed: %s", got)
	}
	for i := range 5 {
		want(t, post(t, s, clock, fmt.Sprintf("market-%02d", i+1)).scan(id, In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
	}
	want(t, post(t, s, clock, "mall-01").scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	want(t, post(t, s, clock, "v-01").scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
	clock.Advance(time.Second)
	putPolicy(t, s, ofPreset(t, "resume"))
	want(t, post(t, s, clock, "market-05").scan(id, In, 36_5), Pass, ReasonOK, Admit, 0)
}

func TestEightAlwaysLimitsOutingsOfTwoDays(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	withMarkets(t, s)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	putPolicy(t, s, ofPreset(t, "eight-always"))
	home, mall := post(t, s, clock, "v-01"), post(t, s, clock, "mall-01")
	want(t, mall.scan(id, In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
	outAndIn := func() Reason {
		clock.Advance(time.Minute)
		reason := home.scan(id, Out, 36_5).Reason
		clock.Advance(time.Minute)
		home.scan(id, In, 36_5)
		return reason
	}
	if first, second := outAndIn(), outAndIn(); first != ReasonOK || second != ReasonQuota {
		t.Errorf("outings: %v, %v", first, second)
	}
	clock.Advance(24 * time.Hour)
	if got := outAndIn(); got != ReasonQuota {
		t.Errorf("the day after: %v", got)
	}
	clock.Advance(24 * time.Hour)
	if got := outAndIn(); got != ReasonOK {
		t.Errorf("two days after: %v", got)
	}
}

// Each rule of the two decrees is either carried out or said not to be.
func TestPresetsAccountForEveryRule(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	withMarkets(t, s)
	numerals := []string{"一", "二", "三", "四", "五", "六", "七", "八", "九", "十"}
	for code, rules := range map[string]int{"ten-always": 10, "eight-always": 8, "market-closure": 0, "resume": 0} {
		preset, ok := FindPreset(code)
		if !ok {
			t.Fatalf("no preset %s", code)
		}
		seen := map[string]bool{}
		for _, part := range preset.Parts {
			if part.Note == "" {
				t.Errorf("%s: a part without a note", code)
			}
			if number, _, ok := strings.Cut(part.Note, "、"); ok && slices.Contains(numerals, number) {
				seen[number] = true
			}
		}
		for _, rule := range preset.Elsewhere {
			if seen[rule.Rule] {
				t.Errorf("%s: %s is a part and is said not to be one", code, rule.Rule)
			}
			if slices.Contains(numerals, rule.Rule) {
				seen[rule.Rule] = true
			}
		}
		if got := len(seen); got != rules {
			t.Errorf("%s accounts for %v", code, slices.Sorted(maps.Keys(seen)))
		}
		if preset.Source == "" || preset.About == "" || preset.NameZH == "" {
			t.Errorf("%s does not say what it is", code)
		}
		putPolicy(t, s, ofPreset(t, code))
	}
	if len(Presets()) != 4 {
		t.Errorf("%d presets", len(Presets()))
	}
}

func TestPreviewCountsRightAndChangesNothing(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	withMarkets(t, s)
	var rows []NewResident
	for i := range 30 {
		rows = append(rows, resident(i+1, []string{"v-01", "v-01", "c-01"}[i%3]))
	}
	ids := mustEnrol(t, s, append(rows, NewResident{Name: "李四", IDNumber: "P0000099", Site: "v-02"})...)
	mall := post(t, s, clock, "mall-01")
	market := post(t, s, clock, "market-01")
	for i, id := range ids[:7] {
		mall.scan(id, In, 36_5)
		if i < 2 {
			clock.Advance(time.Second)
			market.scan(id, In, 36_5) // has left the mall by that
		}
	}
	p := closing("look", Market)
	p.From, p.Nodes = s.now()+3_600_000, []string{"area-1"}
	p.Parts = append(p.Parts,
		PolicyPart{Kinds: []SiteKind{Mall}, Rules: RulesPatch{Capacity: ptr(4), TemperatureOn: ptr(TemperatureIn)}},
		PolicyPart{Kinds: []SiteKind{Village, Compound}, Rules: RulesPatch{Outings: ptr(1), OutingDays: ptr(2)}})
	before, version := dumpOf(t, s), s.Registry().Version
	got, err := s.PreviewPolicy(t.Context(), p)
	must(t, err)
	if after := dumpOf(t, s); !maps.Equal(before, after) || s.Registry().Version != version || len(s.Registry().Policies()) != 0 {
		t.Error("looking has changed something")
	}
	if got.Residents != 30 || got.Inside != 2+5 || len(got.Sites) != 8 || got.Policy.From != p.From {
		t.Errorf("%d residents, %d inside, %d sites", got.Residents, got.Inside, len(got.Sites))
	}
	for _, v := range got.Sites {
		text := fmt.Sprintf("%v residents %d inside %d closes %v overfull %v gates %d", v.Changes, v.Residents, v.Inside, v.Closes, v.Overfull, len(v.Gates))
		want := map[string]string{
			"v-01":    "[{outings 0 1} {outing_days 0 2}] residents 20 inside 0 closes false overfull false gates 1",
			"c-01":    "[{outings 0 1} {outing_days 0 2}] residents 10 inside 0 closes false overfull false gates 1",
			"mall-01": "[{capacity 0 4}] residents 0 inside 5 closes false overfull true gates 1",
		}[v.Site.Code]
		if v.Site.Code == "market-01" {
			want = "[{closed false true}] residents 0 inside 2 closes true overfull false gates 1"
		} else if v.Site.Kind == Market {
			want = "[{closed false true}] residents 0 inside 0 closes true overfull false gates 1"
		}
		if text != want {
			t.Errorf("%s: %s\nwant %s", v.Site.Code, text, want)
		}
	}
	// A policy that could not be put cannot be looked at; one that says what
	// is so already changes nothing.
	p.Parts[1].Rules.Outings = ptr(1)
	if _, err := s.PreviewPolicy(t.Context(), p); err == nil || !strings.Contains(err.Error(), "mall-01") {
		t.Errorf("got %v", err)
	}
	same := closing("same", Mall)
	same.Parts[0].Rules = RulesPatch{Closed: ptr(false)}
	if got, err := s.PreviewPolicy(t.Context(), same); err != nil || len(got.Sites) != 1 || len(got.Sites[0].Changes) != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	// As many as it may hold is not too many.
	just := closing("just", Mall)
	just.Parts[0].Rules = RulesPatch{Capacity: ptr(5)}
	if got, err := s.PreviewPolicy(t.Context(), just); err != nil || got.Sites[0].Overfull || got.Sites[0].Inside != 5 || got.Inside != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	// Out of its new hours is closed, too.
	hours := closing("hours", Mall)
	hours.Parts[0].Rules = RulesPatch{OpensAt: ptr("06:00"), ClosesAt: ptr("10:00")}
	if got, err := s.PreviewPolicy(t.Context(), hours); err != nil || !got.Sites[0].Closes || got.Inside != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
}

// dumpOf is all that Redis holds of a store; the keys alone in memory, where
// there is no DUMP.
func dumpOf(t testing.TB, s *Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, key := range allKeys(t, s) {
		if testInMemory {
			out[key] = ""
			continue
		}
		v, err := s.rdb.Dump(t.Context(), key).Result()
		must(t, err)
		out[key] = v
	}
	return out
}
