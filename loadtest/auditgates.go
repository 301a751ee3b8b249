package loadtest

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// windows holds the ledger against the windows of the gates and hands on to
// byPerson what has a person.
func (a *audit) windows(ctx context.Context, byGate, byPerson *buckets) error {
	return a.eachBucket("gates", byGate, func(entries []entry) error {
		gates := map[string][]entry{}
		for i := range entries {
			gate := a.Devices[entries[i].device].Gate
			gates[gate] = append(gates[gate], entries[i])
		}
		work, ctx := errgroup.WithContext(ctx)
		work.SetLimit(askers)
		for gate, sent := range gates {
			work.Go(func() error { return a.window(ctx, gate, identities(sent), byPerson) })
		}
		return work.Wait()
	})
}

// window reads one gate, again while something is missing and may still come.
func (a *audit) window(ctx context.Context, gate string, sent []entry, byPerson *buckets) error {
	for {
		strange, err := a.readGate(ctx, gate, sent)
		if err != nil {
			return err
		}
		missing := 0
		for _, g := range strange.groups {
			missing += g.missing()
		}
		if missing == 0 || time.Now().After(a.deadline) {
			return a.judgeGate(gate, sent, strange, byPerson)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

// gateRecord is what a gate holds, beside what was sent to it.
type gateRecord struct {
	groups  map[spot]*group
	strange []spot
}

// readGate reads the window of a gate, and its refusals if some scan may be among
// them. An entry that does not know its person learns it.
func (a *audit) readGate(ctx context.Context, gate string, sent []entry) (gateRecord, error) {
	r := gateRecord{groups: groups(sent)}
	row := func(what *row) error {
		at, v, known, err := a.read(what)
		switch g := r.groups[at]; {
		case err != nil || !known:
			return err
		case g != nil:
			g.rows = append(g.rows, v)
		case !r.claim(at, v):
			r.strange = append(r.strange, at)
		}
		return nil
	}
	if err := a.desk.gateWindow(ctx, gate, "events", a.from, a.until+1, row); err != nil {
		return r, err
	}
	nobody := slices.ContainsFunc(sent, func(e entry) bool { return e.person == 0 || e.outcome != acknowledged })
	if !nobody {
		return r, nil
	}
	return r, a.desk.gateWindow(ctx, gate, "refusals", a.from, a.until+1, row)
}

// claim gives a record to a scan that was sent there and then, not acknowledged
// and of which the sender could not know whom the server would find.
func (r *gateRecord) claim(at spot, v verdict) bool {
	from := at
	from.person = 0
	g := r.groups[from]
	if g == nil || at.person == 0 || g.sent[len(g.sent)-1].outcome == acknowledged {
		return false
	}
	last := len(g.sent) - 1
	e := g.sent[last]
	if g.sent = g.sent[:last]; last == 0 {
		delete(r.groups, from)
	}
	e.person = at.person
	r.groups[at] = &group{sent: []*entry{e}, rows: []verdict{v}}
	return true
}

// read finds spot and verdict of a row; known is false for one that is not this
// run's.
func (a *audit) read(what *row) (at spot, v verdict, known bool, err error) {
	at = spot{in: what.Direction == "in", at: what.OccurredAt.UnixMilli()}
	if at.device, known = a.numbers[what.Device]; !known || what.Annulment || at.at < a.from || at.at > a.until {
		return at, v, false, nil
	}
	if what.Person != nil {
		if at.person, err = ParsePerson(what.Person.ID); err != nil {
			return at, v, false, err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if v.decision, err = a.words.number(what.Decision); err != nil {
		return at, v, false, err
	}
	v.reason, err = a.words.number(what.Reason)
	return at, v, true, err
}

// judgeGate says what is wrong at a gate.
func (a *audit) judgeGate(gate string, sent []entry, r gateRecord, byPerson *buckets) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.Gates++
	for _, at := range r.strange {
		a.Strange++
		a.example("window of %s: %s at %s was never sent", gate, formatPerson(at.person), time.UnixMilli(at.at).UTC().Format(wireTime))
	}
	blame := func(e *entry, f fault, why string) {
		e.faults |= f
		a.explain(e, "window of "+gate, why)
	}
	var refusals []*entry // that are missing
	for _, g := range r.groups {
		times := g.judge(a.words.words, func(e *entry, f fault, why string) {
			if f == faultLost && e.person == 0 {
				refusals = append(refusals, e)
				return
			}
			blame(e, f, why)
		})
		for i, e := range g.sent {
			e.inGate = times[i]
		}
	}
	lost := notExcused(sent, refusals)
	for _, e := range lost {
		blame(e, faultLost, whyLost)
	}
	a.Unkept += int64(len(refusals) - len(lost))
	for i := range sent {
		e := &sent[i]
		if e.person == 0 {
			a.conclude(e)
			continue
		}
		if err := byPerson.put(e.person, e); err != nil {
			return err
		}
	}
	return nil
}
