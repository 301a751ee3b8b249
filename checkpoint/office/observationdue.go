package office

import (
	"context"
	"fmt"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// By when, after midnight, what of a day is due.
const (
	morningBy   = 12 * time.Hour
	afternoonBy = 22 * time.Hour // and the day's report
)

// duty is what has to be there of a day: a reading, or with slot "" the report.
type duty struct {
	slot checkpoint.Slot
	by   time.Duration // after midnight
	// A reading that is taken from begin on and before end is one of the slot.
	begin, end time.Duration
}

var duties = [...]duty{
	{checkpoint.Morning, morningBy, 0, checkpoint.DiaryNoon},
	{checkpoint.Afternoon, afternoonBy, checkpoint.DiaryNoon, 24 * time.Hour},
	{"", afternoonBy, 0, 24 * time.Hour},
}

// Today is what an observation has and lacks of a day.
type Today struct {
	Day    checkpoint.Day
	Taken  []checkpoint.Slot // slots with a reading
	Due    []checkpoint.Slot // slots that have begun and have none, not overdue
	Missed []checkpoint.Slot // overdue
	// Report is the day's, nil if there is none; ReportDue and ReportMissed tell that
	// there has to be one.
	Report                  *DailyReport
	ReportDue, ReportMissed bool
}

// TodayOf says it of a day, by readings of which only At is looked at.
func (o *Office) TodayOf(v *Observed, readings []checkpoint.DiaryReading, day checkpoint.Day) Today {
	t := Today{Day: day, Report: v.ReportOf(day)}
	midnight, _ := o.store.Bounds(day)
	now, from := o.store.Now(), max(v.From, v.Matter.OpenedAt)
	at := func(d time.Duration) int64 { return midnight + d.Milliseconds() }
	for _, d := range duties {
		there := d.slot == "" && t.Report != nil
		for i := range readings {
			r := &readings[i]
			there = there || d.slot != "" && r.At >= at(d.begin) && r.At < at(d.end)
		}
		switch {
		case there && d.slot != "":
			t.Taken = append(t.Taken, d.slot)
		case there, now < at(d.begin), from >= at(d.by), v.Until <= at(d.begin):
		case d.slot == "":
			t.ReportMissed = now >= at(d.by)
			t.ReportDue = !t.ReportMissed
		case now >= at(d.by):
			t.Missed = append(t.Missed, d.slot)
		default:
			t.Due = append(t.Due, d.slot)
		}
	}
	return t
}

// ObservationDue is what deserves an alarm now of observations, of diaries and of
// what people at home ask for. Readings and reports are missed from the hour on by
// which they are due, and until the next noon.
func (o *Office) ObservationDue(ctx context.Context) ([]alarm.Alarm, error) {
	all, err := o.openObservations(ctx, "")
	if err != nil {
		return nil, err
	}
	now := o.store.Now()
	today := o.store.DayAt(now)
	yesterday, _ := o.store.Bounds(today - 1)
	midnight, _ := o.store.Bounds(today)
	watched, err := o.watch(ctx, all, yesterday)
	if err != nil {
		return nil, err
	}
	var alarms []alarm.Alarm
	for i := range all {
		v := &all[i]
		alarms = append(alarms, o.missedOn(v, watched[i].Readings, today)...)
		if now < midnight+morningBy.Milliseconds() {
			alarms = append(alarms, o.missedOn(v, watched[i].Readings, today-1)...)
		}
		alarms = append(alarms, o.toldBy(v, now)...)
	}
	for _, more := range []func(context.Context, int64) ([]alarm.Alarm, error){o.feversDue, o.requestsDue} {
		some, err := more(ctx, now)
		if err != nil {
			return nil, err
		}
		alarms = append(alarms, some...)
	}
	return alarms, nil
}

func (v *Observed) alarm(kind alarm.Kind, key string, at int64) alarm.Alarm {
	return alarm.Alarm{
		Kind: kind, Node: v.Matter.Node, Person: v.Matter.Person, At: at, Ref: string(KindObservation) + "/" + v.Matter.ID.String(),
		Key: checkpoint.FormatPersonID(v.Matter.Person) + "/" + key,
	}
}

// missedOn are the readings and the report that are missing of a day.
func (o *Office) missedOn(v *Observed, readings []checkpoint.DiaryReading, day checkpoint.Day) (alarms []alarm.Alarm) {
	t := o.TodayOf(v, readings, day)
	midnight, _ := o.store.Bounds(day)
	for _, slot := range t.Missed {
		by := afternoonBy
		if slot == checkpoint.Morning {
			by = morningBy
		}
		alarms = append(alarms, v.alarm(alarm.ReadingMissed, fmt.Sprintf("%s/%s", day, slot), midnight+by.Milliseconds()))
	}
	if t.ReportMissed {
		alarms = append(alarms, v.alarm(alarm.ReportMissed, day.String(), midnight+afternoonBy.Milliseconds()))
	}
	return alarms
}

// toldBy is what the record itself says: a report that something is wrong, a breach
// somewhere else than at home, a decision that is waited for. At the gate of their
// home a breach is an alarm of the gate's own node already.
func (o *Office) toldBy(v *Observed, now int64) (alarms []alarm.Alarm) {
	reg := o.store.Registry()
	for i := range v.Reports {
		if r := &v.Reports[i]; !r.AllWell && r.At > now-dayMillis {
			alarms = append(alarms, v.alarm(alarm.ReportedTrouble, r.Day.String(), r.At))
		}
	}
	for _, b := range v.Breaches {
		if gate, ok := reg.GateByNum(b.Gate); ok && b.At > now-dayMillis {
			if site, ok := reg.Site(gate.Site); ok && !reg.Within(v.Matter.Node, site.Grid) {
				alarms = append(alarms, v.alarm(alarm.ObservationBreach, b.Event, b.At))
			}
		}
	}
	if v.Matter.State == ObservationHeld {
		alarms = append(alarms, v.alarm(alarm.ObservationHeld, v.Matter.ID.String(), v.Until))
	}
	return alarms
}

// feversDue are the readings with fever of the last day.
func (o *Office) feversDue(ctx context.Context, now int64) ([]alarm.Alarm, error) {
	var alarms []alarm.Alarm
	for q := (checkpoint.CareQuery{}); ; {
		readings, next, err := o.store.FeverReadings(ctx, now-dayMillis, now+futureSlack.Milliseconds(), q)
		if err != nil {
			return nil, err
		}
		nodes, err := nodesOf(ctx, o.store, readings, func(r *checkpoint.DiaryReading) uint64 { return r.Person })
		if err != nil {
			return nil, err
		}
		for i := range readings {
			r := &readings[i]
			person := checkpoint.FormatPersonID(r.Person)
			alarms = append(alarms, alarm.Alarm{
				Kind: alarm.ReadingFever, Node: nodes[r.Person], Key: person + "/" + r.ID, Person: r.Person, Ref: "reading/" + person + "-" + r.ID, At: r.At,
			})
		}
		if q.Cursor = next; next == "" {
			return alarms, nil
		}
	}
}

// requestsDue are the requests that nobody has taken or done in time.
func (o *Office) requestsDue(ctx context.Context, now int64) ([]alarm.Alarm, error) {
	var alarms []alarm.Alarm
	for q := (checkpoint.CareQuery{}); ; {
		requests, next, err := o.store.WaitingRequests(ctx, q)
		if err != nil {
			return nil, err
		}
		nodes, err := nodesOf(ctx, o.store, requests, func(r *checkpoint.ServiceRequest) uint64 { return r.Person })
		if err != nil {
			return nil, err
		}
		for i := range requests {
			r := &requests[i]
			if !r.Overdue(now) {
				continue
			}
			key := checkpoint.FormatPersonID(r.Person) + "-" + r.ID
			alarms = append(alarms, alarm.Alarm{
				Kind: alarm.RequestOverdue, Node: nodes[r.Person], Key: key, Person: r.Person, Ref: "request/" + key, At: r.DueAt(),
			})
		}
		last := len(requests) - 1
		if q.Cursor = next; next == "" || last >= 0 && requests[last].OpenedAt > now-checkpoint.TakeWithin.Milliseconds() {
			return alarms, nil // what comes next is not due either
		}
	}
}

// nodesOf are the nodes of the grid that answer for the people of records.
func nodesOf[T any](ctx context.Context, s *checkpoint.Store, all []T, person func(*T) uint64) (map[uint64]string, error) {
	nodes, ids := map[uint64]string{}, []uint64(nil)
	for i := range all {
		if id := person(&all[i]); nodes[id] == "" {
			nodes[id], ids = "-", append(ids, id)
		}
	}
	views, err := s.Views(ctx, ids)
	for id := range nodes {
		nodes[id] = views[id].Grid
	}
	return nodes, err
}
