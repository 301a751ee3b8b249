package codes

import (
	"fmt"
	"time"
)

// Leeway is how far a clock may be off at either end of a pass's validity.
const Leeway = 60 * time.Second

// MaxTokenBytes is the longest token, in either form, that is looked at.
const MaxTokenBytes = 512

// Kind says what sort of pass it is; its value is the letter in the token.
type Kind byte

// The kinds of pass.
const (
	// KindApp is shown by a resident's phone and lives for ten minutes.
	KindApp Kind = 'a'
	// KindPaper is printed, lives for weeks and stays the same all its life.
	KindPaper Kind = 'p'
	// KindVisitor is given to someone let in for a day or a few.
	KindVisitor Kind = 'v'
)

// Valid reports whether k is one of the three kinds.
func (k Kind) Valid() bool { return k == KindApp || k == KindPaper || k == KindVisitor }

// String gives the kind's name: app, paper or visitor.
func (k Kind) String() string {
	switch k {
	case KindApp:
		return "app"
	case KindPaper:
		return "paper"
	case KindVisitor:
		return "visitor"
	}
	return fmt.Sprintf("kind(%#02x)", byte(k))
}

// ParseKind reads a kind's name (app, paper, visitor), as String writes it.
func ParseKind(name string) (Kind, error) {
	for _, k := range []Kind{KindApp, KindPaper, KindVisitor} {
		if k.String() == name {
			return k, nil
		}
	}
	return 0, fmt.Errorf("codes: kind %q is none of app, paper, visitor", name)
}

// Pass is what a token says, once its form and signature are known to be good.
// It names nobody: only Ring.Open finds the person.
type Pass struct {
	// KeyID is the kid of the key that signed the pass: 8 base64url characters.
	KeyID string
	// Subject is the sealed person; it differs in each pass of one person.
	Subject [8]byte
	// ID is the jti, by which a pass is revoked.
	ID [8]byte
	// NotBefore and ExpiresAt bound the validity, in Unix seconds, UTC; both
	// fit an unsigned 32-bit number and NotBefore < ExpiresAt.
	NotBefore, ExpiresAt int64
	// Kind is the kind of pass.
	Kind Kind
	// Zone lets the holder's own site, and nobody else, see that the pass is
	// one of its own (OfSite).
	Zone [5]byte
}

// ValidAt judges the pass's times at t with a leeway of 60 s at both ends, and
// gives nil, ReasonNotYetValid or ReasonExpired.
func (p Pass) ValidAt(t time.Time) *Refusal {
	now, leeway := t.UnixMilli(), Leeway.Milliseconds()
	if now < p.NotBefore*1000-leeway {
		return refuse(ReasonNotYetValid, "valid from "+stamp(p.NotBefore))
	}
	if now >= p.ExpiresAt*1000+leeway {
		return refuse(ReasonExpired, "valid until "+stamp(p.ExpiresAt))
	}
	return nil
}

func stamp(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// Reason says in one stable word why a token is refused.
type Reason string

// The reasons for which this package refuses a token.
const (
	// ReasonMalformed: it looks like ours and is broken, or is no text at all.
	ReasonMalformed Reason = "malformed"
	// ReasonNotOurPass: it is something else, such as a payment code.
	ReasonNotOurPass Reason = "not_our_pass"
	// ReasonUnknownKey: the form is right, the key is not in the ring.
	ReasonUnknownKey Reason = "unknown_key"
	// ReasonBadSignature: the form is right, the signature is not the key's.
	ReasonBadSignature Reason = "bad_signature"
	// ReasonExpired: the time is past its end (ValidAt, VerifyList).
	ReasonExpired Reason = "expired"
	// ReasonNotYetValid: the time is before its start (ValidAt, VerifyList).
	ReasonNotYetValid Reason = "not_yet_valid"
)

// Refusal is why a token is not accepted. It is a result rather than a failure,
// and it is an error where one is wanted: compare it with nil before you put
// it into a variable of type error.
type Refusal struct {
	// Reason is the stable word.
	Reason Reason
	// Detail says more, in English, for logs and terminals. It never quotes
	// more of a token than a well-formed key ID.
	Detail string
}

// Error gives reason and detail.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

func refuse(reason Reason, detail string) *Refusal { return &Refusal{Reason: reason, Detail: detail} }

func malformed(detail string) *Refusal { return refuse(ReasonMalformed, detail) }
