package trajectory

import (
	"cmp"
	"slices"
)

// doubts finds, among events in order, those whose place in the order is in
// doubt. The map is nil where there are none, as nearly always.
func doubts(ordered []Event, rules Rules) map[int]Why {
	var found map[int]Why
	add := func(i int, why Why) {
		if found == nil {
			found = map[int]Why{}
		}
		found[i] |= why
	}
	oneInstant(ordered, add)
	setBack(ordered, rules.LateFlags, add)
	return found
}

// oneInstant adds entries and exits of one instant that are not all alike: only
// their IDs put them in order, which means nothing.
func oneInstant(ordered []Event, add func(int, Why)) {
	for begin := 0; begin < len(ordered); {
		end, first, differ := begin, -1, false
		for ; end < len(ordered) && ordered[end].At == ordered[begin].At; end++ {
			e := &ordered[end]
			if !e.entry() && !e.exit() {
				continue
			}
			if first < 0 {
				first = end
			}
			differ = differ || e.Site != ordered[first].Site || e.Direction != ordered[first].Direction
		}
		for i := begin; differ && i < end; i++ {
			add(i, OneInstant)
		}
		begin = end
	}
}

// setBack adds the late events of one device that arrived in another order than
// they are dated. A device sends what it kept in the order in which it happened,
// so its clock ran backwards between the two. Events that are not late say
// nothing: they overtake those that wait.
func setBack(ordered []Event, late uint32, add func(int, Why)) {
	var kept []int
	for i := range ordered {
		if ordered[i].Flags&late != 0 && ordered[i].Device != 0 {
			kept = append(kept, i)
		}
	}
	if len(kept) < 2 {
		return
	}
	slices.SortStableFunc(kept, func(i, k int) int { // of one instant: as recorded, which is no contradiction
		a, b := &ordered[i], &ordered[k]
		return cmp.Or(cmp.Compare(a.Device, b.Device), cmp.Compare(a.At, b.At), cmp.Compare(a.RecordedAt, b.RecordedAt))
	})
	for len(kept) > 0 {
		n := 1
		for n < len(kept) && ordered[kept[n]].Device == ordered[kept[0]].Device {
			n++
		}
		contradicted(ordered, kept[:n], add)
		kept = kept[n:]
	}
}

// contradicted adds the events of one device, in order, that were recorded
// before an earlier one or after a later one.
func contradicted(ordered []Event, own []int, add func(int, Why)) {
	latest := ordered[own[0]].RecordedAt
	for _, i := range own[1:] {
		if ordered[i].RecordedAt < latest {
			add(i, ClockSetBack)
		}
		latest = max(latest, ordered[i].RecordedAt)
	}
	earliest := ordered[own[len(own)-1]].RecordedAt
	for k := len(own) - 2; k >= 0; k-- {
		if ordered[own[k]].RecordedAt > earliest {
			add(own[k], ClockSetBack)
		}
		earliest = min(earliest, ordered[own[k]].RecordedAt)
	}
}
