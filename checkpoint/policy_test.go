package checkpoint

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// closing is a policy that closes what it touches, from now on.
func closing(code string, kinds ...SiteKind) Policy {
	return Policy{
		Code: code, Name: "关闭", Ground: "指挥部第1号通告", CreatedBy: "wang",
		Parts: []PolicyPart{{Kinds: kinds, Rules: RulesPatch{Closed: ptr(true)}}},
	}
}

func putPolicy(t testing.TB, s *Store, p Policy) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error { return d.PutPolicy(p) }))
}

func endPolicy(t testing.TB, s *Store, code string) {
	t.Helper()
	must(t, s.Change(t.Context(), func(d *Draft) error { return d.EndPolicy(code, "li") }))
}

// rulesNow are the rules in force at a site by the store's clock.
func rulesNow(t testing.TB, s *Store, code string) SiteRules {
	t.Helper()
	site, ok := s.Registry().Site(code)
	if !ok {
		t.Fatalf("no site %s", code)
	}
	return *s.Registry().RulesAt(site, s.now())
}

// reasonAt scans a person into the site at a time, as a late upload if the
// clock has gone on.
func (g *gatePost) reasonAt(person uint64, at int64) Reason {
	g.t.Helper()
	req := g.request(person, In, 36_5)
	req.OccurredAt, req.Late = at, g.clock.Now().UnixMilli()-at > freshWindow.Milliseconds()
	return g.send(req).Reason
}

func TestPolicyBeginsAndEndsToTheMillisecond(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	other := openStore(t, s.keys.prefix, clock) // a gateway that hears of no change
	mall := post(t, s, clock, "mall-01")
	p := closing("hour", Mall)
	p.From, p.Until = s.now()+10_000, s.now()+20_000
	putPolicy(t, s, p)
	must(t, other.reload(t.Context()))
	version := s.Registry().Version
	edges := func(g *gatePost) {
		t.Helper()
		for _, c := range []struct {
			at   int64
			want Reason
		}{{p.From - 1, ReasonOK}, {p.From, ReasonSiteClosed}, {p.Until - 1, ReasonSiteClosed}, {p.Until, ReasonOK}} {
			if got := g.reasonAt(id, c.at); got != c.want {
				t.Errorf("%d ms after it began: %v, want %v", c.at-p.From, got, c.want)
			}
		}
	}
	edges(mall)
	clock.Advance(time.Hour) // it is over by now: late scans are judged by what was in force then
	mall.t, mall.n = t, 100
	edges(mall)
	away := post(t, other, clock, "mall-01")
	away.n = 200
	edges(away)
	if s.Registry().Version != version || other.Registry().Version != version {
		t.Error("beginning and ending took a change of the registry")
	}
	reg := s.Registry()
	hour, _ := reg.Policy("hour")
	for at, want := range map[int64]PolicyState{p.From - 1: PolicyComing, p.From: PolicyInForce, p.Until: PolicyEnded} {
		if got := hour.StateAt(at); got != want {
			t.Errorf("state at %d: %s, want %s", at-p.From, got, want)
		}
	}
}

func TestEndedPolicyStillJudgesWhatHappenedBefore(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	mall := post(t, s, clock, "mall-01")
	putPolicy(t, s, closing("shut", Mall))
	began := s.now()
	clock.Advance(30 * time.Second)
	endPolicy(t, s, "shut")
	ended := s.now()
	clock.Advance(26 * 24 * time.Hour)
	must(t, s.reload(t.Context()))
	for at, want := range map[int64]Reason{
		began - 1: ReasonOK, began: ReasonSiteClosed, ended - 1: ReasonSiteClosed, ended: ReasonOK, s.now(): ReasonOK,
	} {
		if got := mall.reasonAt(id, at); got != want {
			t.Errorf("%d ms after the beginning: %v, want %v", at-began, got, want)
		}
	}
	// Ended before it began: it was never in force.
	coming := closing("never", Mall)
	coming.From = s.now() + 1000
	putPolicy(t, s, coming)
	endPolicy(t, s, "never")
	if got := mall.reasonAt(id, coming.From); got != ReasonOK {
		t.Errorf("a policy taken back before it began: %v", got)
	}
}

func TestLaterPolicyWinsFieldByField(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	own := rulesNow(t, s, "mall-01")
	first := closing("first")
	first.Parts[0].Rules.TemperatureOn = ptr(TemperatureNone)
	first.Parts = append(first.Parts, PolicyPart{Kinds: []SiteKind{Mall}, Rules: RulesPatch{Capacity: ptr(50)}})
	putPolicy(t, s, first)
	second := closing("second", Mall)
	second.Parts[0].Rules = RulesPatch{Closed: ptr(false), Capacity: ptr(20)}
	putPolicy(t, s, second)
	if got := rulesNow(t, s, "mall-01"); got.Closed || got.TemperatureOn != TemperatureNone || got.Capacity != 20 {
		t.Errorf("both: %+v", got)
	}
	if got := rulesNow(t, s, "v-01"); !got.Closed || got.Capacity != 0 {
		t.Errorf("the first alone at a village: %+v", got)
	}
	clock.Advance(time.Second)
	endPolicy(t, s, "second")
	if got := rulesNow(t, s, "mall-01"); !got.Closed || got.Capacity != 50 {
		t.Errorf("without the second: %+v", got)
	}
	endPolicy(t, s, "first")
	if got := rulesNow(t, s, "mall-01"); got != own {
		t.Errorf("undone: %+v, want %+v", got, own)
	}
	for _, site := range s.Registry().Sites() {
		if site.Closed {
			t.Errorf("%s itself was changed", site.Code)
		}
	}
}

func TestPolicyHoldsWhereItSays(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	for name, c := range map[string]struct {
		nodes, sites []string
		kinds        []SiteKind
		want         string
	}{
		"the whole town":       {want: "c-01 mall-01 pharmacy-01 v-01 v-02"},
		"one area":             {nodes: []string{"area-1"}, want: "c-01 mall-01 v-01"},
		"the root":             {nodes: []string{"root"}, want: "c-01 mall-01 pharmacy-01 v-01 v-02"},
		"one site":             {sites: []string{"v-02"}, want: "v-02"},
		"a node and a site":    {nodes: []string{"area-2"}, sites: []string{"c-01"}, want: "c-01 pharmacy-01 v-02"},
		"a kind":               {kinds: []SiteKind{Village}, want: "v-01 v-02"},
		"a kind within a node": {nodes: []string{"area-1"}, kinds: []SiteKind{Village, Pharmacy}, want: "v-01"},
	} {
		p := closing(strings.ReplaceAll(name, " ", "-"), c.kinds...)
		p.Nodes, p.Sites = c.nodes, c.sites
		putPolicy(t, s, p)
		var closed, touched []string
		reg := s.Registry()
		for _, site := range reg.Sites() {
			if reg.RulesAt(site, s.now()).Closed {
				closed = append(closed, site.Code)
			}
		}
		put, _ := reg.Policy(p.Code)
		for _, site := range reg.Touched(put) {
			touched = append(touched, site.Code)
		}
		if got := strings.Join(closed, " "); got != c.want || strings.Join(touched, " ") != c.want {
			t.Errorf("%s: closes %s, touches %v, want %s", name, got, touched, c.want)
		}
		endPolicy(t, s, p.Code)
	}
}

func TestPolicyThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	now := s.now()
	rules := func(r RulesPatch) func(*Policy) {
		return func(p *Policy) { p.Parts = []PolicyPart{{Rules: r}} }
	}
	for _, c := range []struct {
		field, word string
		bend        func(*Policy)
	}{
		{"code", "letters", func(p *Policy) { p.Code = "十个一律" }},
		{"name", "120", func(p *Policy) { p.Name = strings.Repeat("x", 121) }},
		{"ground", "decree", func(p *Policy) { p.Ground = "" }},
		{"from", "past", func(p *Policy) { p.From = now - 1 }},
		{"from", "year", func(p *Policy) { p.From = now + 400*86_400_000 }},
		{"until", "after", func(p *Policy) { p.Until = now }},
		{"nodes", "nowhere", func(p *Policy) { p.Nodes = []string{"nowhere"} }},
		{"nodes", "200", func(p *Policy) { p.Nodes = slices.Repeat([]string{"area-1"}, 201) }},
		{"sites", "v-99", func(p *Policy) { p.Sites = []string{"v-99"} }},
		{"parts", "16", func(p *Policy) { p.Parts = nil }},
		{"parts", "16", func(p *Policy) { p.Parts = slices.Repeat(p.Parts, 17) }},
		{"parts", "nothing", func(p *Policy) { p.Parts[0].Kinds = []SiteKind{Market} }},
		{"parts[0].kinds", "kind", func(p *Policy) { p.Parts[0].Kinds = []SiteKind{99} }},
		{"parts[0].note", "300", func(p *Policy) { p.Parts[0].Note = strings.Repeat("x", 301) }},
		{"parts[0].rules", "no rule", rules(RulesPatch{})},
		{"parts[0].rules.capacity", "1000000", rules(RulesPatch{Capacity: ptr(-1)})},
		{"parts[0].rules.temperature_on", "both", rules(RulesPatch{TemperatureOn: ptr(TemperatureOn(""))})},
		{"parts[0].rules.anti_passback", "warn", rules(RulesPatch{AntiPassback: ptr(Strictness("no"))})},
		{"parts[0].rules.remeasure_minutes", "60", rules(RulesPatch{RemeasureMin: ptr(0)})},
		{"parts[0].rules.opens_at", "together", rules(RulesPatch{OpensAt: ptr("06:00")})},
		{"parts[0].rules.closes_at", "time of day", rules(RulesPatch{OpensAt: ptr("06:00"), ClosesAt: ptr("24:00")})},
		{"parts[0].rules.fever_line", "together", rules(RulesPatch{FeverLine: ptr(Celsius(37_0))})},
		{"parts[0].rules.fever_line", "below", rules(RulesPatch{FeverLine: ptr(Celsius(37_0)), LowLine: ptr(Celsius(37_0))})},
		{"parts[0].rules.outing_days", "14", rules(RulesPatch{OutingDays: ptr(0)})},
		{"parts[0].rules.outing_days", "14", rules(RulesPatch{Outings: ptr(1), OutingDays: ptr(15)})},
		{"parts[0].rules.outings", "at mall-01 (商场), a mall", rules(RulesPatch{Outings: ptr(1)})},
		{"parts[1].rules.outings", "at pharmacy-01", func(p *Policy) {
			p.Nodes = []string{"area-2"}
			p.Parts = append(p.Parts, PolicyPart{Rules: RulesPatch{Outings: ptr(1)}})
		}},
	} {
		p := closing("bad")
		c.bend(&p)
		err := s.Change(t.Context(), func(d *Draft) error { return d.PutPolicy(p) })
		var field *FieldError
		if !errors.As(err, &field) || field.Field != c.field || !strings.Contains(field.Why, c.word) {
			t.Errorf("got %v, want %s that says %q", err, c.field, c.word)
		}
	}
	if len(s.Registry().Policies()) != 0 {
		t.Error("a refused policy is there")
	}
}

func TestPolicyIsNeverEditedAndOftenEnoughEnded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	put := func(p Policy) error {
		return s.Change(t.Context(), func(d *Draft) error { return d.PutPolicy(p) })
	}
	putPolicy(t, s, closing("once"))
	if err := put(closing("once")); !errors.Is(err, ErrExists) {
		t.Errorf("edited while in force: %v", err)
	}
	clock.Advance(time.Minute)
	endPolicy(t, s, "once")
	ended, _ := s.Registry().Policy("once")
	if ended.EndedBy != "li" || ended.EndedAt != s.now() || ended.CreatedBy != "wang" || ended.CreatedAt != s.now()-60_000 {
		t.Errorf("history %+v", ended)
	}
	clock.Advance(time.Minute)
	endPolicy(t, s, "once")
	if again, _ := s.Registry().Policy("once"); again.EndedAt != ended.EndedAt {
		t.Error("ended twice")
	}
	if err := put(closing("once")); !errors.Is(err, ErrExists) {
		t.Errorf("edited as history: %v", err)
	}
	err := s.Change(t.Context(), func(d *Draft) error { return d.EndPolicy("none", "li") })
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("ending what is not there: %v", err)
	}
}

func TestNumberOfPoliciesIsBounded(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	fill := func(prefix string, n int, end bool) error {
		return s.Change(t.Context(), func(d *Draft) error {
			for i := range n {
				p := closing(fmt.Sprintf("%s-%d", prefix, i), Mall)
				if err := d.PutPolicy(p); err != nil {
					return err
				}
				if !end {
					continue
				}
				if err := d.EndPolicy(p.Code, "li"); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var field *FieldError
	if err := fill("open", maxPoliciesOpen+1, false); !errors.As(err, &field) || !strings.Contains(field.Why, "200") {
		t.Errorf("201 in force: %v", err)
	}
	must(t, fill("open", maxPoliciesOpen, false))
	must(t, s.Change(t.Context(), func(d *Draft) error { return d.EndPolicy("open-0", "li") }))
	must(t, fill("old", 1, true))
	clock.Advance(time.Second)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		for _, p := range d.Policies() {
			if err := d.EndPolicy(p.Code, "li"); err != nil {
				return err
			}
		}
		return nil
	}))
	must(t, fill("new", maxPolicies-maxPoliciesOpen-1, true))
	if err := fill("more", 1, true); !errors.As(err, &field) || !strings.Contains(field.Why, "1000") {
		t.Errorf("what late scans may need was to go: %v", err)
	}
	clock.Advance(policyHistory)
	must(t, fill("more", 1, true))
	if _, there := s.Registry().Policy("open-0"); there || len(s.Registry().Policies()) != maxPolicies {
		t.Errorf("%d policies; the one that ended first is there: %v", len(s.Registry().Policies()), there)
	}
}

// PutSite in a place where a policy holds brings no rule that cannot be.
func TestSiteNewerThanThePolicyIsTouchedToo(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	p := closing("area")
	p.Nodes, p.Parts = []string{"mg-2"}, []PolicyPart{{Rules: RulesPatch{Outings: ptr(1), Capacity: ptr(7)}}}
	must(t, s.Change(t.Context(), func(d *Draft) error {
		if err := d.PutSite(Site{Code: "v-03", Name: "新村", Kind: Village, Grid: "mg-2"}); err != nil {
			return err
		}
		if err := d.PutPolicy(p); err != nil {
			return err
		}
		if err := d.PutSite(Site{Code: "shop-03", Name: "新店", Kind: Shop, Grid: "mg-2"}); err != nil {
			return err
		}
		shop, _ := d.Site("shop-03")
		if rules := d.RulesAt(shop, d.Now()); rules.Capacity != 7 {
			return fmt.Errorf("the draft does not see its own policy: %+v", rules)
		}
		return nil
	}))
	if got := rulesNow(t, s, "shop-03"); got.Outings != 0 || got.Capacity != 7 || got.check(Shop) != nil {
		t.Errorf("shop: %+v", got)
	}
	if got := rulesNow(t, s, "v-03"); got.Outings != 1 || got.OutingDays != 1 {
		t.Errorf("village: %+v", got)
	}
}

// Within a change, rules are those that the change has made so far.
func TestDraftIsJudgedByItsOwnPolicies(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		mall, _ := d.Site("mall-01")
		closed := func() bool { return d.RulesAt(mall, d.Now()).Closed }
		before := closed()
		if err := d.PutPolicy(closing("shut", Mall)); err != nil {
			return err
		}
		put := closed()
		if err := d.EndPolicy("shut", "li"); err != nil {
			return err
		}
		if before || !put || closed() {
			return fmt.Errorf("closed before %v, put %v, ended %v", before, put, closed())
		}
		return nil
	}))
}

func TestPolicyIsInForceAtAnotherGatewayOnceAcknowledged(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	id := mustEnrol(t, s, resident(1, "v-01"))[0]
	other := openStore(t, s.keys.prefix, clock) // polls nothing in this test
	mall := post(t, other, clock, "mall-01")
	for i := range 5 {
		code := fmt.Sprintf("p-%d", i)
		want(t, mall.scan(id, In, 36_5), Pass, ReasonOK, Admit, FlagAlreadyInside*Flags(min(i, 1)))
		clock.Advance(time.Millisecond)
		putPolicy(t, s, closing(code, Mall))
		want(t, mall.scan(id, In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
		clock.Advance(time.Millisecond)
		endPolicy(t, s, code)
	}
	// What a new process reads is what the old ones hold.
	fresh := openStore(t, s.keys.prefix, clock)
	if got, held := fresh.Registry().Policies(), s.Registry().Policies(); !reflect.DeepEqual(got, held) || len(got) != 5 {
		t.Errorf("read %+v\nheld %+v", got, held)
	}
}

// A closed village and limits on everything leave its people their home.
func TestPolicyLocksNobodyOutOfTheirHome(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), NewResident{Name: "李四", IDNumber: "P0000002", Site: "v-02"})
	p := closing("shut")
	p.Parts[0].Rules = RulesPatch{Closed: ptr(true), ResidentsOnly: ptr(true), Capacity: ptr(1), OpensAt: ptr("06:00"), ClosesAt: ptr("06:01")}
	putPolicy(t, s, p)
	want(t, post(t, s, clock, "v-01").scan(ids[0], In, 36_5), Pass, ReasonOK, Admit, FlagOutsideHours)
	want(t, post(t, s, clock, "c-01").scan(ids[0], In, 36_5), Deny, ReasonOutsider, Register, 0)
	want(t, post(t, s, clock, "mall-01").scan(ids[1], In, 36_5), Deny, ReasonSiteClosed, SendBack, 0)
}

func TestCapacityOfAPolicyIsWatched(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	ids := mustEnrol(t, s, resident(1, "v-01"), resident(2, "v-01"))
	mall := post(t, s, clock, "mall-01")
	p := closing("few", Mall)
	p.Parts[0].Rules = RulesPatch{Capacity: ptr(1)}
	putPolicy(t, s, p)
	mall.scan(ids[0], In, 36_5)
	must(t, s.watchOccupancy(t.Context()))
	want(t, mall.scan(ids[1], In, 36_5), Deny, ReasonSiteFull, SendBack, 0)
	endPolicy(t, s, "few")
	want(t, mall.scan(ids[1], In, 36_5), Pass, ReasonOK, Admit, 0)
}

// Whoever adds a rule to SiteRules has to let policies name it, too.
func TestPolicyCanNameEveryRule(t *testing.T) {
	t.Parallel()
	tags := func(v any) (out []string) {
		for f := range reflect.TypeOf(v).NumField() {
			tag, _, _ := strings.Cut(reflect.TypeOf(v).Field(f).Tag.Get("json"), ",")
			out = append(out, tag)
		}
		slices.Sort(out)
		return out
	}
	names := slices.Sorted(slices.Values(ruleNames[:]))
	if rules, patch := tags(SiteRules{}), tags(RulesPatch{}); !slices.Equal(rules, patch) || !slices.Equal(rules, names) {
		t.Errorf("rules %v\npatch %v\nnames %v", rules, patch, names)
	}
	// Each field lands where it belongs and is seen as a change.
	for f := range reflect.TypeOf(RulesPatch{}).NumField() {
		var patch RulesPatch
		field := reflect.ValueOf(&patch).Elem().Field(f)
		value := reflect.New(field.Type().Elem())
		switch value.Elem().Kind() {
		case reflect.Bool:
			value.Elem().SetBool(true)
		case reflect.String:
			value.Elem().SetString("x")
		default:
			value.Elem().SetInt(7)
		}
		field.Set(value)
		var before, after SiteRules
		patch.apply(&after)
		tag, _, _ := strings.Cut(reflect.TypeOf(patch).Field(f).Tag.Get("json"), ",")
		changes := before.changesTo(&after)
		if len(changes) != 1 || changes[0].Field != tag || !reflect.DeepEqual(changes[0].New, value.Elem().Interface()) {
			t.Errorf("%s changes %+v", tag, changes)
		}
	}
}

func TestRulesWithoutAPolicyInForceCostNothing(t *testing.T) { // not parallel: it counts allocations
	s, clock := newStore(t)
	for i := range 20 {
		code := fmt.Sprintf("old-%d", i)
		putPolicy(t, s, closing(code))
		clock.Advance(time.Second)
		endPolicy(t, s, code)
	}
	reg, at := s.Registry(), s.now()
	mall, _ := reg.Site("mall-01")
	if n := testing.AllocsPerRun(100, func() { reg.RulesAt(mall, at) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if reg.RulesAt(mall, at) != &mall.SiteRules {
		t.Error("they are not the site's own")
	}
}
