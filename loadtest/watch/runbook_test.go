package watch

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const deploy = "../../deploy"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readAll gives the files of a pattern, one after the other.
func readAll(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(deploy, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("no file is %s (%v)", pattern, err)
	}
	var text strings.Builder
	for _, name := range names {
		one, err := os.ReadFile(name) //nolint:gosec // our own files
		if err != nil {
			t.Fatal(err)
		}
		text.Write(one)
	}
	return text.String()
}

// every gives the first group of all matches, sorted, each once.
func every(pattern, text string) []string {
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	slices.Sort(found)
	return slices.Compact(found)
}

const (
	alertPattern = `(?m)^ +- alert: (\w+)$`
	alwaysFires  = "PassgateWatchdog"
)

// promtool and amtool find configuration and rules sound, and the rules' own tests pass.
func TestRulesPassTheirOwnTests(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), filepath.Join(deploy, "prometheus", "check")).CombinedOutput(); err != nil {
		t.Errorf("deploy/prometheus/check: %v\n%s", err, out)
	}
}

// Whoever is called finds what to do, and each alert was seen to fire and not to.
func TestEveryAlertHasASectionAndTests(t *testing.T) {
	t.Parallel()
	rules, tests, runbook := readAll(t, "prometheus/rules/*.yml"), readAll(t, "prometheus/tests/*.yml"), read(t, "RUNBOOK.md")
	alerts := every(alertPattern, rules)
	if sections := every(`(?m)^## (Passgate\w+)$`, runbook); !slices.Equal(alerts, sections) {
		t.Errorf("alerts and sections of RUNBOOK.md differ:\n%q\n%q", alerts, sections)
	}
	_, procedures, found := strings.Cut(runbook, "\n# Procedures\n")
	if !found {
		t.Error("RUNBOOK.md has no procedures")
	}
	for _, section := range every(`(?m)^## ([^P].*)$`, runbook) {
		if !strings.Contains(procedures, "\n## "+section+"\n") {
			t.Errorf("section %q belongs to no alert and is no procedure", section)
		}
	}
	fires, rests := every(`labels: 'ALERTS\{alertname="(\w+)",alertstate="firing"`, tests), every(`ALERTS\{alertname="(\w+)"[^}]*\}', eval_time: \w+, exp_samples: \[\]`, tests)
	for _, alert := range alerts {
		if !slices.Contains(fires, alert) {
			t.Errorf("no test has %s fire", alert)
		}
		if !slices.Contains(rests, alert) && alert != alwaysFires {
			t.Errorf("no test has %s not fire", alert)
		}
	}
	for _, names := range every(`alertname=~?"Passgate\(?([\w|]+)\)?"`, read(t, "alertmanager/alertmanager.yml")) {
		for name := range strings.SplitSeq(names, "|") {
			if !slices.Contains(alerts, "Passgate"+name) {
				t.Errorf("alertmanager.yml names Passgate%s, which is no alert", name)
			}
		}
	}
}

// A section says all that is promised, and its links lead somewhere.
func TestRunbookIsComplete(t *testing.T) {
	t.Parallel()
	runbook := read(t, "RUNBOOK.md")
	var anchors []string
	for _, heading := range every(`(?m)^#+ (.+)$`, runbook) {
		anchors = append(anchors, strings.ReplaceAll(strings.ToLower(heading), " ", "-"))
	}
	links := every(`\(#([^)]+)\)`, runbook)
	links = append(links, every(`externalLabels\.runbook \}\}#(\w+)`, readAll(t, "prometheus/rules/*.yml"))...)
	for _, link := range links {
		if !slices.Contains(anchors, link) {
			t.Errorf("#%s leads nowhere", link)
		}
	}
	for _, section := range strings.Split(runbook, "\n## ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		if !regexp.MustCompile(`^> .*\p{Han}`).MatchString(text) {
			t.Errorf("%s has no summary in Chinese", name)
		}
		if !strings.HasPrefix(name, "Passgate") {
			continue
		}
		for _, part := range []string{"\n- **At the gates:** ", "\n- **Look", "\n- **Do:** ", "\n- **Don't** ", "\n- **Over** "} {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q", name, strings.TrimSpace(part))
			}
		}
	}
}

// An alert says in both languages what it is about, and names its own section.
func TestAlertsReadWell(t *testing.T) {
	t.Parallel()
	alerts := strings.Split(readAll(t, "prometheus/rules/*.yml"), "- alert: ")[1:]
	for _, alert := range alerts {
		name, _, _ := strings.Cut(alert, "\n")
		for _, pattern := range []string{
			`labels: \{severity: (page|ticket|none)\}`,
			`summary: ".*\p{Han}.* · .*[a-z]`, `description: ".*\p{Han}.* · .*[a-z]`,
			`runbook_url: "\{\{ \$externalLabels\.runbook \}\}#` + strings.ToLower(name) + `"`,
		} {
			if !regexp.MustCompile(pattern).MatchString(alert) {
				t.Errorf("%s has no %s", name, pattern)
			}
		}
	}
}

// The commands that the runbook has people type exist, with these flags.
func TestRunbooksCommandsExist(t *testing.T) {
	t.Parallel()
	binary := program(t)
	seen := map[string]string{}
	for _, block := range every("(?ms)^```sh\n(.*?)^```", read(t, "RUNBOOK.md")) {
		for _, line := range every(`(?m)^((?:P|passgate) .*?)(?: #.*)?$`, block) {
			words := strings.Fields(line)[1:]
			end := slices.IndexFunc(words, func(w string) bool { return !regexp.MustCompile(`^[a-z]+$`).MatchString(w) })
			if end < 0 {
				end = len(words)
			}
			verb := strings.Join(words[:end], " ")
			if _, known := seen[verb]; !known {
				out, err := exec.CommandContext(t.Context(), binary, append([]string{"help"}, words[:end]...)...).CombinedOutput() //nolint:gosec // the words of our own runbook
				if err != nil || strings.Contains(string(out), " <command>") {
					t.Errorf("%q is no command\n%s", verb, out)
				}
				seen[verb] = string(out)
			}
			for _, flag := range every(`(--[a-z-]+)`, line) {
				if !regexp.MustCompile(flag + `\b`).MatchString(seen[verb]) {
					t.Errorf("%q has no %s", verb, flag)
				}
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("only these commands were found: %v", seen)
	}
}
