package replay

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"passgate/checkpoint"
)

// entryHead is what precedes the trail's member in a log entry.
const entryHead = 14

// trails takes one partition: its trails and where its people are. The events,
// each once now, go on to their days and plates.
func (e *engine) trails(ctx context.Context, number int64) error {
	entries, err := e.byPerson.take(number)
	if err != nil {
		return err
	}
	if entries, err = e.unique(entries); err != nil {
		return err
	}
	var sets []checkpoint.Set
	var states []checkpoint.PersonState
	for start := 0; start < len(entries); {
		end := start + 1
		for end < len(entries) && string(entries[end][:8]) == string(entries[start][:8]) {
			end++
		}
		set, state, err := e.person(entries[start:end])
		if err != nil {
			return err
		}
		sets, states = append(sets, set), append(states, state)
		start = end
	}
	e.mu.Lock()
	e.report.Events += int64(len(entries))
	e.mu.Unlock()
	err = e.bucket(ctx, checkpoint.TrailSets, number, sets, func(set *checkpoint.Set) error {
		e.progress(func(p *Progress) { p.Done += int64((len(set.Entries) + 1) / 2) })
		return nil
	})
	if err != nil {
		return err
	}
	return e.sink.states(ctx, int(number), withPeople(states, e.people[number]))
}

// person makes the trail of one person, who has these log entries, and their
// state, and hands the events on.
func (e *engine) person(entries [][]byte) (checkpoint.Set, checkpoint.PersonState, error) {
	events := make([]checkpoint.ScanEvent, len(entries))
	set := checkpoint.Set{Entries: make([]checkpoint.SetEntry, len(entries))}
	for i, entry := range entries {
		event, err := checkpoint.ParseLogEntry(string(entry))
		if err != nil {
			return set, checkpoint.PersonState{}, err
		}
		events[i], set.ID = event, event.Person
		set.Entries[i] = checkpoint.SetEntry{At: event.OccurredAt, Member: entry[entryHead:]}
		if err := e.byDay.add(checkpoint.DayOf(event.OccurredAt), entry); err != nil {
			return set, checkpoint.PersonState{}, err
		}
		if plate, ok := e.store.PlateSet(&event); ok {
			if err := e.byPlate.add(plate.Bucket(), entry); err != nil {
				return set, checkpoint.PersonState{}, err
			}
		}
	}
	state, err := e.store.StateOf(set.ID, events)
	return set, state, err
}

// withPeople adds those who are on record and have no events.
func withPeople(states []checkpoint.PersonState, people []uint64) []checkpoint.PersonState {
	has := make(map[uint64]bool, len(states))
	for i := range states {
		has[states[i].Person] = true
	}
	for _, id := range people {
		if !has[id] {
			has[id] = true
			states = append(states, checkpoint.PersonState{Person: id})
		}
	}
	return states
}

// days lists every day of which there is something, in the record or in Redis.
func (e *engine) days() []int64 {
	all := map[int64]bool{}
	for _, day := range e.byDay.numbers() {
		all[day] = true
	}
	for _, f := range []checkpoint.Family{checkpoint.GateSets, checkpoint.AlertSets} {
		for day := range e.stored[f] {
			all[day] = true
		}
	}
	for day := range e.stored[checkpoint.RefusalSets] {
		all[day] = true
	}
	return sortedKeys(all)
}

// day takes one day: the index of every gate, and the alerts.
func (e *engine) day(ctx context.Context, day int64) error {
	entries, err := e.byDay.take(day)
	if err != nil {
		return err
	}
	gates := map[uint64]*checkpoint.Set{}
	alerts := checkpoint.Set{SetID: checkpoint.SetID{Family: checkpoint.AlertSets, Day: day}}
	for _, entry := range entries {
		event, err := checkpoint.ParseLogEntry(string(entry))
		if err != nil {
			return err
		}
		set := gates[uint64(event.Gate)]
		if set == nil {
			set = &checkpoint.Set{SetID: checkpoint.SetID{Family: checkpoint.GateSets, ID: uint64(event.Gate), Day: day}}
			gates[set.ID] = set
		}
		set.Entries = append(set.Entries, checkpoint.SetEntry{At: event.OccurredAt, Member: event.Member(checkpoint.GateSets)})
		if event.IsAlert() {
			alerts.Entries = append(alerts.Entries, checkpoint.SetEntry{At: event.OccurredAt, Member: event.Member(checkpoint.AlertSets)})
		}
	}
	if err := e.alertsOfRefusals(ctx, &alerts); err != nil {
		return err
	}
	if err := e.bucket(ctx, checkpoint.GateSets, day, inOrder(gates), e.afterGate); err != nil {
		return err
	}
	var sets []checkpoint.Set
	if len(alerts.Entries) > 0 {
		sets = inOrder(map[uint64]*checkpoint.Set{0: &alerts})
	}
	return e.bucket(ctx, checkpoint.AlertSets, day, sets, nil)
}

// alertsOfRefusals adds what the gates' own logs have of the day: emergencies in
// which nobody was asked for a name.
func (e *engine) alertsOfRefusals(ctx context.Context, alerts *checkpoint.Set) error {
	sets := e.withStored(checkpoint.RefusalSets, alerts.Day, nil)
	for part := range slices.Chunk(sets, setsAtOnce) {
		for i := range part {
			part[i].Day = alerts.Day
		}
		stored, err := e.store.ReadSets(ctx, part)
		if err != nil {
			return err
		}
		for i := range stored {
			for _, entry := range stored[i].Entries {
				event, err := checkpoint.MemberEvent(stored[i].SetID, entry.At, string(entry.Member))
				if err == nil && event.IsAlert() && event.RecordedAt <= e.until {
					alerts.Entries = append(alerts.Entries, checkpoint.SetEntry{At: entry.At, Member: event.Member(checkpoint.AlertSets)})
				}
			}
		}
	}
	return nil
}

// afterGate counts the readings of a gate's day as the sink left it.
func (e *engine) afterGate(set *checkpoint.Set) error {
	e.progress(func(p *Progress) { p.Done += int64(len(set.Entries) / 2) })
	first, last := e.store.ReadingDays()
	const day = 86_400_000
	if set.Day*day < (int64(first)-1)*day || set.Day*day > (int64(last)+2)*day {
		return nil
	}
	for i := range set.Entries {
		event, err := checkpoint.MemberEvent(set.SetID, set.Entries[i].At, string(set.Entries[i].Member))
		if err != nil {
			return err
		}
		at := gateDay{event.Gate, e.store.DayAt(event.OccurredAt)}
		if at.day < first || at.day > last {
			continue
		}
		e.mu.Lock()
		counts := e.counts[at]
		if counts == nil {
			counts = checkpoint.ReadingCounts{}
			e.counts[at] = counts
		}
		counts.See(&event)
		e.mu.Unlock()
	}
	return nil
}

// readings takes the counts of every gate that there is or was, also where there
// are none.
func (e *engine) readings(ctx context.Context) error {
	gates := map[int64]bool{}
	for _, gate := range e.store.Registry().Gates() {
		gates[int64(gate.Num)] = true
	}
	for at := range e.counts {
		gates[int64(at.gate)] = true
	}
	for day := range e.stored[checkpoint.GateSets] {
		for _, part := range e.stored[checkpoint.GateSets][day] {
			gates[int64(part.id)] = true //nolint:gosec // the number of a gate
		}
	}
	first, last := e.store.ReadingDays()
	for _, gate := range sortedKeys(gates) {
		for day := first; day <= last; day++ {
			at := gateDay{uint32(gate), day} //nolint:gosec // the number of a gate
			if err := retry(ctx, func() error { return e.sink.readings(ctx, at.gate, day, e.counts[at]) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// plates takes the plates of one partition.
func (e *engine) plates(ctx context.Context, number int64) error {
	entries, err := e.byPlate.take(number)
	if err != nil {
		return err
	}
	plates := map[uint64]*checkpoint.Set{}
	for _, entry := range entries {
		event, err := checkpoint.ParseLogEntry(string(entry))
		if err != nil {
			return err
		}
		id, _ := e.store.PlateSet(&event)
		if plates[id.ID] == nil {
			plates[id.ID] = &checkpoint.Set{SetID: id}
		}
		set := plates[id.ID]
		set.Entries = append(set.Entries, checkpoint.SetEntry{At: event.OccurredAt, Member: event.Member(checkpoint.PlateSets)})
	}
	return e.bucket(ctx, checkpoint.PlateSets, number, inOrder(plates), nil)
}

// inOrder lists sets by their number, each in order.
func inOrder(sets map[uint64]*checkpoint.Set) []checkpoint.Set {
	out := make([]checkpoint.Set, 0, len(sets))
	for _, set := range sets {
		slices.SortFunc(set.Entries, checkpoint.CompareEntries)
		out = append(out, *set)
	}
	slices.SortFunc(out, func(a, b checkpoint.Set) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func sortedKeys[V any](m map[int64]V) []int64 { return slices.Sorted(maps.Keys(m)) }
