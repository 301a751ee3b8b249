package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ScanEvent is one recorded scan, as trail, gate index and log hold it.
type ScanEvent struct {
	Person     uint64 // 0 in a gate's own log
	OccurredAt int64  // UTC ms
	RecordedAt int64  // UTC ms
	Hash       [8]byte
	Digest     [4]byte // of the request's content; empty in the gate index
	Outcome
	Direction   Direction
	Who         WhoKind
	Temperature Celsius
	Method      Method
	Gate        uint32
	Device      uint32
	Staff       uint32 // on shift, 0 = nobody signed in
	Disinfected bool
	Plate       string
	RemeasureOf [8]byte // hash of the first reading's scan, zero if none
	Vehicle     [8]byte // hash of the client's ID of the car's passage, zero if none
	Purpose     Purpose
	Override    OverrideReason
	Permit      uint32  // number of the visitor's permit that let the person in, 0 if none
	PermitUntil int64   // UTC ms, as it was then; 0 without a permit
	PermitLeft  uint8   // entries left, EntriesUnlimited if they are not counted
	Annuls      [8]byte // hash of the scan that this event takes back, zero for a scan
	Fever       FeverID // the fever case that this scan opened, 0 if none

	// Annulled tells that another event takes this one back: it is on record
	// and counts for nothing. It is not stored with the event but found beside
	// it, when events are read.
	Annulled bool
}

// IsAnnulment tells that the event takes back another one and is no scan.
func (e *ScanEvent) IsAnnulment() bool { return e.Annuls != [8]byte{} }

// Counts tells that the event is a scan that nobody has taken back.
func (e *ScanEvent) Counts() bool { return !e.Annulled && !e.IsAnnulment() }

// Moved tells whether the person went through: they were let pass, or they
// left although the scan was refused for a reason that keeps nobody in (an
// expired pass, say).
func (e ScanEvent) Moved() bool {
	return e.Counts() && (e.Decision == Pass || e.Direction == Out && e.Action == Register)
}

// The stored forms, all without padding, integers big-endian or as varints:
//
//	trail member  hash 8, digest 4, outcome 4, body        score occurred_at
//	gate member   person 8, hash 8, outcome 4, body        score occurred_at
//	log entry     person 8, occurred_at 6, trail member
//	refusal       as a trail member, in the gate's own log
//
//	body  way and method 1   bit 0 out, bits 1-3 method, bits 4-6 who, bit 7 disinfected
//	      temperature 1      Celsius.code
//	      gate varint (not in the gate index, whose key says it)
//	      device varint, staff varint
//	      recorded_at - occurred_at, zigzag varint
//	      extras: tag 1, length 1, bytes; 'P' plate, 'R' hash of the first
//	      reading, 'V' hash of the vehicle's passage, 'U' purpose, 'O' reason of
//	      an override, 'N' use of a permit (number 4, until 6, entries left 1),
//	      'A' hash of the scan taken back, 'F' the fever case that was opened
//
// An annulment has the occurred_at of the scan that it takes back, so that both
// lie side by side in every index; recorded_at says when it was made.
const (
	trailHead = 8 + 4 + outcomeSize
	gateHead  = 8 + 8 + outcomeSize
	logHead   = 8 + 6
)

var errEvent = errors.New("checkpoint: a stored event is damaged")

// appendBody writes the body, with or without the gate's number.
func (e *ScanEvent) appendBody(b []byte, withGate bool) []byte {
	first := byte(e.Method)<<1 | byte(e.Who)<<4
	if e.Direction == Out {
		first |= 1
	}
	if e.Disinfected {
		first |= 0x80
	}
	b = append(b, first, e.Temperature.code())
	if withGate {
		b = binary.AppendUvarint(b, uint64(e.Gate))
	}
	b = binary.AppendUvarint(b, uint64(e.Device))
	b = binary.AppendUvarint(b, uint64(e.Staff))
	b = binary.AppendVarint(b, e.RecordedAt-e.OccurredAt)
	if e.Plate != "" {
		b = append(append(b, 'P', byte(len(e.Plate))), e.Plate...)
	}
	for _, x := range [...]struct {
		tag  byte
		hash *[8]byte
	}{{'R', &e.RemeasureOf}, {'V', &e.Vehicle}, {'A', &e.Annuls}} {
		if *x.hash != [8]byte{} {
			b = append(append(b, x.tag, 8), x.hash[:]...)
		}
	}
	if e.Purpose != 0 {
		b = append(b, 'U', 1, byte(e.Purpose))
	}
	if e.Override != 0 {
		b = append(b, 'O', 1, byte(e.Override))
	}
	if e.Permit != 0 {
		b = append(appendUint32(append(b, 'N', 11), e.Permit), logHeadOf(0, e.PermitUntil)[8:]...)
		b = append(b, e.PermitLeft)
	}
	if e.Fever != 0 {
		b = binary.BigEndian.AppendUint64(append(b, 'F', 8), uint64(e.Fever))
	}
	return b
}

// readBody is the inverse of appendBody; OccurredAt is set already.
func (e *ScanEvent) readBody(b []byte, withGate bool) error {
	if len(b) < 2 {
		return errEvent
	}
	e.Direction = In
	if b[0]&1 != 0 {
		e.Direction = Out
	}
	e.Method, e.Who = Method(b[0]>>1&7), WhoKind(b[0]>>4&7)
	e.Disinfected, e.Temperature = b[0]&0x80 != 0, celsiusOf(b[1])
	b = b[2:]
	numbers := []*uint32{&e.Gate, &e.Device, &e.Staff}
	if !withGate {
		numbers = numbers[1:]
	}
	for _, num := range numbers {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<32-1 {
			return errEvent
		}
		*num, b = uint32(v), b[n:]
	}
	delta, n := binary.Varint(b)
	if n <= 0 {
		return errEvent
	}
	e.RecordedAt, b = e.OccurredAt+delta, b[n:]
	for len(b) > 0 {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return errEvent
		}
		value := b[2 : 2+int(b[1])]
		if err := e.readExtra(b[0], value); err != nil {
			return err
		}
		b = b[2+len(value):]
	}
	return nil
}

// extraSizes are the lengths of the extras that have a fixed one.
var extraSizes = [256]int{'R': 8, 'V': 8, 'A': 8, 'U': 1, 'O': 1, 'N': 11, 'F': 8}

func (e *ScanEvent) readExtra(tag byte, value []byte) error {
	if n := extraSizes[tag]; n > 0 && len(value) != n {
		return errEvent
	}
	switch tag {
	case 'P':
		e.Plate = string(value)
	case 'R':
		copy(e.RemeasureOf[:], value)
	case 'V':
		copy(e.Vehicle[:], value)
	case 'A':
		copy(e.Annuls[:], value)
	case 'U':
		e.Purpose = Purpose(value[0])
	case 'O':
		e.Override = OverrideReason(value[0])
	case 'N':
		e.Permit, e.PermitUntil, e.PermitLeft = binary.BigEndian.Uint32(value), time6(value[4:]), value[10]
	case 'F':
		e.Fever = FeverID(binary.BigEndian.Uint64(value))
	default:
		return fmt.Errorf("%w: extra %q", errEvent, tag)
	}
	return nil
}

// trailMember is the form in the trail.
func (e *ScanEvent) trailMember() []byte {
	b := make([]byte, 0, 40)
	b = append(append(append(b, e.Hash[:]...), e.Digest[:]...), e.pack()...)
	return e.appendBody(b, true)
}

// gateMember is the form in the gate index.
func (e *ScanEvent) gateMember() []byte {
	b := make([]byte, 0, 44)
	b = binary.BigEndian.AppendUint64(b, e.Person)
	b = append(append(b, e.Hash[:]...), e.pack()...)
	return e.appendBody(b, false)
}

// logHeadOf is what precedes the trail member in a log entry.
func logHeadOf(person uint64, occurredAt int64) []byte {
	b := make([]byte, 0, logHead)
	b = binary.BigEndian.AppendUint64(b, person)
	return append(b, byte(occurredAt>>40), byte(occurredAt>>32), byte(occurredAt>>24),
		byte(occurredAt>>16), byte(occurredAt>>8), byte(occurredAt))
}

// parseTrail reads a trail member of a person, or a refusal (person 0).
func parseTrail(person uint64, occurredAt int64, member string) (ScanEvent, error) {
	e := ScanEvent{Person: person, OccurredAt: occurredAt}
	if len(member) < trailHead {
		return e, errEvent
	}
	b := []byte(member)
	copy(e.Hash[:], b)
	copy(e.Digest[:], b[8:])
	var err error
	if e.Outcome, err = unpackOutcome(b[12:]); err != nil {
		return e, err
	}
	return e, e.readBody(b[trailHead:], true)
}

// parseGate reads a member of a gate's index.
func parseGate(gate uint32, occurredAt int64, member string) (ScanEvent, error) {
	return parseIndexed(ScanEvent{OccurredAt: occurredAt, Gate: gate}, member, false)
}

// parseIndexed reads a member that begins like those of a gate's index, with or
// without the gate's number in its body.
func parseIndexed(e ScanEvent, member string, withGate bool) (ScanEvent, error) {
	if len(member) < gateHead {
		return e, errEvent
	}
	b := []byte(member)
	e.Person = binary.BigEndian.Uint64(b)
	copy(e.Hash[:], b[8:])
	var err error
	if e.Outcome, err = unpackOutcome(b[16:]); err != nil {
		return e, err
	}
	return e, e.readBody(b[gateHead:], withGate)
}

// parseLog reads an entry of a partition's log.
func parseLog(entry string) (ScanEvent, error) {
	if len(entry) < logHead+trailHead {
		return ScanEvent{}, errEvent
	}
	b := []byte(entry[:logHead])
	var at [8]byte
	copy(at[2:], b[8:])
	return parseTrail(binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(at[:])), entry[logHead:]) //nolint:gosec // 48 bits
}
