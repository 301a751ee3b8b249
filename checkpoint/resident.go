package checkpoint

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// NewResident is one row of an enrolment. Name, IDNumber and Site are required.
// A row that names a person enrolled before brings them up to date; what it
// leaves empty stays as it was, and so do status and passes.
type NewResident struct {
	Name     string // see CleanName: 1 to 50 characters, at most 120 bytes
	IDNumber string // see ParseDocument: GB 11643 or another document
	Phone    string // see ParsePhone: mainland mobile number, or empty
	Site     string // code of the home site (residential)
	Door     string // building-unit-door, at most 60 bytes; one household per site and door, alone if empty
	Grid     string // micro-grid at or below the site's node; empty: the site's node
	Status   Status // of a new person only
}

// Resident is a person with their identity in the clear: only for roles that
// need it.
type Resident struct {
	ID         uint64
	Kind       PersonKind
	Name       string
	NameMasked string
	IDNumber   string
	Phone      string
	Site       string // code of the home site, "" for people without one
	Door       string
	Grid       string // node of the grid that answers for the person
	Status     Status
	Generation uint32 // of their passes, 0 to MaxGeneration
	CreatedAt  int64  // UTC ms
	KnownAs    uint64 // resident that a walk-in turned out to be, 0 if that is not known
	Household  uint64 // all residents of one site and door; 0 if there is none
}

// EnrolResult is what became of one row.
type EnrolResult struct {
	ID      uint64
	Created bool // false: the person was enrolled before
	Changed bool // an earlier enrolment was brought up to date
	Err     error
}

// FormatPersonID gives the form of the APIs: 16 lower-case hex digits.
func FormatPersonID(id uint64) string { return hex.EncodeToString([]byte(raw(id))) }

// ParsePersonID reads what FormatPersonID wrote and nothing else. The error is
// a *FieldError for "resident".
func ParsePersonID(s string) (uint64, error) {
	id, err := strconv.ParseUint(s, 16, 64)
	if err != nil || FormatPersonID(id) != s {
		return 0, &FieldError{"resident", "must be a person's ID: 16 digits and letters a to f"}
	}
	return id, nil
}

// fromRaw reads an ID of 8 bytes that raw wrote.
func fromRaw(s string) (id uint64) {
	for i := range min(8, len(s)) {
		id = id<<8 | uint64(s[i])
	}
	return id
}

// pipelineSize is how many people are read in one round trip.
const pipelineSize = 500

// The fields of a person's hash that describe the person. The others are the
// state that scans keep.
var personFields = []string{"s", "h", "g", "k", "n", "u", "d", "w", "r"}

// personRecord is a person as stored.
type personRecord struct {
	status, home, generation uint64
	kind                     PersonKind
	masked, household, grid  string
	created                  int64
	blob                     string
	exists                   bool
	knownAs                  uint64 // resident that a walk-in turned out to be, 0 if that is not known
}

// readPeople reads many people in one pipeline; a missing one has exists false.
func (s *Store) readPeople(ctx context.Context, ids []uint64) ([]personRecord, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	hashes, blobs := make([]*redis.SliceCmd, len(ids)), make([]*redis.StringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			hashes[i] = p.HMGet(ctx, s.keys.person(id), personFields...)
			blobs[i] = p.Get(ctx, s.keys.identity(id))
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	out := make([]personRecord, len(ids))
	for i, id := range ids {
		if err := hashes[i].Err(); err != nil {
			return nil, unavailable(err)
		}
		if err := blobs[i].Err(); err != nil && !isNil(err) {
			return nil, unavailable(err)
		}
		if out[i], err = decodePerson(hashes[i].Val()); err != nil {
			return nil, fmt.Errorf("person %s: %w", FormatPersonID(id), err)
		}
		out[i].blob = blobs[i].Val()
	}
	return out, nil
}

// decodePerson reads the values of personFields.
func decodePerson(values []any) (personRecord, error) {
	text := make([]string, len(personFields))
	for i, v := range values {
		text[i], _ = v.(string) // nil: the field is not there
	}
	r := personRecord{masked: text[4], household: text[5], grid: text[7], exists: text[3] != "", knownAs: fromRaw(text[8])}
	if !r.exists {
		return r, nil
	}
	r.kind = PersonKind(text[3][0])
	for i, dst := range [...]*uint64{&r.status, &r.home, &r.generation} {
		if text[i] == "" {
			continue
		}
		n, err := strconv.ParseUint(text[i], 10, 32)
		if err != nil {
			return r, fmt.Errorf("checkpoint: stored field %s: %w", personFields[i], err)
		}
		*dst = n
	}
	if text[6] != "" {
		n, err := strconv.ParseInt(text[6], 10, 64)
		if err != nil {
			return r, fmt.Errorf("checkpoint: stored field d: %w", err)
		}
		r.created = n
	}
	return r, nil
}

// resident joins a stored person with their identity in the clear.
func (s *Store) resident(id uint64, r personRecord) (Resident, error) {
	out := Resident{
		ID: id, Kind: r.kind, NameMasked: r.masked, Grid: r.grid,
		Status:     Status(r.status),     //nolint:gosec // written from a Status
		Generation: uint32(r.generation), //nolint:gosec // parsed as 32 bits
		CreatedAt:  r.created,
		KnownAs:    r.knownAs,
		Household:  fromRaw(r.household),
	}
	if r.blob != "" {
		who, err := s.seal.openIdentity(id, []byte(r.blob))
		if err != nil {
			return out, fmt.Errorf("person %s: %w", FormatPersonID(id), err)
		}
		out.Name, out.IDNumber, out.Phone, out.Door = who.Name, who.Document, who.Phone, who.Door
	}
	if site, ok := s.Registry().SiteByNum(uint32(r.home)); ok { //nolint:gosec // parsed as 32 bits
		out.Site = site.Code
		if out.Grid == "" {
			out.Grid = site.Grid
		}
	}
	return out, nil
}

// Resident reads one person with their identity; ErrNotFound if there is none.
func (s *Store) Resident(ctx context.Context, id uint64) (Resident, error) {
	found, err := s.Residents(ctx, []uint64{id})
	if err != nil {
		return Resident{}, err
	}
	if len(found) == 0 {
		return Resident{}, notFound("person", FormatPersonID(id))
	}
	return found[0], nil
}

// Residents reads many people with their identities, in the order of ids; those
// that do not exist are left out.
func (s *Store) Residents(ctx context.Context, ids []uint64) ([]Resident, error) {
	out := make([]Resident, 0, len(ids))
	for start := 0; start < len(ids); start += pipelineSize {
		part := ids[start:min(start+pipelineSize, len(ids))]
		records, err := s.readPeople(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, r := range records {
			if !r.exists {
				continue
			}
			person, err := s.resident(part[i], r)
			if err != nil {
				return nil, err
			}
			out = append(out, person)
		}
	}
	return out, nil
}

// Views reads what guards may see of many people; those that do not exist are
// not in the map.
func (s *Store) Views(ctx context.Context, ids []uint64) (map[uint64]PersonView, error) {
	out, reg := make(map[uint64]PersonView, len(ids)), s.Registry()
	knownAs := map[uint64]uint64{} // walk-in -> resident
	for start := 0; start < len(ids); start += pipelineSize {
		part := ids[start:min(start+pipelineSize, len(ids))]
		replies := make([]*redis.SliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				replies[i] = p.HMGet(ctx, s.keys.person(id), personFields...)
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for i, id := range part {
			r, err := decodePerson(replies[i].Val())
			if err != nil {
				return nil, fmt.Errorf("person %s: %w", FormatPersonID(id), err)
			}
			if !r.exists {
				continue
			}
			view := PersonView{ID: id, NameMasked: r.masked, Kind: r.kind, Grid: r.grid}
			if site, ok := reg.SiteByNum(uint32(r.home)); ok { //nolint:gosec // parsed as 32 bits
				view.Home = site.Code
				if view.Grid == "" {
					view.Grid = site.Grid
				}
			}
			out[id] = view
			if r.knownAs != 0 {
				knownAs[id] = r.knownAs
			}
		}
	}
	return out, s.nameMatched(ctx, out, knownAs)
}

// nameMatched adds to the views of walk-ins those of the residents that they
// turned out to be.
func (s *Store) nameMatched(ctx context.Context, views map[uint64]PersonView, knownAs map[uint64]uint64) error {
	if len(knownAs) == 0 {
		return nil
	}
	residents, err := s.Views(ctx, slices.Collect(maps.Values(knownAs)))
	if err != nil {
		return err
	}
	for walkIn, id := range knownAs {
		if resident, ok := residents[id]; ok {
			view := views[walkIn]
			view.KnownAs = &resident
			views[walkIn] = view
		}
	}
	return nil
}
