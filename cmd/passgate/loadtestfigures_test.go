package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"passgate/checkpoint/measure"
	"passgate/loadtest"
	"passgate/loadtest/figures"
)

// Every measurement that needs no other process yields its figures, in a small
// town here; with PASSGATE_LONG=1 in one of the size that the goals are meant for,
// and every goal has to be met.
func TestMeasurementsYieldTheirFigures(t *testing.T) {
	t.Parallel()
	long := os.Getenv("PASSGATE_LONG") != ""
	sizes, names := figureSizes{runs: 1, townPeople: measure.MinPeople, days: 2, window: 2000}, []string{"size", "gate_window"}
	if long {
		sizes, names = fullSizes, append(names, "replay", "enrolment")
		sizes.runs = 1
	}
	set, err := figures.Choose(names)
	if err != nil {
		t.Fatal(err)
	}
	r := &figuresRun{figureSizes: sizes, set: set, con: &console{Out: io.Discard, Err: t.Output()}, seed: 1}
	if err := r.all(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, f := range set.Figures {
		if f.Value == nil || !(*f.Value > 0) || math.IsInf(*f.Value, 0) || len(f.Detail) == 0 {
			t.Errorf("%s: %+v", name, f)
		}
		if store := f.By == "size" || f.By == "replay"; long && store && (f.Met == nil || !*f.Met) {
			t.Errorf("%s: %.2f, the goal is %g", name, *f.Value, f.Goal)
		}
	}
	if f := set.Figures["memory_per_event"]; f.Detail["events"] != float64(sizes.townPeople*sizes.days*4) || f.Detail["trails_bytes"] < 20 || f.Detail["logs_bytes"] <= 0 {
		t.Errorf("memory of what: %v", f.Detail)
	}
}

func TestFiguresKnowTheirGoals(t *testing.T) {
	t.Parallel()
	set, err := figures.Choose([]string{"replay", "enrolment", "memory_per_event", "rush_hour"})
	if err != nil {
		t.Fatal(err)
	}
	met := func() (names []string) {
		for name, f := range set.Figures {
			if f.Met != nil && *f.Met {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		return names
	}
	set.Put("replay", nil, 0.4, 0.5, 3)  // at least 0.5
	set.Put("enrolment", nil, 9, 4, 5.1) // at most 5
	set.Put("rush_hour_lost", nil, 0)
	set.Put("rush_hour_errors", nil, 1)
	set.Put("cost_of_scan", nil, 1) // not chosen
	if got := strings.Join(met(), " "); got != "replay rush_hour_lost" || set.Met() {
		t.Errorf("met: %s", got)
	}
	set.Put("enrolment", nil, 5)
	set.Put("rush_hour_errors", nil, 0)
	if !set.Met() {
		t.Error("a figure without a value is no missed goal")
	}
	set.Fail("size", errors.New("no room"))
	var table bytes.Buffer
	if err := set.Write(&table); err != nil || set.Met() || !strings.Contains(table.String(), "no room") {
		t.Errorf("%v: a measurement that failed is not told of:\n%s", err, &table)
	}
}

func TestLoadtestWithoutAVerbPrintsFigures(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	con := &console{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(string) string { return "" }}
	if code := run(t.Context(), []string{"loadtest", "--only", "phone", "--json"}, con); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, &errs)
	}
	var got struct{ Figures map[string]map[string]any }
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	phone := got.Figures["phone"]
	for _, name := range []string{"value", "unit", "goal", "met", "runs", "min", "median", "max"} {
		if _, there := phone[name]; !there {
			t.Errorf("phone has no %s: %v", name, phone)
		}
	}
	if phone["value"] != nil || !strings.Contains(phone["note"].(string), "npm run e2e") || len(got.Figures) != 1 {
		t.Errorf("%v", got.Figures)
	}
	if code := run(t.Context(), []string{"loadtest", "--only", "phone,cheap"}, con); code != exitUsage {
		t.Errorf("an unknown figure: exit code %d", code)
	}
}

func TestRushHourErrorsAreAllThatWasWrong(t *testing.T) {
	t.Parallel()
	for _, r := range []*loadtest.Report{
		{Runs: []*loadtest.Result{{Counts: loadtest.Counts{Acknowledged: 9, Failed: 1}}}},
		{Runs: []*loadtest.Result{{Counts: loadtest.Counts{Acknowledged: 9, Shed: 1}}}},
		{Runs: []*loadtest.Result{{Counts: loadtest.Counts{Acknowledged: 9, Mistaken: 1}}}},
		{Audits: []*loadtest.Audit{{Acknowledged: 9, Changed: 1}}},
		{Audits: []*loadtest.Audit{{Acknowledged: 9, Strange: 1}}},
	} {
		if n := errorsOf(r); n != 1 {
			t.Errorf("%+v %+v: %d errors, want 1", r.Runs, r.Audits, n)
		}
	}
}
