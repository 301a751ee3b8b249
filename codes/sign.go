package codes

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"
)

const (
	// MaxGeneration is the highest generation a person's passes can have.
	MaxGeneration = 255
	// AppGrid is the grid on which app passes start.
	AppGrid = 5 * time.Minute
	// AppLife is how long an app pass lives: two steps, so that the next one
	// is on the phone before the last one ends.
	AppLife = 10 * time.Minute
	// PaperDays is how long a paper pass lives by default.
	PaperDays = 28
	// VisitorDays is how long a visitor's pass lives by default.
	VisitorDays = 1

	day = 24 * time.Hour
	// chinaOffset: one zone, UTC+8, and no summer time since 1991.
	chinaOffset = 8 * time.Hour
)

// Request says which pass to issue. The same request under the same key gives
// the same pass, byte for byte: nothing is stored to issue one.
type Request struct {
	// Person is the holder.
	Person uint64
	// Generation is raised to revoke all passes of the person; at most
	// MaxGeneration.
	Generation uint32
	// Kind is the kind of pass.
	Kind Kind
	// Home is the code of the site where the person lives, or "".
	Home string
	// NotBefore is a time in the first window of validity; it is rounded
	// down to the grid: 5 minutes for an app pass, else local midnight in
	// Shanghai. At most MaxAhead after the time the signer was taken for.
	NotBefore time.Time
	// Days is how many days a paper (at most MaxPaperDays) or visitor pass
	// (at most MaxVisitorDays) lives; 0 means PaperDays or VisitorDays. For
	// an app pass it is 0.
	Days int
}

// ErrRequest is why a pass cannot be issued as asked.
var ErrRequest = errors.New("codes: cannot issue this pass")

// Signer issues passes with the key that signs at one moment. Take a new one
// for each request: that costs nothing, and keys change.
type Signer struct {
	key  *ringKey
	zone secret
	now  int64
}

// Signer gives the signer for now, or ErrNoSigningKey.
func (r *Ring) Signer(now time.Time) (*Signer, error) {
	snap := r.current.Load()
	key := snap.signer(usePass, now.Unix())
	if key == nil || key.private == nil {
		return nil, ErrNoSigningKey
	}
	return &Signer{key: key, zone: snap.zone, now: now.Unix()}, nil
}

// KeyID is the kid of the key that signs.
func (s *Signer) KeyID() string { return s.key.kid }

// String gives the kid and no secret.
func (s Signer) String() string { return "signer " + s.key.kid }

// GoString is String.
func (s Signer) GoString() string { return s.String() }

// LogValue is String.
func (s Signer) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Issue signs a pass and gives it with its JWT. It fails with ErrRequest.
func (s *Signer) Issue(q Request) (Pass, string, error) {
	t, err := s.issue(q)
	if err != nil {
		return Pass{}, "", err
	}
	return t.pass, t.jwt(), nil
}

// IssueCompact is Issue with the compact form, which goes into the QR.
func (s *Signer) IssueCompact(q Request) (Pass, string, error) {
	t, err := s.issue(q)
	if err != nil {
		return Pass{}, "", err
	}
	return t.pass, t.compact(), nil
}

func (s *Signer) issue(q Request) (*token, error) {
	t, err := s.compose(q)
	if err != nil {
		return nil, err
	}
	return t, s.sign(t)
}

// compose works out the pass, without its signature.
func (s *Signer) compose(q Request) (*token, error) {
	notBefore, expiresAt, err := q.validity(s.now)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRequest, err)
	}
	t := &token{key: s.key.publicKey}
	p := &t.pass
	p.KeyID, p.Kind, p.NotBefore, p.ExpiresAt = s.key.kid, q.Kind, notBefore, expiresAt
	p.ID = s.key.secrets.passID(q.Person, q.Generation, q.Kind, notBefore)
	binary.BigEndian.PutUint64(p.Subject[:], q.Person^s.key.secrets.mask(p.ID))
	p.Zone = zoneOf(s.zone.site(q.Home), p.ID)
	return t, nil
}

func (s *Signer) sign(t *token) error {
	input := appendSigningInput(make([]byte, 0, inputChars), s.key.header64, &t.pass)
	sig, err := method.Sign(string(input), s.key.private)
	if err != nil {
		return fmt.Errorf("codes: signing: %w", err)
	}
	copy(t.sig[:], sig)
	return nil
}

// validity checks the request and gives both ends, in Unix seconds.
func (q *Request) validity(now int64) (notBefore, expiresAt int64, err error) {
	if q.Generation > MaxGeneration {
		return 0, 0, fmt.Errorf("generation %d is over %d", q.Generation, MaxGeneration)
	}
	days, most := q.Days, 0
	switch q.Kind {
	case KindApp:
	case KindPaper:
		most = MaxPaperDays
		if days == 0 {
			days = PaperDays
		}
	case KindVisitor:
		most = MaxVisitorDays
		if days == 0 {
			days = VisitorDays
		}
	default:
		return 0, 0, fmt.Errorf("%v is no kind of pass", q.Kind)
	}
	if days < 0 || days > most {
		return 0, 0, fmt.Errorf("%d days for a pass of kind %v, which lives at most %d", q.Days, q.Kind, most)
	}
	notBefore = gridStart(q.Kind, q.NotBefore.Unix())
	expiresAt = notBefore + int64(AppLife/time.Second)
	if q.Kind != KindApp {
		expiresAt = notBefore + int64(days)*int64(day/time.Second)
	}
	if notBefore < 0 || expiresAt > math.MaxUint32 {
		return 0, 0, errors.New("its time is outside 1970 to 2106")
	}
	if notBefore > now+int64(MaxAhead/time.Second) {
		return 0, 0, fmt.Errorf("it would start more than %v from now", MaxAhead)
	}
	return notBefore, expiresAt, nil
}

// gridStart rounds down to the grid of the kind.
func gridStart(kind Kind, unix int64) int64 {
	step, offset := gridOf(kind)
	at := unix + offset
	return at - ((at%step)+step)%step - offset
}

// gridOf gives the step and what to add to Unix time to count from local
// midnight, both in seconds.
func gridOf(kind Kind) (step, offset int64) {
	if kind == KindApp {
		return int64(AppGrid / time.Second), 0
	}
	return int64(day / time.Second), int64(chinaOffset / time.Second)
}
