package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Scan decides one scan and records it, in one script call in the person's
// partition. The same scan (device, ID, occurred_at) gets the first answer
// back for as long as events are kept, whatever has changed since; the same
// identity with other content is ErrOtherContent. Errors: *FieldError for
// input that cannot be accepted, ErrNotFound for an unknown device,
// ErrCrowded, ErrUnavailable.
func (s *Store) Scan(ctx context.Context, req ScanRequest) (ScanResult, error) {
	apart := false // no resident that the walk-in was once known as has the scan
	for range 4 {
		c, err := s.prepareScan(&req)
		if err != nil {
			return ScanResult{}, err
		}
		c.apart = apart
		if s.recent.refused(c.event.Hash, req.OccurredAt) {
			return s.refuse(ctx, c, ReasonUnknownPerson)
		}
		inTime := c.inTime
		if c.revoked() {
			c.inTime = ErrRevoked // only what it recorded before is still answered
		}
		reply, err := s.runScan(ctx, scanScript, c.keys(s.keys), c.args()...)
		if err != nil {
			return ScanResult{}, err
		}
		verdict, rest, err := scanReply(reply)
		if err != nil {
			return ScanResult{}, err
		}
		if c.revoked() && (verdict == "time" || verdict == "unknown") {
			c.inTime = inTime
			return s.refuse(ctx, c, ReasonDeviceRevoked)
		}
		switch verdict {
		case "new", "again":
			res, err := c.result(s.Registry(), rest, verdict == "again")
			if err != nil || !res.Duplicate {
				return res, err
			}
			return s.again(ctx, c, res)
		case "stale":
			before := s.Registry().Version
			if err := s.reload(ctx); err != nil {
				return ScanResult{}, err
			}
			if s.Registry().Version == before {
				s.behind.Store(true)
			}
		case "unknown":
			return s.refuse(ctx, c, ReasonUnknownPerson)
		case "matched":
			resident, first, err := s.scanOfMatched(ctx, c, rest)
			switch {
			case err != nil:
				return ScanResult{}, err
			case first != nil:
				return s.again(ctx, c, *first)
			case resident == 0: // known as nobody now
				apart = true
			default: // the resident's record and rules
				req.WalkIn, req.Person = nil, resident
			}
		default:
			return ScanResult{}, c.refusedBy(verdict)
		}
	}
	return ScanResult{}, fmt.Errorf("checkpoint: rules change faster than they load: %w", ErrUnavailable)
}

// refusedBy turns the script's other replies into errors.
func (c *scanCall) refusedBy(verdict string) error {
	switch verdict {
	case "other":
		return ErrOtherContent
	case "time":
		return c.inTime
	case "crowded":
		return ErrCrowded
	}
	return fmt.Errorf("checkpoint: scan script replied %q", verdict)
}

// result reads the stored member back: first answers and repeats take the
// same way, so they cannot differ.
func (c *scanCall) result(reg *Registry, rest []string, again bool) (ScanResult, error) {
	if len(rest) != 4 {
		return ScanResult{}, fmt.Errorf("checkpoint: scan script replied %d values", len(rest))
	}
	e, err := parseTrail(c.event.Person, c.req.OccurredAt, rest[0])
	if err != nil {
		return ScanResult{}, err
	}
	return c.answer(reg, &e, personView(reg, e.Person, rest[1], rest[2], rest[3]), again), nil
}

// answer is what a stored event says.
func (c *scanCall) answer(reg *Registry, e *ScanEvent, view PersonView, again bool) ScanResult {
	res := ScanResult{Outcome: e.Outcome, Person: &view, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt, Duplicate: again}
	res.Permit = PermitUse{e.Permit, e.PermitUntil, e.PermitLeft}
	if res.Action == HoldHere {
		res.Call = reg.DutyPhone(c.site.Grid)
	}
	return res
}

// scanReply splits a script's reply, which is a list of strings; what a decided
// scan is answered with is one string (scan.lua), which is cheaper to make and to
// read, and is split into the same: "new" or "again", member, masked name, kind, home.
func scanReply(reply any) (verdict string, rest []string, err error) {
	if text, ok := reply.(string); ok {
		parts := strings.SplitN(text, "\x00", 4)
		if len(parts) != 4 || parts[0] == "" {
			return "", nil, errors.New("checkpoint: a script replied in another form")
		}
		verdict = "new"
		if parts[0][0] == 'a' {
			verdict = "again"
		}
		return verdict, []string{parts[3], parts[2], parts[1], parts[0][1:]}, nil
	}
	list, ok := reply.([]any)
	if !ok || len(list) == 0 {
		return "", nil, errors.New("checkpoint: a script replied in another form")
	}
	words := make([]string, len(list))
	for i, v := range list {
		if words[i], ok = v.(string); !ok && v != nil {
			return "", nil, fmt.Errorf("checkpoint: a script replied a %T", v)
		}
	}
	return words[0], words[1:], nil
}

// scanHash is the 64-bit identity of a scan: SHA-256 over the device's number
// and the client's ID. Together with occurred_at it names the scan.
func scanHash(device uint32, id string) (h [8]byte) {
	b := make([]byte, 0, 80)
	b = binary.BigEndian.AppendUint32(b, device)
	sum := sha256.Sum256(append(b, id...))
	copy(h[:], sum[:])
	return h
}

// contentDigest is a 32-bit digest of all that a client may not change under
// one identity. It is taken over what was presented, not over what the server
// made of it: a retry after a key has become known is still the same scan. Nor
// does it cover what the device told: a scan whose answer was lost on the way
// and that comes again from the offline queue is the same scan.
func contentDigest(req *ScanRequest) (d [4]byte) {
	b := make([]byte, 0, 320)
	b = append(b, byte(req.Direction), req.Temperature.code(), byte(req.Method), bit(req.Disinfected))
	b = append(b, byte(req.Purpose), byte(req.Override))
	for _, part := range []string{req.Presented, req.Plate, req.RemeasureOf, req.Vehicle} {
		b = append(append(b, part...), 0)
	}
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}
