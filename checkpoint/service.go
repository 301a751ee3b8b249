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

// ServiceKind is what somebody at home asks for.
type ServiceKind string

// serviceWords is the closed list.
var serviceWords = []Word{
	{"shopping", "代买东西", "Shopping"},
	{"rubbish", "收垃圾", "Rubbish"},
	{"disinfection", "消毒", "Disinfection"},
	{"medicine", "买药送药", "Medicine"},
	{"counsel", "心理疏导", "Somebody to talk to"},
	{"other", "其他", "Something else"},
}

// ServiceState is how far a request has got.
type ServiceState string

// The states.
const (
	ServiceOpen  ServiceState = "open"
	ServiceTaken ServiceState = "taken" // somebody sees to it
	ServiceDone  ServiceState = "done"
)

const (
	// maxServiceText bounds a request and the note on it, in characters.
	maxServiceText = 200
	// Bounds of the requests of one person.
	servicesKept, servicesOpen, servicesADay = 60, 10, 20
)

// ServiceRequest is what a household asks the grid members for. It is kept as long
// after the last word on it as events are.
type ServiceRequest struct {
	Person   uint64      `json:"-"`
	ID       string      `json:"i"` // as the phone chose it; with Person it names the request
	Kind     ServiceKind `json:"k"`
	Text     string      `json:"x,omitempty"`
	OpenedAt int64       `json:"t"`           // UTC ms
	TakenAt  int64       `json:"a,omitempty"` // UTC ms
	TakenBy  uint32      `json:"b,omitempty"` // number of the member of staff
	DoneAt   int64       `json:"z,omitempty"` // UTC ms
	DoneBy   uint32      `json:"y,omitempty"`
	Note     string      `json:"n,omitempty"` // of whoever took or did it
}

// State tells how far it has got.
func (r *ServiceRequest) State() ServiceState {
	switch {
	case r.DoneAt != 0:
		return ServiceDone
	case r.TakenAt != 0:
		return ServiceTaken
	}
	return ServiceOpen
}

func (r *ServiceRequest) careState() byte {
	return map[ServiceState]byte{ServiceOpen: careOpen, ServiceTaken: careTaken, ServiceDone: careClosed}[r.State()]
}

func (r *ServiceRequest) of(person uint64) { r.Person = person }

// OpenRequest asks for something. The same again gives the first one back. Errors:
// *FieldError, ErrTooMany, ErrOtherRecord, ErrNotFound, ErrUnavailable.
func (s *Store) OpenRequest(ctx context.Context, person uint64, id string, kind ServiceKind, text string) (ServiceRequest, error) {
	if err := validCareID(id); err != nil {
		return ServiceRequest{}, err
	}
	if !slices.ContainsFunc(serviceWords, func(w Word) bool { return w.Name == string(kind) }) {
		return ServiceRequest{}, &FieldError{"kind", "must be one of " + strings.Join(wordNames(serviceWords), ", ")}
	}
	text, err := cleanText("text", text, maxServiceText, kind == "other")
	if err != nil {
		return ServiceRequest{}, err
	}
	now := s.now()
	r := ServiceRequest{Person: person, ID: id, Kind: kind, Text: text, OpenedAt: now}
	ref := clientRef(person, careRequest, id)
	err = s.addCare(ctx, ref, careEntry{digest: careDigest(string(kind) + "\x00" + text), at: now, state: careOpen}, r, now,
		careLimits{servicesKept, servicesOpen, servicesADay, now - dayMillis, now + 1})
	if errors.Is(err, errCareOpen) {
		err = ErrTooMany
	}
	if err != nil {
		return ServiceRequest{}, err
	}
	return s.Request(ctx, person, id)
}

func wordNames(words []Word) (names []string) {
	for _, w := range words {
		names = append(names, w.Name)
	}
	return names
}

// Request reads one; ErrNotFound if there is none.
func (s *Store) Request(ctx context.Context, person uint64, id string) (ServiceRequest, error) {
	found, err := careAs(ctx, s, []careRef{clientRef(person, careRequest, id)}, (*ServiceRequest).of)
	if err != nil {
		return ServiceRequest{}, err
	}
	if len(found) == 0 {
		return ServiceRequest{}, notFound("request", id)
	}
	return found[0], nil
}

// RequestsOf lists what was asked for some people, the last first.
func (s *Store) RequestsOf(ctx context.Context, people []uint64) ([]ServiceRequest, error) {
	tables, err := s.careTables(ctx, people)
	if err != nil {
		return nil, err
	}
	var refs []careRef
	for i, person := range people {
		refs = append(refs, tables[i].of(careRequest).refsOf(person, careRequest, nil)...)
	}
	all, err := careAs(ctx, s, refs, (*ServiceRequest).of)
	slices.SortStableFunc(all, func(a, b ServiceRequest) int { return cmp.Compare(b.OpenedAt, a.OpenedAt) })
	return all, err
}

// WaitingRequests lists what is not done, the longest waiting first: a page and the
// cursor of the next, "" at the end.
func (s *Store) WaitingRequests(ctx context.Context, q CareQuery) ([]ServiceRequest, string, error) {
	return s.requests(ctx, listRequests, "-inf", "+inf", &q)
}

// DoneRequests lists those with from <= done_at < to (UTC ms), in that order.
func (s *Store) DoneRequests(ctx context.Context, from, to int64, q CareQuery) ([]ServiceRequest, string, error) {
	from = max(from, s.oldestShown())
	return s.requests(ctx, listDone, strconv.FormatInt(from, 10), "("+strconv.FormatInt(to, 10), &q)
}

func (s *Store) requests(ctx context.Context, list careListKind, from, to string, q *CareQuery) ([]ServiceRequest, string, error) {
	return carePage(ctx, s, list, careRequest, from, to, q, (*ServiceRequest).of)
}

const (
	// TakeWithin is how long a request can wait until somebody sees to it.
	TakeWithin = 24 * time.Hour
	// DoWithin is how long whoever took it has.
	DoWithin = 48 * time.Hour
)

// DueAt is when the next step is due, UTC ms; 0 when it is done.
func (r *ServiceRequest) DueAt() int64 {
	switch r.State() {
	case ServiceOpen:
		return r.OpenedAt + TakeWithin.Milliseconds()
	case ServiceTaken:
		return r.TakenAt + DoWithin.Milliseconds()
	}
	return 0
}

// Overdue tells that its next step is.
func (r *ServiceRequest) Overdue(now int64) bool { return r.DueAt() != 0 && now >= r.DueAt() }

// TakeRequest says that a member of staff sees to it. Whoever took it first has it;
// it is returned as it is then. Errors: *FieldError, ErrNotFound, ErrUnavailable.
func (s *Store) TakeRequest(ctx context.Context, person uint64, id, note string, by uint32) (ServiceRequest, error) {
	return s.turnRequest(ctx, person, id, note, func(r *ServiceRequest, now int64) bool {
		if r.State() != ServiceOpen {
			return false
		}
		r.TakenAt, r.TakenBy = now, by
		return true
	})
}

// FinishRequest says that it is done, taken before or not. One that was done stays
// as it is. It is returned as it is then. Errors as of TakeRequest.
func (s *Store) FinishRequest(ctx context.Context, person uint64, id, note string, by uint32) (ServiceRequest, error) {
	return s.turnRequest(ctx, person, id, note, func(r *ServiceRequest, now int64) bool {
		if r.State() == ServiceDone {
			return false
		}
		if r.TakenAt == 0 {
			r.TakenAt, r.TakenBy = now, by
		}
		r.DoneAt, r.DoneBy = now, by
		return true
	})
}

// turnRequest changes a request by turn, which tells whether there is anything to
// change, until nobody was faster.
func (s *Store) turnRequest(ctx context.Context, person uint64, id, note string, turn func(*ServiceRequest, int64) bool) (ServiceRequest, error) {
	note, err := cleanText("note", note, maxServiceText, false)
	if err != nil {
		return ServiceRequest{}, err
	}
	for range enrolTries {
		r, err := s.Request(ctx, person, id)
		if err != nil {
			return ServiceRequest{}, err
		}
		before := r.careState()
		if !turn(&r, s.now()) {
			return r, nil
		}
		if note != "" {
			r.Note = note
		}
		done, err := s.turnCare(ctx, clientRef(person, careRequest, id), before, r.careState(), r, r.DoneAt)
		if err != nil || done {
			return r, err
		}
	}
	return ServiceRequest{}, fmt.Errorf("checkpoint: this request changes too fast: %w", ErrUnavailable)
}
