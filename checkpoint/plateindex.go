package checkpoint

import (
	"context"
	"encoding/binary"
)

// plateSet is the base key of the events of one plate, however it is written;
// false if there is nothing to find by it. Its partition is that of the hash.
func (s *Store) plateSet(plate string) (string, bool) {
	plate = tidyPlate(plate)
	if plate == "" || plate == NoPlate {
		return "", false
	}
	return s.keys.plate(s.seal.blind("plate", plate)), true
}

// plateMember is the form of an event in the set of its plate: that of a gate
// index, with the gate's number.
func (e *ScanEvent) plateMember() []byte {
	b := make([]byte, 0, 64)
	b = binary.BigEndian.AppendUint64(b, e.Person)
	b = append(append(b, e.Hash[:]...), e.pack()...)
	return e.appendBody(b, true)
}

// parsePlateMember is the inverse of plateMember.
func parsePlateMember(occurredAt int64, member string) (ScanEvent, error) {
	return parseIndexed(ScanEvent{OccurredAt: occurredAt}, member, true)
}

// ByPlate streams the events with from <= occurred_at < to (UTC ms) of the
// vehicles with this plate, in order of time and in constant memory; it stops
// at fn's first error and returns it. The plate may be written in any way and
// may be one that was taken unchecked. Refusals that name nobody are not among
// the events: they are in their gate's own log. The index follows the record
// within the projector's lag. Errors: *FieldError, ErrUnavailable.
func (s *Store) ByPlate(ctx context.Context, plate string, from, to int64, fn func(*ScanEvent) error) error {
	if from < 0 || to < from || to-from > maxWindow {
		return &FieldError{"to", "the window must run forward and span at most 61 days"}
	}
	base, ok := s.plateSet(plate)
	if !ok {
		return &FieldError{"plate", "is none to search by: give the plate of one vehicle"}
	}
	seen, err := s.horizonOf(ctx, from)
	if err != nil {
		return err
	}
	table, err := s.rdb.Get(ctx, base).Result()
	if err != nil && !isNil(err) {
		return unavailable(err)
	}
	return s.readEvents(ctx, base, table, min(to, seen.clip(from)), to, parsePlateMember, seen.only(fn))
}
