package office

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"passgate/checkpoint"
)

// A hospital without an account gives its result by a code, once: "PGF1-" and 24
// bytes in base32, the case and 16 random ones. Only its hash is kept. A new code
// voids the one before.

// HospitalLink is what is kept of a code.
type HospitalLink struct {
	Hash   []byte `json:"h"`
	Until  int64  `json:"u"` // UTC ms
	By     uint32 `json:"b"`
	UsedAt int64  `json:"x,omitempty"` // UTC ms, 0: not yet
}

const (
	hospitalPrefix = "PGF1-"
	hospitalSecret = 16
	// hospitalLinkLife is how long a code can be used.
	hospitalLinkLife = 48 * time.Hour
)

// ErrHospitalCode says that a code is none, was used, voided or is too old. It does not
// say which of them.
var ErrHospitalCode = errors.New("office: this code is wrong, was used or has expired")

// asDictated leaves out what stands between the groups of a code that was read out.
var asDictated = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", "-", "")

var hospitalEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// MakeHospitalLink makes the code by which the hospital gives its result, and tells
// until when (UTC ms). Errors: *Refusal, ErrNotFound, ErrUnavailable.
func (o *Office) MakeHospitalLink(ctx context.Context, id checkpoint.FeverID, by uint32) (code string, until int64, err error) {
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, 8+hospitalSecret), uint64(id))
	plain = plain[:8+hospitalSecret]
	_, _ = rand.Read(plain[8:]) // never fails: it would end the process
	code = hospitalPrefix + hospitalEncoding.EncodeToString(plain)
	until = o.store.Now() + hospitalLinkLife.Milliseconds()
	_, err = o.turnFever(ctx, id, by, func(_ *checkpoint.Matter, p *FeverProcedure) error {
		switch {
		case p.Outcome != "":
			return refuse(CodeWrongState, "the case is closed")
		case p.Handover == nil:
			return refuse(CodeWrongState, "write down first how the person came to the hospital")
		}
		p.Link = &HospitalLink{Hash: hospitalHash(plain), Until: until, By: by}
		return nil
	})
	return code, until, err
}

// ScreenByLink writes the result of whoever has the code down. Sending the same again
// gives the same answer. Errors: ErrHospitalCode, *FieldError, *Refusal,
// ErrUnavailable.
func (o *Office) ScreenByLink(ctx context.Context, code string, s Screening) (checkpoint.Matter, error) {
	text, ok := strings.CutPrefix(asDictated.Replace(strings.ToUpper(code)), asDictated.Replace(hospitalPrefix))
	plain, err := hospitalEncoding.DecodeString(text)
	if !ok || err != nil || len(plain) != 8+hospitalSecret {
		return checkpoint.Matter{}, ErrHospitalCode
	}
	s.By = 0
	if err := s.check(o.store.Now()); err != nil {
		return checkpoint.Matter{}, err
	}
	id := checkpoint.FeverID(binary.BigEndian.Uint64(plain))
	m, err := o.turnFever(ctx, id, 0, func(m *checkpoint.Matter, p *FeverProcedure) error {
		link := p.Link
		if link == nil || subtle.ConstantTimeCompare(link.Hash, hospitalHash(plain)) != 1 || o.store.Now() >= link.Until {
			return ErrHospitalCode
		}
		s.CodeBy = link.By
		err := o.screen(m, p, s)
		switch {
		case errors.Is(err, errDone):
			return err
		case link.UsedAt != 0:
			return ErrHospitalCode
		case err == nil:
			link.UsedAt = o.store.Now()
		}
		return err
	})
	if errors.Is(err, checkpoint.ErrNotFound) {
		err = ErrHospitalCode
	}
	return m, err
}

// RedByHospital turns somebody red whom a hospital has found positive, by the code of
// their fever case: two parties have decided, so nobody else is asked. Whoever made the
// code may have used it, too, and cannot be the one. Errors: ErrNotFound, ErrSamePerson,
// *FieldError, *Refusal, ErrUnavailable.
func (o *Office) RedByHospital(ctx context.Context, id checkpoint.FeverID, person uint64, c checkpoint.StatusChange) (checkpoint.StatusRecord, error) {
	p, m, err := o.Fever(ctx, id)
	if err != nil {
		return checkpoint.StatusRecord{}, err
	}
	if m.Person != person {
		return checkpoint.StatusRecord{}, &checkpoint.FieldError{Field: "fever", Why: "is not a case of this person"}
	}
	if c.Evidence, err = checkpoint.CleanText("evidence", c.Evidence, maxProposalWhy, true); err != nil {
		return checkpoint.StatusRecord{}, err
	}
	last := Screening{}
	if n := len(p.Screenings); n > 0 {
		last = p.Screenings[n-1]
	}
	switch {
	case last.Result != ScreenedPositive || last.By != 0 || o.store.Now()-last.At > checkpoint.MaxRed.Milliseconds():
		return checkpoint.StatusRecord{}, refuse(CodeWrongState, "no hospital has given a positive result of this case by its code in the last 14 days: without the case, red takes a second person")
	case last.CodeBy == c.By:
		return checkpoint.StatusRecord{}, checkpoint.ErrSamePerson
	}
	return o.store.ChangeStatus(ctx, person, c)
}

func hospitalHash(plain []byte) []byte {
	sum := sha256.Sum256(plain)
	return sum[:]
}
