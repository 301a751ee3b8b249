package checkpoint

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"passgate/checkpoint/trajectory"
)

// maxTrail bounds the events that one trajectory is made of; a person makes a
// dozen a day.
const maxTrail = 20_000

// Facts turns events of one person into what package trajectory folds. What was
// taken back, and what takes it back, is left out, as are events at gates that
// the registry does not know.
func (r *Registry) Facts(events []ScanEvent) []trajectory.Event {
	facts := make([]trajectory.Event, 0, len(events))
	for i := range events {
		e := &events[i]
		if !e.Counts() {
			continue
		}
		gate, ok := r.GateByNum(e.Gate)
		if !ok {
			continue
		}
		site, ok := r.Site(gate.Site)
		if !ok {
			continue
		}
		facts = append(facts, factOf(e, site.Num))
	}
	return facts
}

// factOf is an event at a gate of a site as package trajectory takes it.
func factOf(e *ScanEvent, site uint32) trajectory.Event {
	return trajectory.Event{
		At: e.OccurredAt, RecordedAt: e.RecordedAt, ID: binary.BigEndian.Uint64(e.Hash[:]), Site: site, Gate: e.Gate,
		Direction: byte(e.Direction), Accepted: e.Decision == Pass, Flags: uint32(e.Flags),
	}
}

// StayRules are the rules by which stays without an exit end.
func (r *Registry) StayRules() trajectory.Rules {
	return trajectory.Rules{ConflictFlags: uint32(FlagConflict), MaxStayOf: func(num uint32) time.Duration {
		if site, ok := r.SiteByNum(num); ok && site.Kind.Residential() {
			return 0 // people live there
		}
		return trajectory.DefaultMaxStay
	}}
}

// ErrTrailTooLong says that a trail holds more events than one answer may.
var ErrTrailTooLong = errors.New("checkpoint: there are too many events: ask for a shorter window")

// TrailEvents is Trail in one piece, at most 20,000 events.
func (s *Store) TrailEvents(ctx context.Context, person uint64, from, to int64) ([]ScanEvent, error) {
	var events []ScanEvent
	err := s.Trail(ctx, person, from, to, func(e *ScanEvent) error {
		if len(events) == maxTrail {
			return ErrTrailTooLong
		}
		events = append(events, *e)
		return nil
	})
	return events, err
}
