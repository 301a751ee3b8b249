package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FeverOutcome is what became of a fever case; "" while it is open.
type FeverOutcome string

// The outcomes.
const (
	FeverHandedOver       FeverOutcome = "handed_over"       // to the ambulance or the hospital
	FeverScreenedNegative FeverOutcome = "screened_negative" // examined, not infected
	FeverScreenedPositive FeverOutcome = "screened_positive" // examined, infected
	FeverFalseReading     FeverOutcome = "false_reading"     // no fever: thermometer, sun, exertion
	FeverObserved         FeverOutcome = "observation"       // goes on as an observation
)

// FeverOutcomes lists them.
func FeverOutcomes() []FeverOutcome {
	return []FeverOutcome{FeverHandedOver, FeverScreenedNegative, FeverScreenedPositive, FeverFalseReading, FeverObserved}
}

// MaxFeverNote bounds the note on a closed case, in bytes.
const MaxFeverNote = 200

// ErrFeverClosed says that the case was closed before, with another outcome.
var ErrFeverClosed = errors.New("checkpoint: this fever case was closed with another outcome")

// CloseFever closes a case: its person is judged like anybody again, at every
// gate, from the next scan on. by is the login of the medic; the note is kept
// sealed. A case is closed once: closing it again with the same outcome changes
// nothing and gives the first closing back. The case is returned as it is
// afterwards. Errors: *FieldError, ErrNotFound, ErrFeverClosed, ErrUnavailable.
func (s *Store) CloseFever(ctx context.Context, id FeverID, outcome FeverOutcome, by, note string) (FeverCase, error) {
	if err := CheckFeverClosing(outcome, by, note); err != nil {
		return FeverCase{}, err
	}
	fever, err := s.Fever(ctx, id)
	if err != nil {
		return fever, err
	}
	var sealed []byte
	if note != "" {
		sealed = s.seal.seal(uint64(id), []byte(note))
	}
	now, p := s.now(), partitionOf(uint64(id))
	reply, err := s.run(ctx, s.rdb, feverScript, []string{s.keys.fevers(p), s.keys.closedFevers(p), s.keys.person(fever.Person)},
		raw(uint64(id)), now, string(outcome), by, sealed)
	if err != nil {
		return fever, err
	}
	switch reply {
	case "closed", "again":
		resident, err := s.judgedAs(ctx, fever.Person)
		if err != nil {
			return fever, err
		}
		if err := s.settleFever(ctx, resident); err != nil {
			return fever, err
		}
		return s.Fever(ctx, id)
	case "other":
		return fever, ErrFeverClosed
	case "none":
		return fever, notFound("fever case", id.String())
	}
	return fever, fmt.Errorf("checkpoint: fever script replied %v", reply)
}

// CheckFeverClosing refuses what closes no case: an outcome that is none, a login that
// is none, a note that is too long or no single line. The error is a *FieldError.
func CheckFeverClosing(outcome FeverOutcome, by, note string) error {
	switch {
	case !slices.Contains(FeverOutcomes(), outcome):
		return &FieldError{"outcome", "must be one of handed_over, screened_negative, screened_positive, false_reading, observation"}
	case !validCode(by):
		return &FieldError{"by", "must be the login of an account"}
	case len(note) > MaxFeverNote:
		return &FieldError{"note", fmt.Sprintf("must have at most %d bytes", MaxFeverNote)}
	case !utf8.ValidString(note) || strings.ContainsFunc(note, unicode.IsControl):
		return &FieldError{"note", "must be one line of text without control characters"}
	}
	return nil
}
