//go:build linux

package faults

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// together is how many rows run at once: they mostly wait.
const together = 8

// TestFaultMatrix hurts everything that a scan passes through and prints what
// came of it.
func TestFaultMatrix(t *testing.T) {
	if _, err := theTown(); err != nil {
		t.Fatal(err)
	}
	rows := matrix()
	lines := make([]string, len(rows))
	free := make(chan struct{}, together)
	if long() {
		free = make(chan struct{}, together/2)
	}
	var all sync.WaitGroup
	for i, w := range rows {
		all.Go(func() {
			t.Run(w.name, func(t *testing.T) {
				free <- struct{}{}
				defer func() { <-free }()
				lines[i] = w.run(t)
			})
		})
	}
	all.Wait()
	table := tableHead + strings.Join(lines, "")
	t.Log("\n" + table)
	if path := os.Getenv("PASSGATE_FAULT_TABLE"); path != "" {
		if err := os.WriteFile(path, []byte(table), 0o600); err != nil {
			t.Error(err)
		}
	}
}

const tableHead = `| fault | online | degraded | 5xx | 422 | cut | refused | longest gap | acknowledged | lost | twice | wrong | online after | all settled after | control: switched off | control saw |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|
`

// run runs a row and its control and gives the row's line of the table.
func (w *row) run(t *testing.T) string {
	o := w.once(t, w.setup, w.hurt, nil, long(), time.Minute)
	switch {
	case o.settled < 0: // what is not recorded yet would count as lost
		t.Errorf("not settled: %s", o.unsettled)
	case !o.clean():
		t.Error(o.account.String())
	case o.online < 0:
		t.Error("no answer from Redis after the fault")
	case o.unanswered > 0:
		t.Errorf("%d scans were never answered", o.unanswered)
	case len(o.odd) > 0:
		t.Errorf("strange answers: %q", o.odd)
	}
	if w.expects != nil {
		if wrong := w.expects(&o); wrong != "" {
			t.Error(wrong)
		}
	}
	saw := w.runControl(t)
	if saw == "" {
		t.Errorf("the control (%s) saw nothing: the row would not have noticed a loss", w.control.off)
		saw = "nothing"
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %s | %d | %d | %d | %d | %s | %s | %s | %s |\n",
		w.name, o.counts.online, o.degraded, o.busy, o.clock, o.cut, o.refused, seconds(o.gap), o.acknowledged, o.lost, o.twice, o.wrong,
		seconds(o.online), seconds(o.settled), w.control.off, saw)
}

// controlTries is how often a control may be run until it sees something: whether
// something was on its way when a gateway was killed is chance.
const controlTries = 4

// runControl runs the row with its protection switched off and tells what it saw.
func (w *row) runControl(t *testing.T) (saw string) {
	s, hurt := w.setup, w.hurt
	if w.control.setup != nil {
		w.control.setup(&s)
	}
	if w.control.hurt != nil {
		hurt = w.control.hurt
	}
	for try := 0; saw == "" && try < controlTries; try++ {
		o := w.once(t, s, hurt, w.control.spoil, false, 6*time.Second)
		saw = w.control.sees(&o)
	}
	return saw
}

// once runs a row once, with a fault that lasts or a short one.
func (w *row) once(t *testing.T, s setup, hurt func(*rig) error, spoil func(context.Context, *rig, *outcome) error, lasts bool, within time.Duration) outcome {
	dir, err := os.MkdirTemp(scratch, "row")
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRig(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	r.long = lasts
	defer func() {
		r.close()
		_ = os.RemoveAll(dir)
	}()
	if err := r.drive(hurt); err != nil {
		t.Fatalf("the fault could not be made: %v", err)
	}
	o, err := r.settle(within)
	if err == nil && spoil != nil {
		if err = spoil(t.Context(), r, &o); err == nil {
			o, err = r.settle(time.Second)
		}
	}
	if err != nil {
		t.Fatalf("the account could not be taken: %v", err)
	}
	return o
}

func long() bool { return os.Getenv("PASSGATE_LONG") != "" }

func seconds(d time.Duration) string {
	if d < 0 {
		return "never"
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
