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
		Device: e.Device, Direction: byte(e.Direction), Accepted: e.Decision == Pass, Flags: uint32(e.Flags),
	}
}

// StayRules are the rules by which stays without an exit end. A stay goes by the
// longest one that was allowed at its site when it began, so that a policy that
// has ended changes nothing that happened under it.
func (r *Registry) StayRules() trajectory.Rules {
	return trajectory.Rules{
		ConflictFlags: uint32(FlagConflict), LateFlags: uint32(FlagLate),
		MaxStayOf: func(num uint32, from int64) time.Duration {
			site, ok := r.SiteByNum(num)
			if !ok {
				return trajectory.DefaultMaxStay
			}
			return longestStay(site, r.maxStayHoursAt(site, from))
		},
		LongestOf: func(num uint32) time.Duration {
			site, ok := r.SiteByNum(num)
			if !ok {
				return trajectory.DefaultMaxStay
			}
			return r.longestStayEver(site)
		},
	}
}

// longestStay is what a site's max_stay_hours mean; 0 is no limit.
func longestStay(site *Site, hours int) time.Duration {
	if hours == 0 {
		hours = site.Kind.MaxStayHours()
	}
	return time.Duration(hours) * time.Hour
}

// maxStayHoursAt is RulesAt for max_stay_hours alone, which costs nothing: it is
// asked for each stay of a crowd.
func (r *Registry) maxStayHoursAt(site *Site, at int64) int {
	hours := site.MaxStayHours
	for _, p := range r.policiesOf(site) {
		if at < p.from || at >= p.end {
			continue
		}
		for _, patch := range p.patches {
			lay(&hours, patch.MaxStayHours)
		}
	}
	return hours
}

// longestStayEver is the longest of what the site's rules and all policies that
// touch it, over or not, allow; 0 if one of them has no limit.
func (r *Registry) longestStayEver(site *Site) time.Duration {
	longest := longestStay(site, site.MaxStayHours)
	for _, p := range r.policiesOf(site) {
		for _, patch := range p.patches {
			if longest == 0 {
				return 0
			}
			if patch.MaxStayHours == nil {
				continue
			}
			if d := longestStay(site, *patch.MaxStayHours); d == 0 {
				longest = 0
			} else {
				longest = max(longest, d)
			}
		}
	}
	return longest
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
