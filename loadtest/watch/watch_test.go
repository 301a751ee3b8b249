package watch

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/loadtest/rig"
	"passgate/loadtest/town"
)

// What may be empty in a town that was started a moment ago on one machine without TLS.
var (
	absentMetrics = []string{"passgate_tls_expiry_seconds"}
	emptyAnswers  = []string{
		"passgate:fevers_opened:last1h",         // Prometheus has watched for an hour
		"min(passgate_tls_expiry_seconds)",      // with TLS
		`passgate:gates:max{state="silent"} of`, // Prometheus has watched for a day
	}
)

// A town with scans of every decision, watched as shipped: every metric that is named
// anywhere exists, every rule is evaluated, every panel shows something, and nobody is
// called for nothing.
func TestEverythingThatIsWatchedIsThere(t *testing.T) {
	t.Parallel()
	program(t)
	service, err := rig.Start(t.Context(), rig.Options{Args: []string{"--demo", "--demo-residents", "2000"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Close() })
	target, _ := strings.CutPrefix(strings.TrimSuffix(service.MetricsURL, "/metrics"), "http://")
	// The first scan of a kind makes its series: Prometheus sees it grow by the next ones.
	scans := newScanner(t, service)
	scans.round(t)
	p := startPrometheus(t, target)
	eventually(t, 10*time.Second, func() error { return p.wants(t, `up{job="passgate"}`, "1") })
	var once sync.Once
	for _, expr := range []string{"passgate:scans:rate5m", "max(passgate_alarms_open)", "passgate_build_info"} {
		eventually(t, 20*time.Second, func() error {
			once.Do(func() { scans.round(t) })
			return p.answers(t, expr)
		})
	}
	for decision, n := range map[string]string{"pass": "2", "deny": "4", "remeasure": "2"} { // a fever is a denial
		eventually(t, 5*time.Second, func() error {
			return p.wants(t, `sum(passgate_scans_total{decision="`+decision+`"})`, n)
		})
	}
	t.Run("metrics", func(t *testing.T) { p.hasMetrics(t) })
	t.Run("rules", func(t *testing.T) { p.hasRules(t) })
	for _, name := range []string{"gates", "epidemic", "runtime"} {
		t.Run(name, func(t *testing.T) { p.fills(t, name+".json") })
	}
}

// wants is an expression that has one answer.
func (p *prometheus) wants(t *testing.T, expr, value string) error {
	got, err := p.query(t.Context(), expr)
	if err != nil {
		return err
	}
	if len(got) != 1 || got[0].Value[1] != value {
		return fmt.Errorf("%s is %v, not %s", expr, got, value)
	}
	return nil
}

// answers is an expression that has any answer, or may have none.
func (p *prometheus) answers(t *testing.T, expr string) error {
	got, err := p.query(t.Context(), expr)
	mayBeEmpty := slices.ContainsFunc(emptyAnswers, func(begin string) bool { return strings.HasPrefix(expr, begin) })
	if err == nil && len(got) == 0 && !mayBeEmpty {
		err = errors.New("there is nothing")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", expr, err)
	}
	return nil
}

// hasMetrics: whatever rules, dashboards and runbook name.
func (p *prometheus) hasMetrics(t *testing.T) {
	var there []string
	if err := p.get(t.Context(), "/api/v1/label/__name__/values", &there); err != nil {
		t.Fatal(err)
	}
	text := readAll(t, "prometheus/rules/*.yml") + readAll(t, "grafana/dashboards/*.json")
	named := every(`\b((?:passgate|process|go)_[a-z_0-9]+)\b`, text)
	for _, begin := range every(`\b(passgate_[a-z_0-9]+)\b`, read(t, "RUNBOOK.md")) {
		if !slices.ContainsFunc(there, func(name string) bool { return strings.HasPrefix(name, begin) }) {
			named = append(named, begin)
		}
	}
	for _, name := range named {
		if !slices.Contains(there, name) && !slices.Contains(absentMetrics, name) {
			t.Errorf("there is no %s", name)
		}
	}
}

// hasRules: all are loaded and evaluated, what they record is there, and none fires but the
// one that always does.
func (p *prometheus) hasRules(t *testing.T) {
	type rule struct{ Name, Type, Health, LastError, State, Query string }
	var loaded struct{ Groups []struct{ Rules []rule } }
	recorded := 0
	eventually(t, 10*time.Second, func() error {
		recorded = 0
		if err := p.get(t.Context(), "/api/v1/rules", &loaded); err != nil {
			return err
		}
		var names []string
		for _, g := range loaded.Groups {
			for _, r := range g.Rules {
				if r.Health != "ok" {
					return fmt.Errorf("%s is %s: %s", r.Name, r.Health, r.LastError)
				}
				if names = append(names, r.Name); r.Type == "recording" {
					recorded++
					if err := p.answers(t, r.Name); err != nil {
						return err
					}
				} else if (r.State == "firing") != (r.Name == alwaysFires) && !strings.HasPrefix(r.Name, "PassgateDisk") { // the disk is this machine's
					return fmt.Errorf("%s is %s in a town that is well", r.Name, r.State)
				}
			}
		}
		slices.Sort(names)
		if want := every(`(?m)^ +- (?:alert|record): (\S+)$`, readAll(t, "prometheus/rules/*.yml")); !slices.Equal(names, want) {
			return fmt.Errorf("these are loaded: %q\nnot %q", names, want)
		}
		return nil
	})
	if recorded < 5 {
		t.Errorf("%d rules record something", recorded)
	}
}

type panel struct {
	Title, Description, Type string
	GridPos                  struct{ X, Y, W, H int }
	Targets                  []struct{ Expr string }
	FieldConfig              struct {
		Defaults struct {
			Unit       string
			Thresholds struct{ Steps []struct{ Color string } }
		}
	}
}

// fills: every panel of a dashboard says what it is about, and shows something.
func (p *prometheus) fills(t *testing.T, name string) {
	var board struct{ Panels []panel }
	if err := json.Unmarshal([]byte(read(t, filepath.Join("grafana/dashboards", name))), &board); err != nil {
		t.Fatal(err)
	}
	alerts := every(alertPattern, readAll(t, "prometheus/rules/*.yml"))
	bilingual := regexp.MustCompile(`\p{Han}.* · .*[A-Za-z]`)
	shown := 0
	for _, panel := range board.Panels {
		if panel.Type == "row" {
			continue
		}
		if !bilingual.MatchString(panel.Title) || !bilingual.MatchString(panel.Description) || !strings.ContainsAny(panel.Description, "?？") {
			t.Errorf("%q: title and description in both languages, with the question that it answers: %q", panel.Title, panel.Description)
		}
		if d := panel.FieldConfig.Defaults; d.Unit == "" || len(d.Thresholds.Steps) == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("%q: no unit, no threshold, or too wide: %+v", panel.Title, panel)
		}
		for _, alert := range every(`(Passgate\w+)`, panel.Description) {
			if !slices.Contains(alerts, alert) {
				t.Errorf("%q: there is no alert %s", panel.Title, alert)
			}
		}
		for _, target := range panel.Targets {
			shown++
			// Grafana puts in four times the interval of scrapes, a second here.
			expr := strings.ReplaceAll(target.Expr, "$__rate_interval", "30s")
			eventually(t, 10*time.Second, func() error { return p.answers(t, expr) })
		}
	}
	if shown < 10 {
		t.Errorf("%d expressions are shown", shown)
	}
}

// scanner is a phone at a gate of the demo town.
type scanner struct {
	town   *rig.Rig
	token  string
	people []town.Resident // who pass, one a round
	scans  int
}

func newScanner(t *testing.T, service *rig.Rig) *scanner {
	t.Helper()
	s := &scanner{town: service, people: slices.Collect(town.Residents(7, 2))}
	var made struct {
		Code string `json:"enrol_code"`
	}
	s.ask(t, "/v1/devices", service.AdminToken, map[string]string{"gate": "370126001202-g1", "lane": "1"}, &made)
	var phone struct{ Token string }
	s.ask(t, "/v1/devices/enrol", "", map[string]string{"code": made.Code}, &phone)
	s.token = phone.Token
	return s
}

// round has somebody go out and come back with a fever, which is measured twice; and a
// pass that is none of ours.
func (s *scanner) round(t *testing.T) {
	t.Helper()
	who := s.people[0]
	s.people = s.people[1:]
	var person struct{ ID string }
	s.ask(t, "/v1/residents", s.town.AdminToken, map[string]string{
		"name": who.Name, "id_number": who.IDNumber, "phone": who.Phone, "site": "370126001202", "door": "12",
	}, &person)
	s.scan(t, "pass", map[string]any{"resident": person.ID, "direction": "out", "temperature": 36.5})
	s.scan(t, "deny", map[string]any{"pass": "https://example.com", "direction": "in", "temperature": 36.5})
	first := s.scan(t, "remeasure", map[string]any{"resident": person.ID, "direction": "in", "temperature": 38.2})
	s.scan(t, "deny", map[string]any{"resident": person.ID, "direction": "in", "temperature": 38.3, "remeasure_of": first})
}

func (s *scanner) scan(t *testing.T, decision string, body map[string]any) (id string) {
	t.Helper()
	s.scans++
	id = fmt.Sprintf("watch-%04d", s.scans)
	body["id"], body["occurred_at"], body["temperature_method"] = id, time.Now().UTC().Format(time.RFC3339Nano), "forehead"
	var verdict struct{ Decision, Reason string }
	s.ask(t, "/v1/scans", s.token, body, &verdict)
	if verdict.Decision != decision {
		t.Fatalf("%v is answered with %+v, not %s", body, verdict, decision)
	}
	return id
}

func (s *scanner) ask(t *testing.T, path, token string, in, out any) {
	t.Helper()
	body, err := call(t.Context(), http.MethodPost, s.town.URL+path, token, in)
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		t.Fatal(err)
	}
}
