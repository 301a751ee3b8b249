package demo

import (
	"container/heap"
	"context"
	"slices"
	"time"
)

// liveThrough lets the days pass, slot by slot.
func (r *run) liveThrough(ctx context.Context) error {
	total := r.crowd.scans
	for d := range r.cfg.Days {
		start := r.dayStart(d)
		acts := r.planDay(d)
		if err := r.setClock(ctx, start); err != nil {
			return err
		}
		if err := r.prepare(ctx, acts, start); err != nil {
			return err
		}
		for t := start; t.Before(start.Add(day)); t = t.Add(slot) {
			n := 0
			for n < len(acts) && acts[n].at < t.Add(slot).UnixMilli() {
				n++
			}
			if err := r.step(ctx, t, acts[:n]); err != nil {
				return err
			}
			acts = acts[n:]
			r.progress("days", min(int(r.scans.Load()), total), total)
		}
	}
	// What was put off until after the last midnight.
	end := r.dayStart(r.cfg.Days)
	for t := end; t.Before(end.Add(6 * time.Hour)); t = t.Add(slot) {
		if err := r.step(ctx, t, nil); err != nil {
			return err
		}
	}
	r.progress("days", total, total)
	return r.setClock(ctx, end.Add(6*time.Hour))
}

// step lives through one slot: the office and the phones that are back first,
// then everybody at the gates at once.
func (r *run) step(ctx context.Context, start time.Time, acts []act) error {
	end := start.Add(slot)
	acts = slices.Clone(acts)
	var official []act
	for len(r.resends) > 0 && r.resends[0].at < end.UnixMilli() {
		a := heap.Pop(&r.resends).(act) //nolint:forcetypeassert // holds nothing else
		if a.deed.official() {
			official = append(official, a)
		} else {
			acts = append(acts, a)
		}
	}
	back := r.backOnline(start.UnixMilli())
	if len(acts)+len(official)+len(back) == 0 {
		return nil
	}
	if err := r.setClock(ctx, end); err != nil {
		return err
	}
	for _, a := range official {
		if err := r.decree(ctx, a); err != nil {
			return err
		}
	}
	for _, o := range back {
		if err := r.handIn(ctx, o); err != nil {
			return err
		}
	}
	slices.SortStableFunc(acts, compareActs)
	tasks := r.perHousehold(acts)
	before := r.scans.Load()
	clock := time.Now()
	err := r.parallel(ctx, "", len(tasks), func(ctx context.Context, i int) error {
		for _, a := range tasks[i] {
			if err := r.perform(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
	r.speed.slot(int(r.scans.Load()-before), time.Since(clock))
	return err
}

// perHousehold splits acts so that those of one household, whose outings count
// together, stay in order.
func (r *run) perHousehold(acts []act) [][]act {
	var tasks [][]act
	at := map[*household]int{}
	for _, a := range acts {
		home := new(household) // nobody's
		if a.person >= 0 {
			home = r.oracle.people[a.person].household
		}
		i, known := at[home]
		if !known {
			i = len(tasks)
			at[home] = i
			tasks = append(tasks, nil)
		}
		tasks[i] = append(tasks[i], a)
	}
	return tasks
}

// Shares of the scans with which something more is tried.
const (
	unmeasuredShare = 0.005 // the guard forgets the thermometer at first
	resendShare     = 0.005 // sent again hours later
	doubleShare     = 0.01  // sent twice at once
	tapShare        = 0.01  // sent twice in a row
	otherShare      = 0.002 // sent again with other content
	dirtyShare      = 0.3   // of the vehicles: not disinfected at first
)

// perform does one act at a gate.
func (r *run) perform(ctx context.Context, a act) error {
	switch {
	case a.deed == resend:
		return r.sendAgain(ctx, a.prior, "again later")
	case a.deed == byCar:
		return r.drive(ctx, a)
	}
	if a.plate == "" && r.oracle.sites[r.oracle.gates[a.gate].site].residential && r.chance(plateShare, drawPlate, a.person, a.at) {
		a.plate = r.plateOf(a.person)
	}
	if a.deed == pass1 && a.override == "" {
		if err := r.blunder(ctx, a); err != nil {
			return err
		}
	}
	_, err := r.scanOnce(ctx, a)
	return err
}

// blunder does before some of the scans what a guard does wrong at first.
func (r *run) blunder(ctx context.Context, a act) error {
	if a.temperature != 0 && r.chance(unmeasuredShare, drawUnmeasured, a.person, a.at) {
		forgotten := a
		forgotten.at, forgotten.temperature = a.at-7_000, 0
		if _, err := r.scanOnce(ctx, forgotten); err != nil {
			return err
		}
	}
	if a.in && a.plate != "" && r.chance(dirtyShare, drawDirty, a.person, a.at) {
		dirty := a
		dirty.at, dirty.dirty = a.at-5_000, true
		if _, err := r.scanOnce(ctx, dirty); err != nil {
			return err
		}
	}
	if r.chance(annulShare, drawSlip, a.person, a.at) {
		return r.slip(ctx, a)
	}
	return nil
}

// scanOnce makes a scan and sends it, or leaves it in the phone and gives nil.
func (r *run) scanOnce(ctx context.Context, a act) (*sent, error) {
	s, err := r.compose(ctx, a)
	if err != nil {
		return nil, err
	}
	switch a.deed {
	case feverish:
		r.postpone(act{
			at: a.at + 90_000, person: a.person, gate: a.gate, in: a.in,
			temperature: a.temperature, deed: secondReading, word: s.id,
		})
	case secondReading:
		r.afterFever(a)
	}
	if s.late {
		o := r.outageAt(s.device, s.at)
		r.mu.Lock()
		o.scans = append(o.scans, s)
		r.mu.Unlock()
		return nil, nil
	}
	prior, err := r.present(ctx, s, r.chance(doubleShare, drawDouble, a.person, a.at))
	if err != nil || prior == nil {
		return prior, err
	}
	if r.chance(tapShare, drawResend, a.person, a.at) {
		if err := r.sendAgain(ctx, prior, "again at once"); err != nil {
			return prior, err
		}
	}
	if s.unreadable == "" && r.chance(otherShare, drawOther, a.person, a.at) {
		if err := r.sendOther(ctx, prior); err != nil {
			return prior, err
		}
	}
	if r.chance(resendShare, drawLater, a.person, a.at) {
		wait := minute * int64(60+r.draw(drawLater, a.person, a.at)%120)
		r.postpone(act{at: a.at + wait, person: a.person, gate: a.gate, deed: resend, prior: prior})
	}
	return prior, nil
}

// backOnline ends outages and gives those whose scans are due to be handed in.
func (r *run) backOnline(now int64) (due []*outage) {
	r.offline = slices.DeleteFunc(r.offline, func(o *outage) bool {
		if o.ended == 0 && (now >= o.to || len(o.scans) >= offlineScans) {
			o.ended = now
		}
		if o.ended == 0 || now < o.ended+o.delay.Milliseconds() {
			return false
		}
		if len(o.scans) > 0 {
			due = append(due, o)
		}
		return true
	})
	return due
}
