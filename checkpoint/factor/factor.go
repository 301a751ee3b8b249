// Package factor keeps the second factor of accounts: codes of RFC 6238 as the
// usual apps show them (SHA-1, 6 digits, 30 s), and codes on paper for who has lost
// the phone.
//
// Whether an account has one is in the registry (Staff.TOTP), in force at every
// gateway like a password. The secret is one of the office's records, sealed with
// the field key: rotation, backup and restore have it with them. The record is
// written before the registry where a factor begins, and after it where one ends,
// so that whatever is cut off leaves either a factor that works or none.
package factor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"passgate/checkpoint"
)

const (
	kindFactor checkpoint.MatterKind = "second_factor"

	statePending = "pending" // a secret that no code has proven yet
	stateOn      = "on"
	stateOff     = "off" // the secret is gone

	issuer        = "passgate"
	step          = 30 // seconds for which a code is shown
	skew          = 1  // steps that a phone's clock may be off, either way
	recoveryCodes = 10
	recoveryChars = 16 // of base32: 80 bits, so a plain hash is enough
)

// What callers tell apart.
var (
	// ErrOn: the account has a second factor already.
	ErrOn = errors.New("factor: the account has a second factor already")
	// ErrNone: the account has none, or none was begun.
	ErrNone = errors.New("factor: there is no second factor")
	// ErrWrong: the code is not right, or was used before.
	ErrWrong = errors.New("factor: the code is wrong or was used")
)

// record is what is kept of an account's factor.
type record struct {
	Secret   string   `json:"k,omitempty"` // base32
	Used     int64    `json:"u,omitempty"` // newest step whose code was taken: neither it nor one before is good
	Recovery [][]byte `json:"r,omitempty"` // SHA-256 of the recovery codes that are left
}

func refOf(num uint32) checkpoint.MatterRef {
	return checkpoint.MatterRef{Kind: kindFactor, ID: checkpoint.NewMatterID(kindFactor, strconv.FormatUint(uint64(num), 10))}
}

// Secret is what an app needs to show an account's codes. It is given once.
type Secret struct {
	Base32 string
	URI    string // otpauth://, for a QR
}

// Begin makes a secret, in place of one that was begun and not proven. It changes
// nothing at sign-in before Confirm. Errors: ErrOn, checkpoint.ErrUnavailable.
func Begin(ctx context.Context, store *checkpoint.Store, who *checkpoint.Staff) (Secret, error) {
	if who.TOTP {
		return Secret{}, ErrOn
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: who.Login, Period: step})
	if err != nil {
		return Secret{}, fmt.Errorf("factor: make a secret: %w", err)
	}
	err = turn(ctx, store, who.Num, func(m *checkpoint.Matter, r *record) error {
		m.State, m.ClosedAt = statePending, 0
		*r = record{Secret: key.Secret()}
		return nil
	})
	return Secret{key.Secret(), key.URL()}, err
}

// Confirm takes a code as proof that the app has the secret; from then on the
// account needs one to sign in. It gives the recovery codes, of which only hashes
// are kept. Errors: ErrOn, ErrNone, ErrWrong, checkpoint.ErrUnavailable.
func Confirm(ctx context.Context, store *checkpoint.Store, who *checkpoint.Staff, code string) (recovery []string, err error) {
	if who.TOTP {
		return nil, ErrOn
	}
	err = turn(ctx, store, who.Num, func(m *checkpoint.Matter, r *record) error {
		if r.Secret == "" {
			return ErrNone
		}
		if !r.takeCode(code, store.Now()) {
			return ErrWrong
		}
		m.State, recovery, r.Recovery = stateOn, nil, nil
		for range recoveryCodes {
			text := rand.Text()[:recoveryChars]
			recovery, r.Recovery = append(recovery, grouped(text)), append(r.Recovery, hash(text))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return recovery, mark(ctx, store, who.Login, true, false)
}

// Prove takes a code of the app, or a recovery code, once each, at any gateway.
// Errors: ErrWrong, checkpoint.ErrUnavailable.
func Prove(ctx context.Context, store *checkpoint.Store, who *checkpoint.Staff, code string) error {
	return turn(ctx, store, who.Num, func(m *checkpoint.Matter, r *record) error {
		if m.State != stateOn || !r.takeCode(code, store.Now()) && !r.takeRecovery(code) {
			return ErrWrong
		}
		return nil
	})
}

// End takes the factor away and destroys the secret. reset ends the account's
// sessions as well: for who has lost the phone, and maybe more with it.
// Errors: checkpoint.ErrNotFound (no such account), checkpoint.ErrUnavailable.
func End(ctx context.Context, store *checkpoint.Store, who *checkpoint.Staff, reset bool) error {
	if err := mark(ctx, store, who.Login, false, reset); err != nil {
		return err
	}
	err := turn(ctx, store, who.Num, func(m *checkpoint.Matter, r *record) error {
		if !m.There() {
			return ErrNone
		}
		m.State, m.ClosedAt = stateOff, store.Now()
		*r = record{}
		return nil
	})
	if errors.Is(err, ErrNone) {
		return nil
	}
	return err
}

// Left tells how many recovery codes an account has left and since when (UTC ms) its
// factor is on; zeros without one. Errors: checkpoint.ErrUnavailable.
func Left(ctx context.Context, store *checkpoint.Store, who *checkpoint.Staff) (codes int, since int64, err error) {
	if !who.TOTP {
		return 0, 0, nil
	}
	m, err := store.Matter(ctx, kindFactor, refOf(who.Num).ID)
	if err != nil {
		return 0, 0, fmt.Errorf("factor: of %s: %w", who.Login, err)
	}
	for _, s := range m.Steps {
		if s.State == stateOn {
			since = s.At
		}
	}
	var r record
	err = m.Get(&r)
	return len(r.Recovery), since, err
}

// turn changes the record of an account.
func turn(ctx context.Context, store *checkpoint.Store, num uint32, fn func(*checkpoint.Matter, *record) error) error {
	return store.TurnMatters(ctx, num, "", []checkpoint.MatterRef{refOf(num)}, func(some []*checkpoint.Matter) error {
		var r record
		if err := some[0].Get(&r); err != nil {
			return err
		}
		if err := fn(some[0], &r); err != nil {
			return err
		}
		return some[0].Put(r)
	})
}

// mark says in the registry whether an account has a factor.
func mark(ctx context.Context, store *checkpoint.Store, login string, on, reset bool) error {
	return store.Change(ctx, func(d *checkpoint.Draft) error {
		found, ok := d.Staff(login)
		if !ok {
			return checkpoint.ErrNotFound
		}
		st := *found
		if st.TOTP == on {
			return nil
		}
		st.TOTP = on
		if reset {
			st.Epoch++
		}
		return d.PutStaff(st)
	})
}

// takeCode tells whether the app shows this code at a time (UTC ms), or did so or
// will do so a step away, and uses it up.
func (r *record) takeCode(code string, now int64) bool {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	at := now / 1000 / step
	for s := max(at-skew, r.Used+1); s <= at+skew; s++ {
		want, err := totp.GenerateCodeCustom(r.Secret, time.Unix(s*step, 0), totp.ValidateOpts{
			Period: step, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1,
		})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			r.Used = s
			return true
		}
	}
	return false
}

// takeRecovery uses a recovery code up, written with or without its dashes, in
// capitals or not.
func (r *record) takeRecovery(code string) bool {
	sum := hash(strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(strings.TrimSpace(code))))
	for i, left := range r.Recovery {
		if subtle.ConstantTimeCompare(left, sum) == 1 {
			r.Recovery = append(r.Recovery[:i:i], r.Recovery[i+1:]...)
			return true
		}
	}
	return false
}

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// grouped writes a recovery code in fours.
func grouped(text string) string {
	var parts []string
	for ; len(text) > 4; text = text[4:] {
		parts = append(parts, text[:4])
	}
	return strings.Join(append(parts, text), "-")
}
