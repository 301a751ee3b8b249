package checkpoint

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// How an enrolment is cut: rows that go through the steps together, how many
// such portions are under way at once (while one waits for Redis the next is
// prepared), and rows of one script call, which holds up every scan on that
// Redis meanwhile: at most 2 ms.
const (
	enrolPortion = 2048
	enrolAhead   = 3
	enrolCall    = 256
)

// enrolTries is how often a row is taken up again because somebody else wrote
// the same person at the same time.
const enrolTries = 16

// enrolment is one row on its way into the store.
type enrolment struct {
	row  int // index of the row in the call
	in   NewResident
	site *Site

	masked    string
	doc       uint64 // keyed hash of the document, for comparing rows
	phone     bool   // there is one in the row
	household uint64
	id        uint64 // a candidate, until the index has said whose document it is
	plain     identity
	grid      string // node to store, "" for the site's own
	blob      []byte
	known     bool     // the document was claimed before
	use       fieldUse // versions of the keys

	old      *personRecord // set when the person is to be brought up to date
	oldPhone string        // to be forgotten, "" = none

	keepHome bool // who has another home is left alone
}

// Enrol enters people into the register, each row on its own: the result of a
// row is at the row's index, and a bad row (a *FieldError in its Err) keeps no
// other from going in. A document belongs to one person: enrolling it again,
// also at the same time from elsewhere, finds that person and brings phone, door,
// site and grid up to date; the same rows again change nothing, and another name
// is a mistake in one of the two. A household shares a partition, so a person
// can be moved only to a home whose household lies in their own.
//
// The error tells that Redis failed. Then some rows may have gone in; enrolling
// all of them again is safe and completes what was cut off.
func (s *Store) Enrol(ctx context.Context, rows []NewResident) ([]EnrolResult, error) {
	return s.enrolAll(ctx, rows, false)
}

// EnrolAtHome is Enrol for lists that may be older than the register: whoever is on
// record with another home stays there, and their row has an *OtherHomeError; who is
// on record as gone stays gone.
func (s *Store) EnrolAtHome(ctx context.Context, rows []NewResident) ([]EnrolResult, error) {
	return s.enrolAll(ctx, rows, true)
}

func (s *Store) enrolAll(ctx context.Context, rows []NewResident, keepHome bool) ([]EnrolResult, error) {
	results := make([]EnrolResult, len(rows))
	seen := documents{rows: make(map[uint64]documentRow, len(rows)), twins: map[int]int{}}
	var (
		reg    = s.Registry()
		wait   sync.WaitGroup
		ahead  = make(chan struct{}, enrolAhead)
		failed atomic.Pointer[error]
	)
	for start := 0; start < len(rows) && failed.Load() == nil; start += enrolPortion {
		portion, err := s.prepareRows(reg, rows[start:min(start+enrolPortion, len(rows))], start, results)
		if err != nil {
			failed.CompareAndSwap(nil, &err)
			break
		}
		portion = seen.first(portion, results)
		for _, e := range portion {
			e.keepHome = keepHome
		}
		ahead <- struct{}{}
		wait.Go(func() {
			defer func() { <-ahead }()
			if err := s.enrol(ctx, portion, results); err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	for row, earlier := range seen.twins {
		results[row] = EnrolResult{ID: results[earlier].ID, Err: results[earlier].Err}
	}
	return results, nil
}

// documents are those of the rows of one call: a document that comes twice is
// one row and a mistake, or one row said twice.
type documents struct {
	rows  map[uint64]documentRow // by blind index
	twins map[int]int            // row -> earlier row that says the same
}

type documentRow struct {
	row int
	in  NewResident
}

// first keeps the rows whose document no earlier row has.
func (d *documents) first(portion []*enrolment, results []EnrolResult) []*enrolment {
	kept := portion[:0]
	for _, e := range portion {
		earlier, again := d.rows[e.doc]
		switch {
		case !again:
			d.rows[e.doc] = documentRow{e.row, e.in}
			kept = append(kept, e)
		case earlier.in == e.in:
			d.twins[e.row] = earlier.row
		default:
			results[e.row].Err = &FieldError{"id_number", fmt.Sprintf("is in row %d already, with other particulars", earlier.row+1)}
		}
	}
	return kept
}

// prepareRows checks rows and makes what is written of them, on all processors.
// A bad row gets its error into results and is left out.
func (s *Store) prepareRows(reg *Registry, rows []NewResident, offset int, results []EnrolResult) ([]*enrolment, error) {
	random := make([]byte, 8*len(rows))
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("checkpoint: random numbers: %w", err)
	}
	all := make([]*enrolment, len(rows))
	share := (len(rows) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for start := 0; start < len(rows); start += share {
		wait.Go(func() {
			for i := start; i < min(start+share, len(rows)); i++ {
				e, err := s.prepareRow(reg, rows[i], binary.BigEndian.Uint64(random[8*i:]))
				if err != nil {
					results[offset+i].Err = err
					continue
				}
				e.row = offset + i
				all[i] = e
			}
		})
	}
	wait.Wait()
	good := all[:0]
	for _, e := range all {
		if e != nil {
			good = append(good, e)
		}
	}
	return good, nil
}

// CheckResident says what Enrol would refuse in a row by itself, as a *FieldError.
func (s *Store) CheckResident(row NewResident) error {
	_, err := cleanRow(s.Registry(), &row)
	return err
}

// prepareRow checks one row and makes everything that is written for a new person.
func (s *Store) prepareRow(reg *Registry, in NewResident, random uint64) (*enrolment, error) {
	site, err := cleanRow(reg, &in)
	if err != nil {
		return nil, err
	}
	e := &enrolment{
		in: in, site: site, masked: MaskName(in.Name), grid: in.Grid,
		doc:   s.seal.blind("document", in.IDNumber),
		plain: identity{in.Name, in.IDNumber, in.Phone, in.Door},
	}
	e.phone = in.Phone != ""
	// Without a door a person is a household of their own. Codes and doors hold
	// no zero bytes, so the two forms cannot be mistaken for each other.
	home := site.Code + "\x00" + in.Door
	if in.Door == "" {
		home += "\x00" + in.IDNumber
	}
	e.household = s.seal.blind("household", home)
	e.id = e.household&^(1<<58-1) | random>>6
	e.blob = s.seal.sealIdentity(e.id, e.plain)
	return e, nil
}

// cleanRow brings a row into its stored form.
func cleanRow(reg *Registry, in *NewResident) (site *Site, err error) {
	if in.Name, err = CleanName(in.Name); err != nil {
		return nil, err
	}
	if in.IDNumber, err = ParseDocument(in.IDNumber); err != nil {
		return nil, err
	}
	if in.Phone, err = ParsePhone(in.Phone); err != nil {
		return nil, err
	}
	if in.Door, err = cleanDoor(in.Door); err != nil {
		return nil, err
	}
	if int(in.Status) >= len(statusNames) {
		return nil, &FieldError{"status", "is not a status"}
	}
	site, ok := reg.Site(in.Site)
	switch {
	case in.Site == "":
		return nil, &FieldError{"site", "is missing: give the code of the home site"}
	case !ok:
		return nil, &FieldError{"site", "is not the code of a known site"}
	case !site.Kind.Residential():
		return nil, &FieldError{"site", "is a " + site.Kind.String() + ", nobody lives there: give a village or compound"}
	}
	if in.Grid == site.Grid {
		in.Grid = ""
	}
	if in.Grid != "" {
		if _, ok := reg.Grid(in.Grid); !ok {
			return nil, &FieldError{"grid", "is not a node of the grid"}
		}
		if !reg.Within(in.Grid, site.Grid) {
			return nil, &FieldError{"grid", "does not lie below the home site's own node"}
		}
	}
	return site, nil
}
