package checkpoint

import (
	"context"
	"fmt"
	"sort"
	"time"
)

// maxShiftWindow bounds one question about shifts: every event in them is
// counted to answer it.
const maxShiftWindow = 7 * 24 * time.Hour

// ShiftReport is a shift with what its device recorded meanwhile.
type ShiftReport struct {
	Shift
	Counts ShiftCounts
}

// ShiftCounts counts events. Those that were taken back are in Annulled only;
// refusals that name nobody are in none.
type ShiftCounts struct {
	In, Out   [len(decisionNames)]int // by Decision
	Fevers    int                     // answered with ReasonFever
	Overrides int                     // emergencies
	Annulled  int
}

func (c *ShiftCounts) add(e *ScanEvent) {
	switch {
	case e.IsAnnulment():
		return
	case e.Annulled:
		c.Annulled++
		return
	case e.Direction == Out:
		c.Out[e.Decision]++
	default:
		c.In[e.Decision]++
	}
	if e.Reason == ReasonFever {
		c.Fevers++
	}
	if e.Override != 0 {
		c.Overrides++
	}
}

// Shifts lists the shifts at a gate of which some part lies in from <= t < to
// (UTC ms), in the order in which they began, each with all that it counts,
// within the projector's lag. Errors: ErrNotFound (no such gate), a *FieldError
// for "to" if the window does not run forward or is longer than 7 days,
// ErrUnavailable.
func (s *Store) Shifts(ctx context.Context, gate string, from, to int64) ([]ShiftReport, error) {
	reg := s.Registry()
	if _, ok := reg.Gate(gate); !ok {
		return nil, notFound("gate", gate)
	}
	if from < 0 || to < from || to-from > maxShiftWindow.Milliseconds() {
		return nil, &FieldError{"to", "the window must run forward and span at most 7 days"}
	}
	var devices []uint32
	for _, d := range reg.Devices() {
		if d.Gate == gate {
			devices = append(devices, d.Num)
		}
	}
	reports, err := s.shiftsBetween(ctx, devices, max(from, s.now()-s.retention.Milliseconds()), to)
	if err != nil || len(reports) == 0 {
		return nil, err
	}
	return reports, s.countShifts(ctx, gate, reports)
}

// CountShift counts what the device of a shift recorded in it so far, within the
// projector's lag. Errors: ErrNotFound (the device or its gate is gone), ErrUnavailable.
func (s *Store) CountShift(ctx context.Context, shift *Shift) (ShiftCounts, error) {
	device, ok := s.Registry().DeviceByNum(shift.Device)
	if !ok {
		return ShiftCounts{}, notFound("device", fmt.Sprint(shift.Device))
	}
	reports := []ShiftReport{{Shift: *shift}}
	err := s.countShifts(ctx, device.Gate, reports)
	return reports[0].Counts, err
}

// shiftsBetween reads the shifts of some devices, as Redis has them now.
func (s *Store) shiftsBetween(ctx context.Context, devices []uint32, from, to int64) (reports []ShiftReport, err error) {
	if len(devices) == 0 {
		return nil, nil
	}
	texts, err := s.shiftTexts(ctx, devices)
	if err != nil {
		return nil, err
	}
	for i, device := range devices {
		records, err := parseShifts(texts[i])
		if err != nil {
			return nil, err
		}
		for n, shift := range shiftsOf(device, records) {
			if shift.OpenedAt >= to || max(shift.EndsAt, shift.OpenedAt+1) <= from {
				continue // one that was relieved at once lies in the millisecond of its opening
			}
			if shift.Note, err = s.openNote(device, records[n].Note); err != nil {
				return nil, err
			}
			reports = append(reports, ShiftReport{Shift: shift})
		}
	}
	sort.SliceStable(reports, func(a, b int) bool { return reports[a].OpenedAt < reports[b].OpenedAt })
	return reports, nil
}

// countShifts reads the gate's window once for all shifts, which are in the
// order in which they began.
func (s *Store) countShifts(ctx context.Context, gate string, reports []ShiftReport) error {
	shifts, counts := map[uint32][]Shift{}, map[uint32][]*ShiftCounts{}
	last := int64(0)
	for i := range reports {
		r := &reports[i]
		shifts[r.Device] = append(shifts[r.Device], r.Shift)
		counts[r.Device] = append(counts[r.Device], &r.Counts)
		last = max(last, r.EndsAt)
	}
	w := Window{Gate: gate, From: reports[0].OpenedAt, To: last}
	return s.Events(ctx, w, func(e *ScanEvent) error {
		if i := shiftAt(shifts[e.Device], e.OccurredAt); i >= 0 {
			counts[e.Device][i].add(e)
		}
		return nil
	})
}
