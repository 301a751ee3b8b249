package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// OtherHomeError says that the person of a row is on record with another home.
type OtherHomeError struct {
	ID       uint64
	From, To NewHome
}

// Error says where, and nothing of the person.
func (e *OtherHomeError) Error() string {
	return fmt.Sprintf("checkpoint: is on record at %s, not at %s", e.From, e.To)
}

// String is a home as people read it.
func (h NewHome) String() string { return strings.TrimSpace(h.Site + " " + h.Door) }

// isRowError tells that one row is refused, and not the store at fault.
func isRowError(err error) bool {
	return errors.As(err, new(*FieldError)) || errors.As(err, new(*OtherHomeError))
}

// mayStay refuses a row that would give somebody another home.
func (s *Store) mayStay(e *enrolment, stored *personRecord, sameHome bool) error {
	if Status(stored.status) == StatusGone { //nolint:gosec // written from a Status
		return &FieldError{"id_number", "is of somebody on record as moved away or deceased: if that is wrong, have the status corrected first"}
	}
	if sameHome && raw(e.household) == stored.household {
		return nil
	}
	was, err := s.sameName(e, stored)
	if err != nil {
		return err
	}
	from := NewHome{Door: was.Door, Grid: stored.grid}
	if site, ok := s.Registry().SiteByNum(uint32(stored.home)); ok { //nolint:gosec // parsed as 32 bits
		from.Site = site.Code
	}
	return &OtherHomeError{e.id, from, NewHome{e.site.Code, e.in.Door, e.in.Grid}}
}

// sameName reads who the person of a row is on record; another name is a mistake in
// one of the two.
func (s *Store) sameName(e *enrolment, stored *personRecord) (was identity, err error) {
	if stored.blob != "" {
		if was, err = s.seal.openIdentity(e.id, []byte(stored.blob)); err != nil {
			return was, fmt.Errorf("person %s: %w", FormatPersonID(e.id), err)
		}
	}
	if was.Name != "" && was.Name != e.in.Name {
		return was, &FieldError{"name", "this document is enrolled under another name: one of the two is wrong"}
	}
	return was, nil
}

// EnrolVerdict is what would become of a row.
type EnrolVerdict string

// The verdicts.
const (
	RowNew       EnrolVerdict = "new"
	RowUnchanged EnrolVerdict = "unchanged"
	RowChanged   EnrolVerdict = "changed"   // of who is on record, see Fields
	RowMoves     EnrolVerdict = "moves"     // the person is on record with another home, see From and To
	RowDuplicate EnrolVerdict = "duplicate" // says the same as an earlier row, see Of
	RowRefused   EnrolVerdict = "refused"   // see Err
)

// EnrolPreview is what would become of one row.
type EnrolPreview struct {
	Verdict  EnrolVerdict
	ID       uint64   // of who is on record, else 0
	Fields   []string // "phone", "grid"
	From, To NewHome
	Of       int // place of the earlier row
	Err      error
}

// PreviewEnrol says what EnrolAtHome would do with each row, and writes nothing. That
// a phone number is that of 16 people already shows only when it is done. Errors:
// ErrUnavailable.
func (s *Store) PreviewEnrol(ctx context.Context, rows []NewResident) ([]EnrolPreview, error) {
	results := make([]EnrolResult, len(rows))
	good, err := s.prepareRows(s.Registry(), rows, 0, results)
	if err != nil {
		return nil, err
	}
	seen := documents{rows: make(map[uint64]documentRow, len(rows)), twins: map[int]int{}}
	good = seen.first(good, results)
	out := make([]EnrolPreview, len(rows))
	for some := range slices.Chunk(good, pipelineSize) {
		if err := s.previewSome(ctx, some, out); err != nil {
			return nil, err
		}
	}
	for i := range out {
		if earlier, twin := seen.twins[i]; twin {
			out[i] = EnrolPreview{Verdict: RowDuplicate, Of: earlier}
		} else if results[i].Err != nil {
			out[i] = EnrolPreview{Verdict: RowRefused, Err: results[i].Err}
		}
	}
	return out, nil
}

func (s *Store) previewSome(ctx context.Context, some []*enrolment, out []EnrolPreview) error {
	ids, err := s.whoHas(ctx, some)
	if err != nil {
		return err
	}
	records, err := s.readPeople(ctx, ids)
	if err != nil {
		return err
	}
	for i, e := range some {
		e.keepHome = true
		p := &out[e.row]
		if p.Verdict = RowNew; ids[i] == 0 || !records[i].exists {
			continue
		}
		e.id, p.ID = ids[i], ids[i]
		same, err := s.merge(e, &records[i])
		var home *OtherHomeError
		switch {
		case errors.As(err, &home):
			p.Verdict, p.From, p.To = RowMoves, home.From, home.To
		case isRowError(err):
			p.Verdict, p.Err = RowRefused, err
		case err != nil:
			return err
		case same:
			p.Verdict = RowUnchanged
		default:
			p.Verdict = RowChanged
			if p.Fields, err = s.changedFields(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// changedFields names what merge found changed; name and document never are.
func (s *Store) changedFields(e *enrolment) (fields []string, err error) {
	was, err := s.sameName(e, e.old)
	for _, f := range [...]struct{ name, was, is string }{
		{"name", was.Name, e.plain.Name}, {"phone", was.Phone, e.plain.Phone}, {"door", was.Door, e.plain.Door}, {"grid", e.old.grid, e.grid},
	} {
		if f.was != f.is {
			fields = append(fields, f.name)
		}
	}
	return fields, err
}

// whoHas looks the documents of rows up, 0 where one is nobody's.
func (s *Store) whoHas(ctx context.Context, rows []*enrolment) ([]uint64, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, fieldUseKnown)
	defer cancel()
	use, err := s.fieldsInUse(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]uint64, len(rows))
	for _, version := range use.list { // the last has the last word, as in claim
		replies := make([]*redis.StringCmd, len(rows))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, e := range rows {
				hash := s.seal.indexHash(version, "document", e.in.IDNumber)
				replies[i] = p.HGet(ctx, s.keys.index(version, "d", hash), raw(hash))
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return nil, unavailable(err)
		}
		for i, reply := range replies {
			if id, err := reply.Result(); err == nil {
				ids[i] = fromRaw(id)
			} else if !isNil(err) {
				return nil, unavailable(err)
			}
		}
	}
	return ids, nil
}
