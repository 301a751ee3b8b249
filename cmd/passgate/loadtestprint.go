package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/term"

	"passgate/loadtest"
)

// plainEvery is how many seconds a line of progress stands for where nobody
// watches.
const plainEvery = 5

// loadProgress shows the second that ended: in place on a terminal, otherwise a
// line every few seconds.
func loadProgress(con *console) func(loadtest.Second) {
	file, ok := con.Err.(*os.File)
	live := ok && term.IsTerminal(int(file.Fd())) //nolint:gosec // a descriptor is small
	return func(s loadtest.Second) {
		if !live && s.At%plainEvery != plainEvery-1 {
			return
		}
		line := fmt.Sprintf("%5d s  due %6d/s  done %6d/s  p50 %8s  p99 %8s  waiting %5d  shed %5d  errors %4d",
			s.At+1, s.Offered, s.Done, shortTime(s.P50), shortTime(s.P99), s.Waiting, s.Shed, s.Failed)
		if s.GatewayCPU > 0 {
			line += fmt.Sprintf("  cores %.2f+%.2f, own %.2f", s.GatewayCPU, s.RedisCPU, s.GeneratorCPU)
		}
		if live {
			_, _ = fmt.Fprint(con.Err, "\r\x1b[K"+line)
			return
		}
		con.say("%s", line)
	}
}

// shortTime writes microseconds.
func shortTime(us int64) string {
	d := time.Duration(us) * time.Microsecond
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// printReport writes a report for people.
func printReport(w io.Writer, r *loadtest.Report) error {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	m := &r.Machine
	line("%s on %s, %d cores, %s, %s, Redis %s", r.Kind, m.CPU, m.Cores, m.Kernel, m.Go, m.Redis)
	line("latency runs from the time at which a scan was due\n")
	line("%-22s %8s %8s %6s %6s %6s %9s %9s %9s %9s %9s", "run", "due", "ack", "shed", "errors", "wrong", "p50", "p90", "p99", "p99.9", "max")
	for _, run := range r.Runs {
		l := &run.Latency
		line("%-22s %8d %8d %6d %6d %6d %9s %9s %9s %9s %9s", run.Name, run.Offered, run.Acknowledged, run.Shed, run.Failed, run.Mistaken,
			shortTime(l.P50), shortTime(l.P90), shortTime(l.P99), shortTime(l.P999), shortTime(l.Max))
	}
	if len(r.Runs) == 1 {
		printRun(line, r.Runs[0])
	}
	for _, a := range r.Audits {
		printAudit(line, a)
	}
	line("")
	for _, name := range slices.Sorted(maps.Keys(r.Figures)) {
		line("%-36s %14.5g", name, r.Figures[name])
	}
	for _, warning := range r.Warnings {
		line("WARNING: %s", warning)
	}
	for _, run := range r.Runs {
		for _, warning := range run.Warnings {
			line("WARNING, %s: %s", run.Name, warning)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printRun(line func(string, ...any), r *loadtest.Result) {
	line("\n%s, source %s, %d people, %d devices, seed %d", r.Pace, r.Source, r.People, r.Devices, r.Seed)
	line("decisions  %s", inOrder(r.Decisions))
	line("reasons    %s", inOrder(r.Reasons))
	line("kinds      %s", inOrder(r.Kinds))
	if len(r.Errors) > 0 {
		line("errors     %s", inOrder(r.Errors))
	}
	for _, wrong := range r.Wrong {
		line("wrong      %s", wrong)
	}
	line("sent again %d, on record already %d, without Redis %d", r.Retries, r.Duplicates, r.Degraded)
	line("generator  %d processes, %d connections, %.1f s CPU; late by p50 %s, p99 %s; %d sends waited for a connection, p99 %s",
		r.Generator.Processes, r.Generator.Connections, r.Generator.CPU, shortTime(r.Pacing.P50), shortTime(r.Pacing.P99), r.QueuedSends, shortTime(r.Queued.P99))
}

// inOrder lists counts, the greatest first.
func inOrder(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if d := counts[b] - counts[a]; d != 0 {
			return int(min(max(d, -1), 1))
		}
		return strings.Compare(a, b)
	})
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return strings.Join(parts, ", ")
}

func printAudit(line func(string, ...any), a *loadtest.Audit) {
	verdict := "every acknowledged scan is in its trail and its window, once, as answered"
	if !a.Clean() {
		verdict = "NOT as it should be"
	}
	line("\naudit      %s", verdict)
	line("           %d scans, %d acknowledged: lost %d, doubled %d, changed %d; strange records %d", a.Scans, a.Acknowledged, a.Lost, a.Doubled, a.Changed, a.Strange)
	line("           %d not acknowledged: %d on record, %d half", a.Unanswered, a.Kept, a.Half)
	line("           %d refusals that name nobody, %d of them past what is kept; %d windows and %d trails read in %.1f s", a.Nobody, a.Unkept, a.Gates, a.People, a.Seconds)
	for _, example := range a.Examples {
		line("           %s", example)
	}
}
