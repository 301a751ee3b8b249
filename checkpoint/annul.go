package checkpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"
)

// AnnulWithin is how long after a scan its device may take it back.
const AnnulWithin = 15 * time.Minute

// Errors of Annul.
var (
	// ErrAnnulled: another annulment of this scan came first.
	ErrAnnulled = errors.New("checkpoint: this scan was taken back before")
	// ErrRevoked: the device is out of use and takes nothing back.
	ErrRevoked = errors.New("checkpoint: the device is revoked")
	// ErrTooLate: the scan lies further back than AnnulWithin.
	ErrTooLate = fmt.Errorf("checkpoint: a scan can be taken back within %d minutes", int(AnnulWithin.Minutes()))
)

// AnnulRequest takes back a scan that a guard made by mistake. Like a scan it
// is frozen before its first send; (Device, ID, OccurredAt) is its identity.
type AnnulRequest struct {
	ID         string // of the annulment, chosen by the client, 8 to 64 characters
	Device     uint32 // has to be the scan's
	Scan       string // the scan's ID
	OccurredAt int64  // of the scan, UTC ms
	At         int64  // when it was taken back, UTC ms by the device's corrected clock
	Person     uint64 // whose scan it was
	Late       bool   // came by the batch route

	journaled int64 // of what a gateway told, or sends again: when it first did, UTC ms
}

// AnnulResult is the answer, first or repeated.
type AnnulResult struct {
	Person     uint64
	OccurredAt int64 // of the scan, UTC ms
	RecordedAt int64 // of the annulment, UTC ms
	Duplicate  bool
}

// Annul records that a scan is taken back. The scan stays on record, marked;
// where the person is, a reading that waits for its second one, the use of a
// permit and the household's outing become what the rest of the record says.
// A fever case that the scan opened stays open: a medic closes it. A scan of a
// walk-in is found where it lies, with the walk-in or a resident. Errors:
// *FieldError, ErrNotFound (no such scan of this device and person),
// ErrTooLate, ErrAnnulled, ErrRevoked, ErrOtherContent, ErrUnavailable.
func (s *Store) Annul(ctx context.Context, req AnnulRequest) (AnnulResult, error) {
	res, err := s.annul(ctx, req)
	if !errors.Is(err, ErrNotFound) {
		return res, err
	}
	residents, lost := s.residentsOf(ctx, req.Person)
	if lost != nil {
		return res, lost
	}
	for _, req.Person = range residents {
		if res, other := s.annul(ctx, req); !errors.Is(other, ErrNotFound) {
			return res, other
		}
	}
	return res, err
}

// annul is Annul for a scan in the person's own trail.
func (s *Store) annul(ctx context.Context, req AnnulRequest) (AnnulResult, error) {
	a, err := s.prepareAnnulment(&req)
	if err != nil {
		return AnnulResult{}, err
	}
	for range 10 {
		args, err := s.recount(ctx, a)
		if err != nil {
			return AnnulResult{}, err
		}
		p := partitionOf(a.event.Person)
		keys := []string{
			s.keys.person(a.event.Person), s.keys.log(p), s.keys.trail(a.event.Person), s.keys.outings(p), s.keys.inside(p),
		}
		reply, err := s.run(ctx, s.rdb, annulScript, keys, args...)
		if err != nil {
			return AnnulResult{}, err
		}
		verdict, rest, err := scanReply(reply)
		if err != nil {
			return AnnulResult{}, err
		}
		switch verdict {
		case "new", "again":
			e, err := parseTrail(a.event.Person, req.OccurredAt, rest[0])
			if err == nil && e.Who == ByWalkIn {
				err = s.settleResident(ctx, a.event.Person)
			}
			return AnnulResult{a.event.Person, e.OccurredAt, e.RecordedAt, verdict == "again"}, err
		case "twice":
			return AnnulResult{}, ErrAnnulled
		case "other":
			return AnnulResult{}, ErrOtherContent
		}
	}
	return AnnulResult{}, fmt.Errorf("checkpoint: the person's record changes too fast: %w", ErrUnavailable)
}

// annulment is one request on its way.
type annulment struct {
	event  ScanEvent // of the annulment itself
	target [8]byte
	at     int64 // when it was taken back, UTC ms
	late   error // why it may not be recorded any more
}

func (s *Store) prepareAnnulment(req *AnnulRequest) (*annulment, error) {
	if err := s.Outdated(); err != nil {
		return nil, err
	}
	if len(req.ID) < 8 || len(req.ID) > 64 {
		return nil, &FieldError{"id", "must have 8 to 64 characters, unique for each request of this device"}
	}
	reg, now := s.Registry(), s.now()
	device, ok := reg.DeviceByNum(req.Device)
	if !ok {
		return nil, notFound("device", fmt.Sprint(req.Device))
	}
	if at := device.RevokedAt; at != 0 && (req.journaled == 0 || at <= req.journaled) {
		return nil, ErrRevoked
	}
	gate, ok := reg.Gate(device.Gate)
	if !ok {
		return nil, notFound("gate", device.Gate)
	}
	fresh := freshWindow.Milliseconds()
	switch {
	case req.At < req.OccurredAt:
		return nil, &FieldError{"annulled_at", "lies before the scan"}
	case req.At > now+fresh:
		return nil, &FieldError{"annulled_at", "lies in the future: the device's clock is wrong"}
	case !req.Late && req.journaled == 0 && req.At < now-fresh:
		return nil, &FieldError{"annulled_at", "lies too far back: what was done offline goes through the batch route"}
	}
	a := &annulment{target: scanHash(device.Num, req.Scan), at: req.At}
	if req.At-req.OccurredAt > AnnulWithin.Milliseconds() {
		a.late = ErrTooLate
	}
	a.event = ScanEvent{
		Person: req.Person, OccurredAt: req.OccurredAt, RecordedAt: now, Hash: scanHash(device.Num, req.ID),
		Outcome:   Outcome{Decision: Incomplete, Reason: ReasonAnnulled, Action: Register},
		Direction: In, Gate: gate.Num, Device: device.Num, Annuls: a.target,
	}
	if req.Late {
		a.event.Flags = FlagLate
	}
	if req.journaled != 0 {
		a.event.RecordedAt = req.journaled
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "annul %s %d", req.Scan, req.At))
	copy(a.event.Digest[:], sum[:])
	return a, nil
}

// recount reads the person's trail and works out what annul.lua has to write.
func (s *Store) recount(ctx context.Context, a *annulment) ([]any, error) {
	events, err := s.wholeTrail(ctx, a.event.Person)
	if err != nil {
		return nil, err
	}
	var target *ScanEvent
	repeat := false
	kept := make([]ScanEvent, 0, len(events))
	for i := range events {
		e := &events[i]
		switch {
		case e.OccurredAt == a.event.OccurredAt && e.Hash == a.target && !e.IsAnnulment():
			target = e
		case e.Counts():
			kept = append(kept, *e)
		}
		repeat = repeat || e.OccurredAt == a.event.OccurredAt && e.Hash == a.event.Hash
	}
	if target == nil {
		return nil, fmt.Errorf("%w: a scan of this device and person with this id and time", ErrNotFound)
	}
	if a.late != nil && !repeat {
		return nil, a.late
	}
	state, err := s.jointState(ctx, a.event.Person, kept)
	if err != nil {
		return nil, err
	}
	e := &a.event
	e.Direction, e.Who, e.Staff = target.Direction, target.Who, s.onShift(e.Device, a.at)
	e.Plate, e.Vehicle = target.Plate, target.Vehicle // to lie beside it in the plate's set, too
	permit := ""
	if target.Permit != 0 {
		permit = string(appendUint32(nil, target.Permit))
	}
	return []any{
		e.OccurredAt, append(e.Hash[:8:8], e.Digest[:]...), e.appendBody(e.pack(), true), logHeadOf(e.Person, e.OccurredAt),
		a.target[:], len(events), state.last, state.waiting, permit,
	}, nil
}
