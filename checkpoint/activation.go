package checkpoint

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// A household opens its phones with the activation code of its sheet,
// "PGH1-XXXX-XXXX-XXXX": 55 bits in Crockford's base32 and a check character. It
// is made of the household and its generation by the index key, so that a sheet
// printed again shows the same code; only a keyed hash is stored, under which
// the household is found. A code is good until its generation is over.

const (
	activationPrefix = "PGH1"
	activationChars  = 12
	crockford        = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

// timesAlpha multiplies by the generator of the field of 32 elements
// (x^5 + x^2 + 1). The characters of a code are the coefficients of a polynomial
// that is zero there: so one wrong character, or two that changed places, are
// always noticed.
func timesAlpha(v byte) byte {
	if v <<= 1; v&32 != 0 {
		v ^= 0b100101
	}
	return v
}

// ParseActivationCode brings a code as it was typed into the form in which it is
// printed: with or without prefix, hyphens and spaces, in small letters, with O
// for 0, I or L for 1 and U for V. The error is a *FieldError for "code".
func ParseActivationCode(typed string) (string, error) {
	text := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1", "U", "V").Replace(strings.ToUpper(typed))
	if len(text) > activationChars {
		text = strings.TrimPrefix(text, activationPrefix)
	}
	if len(text) != activationChars {
		return "", &FieldError{"code", "must be PGH1- and 12 letters and digits, as the household's sheet shows them"}
	}
	sum := byte(0)
	for i := range text {
		v := strings.IndexByte(crockford, text[i])
		if v < 0 {
			return "", &FieldError{"code", fmt.Sprintf("character %d of 12 is none that such a code has", i+1)}
		}
		sum = timesAlpha(sum) ^ byte(v)
	}
	if sum != 0 {
		return "", &FieldError{"code", "is not typed as it is printed: compare it with the household's sheet"}
	}
	return printedCode(text), nil
}

func printedCode(chars string) string {
	return activationPrefix + "-" + chars[:4] + "-" + chars[4:8] + "-" + chars[8:]
}

// activationCode is the code of a generation.
func (s *sealer) activationCode(household uint64, generation uint32) string {
	bits := s.blind("activation", raw(household)+string(appendUint32(nil, generation)))
	var chars [activationChars]byte
	sum := byte(0)
	for i := range activationChars - 1 {
		v := byte(bits >> (59 - 5*i) & 31)
		chars[i], sum = crockford[v], timesAlpha(sum)^v
	}
	chars[activationChars-1] = crockford[timesAlpha(sum)]
	return printedCode(string(chars[:]))
}

// codeHash is the keyed hash under which a code is found.
func (s *sealer) codeHash(code string) uint64 { return s.blind("activation code", code) }

// ActivationCode gives the code of a household (Resident.Household) at a site
// and makes it good. Errors: ErrNotFound for the site, ErrUnavailable.
func (s *Store) ActivationCode(ctx context.Context, site string, household uint64) (string, error) {
	list, err := s.ActivationCodes(ctx, site, []uint64{household})
	if err != nil {
		return "", err
	}
	return list[0], nil
}

// ActivationCodes is ActivationCode for many households of one site, in their
// order, in two round trips for 500 of them.
func (s *Store) ActivationCodes(ctx context.Context, site string, households []uint64) ([]string, error) {
	home, ok := s.Registry().Site(site)
	if !ok {
		return nil, notFound("site", site)
	}
	list := make([]string, len(households))
	for start := 0; start < len(households); start += pipelineSize {
		end := min(start+pipelineSize, len(households))
		generations, err := s.codeGenerations(ctx, households[start:end])
		if err != nil {
			return nil, err
		}
		_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, household := range households[start:end] {
				code := s.seal.activationCode(household, generations[i])
				hash := s.seal.codeHash(code)
				p.HSet(ctx, s.keys.activation(hash), raw(hash), appendUint32([]byte(raw(household)), home.Num))
				list[start+i] = code
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
	}
	return list, nil
}

// codeGenerations are how often the codes of households were made anew.
func (s *Store) codeGenerations(ctx context.Context, households []uint64) ([]uint32, error) {
	replies := make([]*redis.StringCmd, len(households))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, household := range households {
			replies[i] = p.HGet(ctx, s.keys.household(household), "g")
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	generations := make([]uint32, len(households))
	for i, reply := range replies {
		text, err := reply.Result()
		if isNil(err) {
			continue
		}
		if err != nil {
			return nil, unavailable(err)
		}
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("checkpoint: the generation of an activation code is not in its form: %w", err)
		}
		generations[i] = uint32(n)
	}
	return generations, nil
}

// RenewActivation voids the code of a household, as when its sheet was lost, and
// signs all its phones out. It gives the new code and how many phones ended.
func (s *Store) RenewActivation(ctx context.Context, site string, household uint64) (code string, ended int, err error) {
	if ended, err = s.raiseActivation(ctx, household, ""); err != nil {
		return "", 0, err
	}
	code, err = s.ActivationCode(ctx, site, household)
	return code, ended, err
}

// dropPhones is leaveHousehold for who is a member of one.
func (s *Store) dropPhones(ctx context.Context, person uint64) error {
	records, err := s.readPeople(ctx, []uint64{person})
	if err != nil || records[0].kind != KindResident || records[0].household == "" {
		return err
	}
	return s.leaveHousehold(ctx, person, fromRaw(records[0].household))
}

// dropHome takes away what is kept of a household that was one person, because
// they have no door. Of a door it stays: whoever lives behind it next has a code
// that those before them do not know.
func (s *Store) dropHome(ctx context.Context, person uint64) error {
	records, err := s.readPeople(ctx, []uint64{person})
	if err != nil || records[0].kind != KindResident || records[0].blob == "" {
		return err
	}
	who, err := s.seal.openIdentity(person, []byte(records[0].blob))
	if err != nil || who.Door != "" {
		return err
	}
	return unavailable(s.rdb.Del(ctx, s.keys.household(fromRaw(records[0].household))).Err())
}

// leaveHousehold ends the phones that somebody opened, and the code, which they
// know: they are about to move, to be erased or to be marked as gone. The other
// phones of the household go on; for a new one it needs another sheet.
func (s *Store) leaveHousehold(ctx context.Context, person, household uint64) error {
	_, err := s.raiseActivation(ctx, household, raw(person))
	return err
}

// raiseActivation begins a generation. person is whose phones end, "" for all.
func (s *Store) raiseActivation(ctx context.Context, household uint64, person string) (ended int, err error) {
	generations, err := s.codeGenerations(ctx, []uint64{household})
	if err != nil {
		return 0, err
	}
	reply, err := s.run(ctx, s.rdb, householdScript, []string{s.keys.household(household)}, "renew", generations[0], person)
	if err != nil {
		return 0, err
	}
	n, _ := reply.(int64)
	// An entry that stays because this is cut off finds the household, whose
	// generation then refuses it.
	hash := s.seal.codeHash(s.seal.activationCode(household, generations[0]))
	return int(n), unavailable(s.rdb.HDel(ctx, s.keys.activation(hash), raw(hash)).Err())
}
