package checkpoint

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// FeverID names a fever case. Its top 6 bits are the partition of the person.
type FeverID uint64

// String gives the form of the APIs: 16 lower-case hex digits.
func (id FeverID) String() string { return FormatPersonID(uint64(id)) }

// ParseFeverID reads what String wrote and nothing else. The error is a
// *FieldError for "id".
func ParseFeverID(s string) (FeverID, error) {
	id, err := ParsePersonID(s)
	if err != nil {
		return 0, &FieldError{"id", "must be the ID of a fever case: 16 digits and letters a to f"}
	}
	return FeverID(id), nil
}

// caseOf names the fever case that a scan opens: the person's partition and
// the scan, 8 bytes.
func caseOf(person uint64, scan [8]byte) []byte {
	return append([]byte{byte(person >> 56)}, scan[:7]...)
}

// FeverCase is opened by a second high reading, together with the answer to
// that scan, and stays open until a medic closes it. While it is open its
// person is let into no place but their home.
type FeverCase struct {
	ID            FeverID
	Person        uint64
	OpenedAt      int64  // UTC ms, occurred_at of the second reading
	Site, Gate    uint32 // of the second reading
	First, Second FeverReading

	// What follows is empty while the case is open.
	Outcome  FeverOutcome
	ClosedAt int64  // UTC ms
	ClosedBy string // login
	Note     string
}

// Open tells that nobody has closed the case yet.
func (c *FeverCase) Open() bool { return c.Outcome == "" }

// FeverReading is one of the two high readings.
type FeverReading struct {
	Scan        [8]byte // hash of the scan, as in its event
	At          int64   // UTC ms
	Temperature Celsius
}

// MaxFevers is the most cases that one list holds.
const MaxFevers = 1000

// FeverQuery says which cases are asked for.
type FeverQuery struct {
	Closed   bool   // by closed_at; else the open ones, by opened_at
	From, To int64  // UTC ms, To not itself; To 0: no end
	Cursor   string // what the page before gave, "" for the first one
	Limit    int    // at most MaxFevers, which is 0, too
}

// Fevers reads one page of cases in order of time, and the cursor of the next, "" at
// the end. Errors: *FieldError, ErrUnavailable.
func (s *Store) Fevers(ctx context.Context, q FeverQuery) (page []FeverCase, next string, err error) {
	list, from, to := s.keys.fevers, q.From, "+inf"
	if q.Closed {
		list, from = s.keys.closedFevers, max(q.From, s.now()-s.retention.Milliseconds())
	}
	if q.To != 0 {
		to = "(" + strconv.FormatInt(q.To, 10)
	}
	if q.Limit <= 0 || q.Limit > MaxFevers {
		q.Limit = MaxFevers
	}
	var after found
	if q.Cursor != "" {
		if after, err = parseMatterCursor(q.Cursor); err != nil {
			return nil, "", err
		}
		from = max(from, after.score)
	}
	all, err := s.findFevers(ctx, list, strconv.FormatInt(from, 10), to)
	if err != nil {
		return nil, "", err
	}
	if q.Cursor != "" {
		all = slices.DeleteFunc(all, func(f found) bool { return f.compare(after) <= 0 })
	}
	if len(all) > q.Limit {
		all, next = all[:q.Limit], all[q.Limit-1].cursor()
	}
	for some := range slices.Chunk(all, pipelineSize) {
		ids := make([]FeverID, len(some))
		for i, f := range some {
			ids[i] = FeverID(f.id)
		}
		cases, err := s.readFevers(ctx, ids)
		if err != nil {
			return nil, "", err
		}
		page = append(page, cases...)
	}
	return page, next, nil
}

// Fever reads one case, open or closed; ErrNotFound if there is none.
func (s *Store) Fever(ctx context.Context, id FeverID) (FeverCase, error) {
	cases, err := s.readFevers(ctx, []FeverID{id})
	if err != nil {
		return FeverCase{}, err
	}
	if len(cases) == 0 {
		return FeverCase{}, notFound("fever case", id.String())
	}
	return cases[0], nil
}

// OpenFeverIDs lists the open cases, the one that waits longest first.
func (s *Store) OpenFeverIDs(ctx context.Context) ([]FeverID, error) {
	found, err := s.findFevers(ctx, s.keys.fevers, "-inf", "+inf")
	ids := make([]FeverID, len(found))
	for i, f := range found {
		ids[i] = FeverID(f.id)
	}
	return ids, err
}

// findFevers looks cases up in one list of every partition, in order of time.
func (s *Store) findFevers(ctx context.Context, list func(p int) string, from, to string) (all []found, err error) {
	replies := make([]*redis.ZSliceCmd, Partitions)
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for part := range replies {
			replies[part] = p.ZRangeByScoreWithScores(ctx, list(part), &redis.ZRangeBy{Min: from, Max: to})
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for _, reply := range replies {
		for _, z := range reply.Val() {
			member, _ := z.Member.(string)
			all = append(all, found{int64(z.Score), MatterID(fromRaw(member))})
		}
	}
	slices.SortFunc(all, found.compare)
	return all, nil
}

// readFevers reads cases in one round trip; those that are not there are left
// out.
func (s *Store) readFevers(ctx context.Context, ids []FeverID) ([]FeverCase, error) {
	replies := make([]*redis.MapStringStringCmd, len(ids))
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			replies[i] = p.HGetAll(ctx, s.keys.fever(id))
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	cases := make([]FeverCase, 0, len(ids))
	for i, id := range ids {
		if len(replies[i].Val()) == 0 {
			continue
		}
		c, err := s.parseFever(id, replies[i].Val())
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

var errFever = errors.New("checkpoint: a stored fever case is damaged")

// parseFever reads the fields of a case, which are those that record.lua and
// fever.lua write. Fields that it does not know are left alone.
func (s *Store) parseFever(id FeverID, f map[string]string) (FeverCase, error) {
	c := FeverCase{ID: id, Outcome: FeverOutcome(f["y"]), ClosedBy: f["b"]}
	if len(f["p"]) != 8 || len(f["l"]) != 14 || len(f["e"]) != 8 || len(f["e1"]) != 8 || len(f["t1"]) != 6 {
		return c, fmt.Errorf("%w: %s", errFever, id)
	}
	c.Person = fromRaw(f["p"])
	c.Site, c.Gate = binary.BigEndian.Uint32([]byte(f["l"][6:])), binary.BigEndian.Uint32([]byte(f["l"][10:]))
	copy(c.First.Scan[:], f["e1"])
	copy(c.Second.Scan[:], f["e"])
	c.First.At = int64(fromRaw(f["t1"])) //nolint:gosec // 48 bits
	for _, n := range [...]struct {
		name string
		set  func(int64)
	}{
		{"o", func(v int64) { c.OpenedAt, c.Second.At = v, v }},
		{"c", func(v int64) { c.Second.Temperature = celsiusOf(byte(v)) }}, //nolint:gosec // a code of one byte
		{"c1", func(v int64) { c.First.Temperature = celsiusOf(byte(v)) }}, //nolint:gosec // as above
		{"x", func(v int64) { c.ClosedAt = v }},
	} {
		text, there := f[n.name]
		if !there {
			continue
		}
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return c, fmt.Errorf("%w: %s, field %s", errFever, id, n.name)
		}
		n.set(v)
	}
	if f["n"] != "" {
		note, err := s.seal.open(uint64(id), []byte(f["n"]))
		if err != nil {
			return c, fmt.Errorf("fever case %s: %w", id, err)
		}
		c.Note = string(note)
	}
	return c, nil
}
