package loadtest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// trails holds what has a person against that person's trail, and concludes.
func (a *audit) trails(ctx context.Context, byPerson *buckets) error {
	return a.eachBucket("people", byPerson, func(entries []entry) error {
		slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.person, b.person) })
		work, ctx := errgroup.WithContext(ctx)
		work.SetLimit(askers)
		for len(entries) > 0 {
			n := 1
			for n < len(entries) && entries[n].person == entries[0].person {
				n++
			}
			sent := entries[:n:n]
			entries = entries[n:]
			work.Go(func() error { return a.trail(ctx, sent) })
		}
		return work.Wait()
	})
}

// trail reads the trail of one person, again while something is missing and may
// still come.
func (a *audit) trail(ctx context.Context, sent []entry) error {
	person := sent[0].person
	kase, err := a.desk.caseFor(ctx)
	if err != nil {
		return err
	}
	for {
		rows, err := a.desk.trail(ctx, person, kase, a.from, a.until+1)
		if err != nil {
			return err
		}
		all, strange, missing := groups(sent), []spot{}, 0
		for i := range rows {
			at, v, known, err := a.read(&rows[i])
			if at.person == 0 {
				at.person = person // an event of their own names nobody
			}
			switch g := all[at]; {
			case err != nil:
				return err
			case !known:
			case g != nil:
				g.rows = append(g.rows, v)
			default:
				strange = append(strange, at)
			}
		}
		for _, g := range all {
			missing += g.missing()
		}
		if missing == 0 || time.Now().After(a.deadline) {
			a.judgeTrail(sent, all, strange)
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askAgain):
		}
	}
}

// judgeTrail says what is wrong with a person's scans, in trail and window.
func (a *audit) judgeTrail(sent []entry, all map[spot]*group, strange []spot) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.People++
	for _, at := range strange {
		a.Strange++
		a.example("trail of %s: at %s nothing was sent", formatPerson(at.person), time.UnixMilli(at.at).UTC().Format(wireTime))
	}
	for _, g := range all {
		times := g.judge(a.words.words, func(e *entry, f fault, why string) {
			e.faults |= f
			a.explain(e, "trail", why)
		})
		half := 0
		for i, e := range g.sent {
			if e.outcome != acknowledged {
				half += int(min(times[i], 1)) - int(min(e.inGate, 1))
			}
		}
		// Scans of one spot have no names in a record: it is their number that
		// has to be the same in both.
		for _, e := range g.sent {
			if half != 0 && e.outcome != acknowledged {
				e.faults |= faultHalf
				a.explain(e, "trail and window", "it was not acknowledged and is in one of them only")
				break
			}
		}
	}
	for i := range sent {
		a.conclude(&sent[i])
	}
}
