package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
)

// shiftRecord is a shift as it is stored. Where it ends follows from the
// others, so that a shift that is reported late changes no record.
type shiftRecord struct {
	ID       string `json:"id"`
	Staff    uint32 `json:"staff"`
	OpenedAt int64  `json:"opened_at"`
	ClosedAt int64  `json:"closed_at,omitempty"` // 0: not handed over
	Note     []byte `json:"note,omitempty"`      // sealed
	Digest   []byte `json:"digest"`              // of the request that opened it
}

// shiftsOf are the shifts of a device in the order in which they began; of two
// that began at once the one that was heard of later is last.
func shiftsOf(device uint32, records []shiftRecord) []Shift {
	out := make([]Shift, len(records))
	for i, r := range records {
		end, by := r.OpenedAt+ShiftLength.Milliseconds(), EndForgotten
		if r.ClosedAt != 0 && r.ClosedAt < end {
			end, by = r.ClosedAt, EndClosed
		}
		if i+1 < len(records) && records[i+1].OpenedAt < end {
			end, by = records[i+1].OpenedAt, EndRelieved
		}
		out[i] = Shift{ID: r.ID, Device: device, Staff: r.Staff, OpenedAt: r.OpenedAt, EndsAt: end, EndedBy: by}
	}
	return out
}

// shiftTexts reads the shifts of devices as they are stored, "" where there are
// none.
func (s *Store) shiftTexts(ctx context.Context, devices []uint32) ([]string, error) {
	keys := make([]string, len(devices))
	for i, device := range devices {
		keys[i] = s.keys.shifts(device)
	}
	values, err := s.rdb.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i], _ = v.(string) // nil: none, or past retention
	}
	return texts, nil
}

func parseShifts(text string) (records []shiftRecord, err error) {
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &records); err != nil {
		return nil, fmt.Errorf("checkpoint: the shifts of a device: %w", err)
	}
	return records, nil
}

// readShifts reads the shifts of a device, and their stored form.
func (s *Store) readShifts(ctx context.Context, device uint32) (string, []shiftRecord, error) {
	texts, err := s.shiftTexts(ctx, []uint32{device})
	if err != nil {
		return "", nil, err
	}
	records, err := parseShifts(texts[0])
	return texts[0], records, err
}

// putShifts writes the shifts of a device unless they have changed since they
// were read.
func (s *Store) putShifts(ctx context.Context, device uint32, before string, records []shiftRecord) (written bool, err error) {
	after, err := json.Marshal(records)
	if err != nil {
		return false, fmt.Errorf("checkpoint: the shifts of a device: %w", err)
	}
	kept := s.retention + ShiftLength + ShiftWithin
	reply, err := s.run(ctx, s.rdb, shiftScript, []string{s.keys.shifts(device), s.keys.shiftVersions()},
		before, after, device, kept.Milliseconds())
	if err != nil {
		return false, err
	}
	change, ok := reply.(int64)
	if !ok {
		return false, fmt.Errorf("checkpoint: shift script replied %T", reply)
	}
	return change != 0, nil
}

// trimShifts takes out what ended before retention and the oldest of too many.
func (s *Store) trimShifts(records []shiftRecord) []shiftRecord {
	gone := s.now() - s.retention.Milliseconds()
	first := max(0, len(records)-maxShifts)
	for _, shift := range shiftsOf(0, records)[first:] {
		if shift.EndsAt > gone {
			break
		}
		first++
	}
	return records[first:]
}

// shiftResult renders shift i of a device and the one before it.
func (s *Store) shiftResult(device uint32, records []shiftRecord, i int) (res ShiftResult, err error) {
	shifts := shiftsOf(device, records)
	if i >= 0 && i < len(shifts) {
		res.Shift = shifts[i]
		if res.Shift.Note, err = s.openNote(device, records[i].Note); err != nil {
			return res, err
		}
	}
	if i > 0 {
		res.Previous = &shifts[i-1]
		res.Previous.Note, err = s.openNote(device, records[i-1].Note)
	}
	return res, err
}

func (s *Store) openNote(device uint32, sealed []byte) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	note, err := s.seal.open(uint64(device), sealed)
	return string(note), err
}
