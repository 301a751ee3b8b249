package checkpoint

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of shifts.
const (
	// ShiftWithin is how long after it happened a device that was offline may
	// report that a shift was opened or closed.
	ShiftWithin = 24 * time.Hour
	// MaxNote bounds a hand-over note, in bytes: about 200 Chinese characters.
	MaxNote = 600
	// maxShifts is how many of a device's newest shifts are kept, within
	// retention: nine a day for four weeks, at most 350 KiB.
	maxShifts = 256
)

// Errors of OpenShift and CloseShift.
var (
	// ErrBadge: no account has this badge. It was withdrawn, replaced, or never
	// made.
	ErrBadge = errors.New("checkpoint: no account has this badge")
	// ErrBadgeDisabled: the account of the badge is disabled.
	ErrBadgeDisabled = errors.New("checkpoint: the account of this badge is disabled")
	// ErrBadgeElsewhere: the gate lies outside the grid of the badge's account.
	ErrBadgeElsewhere = errors.New("checkpoint: this badge is for another part of the grid")
	// ErrOtherShift: the device used this ID for another shift, or closed the
	// shift in another way.
	ErrOtherShift = errors.New("checkpoint: this shift came before with other content")
)

// ShiftLength is the longest shift: whoever forgets to hand over is named for
// this long and no longer.
const ShiftLength = 16 * time.Hour

// ShiftEnd is what ends a shift.
type ShiftEnd string

// The ends. A shift has the one that comes first.
const (
	EndClosed    ShiftEnd = "closed"    // handed over
	EndRelieved  ShiftEnd = "relieved"  // the next person opened theirs on the device
	EndForgotten ShiftEnd = "forgotten" // ShiftLength was over
)

// Shift is one person's time on one device.
type Shift struct {
	ID       string // chosen by the device, 8 to 64 characters
	Device   uint32
	Staff    uint32
	OpenedAt int64    // UTC ms, included
	EndsAt   int64    // UTC ms, excluded: of a shift that runs, when it will be forgotten
	EndedBy  ShiftEnd // why EndsAt is its end, also when that is still to come
	Note     string   // for whoever comes next; empty in what ShiftAt gives
}

// ShiftRequest opens a shift. Like a scan it is frozen before its first send;
// (Device, ID) is its identity.
type ShiftRequest struct {
	ID        string // chosen by the client, 8 to 64 characters
	Device    uint32
	BadgeHash []byte
	OpenedAt  int64 // UTC ms by the device's corrected clock
}

// CloseRequest hands a shift over.
type CloseRequest struct {
	ID       string // of the shift
	Device   uint32 // has to be the shift's
	ClosedAt int64  // UTC ms by the device's corrected clock
	Note     string // for whoever comes next, at most MaxNote bytes
}

// ShiftResult is the answer, first or repeated.
type ShiftResult struct {
	Shift     Shift
	Previous  *Shift // the one before it on the device, nil if none is kept
	Duplicate bool
}

// OpenShift puts the owner of a badge on shift at a device, which ends the
// shift that runs there. When it returns, this process names the person in
// scans; others do within a second. A shift that was opened offline takes its
// place among the others by OpenedAt; scans that are recorded already keep the
// person they have. The same shift again gets the same answer, whatever has
// become of the badge. Errors: *FieldError, ErrNotFound (no such device),
// ErrBadge, ErrBadgeDisabled, ErrBadgeElsewhere, ErrOtherShift, ErrUnavailable.
func (s *Store) OpenShift(ctx context.Context, req ShiftRequest) (ShiftResult, error) {
	digest := openingDigest(&req)
	return s.changeShifts(ctx, req.Device, req.ID, func(device *Device, records []shiftRecord, i int) ([]shiftRecord, error) {
		if i >= 0 {
			if !bytes.Equal(records[i].Digest, digest) {
				return nil, ErrOtherShift
			}
			return nil, nil
		}
		staff, err := s.badgeHolder(device, req.BadgeHash)
		if err != nil {
			return nil, err
		}
		if err := s.shiftInTime("opened_at", req.OpenedAt, device); err != nil {
			return nil, err
		}
		at := len(records)
		for at > 0 && records[at-1].OpenedAt > req.OpenedAt {
			at--
		}
		return slices.Insert(records, at, shiftRecord{ID: req.ID, Staff: staff.Num, OpenedAt: req.OpenedAt, Digest: digest}), nil
	})
}

// CloseShift ends a shift and leaves a note for whoever comes next. A shift
// that the next one has ended already gets its note all the same. Closing
// again in the same way gives the same answer. Errors: *FieldError,
// ErrNotFound (no such shift on this device), ErrOtherShift, ErrUnavailable.
func (s *Store) CloseShift(ctx context.Context, req CloseRequest) (ShiftResult, error) {
	if err := checkNote(req.Note); err != nil {
		return ShiftResult{}, err
	}
	return s.changeShifts(ctx, req.Device, req.ID, func(device *Device, records []shiftRecord, i int) ([]shiftRecord, error) {
		if i < 0 {
			return nil, notFound("shift", req.ID)
		}
		r := &records[i]
		if r.ClosedAt != 0 {
			note, err := s.openNote(req.Device, r.Note)
			if err == nil && (r.ClosedAt != req.ClosedAt || note != req.Note) {
				err = ErrOtherShift
			}
			return nil, err
		}
		if err := s.shiftInTime("closed_at", req.ClosedAt, device); err != nil {
			return nil, err
		}
		if req.ClosedAt < r.OpenedAt {
			return nil, &FieldError{"closed_at", "lies before the shift was opened"}
		}
		r.ClosedAt = req.ClosedAt
		if req.Note != "" {
			r.Note = s.seal.seal(uint64(req.Device), []byte(req.Note))
		}
		return records, nil
	})
}

// CurrentShift is the shift that runs on a device now and the one before it, as
// Redis has them, with their notes. If none runs, Shift is zero and Previous
// the last one.
func (s *Store) CurrentShift(ctx context.Context, device uint32) (ShiftResult, error) {
	_, records, err := s.readShifts(ctx, device)
	if err != nil {
		return ShiftResult{}, err
	}
	i := shiftAt(shiftsOf(device, records), s.now())
	if i < 0 {
		i = len(records)
	}
	return s.shiftResult(device, records, i)
}

// changeShifts applies edit to the newest shifts of a device, of which i is the
// one with this ID (-1: none), and puts what it gives on record, at once known
// to this process. If edit gives nil there is nothing to write: it was done
// before. edit may run more than once.
func (s *Store) changeShifts(ctx context.Context, device uint32, id string,
	edit func(dev *Device, records []shiftRecord, i int) ([]shiftRecord, error),
) (ShiftResult, error) {
	if len(id) < 8 || len(id) > 64 {
		return ShiftResult{}, &FieldError{"id", "must have 8 to 64 characters, unique for each shift of this device"}
	}
	dev, ok := s.Registry().DeviceByNum(device)
	if !ok {
		return ShiftResult{}, notFound("device", fmt.Sprint(device))
	}
	named := func(r shiftRecord) bool { return r.ID == id }
	for range 50 {
		before, records, err := s.readShifts(ctx, device)
		if err != nil {
			return ShiftResult{}, err
		}
		edited, err := edit(dev, records, slices.IndexFunc(records, named))
		if err != nil {
			return ShiftResult{}, err
		}
		done := edited == nil
		if !done {
			records = s.trimShifts(edited)
			if written, err := s.putShifts(ctx, device, before, records); err != nil {
				return ShiftResult{}, err
			} else if !written {
				continue // somebody else changed them first
			}
		}
		if err := s.loadShifts(ctx); err != nil {
			return ShiftResult{}, err
		}
		res, err := s.shiftResult(device, records, slices.IndexFunc(records, named))
		res.Duplicate = done
		return res, err
	}
	return ShiftResult{}, fmt.Errorf("checkpoint: the shifts of a device change too fast: %w", ErrUnavailable)
}

// badgeHolder is whom a badge puts on shift at a device.
func (s *Store) badgeHolder(device *Device, badge []byte) (*Staff, error) {
	reg := s.Registry()
	gate, ok := reg.Gate(device.Gate)
	if !ok {
		return nil, notFound("gate", device.Gate)
	}
	site, ok := reg.Site(gate.Site)
	if !ok {
		return nil, notFound("site", gate.Site)
	}
	staff, ok := reg.StaffByBadge(badge)
	switch {
	case !ok:
		return nil, ErrBadge
	case staff.Disabled:
		return nil, ErrBadgeDisabled
	case staff.Role != RoleAdmin && !reg.Within(site.Grid, staff.Grid):
		return nil, ErrBadgeElsewhere
	}
	return staff, nil
}

// shiftInTime tells why a moment may not be reported any more, or yet.
func (s *Store) shiftInTime(field string, at int64, device *Device) error {
	away := time.Duration(at-s.now()) * time.Millisecond
	switch {
	case away > freshWindow:
		return &FieldError{field, fmt.Sprintf("lies %s in the future: the device's clock is wrong", away.Round(time.Second))}
	case away < -ShiftWithin:
		return &FieldError{field, fmt.Sprintf("lies more than %d hours back: it can no longer be reported", int(ShiftWithin.Hours()))}
	case away < -freshWindow && at < device.EnrolledAt:
		return &FieldError{field, "lies before this device was enrolled"}
	}
	return nil
}

// checkNote bounds a note. Lines may be broken.
func checkNote(note string) error {
	control := func(r rune) bool { return r != '\n' && unicode.IsControl(r) }
	switch {
	case len(note) > MaxNote:
		return &FieldError{"note", fmt.Sprintf("must have at most %d bytes", MaxNote)}
	case !utf8.ValidString(note) || strings.ContainsFunc(note, control):
		return &FieldError{"note", "must be text without control characters other than line breaks"}
	}
	return nil
}

// openingDigest is a 32-bit digest of what a client may not change under one ID.
func openingDigest(req *ShiftRequest) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "shift %x %d", req.BadgeHash, req.OpenedAt))
	return sum[:4]
}
