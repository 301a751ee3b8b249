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
	tasks := perPerson(acts)
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

// perPerson splits acts so that each person's stay in order.
func perPerson(acts []act) [][]act {
	var tasks [][]act
	at := map[int]int{}
	for _, a := range acts {
		i, known := at[a.person]
		if !known || a.person < 0 {
			i = len(tasks)
			at[a.person] = i
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
)

// perform does one act at a gate.
func (r *run) perform(ctx context.Context, a act) error {
	if a.deed == resend {
		return r.sendAgain(ctx, a.prior, "again later")
	}
	if a.deed == pass1 && a.temperature != 0 && r.chance(unmeasuredShare, drawUnmeasured, a.person, a.at) {
		forgotten := a
		forgotten.at, forgotten.temperature = a.at-7_000, 0
		if err := r.scanOnce(ctx, forgotten); err != nil {
			return err
		}
	}
	return r.scanOnce(ctx, a)
}

// scanOnce makes a scan and sends it, or leaves it in the phone.
func (r *run) scanOnce(ctx context.Context, a act) error {
	s, err := r.compose(ctx, a)
	if err != nil {
		return err
	}
	if a.deed == feverish {
		r.postpone(act{
			at: a.at + 90_000, person: a.person, gate: a.gate, in: a.in,
			temperature: a.temperature, deed: secondReading, word: s.id,
		})
	}
	if s.late {
		o := r.outageAt(s.device, s.at)
		r.mu.Lock()
		o.scans = append(o.scans, s)
		r.mu.Unlock()
		return nil
	}
	prior, err := r.present(ctx, s, r.chance(doubleShare, drawDouble, a.person, a.at))
	if err != nil || prior == nil {
		return err
	}
	if r.chance(tapShare, drawResend, a.person, a.at) {
		if err := r.sendAgain(ctx, prior, "again at once"); err != nil {
			return err
		}
	}
	if s.unreadable == "" && r.chance(otherShare, drawOther, a.person, a.at) {
		if err := r.sendOther(ctx, prior); err != nil {
			return err
		}
	}
	if r.chance(resendShare, drawLater, a.person, a.at) {
		wait := minute * int64(60+r.draw(drawLater, a.person, a.at)%120)
		r.postpone(act{at: a.at + wait, person: a.person, gate: a.gate, deed: resend, prior: prior})
	}
	return nil
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
