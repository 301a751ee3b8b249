package checkpoint

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Phone is a phone that speaks for a household: opened with the household's code
// and the end of a member's document, until it is signed out, nobody used it for
// PhoneIdle, the code is renewed, or that member leaves the household.
type Phone struct {
	ID          uint64 // a random number
	Household   uint64
	Site        string // code of the household's site
	Person      uint64 // by whose document it was opened
	Name        string // what kind of phone it is, at most 40 bytes
	ActivatedAt int64  // UTC ms
	LastSeen    Day    // at the place
}

const (
	// MaxPhones is how many phones a household may have.
	MaxPhones = 12
	// PhoneIdle is how long a phone may stay unused.
	PhoneIdle = 90 * 24 * time.Hour
	// phoneName bounds a phone's name, in bytes.
	phoneName = 40
)

// Errors of phones.
var (
	ErrWrongCode = errors.New("checkpoint: no household has this code, or none of its members a document with this end")
	ErrPhones    = fmt.Errorf("checkpoint: a household has at most %d phones", MaxPhones)
	ErrNoPhone   = errors.New("checkpoint: this phone is not known, or was signed out")
)

// PhoneToken is the secret of a phone: 8 random bytes, which are the phone's ID,
// 8 bytes of its household XOR a keyed hash of them, 8 random bytes, and a keyed
// hash of all that. So the token leads to the partition and tells nobody else where
// its owner lives; and for one that is made up Redis is not asked. Of the whole a
// hash is kept.
type PhoneToken [32]byte

// String prints nothing of it.
func (PhoneToken) String() string { return "token of a phone" }

// GoString is String.
func (t PhoneToken) GoString() string { return t.String() }

// LogValue is String.
func (t PhoneToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// sealPhone turns the household in a token over, there and back.
func (s *Store) sealPhone(t *PhoneToken) (phone, household uint64) {
	phone = binary.BigEndian.Uint64(t[:])
	return phone, binary.BigEndian.Uint64(t[8:]) ^ s.seal.blind("phone", raw(phone))
}

func (s *Store) newPhoneToken(household uint64) (t PhoneToken) {
	_, _ = rand.Read(t[:]) // never fails: it would end the process
	id := binary.BigEndian.Uint64(t[:])
	binary.BigEndian.PutUint64(t[8:], household^s.seal.blind("phone", raw(id)))
	binary.BigEndian.PutUint64(t[phoneMark:], s.markPhone(&t))
	return t
}

// phoneMark is where the hash over what stands before it begins in a token.
const phoneMark = 24

func (s *Store) markPhone(t *PhoneToken) uint64 {
	return s.seal.blind("phone token", string(t[:phoneMark]))
}

// The stored form of a phone; household.lua reads it.
const (
	phoneHash, phonePerson, phoneAt, phoneSeen = 0, 32, 40, 46
	phoneHead                                  = 50
)

func (p *Phone) encode(t *PhoneToken) []byte {
	hash := sha256.Sum256(t[:])
	b := make([]byte, 0, phoneHead+len(p.Name))
	b = append(b, hash[:]...)
	b = append(b, logHeadOf(p.Person, p.ActivatedAt)...)
	b = append(b, dayBytes(p.LastSeen)...)
	return append(b, p.Name...)
}

func dayBytes(d Day) []byte { return appendUint32(nil, uint32(d)) } //nolint:gosec // a date

// decode reads the stored form; false if it is in none.
func (p *Phone) decode(record string) bool {
	if len(record) < phoneHead {
		return false
	}
	p.Person = fromRaw(record[phonePerson:])
	p.ActivatedAt = time6([]byte(record[phoneAt:phoneSeen]))
	p.LastSeen = Day(binary.BigEndian.Uint32([]byte(record[phoneSeen:phoneHead])))
	p.Name = record[phoneHead:]
	return true
}

// Activation asks to open a phone.
type Activation struct {
	Code    string // as ParseActivationCode gives it
	Tail    string // last four characters of a member's document
	Name    string // what kind of phone it is
	Address string // where it comes from, as coarse as tries should count
}

// ActivatePhone opens a phone of a household. Whether the code or the tail is
// wrong makes no difference in the answer, in the work, or in what is counted.
// Errors: ErrWrongCode, ErrPhones, *TooSoonError, ErrUnavailable.
func (s *Store) ActivatePhone(ctx context.Context, a Activation) (Phone, PhoneToken, error) {
	home, err := s.householdOf(ctx, a.Code)
	if err != nil {
		return Phone{}, PhoneToken{}, err
	}
	try := Attempt{Secret: SecretNoActivation, Account: a.Code, Address: a.Address}
	if home.good {
		try.Secret = SecretActivation
	}
	if try, err = s.Try(ctx, try); err != nil {
		return Phone{}, PhoneToken{}, err
	}
	member, err := s.memberByTail(ctx, home, a.Tail)
	if err != nil {
		return Phone{}, PhoneToken{}, err
	}
	if member == 0 || !home.good {
		return Phone{}, PhoneToken{}, ErrWrongCode
	}
	p, token, err := s.openPhone(ctx, home, member, a.Name)
	return p, token, errors.Join(err, s.Settle(ctx, try, err == nil))
}

// coded is the household that a code leads to. One that is not good is nobody's.
type coded struct {
	household  uint64
	generation uint32
	site       uint32
	good       bool
}

// householdOf finds the household of a code, in the same two steps whether there
// is one or not.
func (s *Store) householdOf(ctx context.Context, code string) (coded, error) {
	hash := s.seal.codeHash(code)
	entry, err := s.rdb.HGet(ctx, s.keys.activation(hash), raw(hash)).Result()
	if err != nil && !isNil(err) {
		return coded{}, unavailable(err)
	}
	home := coded{household: hash} // nobody's, but with people to look for
	if len(entry) == 12 {
		home.household, home.site = fromRaw(entry[:8]), uint32(fromRaw(entry[8:])) //nolint:gosec // 4 bytes
	}
	generations, err := s.codeGenerations(ctx, []uint64{home.household})
	if err != nil {
		return coded{}, err
	}
	home.generation = generations[0]
	own := s.seal.activationCode(home.household, home.generation)
	home.good = subtle.ConstantTimeCompare([]byte(own), []byte(code)) == 1
	return home, nil
}

// memberByTail finds a member of a household by the end of their document, 0 if
// there is none.
func (s *Store) memberByTail(ctx context.Context, home coded, tail string) (found uint64, err error) {
	people, err := s.household(ctx, home.household, home.site)
	if err != nil {
		return 0, err
	}
	for _, p := range people {
		end := p.IDNumber[max(0, len(p.IDNumber)-4):]
		if subtle.ConstantTimeCompare([]byte(end), []byte(tail)) == 1 {
			found = p.ID
		}
	}
	return found, nil
}

func (s *Store) openPhone(ctx context.Context, home coded, member uint64, name string) (Phone, PhoneToken, error) {
	token := s.newPhoneToken(home.household)
	id, _ := s.sealPhone(&token)
	p := Phone{
		ID: id, Household: home.household, Person: member, ActivatedAt: s.now(), LastSeen: s.DayAt(s.now()),
		Name: strings.ToValidUTF8(name[:min(len(name), phoneName)], ""),
	}
	if site, ok := s.Registry().SiteByNum(home.site); ok {
		p.Site = site.Code
	}
	key := []string{s.keys.household(home.household)}
	if _, err := s.run(ctx, s.rdb, householdScript, key, "stale", dayBytes(s.idleSince())); err != nil {
		return Phone{}, PhoneToken{}, err
	}
	reply, err := s.run(ctx, s.rdb, householdScript, key, "open", home.generation, raw(id), p.encode(&token), MaxPhones)
	switch {
	case err != nil:
		return Phone{}, PhoneToken{}, err
	case reply == "renewed":
		return Phone{}, PhoneToken{}, ErrWrongCode
	case reply == "full":
		return Phone{}, PhoneToken{}, ErrPhones
	}
	return p, token, nil
}

// idleSince is the first day on which a phone has to have been used.
func (s *Store) idleSince() Day { return s.DayAt(s.now() - PhoneIdle.Milliseconds()) }

// PhoneByToken finds a phone and notes that it was used today. Errors:
// ErrNoPhone, ErrUnavailable.
func (s *Store) PhoneByToken(ctx context.Context, t PhoneToken) (*Phone, error) {
	if subtle.ConstantTimeCompare(t[phoneMark:], []byte(raw(s.markPhone(&t)))) != 1 {
		return nil, ErrNoPhone
	}
	id, household := s.sealPhone(&t)
	hash := sha256.Sum256(t[:])
	keys := []string{s.keys.household(household), s.keys.people(partitionOf(household))}
	reply, err := s.run(ctx, s.rdb, householdScript, keys, "who", raw(id), hash[:], dayBytes(s.DayAt(s.now())))
	if err != nil && !isNil(err) {
		return nil, err
	}
	values, _ := reply.([]any)
	if len(values) != 5 {
		return nil, ErrNoPhone
	}
	var text [5]string
	for i, v := range values {
		text[i], _ = v.(string)
	}
	p := &Phone{ID: id, Household: household}
	if !p.decode(text[0]) || !isMember(text[1], text[3], text[4], household) {
		return nil, ErrNoPhone
	}
	site, ok := s.siteByText(text[2])
	if !ok {
		return nil, ErrNoPhone
	}
	p.Site = site.Code
	return p, nil
}

// isMember tells by the fields s, u and k of a person whether they are of a
// household.
func isMember(status, household, kind string, of uint64) bool {
	return household == raw(of) && kind == string(rune(KindResident)) && status != fmt.Sprint(int(StatusGone))
}

// Phones lists the phones of a household, the last opened first.
func (s *Store) Phones(ctx context.Context, household uint64) ([]Phone, error) {
	all, err := s.rdb.HGetAll(ctx, s.keys.household(household)).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	var phones []Phone
	for field, record := range all {
		p := Phone{Household: household}
		if len(field) == 8 && p.decode(record) {
			p.ID = fromRaw(field)
			phones = append(phones, p)
		}
	}
	slices.SortFunc(phones, func(a, b Phone) int {
		if a.ActivatedAt != b.ActivatedAt {
			return int(b.ActivatedAt - a.ActivatedAt)
		}
		return strings.Compare(raw(a.ID), raw(b.ID))
	})
	return phones, nil
}

// EndPhone signs a phone of a household out. ErrNotFound if it has no such
// phone, as when it was signed out before.
func (s *Store) EndPhone(ctx context.Context, household, phone uint64) error {
	n, err := s.rdb.HDel(ctx, s.keys.household(household), raw(phone)).Result()
	if err == nil && n == 0 {
		return notFound("phone", FormatPersonID(phone))
	}
	return unavailable(err)
}
