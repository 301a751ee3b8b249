package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Whoever is under observation or in quarantine keeps a diary: two readings a day,
// one in the morning and one from DiaryNoon on, by the clock of the place. A slot
// that went by without one is missed; nothing is stored of that, it follows from
// the readings (DiaryDays).

// Slot is half a day of a diary.
type Slot string

// The slots.
const (
	Morning   Slot = "am"
	Afternoon Slot = "pm"
)

const (
	// DiaryNoon is when the afternoon of a diary begins, after midnight.
	DiaryNoon = 14 * time.Hour
	// diaryBack is how old a reading may be when it comes: a phone may be without
	// a net for that long.
	diaryBack = 72 * time.Hour
	// maxDiaryNote bounds the note on a reading, in characters.
	maxDiaryNote = 200
	// readingsKept and readingsADay bound the diary of one person.
	readingsKept, readingsADay = 400, 8
)

// symptomWords is the closed list.
var symptomWords = []Word{
	{"cough", "咳嗽", "Cough"},
	{"fatigue", "乏力", "Tired"},
	{"sore_throat", "咽痛", "Sore throat"},
	{"breathless", "气短", "Short of breath"},
	{"diarrhoea", "腹泻", "Diarrhoea"},
	{"headache", "头痛", "Headache"},
	{"muscle_pain", "肌肉酸痛", "Muscle pain"},
	{"chills", "发冷", "Chills"},
}

// SymptomWords lists the symptoms that a reading can name.
func SymptomWords() []Word { return slices.Clone(symptomWords) }

// DiaryReading is one reading of a diary.
type DiaryReading struct {
	Person      uint64   `json:"-"`
	ID          string   `json:"i"` // as the phone chose it
	At          int64    `json:"t"` // UTC ms, when it was taken
	Temperature Celsius  `json:"c"`
	Method      Method   `json:"m,omitempty"`
	Symptoms    []string `json:"y,omitempty"`
	Note        string   `json:"n,omitempty"`
	By          uint32   `json:"b,omitempty"` // number of the member of staff who took it; 0: the household

	RecordedAt int64   `json:"r"` // UTC ms
	FeverLine  Celsius `json:"f"` // of the home site at that time
}

// Fever tells that the reading is at or above the fever line.
func (r *DiaryReading) Fever() bool { return r.Temperature >= r.FeverLine }

func (r *DiaryReading) of(person uint64) { r.Person = person }

// ErrNotObserved says that somebody kept no diary at that time.
var ErrNotObserved = errors.New("checkpoint: a diary is kept by people under observation or in quarantine, and this person was neither at that time")

// SlotAt is the slot of a time (UTC ms) and its day.
func (s *Store) SlotAt(at int64) (Day, Slot) {
	t := time.UnixMilli(at).In(s.zone)
	if time.Duration(t.Hour())*time.Hour < DiaryNoon {
		return s.DayAt(at), Morning
	}
	return s.DayAt(at), Afternoon
}

// AddReading writes a reading into a person's diary. The same again changes
// nothing. Errors: *FieldError, ErrNotObserved, ErrTooMany, ErrOtherRecord (the ID
// is that of another reading), ErrNotFound, ErrUnavailable.
func (s *Store) AddReading(ctx context.Context, who *Resident, r DiaryReading) (DiaryReading, error) {
	if err := s.checkReading(&r); err != nil {
		return r, err
	}
	history, err := s.StatusHistory(ctx, who)
	if err != nil {
		return r, err
	}
	if !observedAt(history, r.At) {
		return r, ErrNotObserved
	}
	r.Person, r.RecordedAt, r.FeverLine = who.ID, s.now(), DefaultFeverLine
	if site, ok := s.Registry().Site(who.Site); ok {
		r.FeverLine = s.Registry().RulesAt(site, r.At).FeverLine
	}
	listed := int64(0)
	if r.Fever() {
		listed = r.At
	}
	ref, day := clientRef(who.ID, careReading, r.ID), s.startOfDay(r.At)
	digest := careDigest(fmt.Sprintf("%d %d %d %q %q", r.At, r.Temperature, r.Method, r.Symptoms, r.Note))
	err = s.addCare(ctx, ref, careEntry{digest: digest, at: r.At, state: careClosed}, r, listed,
		careLimits{readingsKept, 1, readingsADay, day, day + dayMillis})
	if err != nil {
		return r, err
	}
	found, err := careAs(ctx, s, []careRef{ref}, (*DiaryReading).of) // the one that was there, if it was
	if err == nil && len(found) == 0 {
		err = notFound("reading", r.ID)
	}
	if err != nil {
		return r, err
	}
	return found[0], nil
}

// startOfDay is midnight at the place before a time, UTC ms.
func (s *Store) startOfDay(at int64) int64 {
	y, m, d := time.UnixMilli(at).In(s.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, s.zone).UnixMilli()
}

func (s *Store) checkReading(r *DiaryReading) (err error) {
	if err := validCareID(r.ID); err != nil {
		return err
	}
	if r.Note, err = cleanText("note", r.Note, maxDiaryNote, false); err != nil {
		return err
	}
	names := wordNames(symptomWords)
	for i, name := range r.Symptoms {
		if !slices.Contains(names, name) || slices.Contains(r.Symptoms[:i], name) {
			return &FieldError{"symptoms", "must be some of " + strings.Join(names, ", ") + ", each once"}
		}
	}
	now := s.now()
	switch {
	case !r.Temperature.Valid():
		return &FieldError{"temperature", "is missing: give °C from 30.0 to 45.0 with one decimal"}
	case r.At > now+freshWindow.Milliseconds():
		return &FieldError{"at", "lies in the future: the phone's clock is wrong"}
	case r.At < now-diaryBack.Milliseconds():
		return &FieldError{"at", fmt.Sprintf("lies more than %d hours back: tell the grid member instead", int(diaryBack.Hours()))}
	}
	return nil
}

// observedAt tells whether somebody was under observation or in quarantine at a
// time. A reading from shortly before the decision counts: it has led to it.
func observedAt(history []StatusRecord, at int64) bool {
	for i, r := range history {
		until := int64(1<<62 - 1)
		if i+1 < len(history) {
			until = history[i+1].Since
		}
		if r.Status.Observed() && at >= r.Since-dayMillis && at < until {
			return true
		}
	}
	return false
}

// Diary lists the readings of a person with from <= at < to (UTC ms), oldest first.
func (s *Store) Diary(ctx context.Context, person uint64, from, to int64) ([]DiaryReading, error) {
	tables, err := s.careTables(ctx, []uint64{person})
	if err != nil {
		return nil, err
	}
	return s.diary(ctx, person, tables[0].of(careReading), from, to)
}

func (s *Store) diary(ctx context.Context, person uint64, table careTable, from, to int64) ([]DiaryReading, error) {
	refs := table.refsOf(person, careReading, func(e *careEntry) bool { return e.at >= from && e.at < to })
	all, err := careAs(ctx, s, refs, (*DiaryReading).of)
	sortReadings(all)
	return all, err
}

func sortReadings(list []DiaryReading) {
	slices.SortStableFunc(list, func(a, b DiaryReading) int { return cmp.Compare(a.At, b.At) })
}

// FeverReadings lists the readings of all diaries at or above the fever line with
// from <= at < to (UTC ms), oldest first: a page and the cursor of the next, "" at the
// end.
func (s *Store) FeverReadings(ctx context.Context, from, to int64, q CareQuery) ([]DiaryReading, string, error) {
	from = max(from, s.oldestShown())
	return carePage(ctx, s, listFeverish, careReading, strconv.FormatInt(from, 10), "("+strconv.FormatInt(to, 10), &q, (*DiaryReading).of)
}

// DiaryDay is one day of a diary.
type DiaryDay struct {
	Day    Day
	Taken  []Slot // slots with a reading
	Missed []Slot // slots that are over and have none
	Due    []Slot // slots that run and have none yet
}

// DiaryDays are the days of a diary between two times (UTC ms), oldest first, at
// most 61: what a person who had to keep it from then until then has done.
func (s *Store) DiaryDays(readings []DiaryReading, from, until int64) (days []DiaryDay) {
	now := s.now()
	for start := s.startOfDay(from); start < until && len(days) < 61; start += dayMillis {
		day := DiaryDay{Day: s.DayAt(start)}
		noon := start + DiaryNoon.Milliseconds()
		for _, half := range [...]struct {
			slot       Slot
			begin, end int64
		}{{Morning, start, noon}, {Afternoon, noon, start + dayMillis}} {
			taken := slices.ContainsFunc(readings, func(r DiaryReading) bool { return r.At >= half.begin && r.At < half.end })
			switch {
			case taken:
				day.Taken = append(day.Taken, half.slot)
			case half.end <= from || half.begin >= until:
			case half.end <= now:
				day.Missed = append(day.Missed, half.slot)
			case half.begin <= now:
				day.Due = append(day.Due, half.slot)
			}
		}
		days = append(days, day)
	}
	return days
}
