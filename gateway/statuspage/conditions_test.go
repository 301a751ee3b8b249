package statuspage

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// rule is an alert rule as Prometheus reads it.
type rule struct {
	Alert       string
	Expr        string
	For         string
	Labels      map[string]string
	Annotations map[string]string
}

// rules are the alert rules that are shipped.
func rules(t *testing.T) map[string]rule {
	t.Helper()
	files, err := filepath.Glob("../../deploy/prometheus/rules/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rule files: %v", err)
	}
	found := map[string]rule{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups struct{ Groups []struct{ Rules []rule } }
		if err := yaml.Unmarshal(text, &groups); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				if r.Alert != "" {
					r.Expr = plain(r.Expr)
					found[r.Alert] = r
				}
			}
		}
	}
	return found
}

var product = regexp.MustCompile(`(\d+) \* (\d+)`)

// plain is an expression with single spaces and its products worked out.
func plain(expr string) string {
	return product.ReplaceAllStringFunc(strings.Join(strings.Fields(expr), " "), func(p string) string {
		m := product.FindStringSubmatch(p)
		a, _ := strconv.Atoi(m[1])
		b, _ := strconv.Atoi(m[2])
		return strconv.Itoa(a * b)
	})
}

// notHere are the rules that one gateway cannot judge by itself, with the reason.
var notHere = map[string]string{
	"PassgateWatchdog":       "is about Prometheus and Alertmanager",
	"PassgateGatewayMissing": "needs the other gateways",
	"PassgateArchiveMissing": "needs the other gateways",
	"PassgateJournalAway":    "is about a gateway that is away",
	"PassgateDown":           "whoever sees the page sees that it answers",
	"PassgateAbsent":         "is about Prometheus",
	"PassgateGatesSilent":    "needs the same hour of yesterday",
	"PassgateNoScans":        "needs the same hour of yesterday",
	"PassgateVersionsDiffer": "needs the other gateways",
	"PassgateRestarting":     "what was before the start is not kept",
	"PassgateDiskFilling":    "is a forecast",
}

// TestConditionsAreTheAlertRules holds names, severities, times, limits and words
// against the rule files.
func TestConditionsAreTheAlertRules(t *testing.T) {
	t.Parallel()
	shipped := rules(t)
	seen := map[string]bool{}
	for _, c := range conditions {
		seen[c.alert] = true
		r, ok := shipped[c.alert]
		if !ok {
			t.Errorf("%s: there is no such rule", c.alert)
			continue
		}
		lasts, err := time.ParseDuration(r.For)
		if r.For != "" && err != nil || lasts != c.lasts || r.Labels["severity"] != string(c.severity) {
			t.Errorf("%s: told as %s after %s; the rule: %s after %s", c.alert, c.severity, c.lasts, r.Labels["severity"], r.For)
		}
		want := strings.TrimSpace(c.of + " " + c.is)
		if c.is != "" {
			want += " " + strconv.FormatFloat(c.limit, 'f', -1, 64)
		}
		expr := strings.ReplaceAll(r.Expr, "1e9", "1000000000")
		if i := strings.Index(expr, want); i < 0 || i+len(want) < len(expr) && strings.ContainsAny(expr[i+len(want):][:1], ".0123456789e") {
			t.Errorf("%s: %q is not in the rule: %s", c.alert, want, expr)
		}
		if summary := r.Annotations["summary"]; !strings.Contains(summary, "{{") && summary != c.words.zh+" · "+c.words.en {
			t.Errorf("%s: %q, %q; the rule says %q", c.alert, c.words.zh, c.words.en, summary)
		}
	}
	for name := range shipped {
		if seen[name] == (notHere[name] != "") {
			t.Errorf("%s: is to be a condition here or to have a reason why it is not, one of both", name)
		}
	}
}

// TestEachConditionHasATileAndARunbook, and tiles name nothing else.
func TestEachConditionHasATileAndARunbook(t *testing.T) {
	t.Parallel()
	runbook, err := os.ReadFile("../../deploy/RUNBOOK.md")
	if err != nil {
		t.Fatal(err)
	}
	shipped, at := rules(t), map[string]bool{}
	for _, s := range sections {
		for _, tile := range s.tiles {
			if tile.title.zh == "" || tile.title.en == "" || tile.means.zh == "" || tile.means.en == "" || len(tile.alerts) == 0 {
				t.Errorf("%s: lacks words, or a section of the runbook", tile.id)
			}
			for _, a := range tile.alerts {
				at[a] = true
				if _, ok := shipped[a]; !ok {
					t.Errorf("%s: there is no rule %s", tile.id, a)
				}
				if text, ok := sectionOf(string(runbook), a); !ok || len(text) < 100 {
					t.Errorf("the runbook says too little of %s: %q", a, text)
				}
			}
			if tile.mark != "" && !slices.ContainsFunc(conditions, func(c condition) bool { return c.alert == tile.mark && c.unit == tile.unit }) {
				t.Errorf("%s: its mark is of no condition in its unit", tile.id)
			}
		}
	}
	for _, c := range conditions {
		if !at[c.alert] {
			t.Errorf("%s is of no tile", c.alert)
		}
	}
}

// TestWhatLastsIsToldAndWhatEndsIsNot: a condition is told when it has held for as long
// as its rule says, and no longer than it holds.
func TestWhatLastsIsToldAndWhatEndsIsNot(t *testing.T) {
	t.Parallel()
	h, w := newHistory(), watch{}
	told := ""
	for i, overdue := range []float64{0, 1, 1, 0, 2, 2, 2, 0} {
		h.add(start.Add(time.Duration(i)*6*time.Minute), gauges(map[string]float64{"passgate_fevers_overdue": overdue, "passgate_redis_up": 1}))
		problems := w.look(h)
		told += strconv.Itoa(len(problems))
		for _, p := range problems {
			if p.Alert != "PassgateFeversOverdue" || p.Value != 2 || !p.Since.Equal(start.Add(24*time.Minute)) {
				t.Errorf("told: %+v", p)
			}
		}
	}
	if told != "00000010" {
		t.Errorf("problems by sample: %s", told)
	}
}

// TestFeversOfAnHour: what was opened before the gateway began, or before midnight, is
// not of the last hour.
func TestFeversOfAnHour(t *testing.T) {
	t.Parallel()
	h := newHistory()
	h.add(start, nil) // nothing is gathered yet
	for i, c := range []struct{ today, want float64 }{{14, 0}, {16, 2}, {21, 7}, {3, 3}, {4, 4}} {
		h.add(start.Add(time.Duration(i+1)*5*time.Minute), gauges(map[string]float64{"passgate_fevers_today": c.today}))
		if got := h.whole(feversIn); got != c.want {
			t.Errorf("with %v today, %v are said to be of the last hour, want %v", c.today, got, c.want)
		}
	}
}

func TestAnEmptyRegistryIsNoAlarm(t *testing.T) {
	t.Parallel()
	h, w := newHistory(), watch{}
	for i := range 5 {
		h.add(start.Add(time.Duration(i)*time.Hour), nil)
		if problems := w.look(h); len(problems) > 0 {
			t.Fatalf("of nothing something is said to be wrong: %+v", problems)
		}
	}
}
