package checkpoint

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redis/go-redis/v9"
)

// What is written of a person beside the gates lies in one hash beside them, each
// record sealed for its place; care.lua has the form and writes all of it.

// careKind is a kind of record: the letter of its table.
type careKind byte

const (
	careStatus  careKind = 's'
	careContest careKind = 'c'
	careReading careKind = 'r'
	careRequest careKind = 'q'
)

// careKinds lists them in the order in which tables are read.
var careKinds = [...]careKind{careStatus, careContest, careReading, careRequest}

// The states of a record: a reading is closed when it is written.
const (
	careOpen   = 'o'
	careTaken  = 't'
	careClosed = 'd'
)

const careEntrySize = 19

// careEntry is what a table says of a record.
type careEntry struct {
	id     [8]byte
	digest [4]byte
	at     int64 // UTC ms: of a reading when it was taken, else of the last change
	state  byte
}

// careTable is the table of one kind, oldest first.
type careTable []careEntry

// careTables are a person's, in the order of careKinds.
type careTables [len(careKinds)]careTable

func (e *careEntry) pack() []byte {
	b := append(append(make([]byte, 0, careEntrySize), e.id[:]...), e.digest[:]...)
	return append(append(b, logHeadOf(0, e.at)[8:]...), e.state)
}

func parseCareTable(text string) (t careTable) {
	for ; len(text) >= careEntrySize; text = text[careEntrySize:] {
		e := careEntry{at: time6([]byte(text[12:18])), state: text[18]}
		copy(e.id[:], text)
		copy(e.digest[:], text[8:])
		t = append(t, e)
	}
	return t
}

func (t *careTables) of(kind careKind) careTable {
	for i, k := range careKinds {
		if k == kind {
			return t[i]
		}
	}
	return nil
}

// last is the newest entry; false if there is none.
func (t careTable) last() (careEntry, bool) {
	if len(t) == 0 {
		return careEntry{}, false
	}
	return t[len(t)-1], true
}

// careRef names a record.
type careRef struct {
	person uint64
	kind   careKind
	id     [8]byte
}

// field is where the record lies in its person's hash.
func (r *careRef) field() string { return string(byte(r.kind)-'a'+'A') + string(r.id[:]) }

// sealFor is what the record is sealed for: it opens nowhere else.
func (r *careRef) sealFor() uint64 {
	sum := sha256.Sum256([]byte("passgate care\x00" + raw(r.person) + r.field()))
	return binary.BigEndian.Uint64(sum[:])
}

// parseCareField tells what record of a person a field of their hash holds.
func parseCareField(person uint64, field string) (r careRef, ok bool) {
	if len(field) != 9 {
		return r, false
	}
	r = careRef{person: person, kind: careKind(field[0] - 'A' + 'a')}
	copy(r.id[:], field[1:])
	return r, r.field() == field
}

// clientRef names a record by the ID that a client gave it.
func clientRef(person uint64, kind careKind, id string) careRef {
	r := careRef{person: person, kind: kind}
	sum := sha256.Sum256([]byte(id))
	copy(r.id[:], sum[:])
	return r
}

func careDigest(content string) (d [4]byte) {
	sum := sha256.Sum256([]byte(content))
	copy(d[:], sum[:])
	return d
}

func (s *Store) sealCare(r *careRef, record any) ([]byte, error) {
	plain, err := json.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: a record of care: %w", err)
	}
	return s.seal.seal(r.sealFor(), plain), nil
}

// careTables reads the tables of many people in one round trip.
func (s *Store) careTables(ctx context.Context, people []uint64) ([]careTables, error) {
	replies := make([]*redis.SliceCmd, len(people))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range people {
			replies[i] = p.HMGet(ctx, s.keys.care(id), "s", "c", "r", "q") // as careKinds
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	tables := make([]careTables, len(people))
	for i, reply := range replies {
		for n, v := range reply.Val() {
			text, _ := v.(string)
			tables[i][n] = parseCareTable(text)
		}
	}
	return tables, nil
}

// readCare reads records and hands each, opened, to fn; those that are not there
// (any more) are passed over.
func (s *Store) readCare(ctx context.Context, refs []careRef, fn func(r *careRef, plain []byte) error) error {
	for ; len(refs) > 0; refs = refs[min(pipelineSize, len(refs)):] {
		some := refs[:min(pipelineSize, len(refs))]
		replies := make([]*redis.StringCmd, len(some))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := range some {
				replies[i] = p.HGet(ctx, s.keys.care(some[i].person), some[i].field())
			}
			return nil
		})
		if err != nil && !isNil(err) {
			return unavailable(err)
		}
		for i, reply := range replies {
			blob, err := reply.Result()
			if isNil(err) {
				continue
			}
			if err != nil {
				return unavailable(err)
			}
			plain, err := s.seal.open(some[i].sealFor(), []byte(blob))
			if err == nil {
				err = fn(&some[i], plain)
			}
			if err != nil {
				return fmt.Errorf("a record of care of %s: %w", FormatPersonID(some[i].person), err)
			}
		}
	}
	return nil
}

// careAs reads records of one kind as values of T, in the order of refs.
func careAs[T any](ctx context.Context, s *Store, refs []careRef, whose func(*T, uint64)) ([]T, error) {
	out := make([]T, 0, len(refs))
	err := s.readCare(ctx, refs, func(r *careRef, plain []byte) error {
		var v T
		if err := json.Unmarshal(plain, &v); err != nil {
			return err
		}
		whose(&v, r.person)
		out = append(out, v)
		return nil
	})
	return out, err
}

// refsOf names the records of a table that pick takes.
func (t careTable) refsOf(person uint64, kind careKind, pick func(*careEntry) bool) (refs []careRef) {
	for i := range t {
		if pick == nil || pick(&t[i]) {
			refs = append(refs, careRef{person, kind, t[i].id})
		}
	}
	return refs
}

// maxCareList is the most records that one list of the town holds.
const maxCareList = 1000

// careList reads the names in a list of every partition with from <= score <= to,
// in Redis's form, in their order within each partition.
func (s *Store) careList(ctx context.Context, list careListKind, kind careKind, from, to string) (refs []careRef, err error) {
	replies := make([]*redis.StringSliceCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.ZRangeByScore(ctx, s.keys.careList(part, list), &redis.ZRangeBy{Min: from, Max: to, Count: maxCareList})
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, reply := range replies {
		for _, member := range reply.Val() {
			r := careRef{person: fromRaw(member), kind: kind}
			if len(member) > 8 {
				copy(r.id[:], member[8:])
			}
			refs = append(refs, r)
		}
	}
	return refs, nil
}

func (s *Store) careKeys(person uint64) []string {
	keys := []string{s.keys.care(person), s.keys.person(person)}
	for _, list := range careLists {
		keys = append(keys, s.keys.careList(partitionOf(person), list))
	}
	return keys
}

// careStep has the script take a step.
func (s *Store) careStep(ctx context.Context, person uint64, step string, args ...any) (any, error) {
	return s.run(ctx, s.rdb, careScript, s.careKeys(person), append([]any{step}, args...)...)
}

// careLimits bound what clients can make grow.
type careLimits struct {
	most, open, window int   // kept; open at once; with from <= at < to
	from, to           int64 // UTC ms
}

// errCareOpen says that too many records of this kind are open.
var errCareOpen = errors.New("checkpoint: too many of this kind are open")

// ErrOtherRecord says that an ID was used before, for something else.
var ErrOtherRecord = errors.New("checkpoint: this id was used before with other content: a new record needs a new id")

// ErrTooMany says that as much as is taken of one person was written.
var ErrTooMany = errors.New("checkpoint: that is more than is taken for one person: wait until some of it is done, or until tomorrow")

// addCare writes a new record; one that has this ID and content stays. listed is its score in the list of its kind, 0 for none.
func (s *Store) addCare(ctx context.Context, r careRef, e careEntry, record any, listed int64, limits careLimits) error {
	sealed, err := s.sealCare(&r, record)
	if err != nil {
		return err
	}
	score := ""
	if listed != 0 {
		score = strconv.FormatInt(listed, 10)
	}
	e.id = r.id
	reply, err := s.careStep(ctx, r.person, "add", string(rune(r.kind)), e.pack(), sealed, score,
		limits.most, limits.open, limits.window, limits.from, limits.to)
	if err != nil {
		return err
	}
	switch reply {
	case "ok":
		return nil
	case "other":
		return ErrOtherRecord
	case "open":
		return errCareOpen
	case "full":
		return ErrTooMany
	case "none":
		return notFound("person", FormatPersonID(r.person))
	}
	return fmt.Errorf("checkpoint: care script replied %v", reply)
}

// turnCare changes a record whose state was read as from; done tells whether it
// was, false if somebody else was faster. closedAt is its score among the closed
// ones, 0 if it stays open.
func (s *Store) turnCare(ctx context.Context, r careRef, from, to byte, record any, closedAt int64) (done bool, err error) {
	sealed, err := s.sealCare(&r, record)
	if err != nil {
		return false, err
	}
	score := ""
	if closedAt != 0 {
		score = strconv.FormatInt(closedAt, 10)
	}
	reply, err := s.careStep(ctx, r.person, "turn", string(rune(r.kind)), r.id[:], string(rune(from)), string(rune(to)), s.now(), sealed, score)
	switch {
	case err != nil:
		return false, err
	case reply == "none":
		return false, notFound("record", FormatPersonID(r.person))
	}
	return reply == "ok", nil
}

// validCareID bounds the IDs that clients make.
func validCareID(id string) error {
	ok := len(id) >= 8 && len(id) <= 40 && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
	if !ok {
		return &FieldError{"id", "must be 8 to 40 letters, digits, '-' or '_', another one for each new record"}
	}
	return nil
}

// ValidClientID checks the ID that a client gave a new record. The error is a
// *FieldError for "id".
func ValidClientID(id string) error { return validCareID(id) }

// CleanText is a text that somebody wrote, without blanks around it, of at most so
// many characters: lines may be broken. need: it must not be empty. The error is a
// *FieldError for the field.
func CleanText(field, text string, most int, need bool) (string, error) {
	return cleanText(field, text, most, need)
}

// cleanText is a text that somebody wrote, without blanks around it: lines may be
// broken. need: it must not be empty.
func cleanText(field, text string, most int, need bool) (string, error) {
	text = strings.TrimSpace(text)
	control := func(r rune) bool { return r != '\n' && unicode.IsControl(r) }
	switch {
	case need && text == "":
		return "", &FieldError{field, "is missing: write it in a few words"}
	case utf8.RuneCountInString(text) > most:
		return "", &FieldError{field, fmt.Sprintf("must have at most %d characters", most)}
	case !utf8.ValidString(text) || strings.ContainsFunc(text, control):
		return "", &FieldError{field, "must be text without control characters other than line breaks"}
	}
	return text, nil
}
