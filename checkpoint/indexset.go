package checkpoint

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// Family is a kind of chunked sets of events, all of which follow from the
// record: the archive and the partitions' logs.
type Family uint8

// The families.
const (
	TrailSets   Family = iota // one for each person
	GateSets                  // one for each gate and UTC day
	PlateSets                 // one for each plate
	AlertSets                 // one for each UTC day
	RefusalSets               // one for each gate and UTC day: a record of its own, from which nothing is made but alerts
)

// Families is the number of those that follow from archive and logs.
const Families = int(RefusalSets)

// String names the family in a report.
func (f Family) String() string {
	return [...]string{"trail", "gate index", "plates", "alerts", "refusals"}[f]
}

// SetID names one chunked set.
type SetID struct {
	Family Family
	ID     uint64 // person, number of the gate, keyed hash of the plate; 0 for alerts
	Day    int64  // UTC day of a gate's set and of alerts, otherwise 0
}

// Bucket is the part of a family that a set belongs to and that fits into
// memory: the partition of a trail or a plate, the UTC day of the others.
func (id SetID) Bucket() int64 {
	if id.Family == TrailSets || id.Family == PlateSets {
		return int64(partitionOf(id.ID))
	}
	return id.Day
}

// Name is the key of the set without the prefix, the same in every store.
func (id SetID) Name() string { return keys{}.set(id) }

// DayOf is the UTC day of a time in ms, by which gate sets and archives are cut.
func DayOf(ms int64) int64 { return dayOf(ms) }

// PlateSet names the set of the event's plate, false if it has none to find it by.
func (s *Store) PlateSet(e *ScanEvent) (SetID, bool) {
	plate := tidyPlate(e.Plate)
	if plate == "" || plate == NoPlate {
		return SetID{}, false
	}
	return SetID{Family: PlateSets, ID: s.seal.blind("plate", plate)}, true
}

// IsAlert tells whether the event belongs into its day's set of alerts.
func (e *ScanEvent) IsAlert() bool { return e.alerts() }

// Member is the event as a family's sets hold it.
func (e *ScanEvent) Member(f Family) []byte {
	switch f {
	case GateSets:
		return e.gateMember()
	case PlateSets:
		return e.plateMember()
	case AlertSets:
		return e.alertMember()
	case TrailSets, RefusalSets:
	}
	return e.trailMember()
}

// MemberEvent reads a member of a set. Only a trail's tells the digest.
func MemberEvent(id SetID, at int64, member string) (ScanEvent, error) {
	switch id.Family {
	case GateSets:
		return parseGate(uint32(id.ID), at, member) //nolint:gosec // the number of a gate
	case PlateSets:
		return parsePlateMember(at, member)
	case AlertSets:
		return parseAlert(at, member)
	case RefusalSets:
		return parseTrail(0, at, member)
	case TrailSets:
	}
	return parseTrail(id.ID, at, member)
}

// SameScan tells whether two members of a family with one time are records of
// one scan: whether they begin with the same identity.
func SameScan(f Family, a, b string) bool {
	n := 16
	if f == TrailSets || f == RefusalSets {
		n = 8
	}
	return len(a) >= n && len(b) >= n && a[:n] == b[:n]
}

// LogEntry is the event as its partition's log holds it. Entries of one person
// sort by time.
func (e *ScanEvent) LogEntry() []byte {
	return append(logHeadOf(e.Person, e.OccurredAt), e.trailMember()...)
}

// ParseLogEntry is the inverse of LogEntry.
func ParseLogEntry(entry string) (ScanEvent, error) { return parseLog(entry) }

// EntryIdentity is what two log entries of one scan have in common: person,
// time and the hash of the scan.
const EntryIdentity = logHead + 8

// cutChunks gives where the chunks of a set begin whose times come in order:
// where chunks.lua cuts it then. Members of one time stay together.
func cutChunks(at []int64) (starts []int) {
	starts = []int{0}
	first := 0 // of the chunk
	for i := 0; i < len(at); {
		end := i + 1
		for end < len(at) && at[end] == at[i] {
			end++
		}
		if i > first && end-first > chunkSize {
			starts, first = append(starts, i), i
		}
		i = end
	}
	return starts
}

// chunkSize is CHUNK of chunks.lua.
const chunkSize = 120

// chunkTable is the table of chunks that begin at starts; chunk 0 has no entry.
func chunkTable(at []int64, starts []int) string {
	b := make([]byte, 0, 8*len(starts))
	for n, i := range starts[1:] {
		b = append(b, logHeadOf(0, at[i])[8:]...)
		b = binary.BigEndian.AppendUint16(b, uint16(n+1)) //nolint:gosec // a set has thousands of chunks at most
	}
	return string(b)
}

// chunkRange is the span [from, to) of times that a table gives to a chunk, and
// whether the chunk is in the table at all.
func chunkRange(table string, number int) (from, to int64, ok bool) {
	from, ok, to = 0, number == 0, forever
	for i := 0; i+8 <= len(table); i += 8 {
		start := time6([]byte(table[i : i+6]))
		if ok {
			return from, start, true
		}
		if int(binary.BigEndian.Uint16([]byte(table[i+6:i+8]))) == number {
			from, ok = start, true
		}
	}
	return from, to, ok
}

// set is the base key of a set.
func (k keys) set(id SetID) string {
	switch id.Family {
	case GateSets:
		return k.gateDay(uint32(id.ID), id.Day) //nolint:gosec // the number of a gate
	case PlateSets:
		return k.plate(id.ID)
	case AlertSets:
		return k.alerts(id.Day)
	case RefusalSets:
		return k.refusals(uint32(id.ID), id.Day) //nolint:gosec // the number of a gate
	case TrailSets:
	}
	return k.trail(id.ID)
}

// tablePart is the number of a set's table where keys are told apart.
const tablePart = -1

// parseSet reads the key of a set's chunk, or of its table, which a trail has
// in the person. False for any other key.
func (k keys) parseSet(key string) (id SetID, part int, ok bool) {
	rest, ok := strings.CutPrefix(key, k.prefix+"{")
	tag, rest, found := strings.Cut(rest, "}:")
	if !ok || !found || len(rest) < 3 || rest[1] != ':' {
		return id, 0, false
	}
	var number string
	switch body := rest[2:]; rest[0] {
	case 't', 'v':
		if len(body) < 8 {
			return id, 0, false
		}
		id.ID, number = fromRaw(body[:8]), body[8:]
		if rest[0] == 'v' {
			id.Family = PlateSets
		}
	case 'e', 'r':
		id.Family = AlertSets
		if tag != "al" {
			gate, err := strconv.ParseUint(strings.TrimPrefix(tag, "g"), 10, 32)
			if err != nil {
				return id, 0, false
			}
			id.Family, id.ID = GateSets, gate
			if rest[0] == 'r' {
				id.Family = RefusalSets
			}
		}
		day, after, more := strings.Cut(body, ":")
		if more {
			number = ":" + after
		}
		var err error
		if id.Day, err = strconv.ParseInt(day, 10, 64); err != nil {
			return id, 0, false
		}
	}
	part = tablePart
	if number != "" {
		n, err := strconv.ParseUint(number[1:], 10, 16)
		if err != nil || number[0] != ':' {
			return id, 0, false
		}
		part = int(n) //nolint:gosec // 16 bits
	}
	spelt := k.set(id)
	if part != tablePart {
		spelt = chunk(spelt, part)
	}
	return id, part, spelt == key
}

// parsePerson reads the key of a person.
func (k keys) parsePerson(key string) (uint64, bool) {
	if len(key) < 8 {
		return 0, false
	}
	id := fromRaw(key[len(key)-8:])
	return id, k.person(id) == key
}

// RetainedFrom is the first UTC day, as a time in ms, that lies wholly within
// retention. What is older may be gone already, here and there.
func (s *Store) RetainedFrom() int64 {
	return (dayOf(s.now()-s.retention.Milliseconds()) + 1) * dayMillis
}
