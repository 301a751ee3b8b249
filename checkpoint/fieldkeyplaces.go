package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
)

// SealedKind says what kind of record holds something sealed.
type SealedKind string

// The kinds, as they are counted and shown.
const (
	SealedIdentities SealedKind = "identities"
	SealedPermits    SealedKind = "permits"
	SealedFevers     SealedKind = "fever notes"
	SealedCases      SealedKind = "cases"
	SealedShifts     SealedKind = "shift notes"
	SealedCare       SealedKind = "care"
	SealedMatters    SealedKind = "office records"
	SealedReasons    SealedKind = "audit reasons"
)

// SealedCount is how many records of each kind are sealed with each version.
type SealedCount map[int]map[SealedKind]int64

func (c SealedCount) add(kind SealedKind, blob []byte) {
	version := int(blob[0])
	if c[version] == nil {
		c[version] = map[SealedKind]int64{}
	}
	c[version][kind]++
}

// sealedValue is a value in a record of its own: of a person, a permit, a fever
// case, one of the office's records, or one of those of a person's care.
type sealedValue struct {
	kind  SealedKind
	key   string
	field string // of a hash; "" for a string
	part  int
	id    uint64 // that it is sealed for; of a permit it is in the record
	blob  string // "" if there is none
}

// officePart stands for the hash tag of the office's records, beside those of the
// partitions.
const officePart = Partitions

// parseSealed tells what sealed value a key can hold.
func (k keys) parseSealed(key string) (v sealedValue, ok bool) {
	if len(key) < 8 {
		return v, false
	}
	if m, ok := k.parseMatter(key); ok {
		return sealedValue{kind: SealedMatters, key: key, part: officePart, id: matterSeal(m.Kind, m.ID)}, true
	}
	id, number := fromRaw(key[len(key)-8:]), uint32(fromRaw(key[len(key)-8:])) //nolint:gosec // its last 4 bytes
	switch key {
	case k.identity(id):
		return sealedValue{kind: SealedIdentities, key: key, part: partitionOf(id), id: id}, true
	case k.fever(FeverID(id)):
		return sealedValue{kind: SealedFevers, key: key, field: "n", part: partitionOf(id), id: id}, true
	case k.permit(number):
		return sealedValue{kind: SealedPermits, key: key, field: "d", part: permitPartition(number)}, true
	}
	return v, false
}

// eachSealed hands all sealed values that have keys of their own to fn, in
// portions. What is written meanwhile may be missing.
func (s *Store) eachSealed(ctx context.Context, fn func([]sealedValue) error) error {
	var turn sync.Mutex // the masters of a cluster are offered at once
	master := func(ctx context.Context, c redis.Cmdable) error {
		turn.Lock()
		defer turn.Unlock()
		for cursor := uint64(0); ; {
			keys, next, err := c.Scan(ctx, cursor, globPrefix(s.keys.prefix), sweepCount).Result()
			if err != nil {
				return unavailable(err)
			}
			var found []sealedValue
			for _, key := range keys {
				if v, ok := s.keys.parseSealed(key); ok {
					found = append(found, v)
				}
			}
			care, err := s.sealedCare(ctx, keys)
			if err != nil {
				return err
			}
			if found, err = s.readSealed(ctx, append(found, care...)); err == nil && len(found) > 0 {
				err = fn(found)
			}
			if err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				return nil
			}
		}
	}
	if cluster, ok := s.rdb.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return master(ctx, c) })
	}
	return master(ctx, s.rdb)
}

// sealedCare names the sealed records among keys of care.
func (s *Store) sealedCare(ctx context.Context, keys []string) (found []sealedValue, err error) {
	fields := map[uint64]*redis.StringSliceCmd{} // by person
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, key := range keys {
			if person, ok := s.keys.parseCare(key); ok {
				fields[person] = p.HKeys(ctx, key)
			}
		}
		return nil
	})
	if err != nil {
		return nil, unavailable(err)
	}
	for person, reply := range fields {
		for _, field := range reply.Val() {
			if r, ok := parseCareField(person, field); ok {
				found = append(found, sealedValue{
					kind: SealedCare, key: s.keys.care(person), field: field, part: partitionOf(person), id: r.sealFor(),
				})
			}
		}
	}
	return found, nil
}

// readSealed reads values and leaves out those that are not there.
func (s *Store) readSealed(ctx context.Context, values []sealedValue) ([]sealedValue, error) {
	texts, requests := make([]*redis.StringCmd, len(values)), map[int]*redis.StringCmd{}
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, v := range values {
			if v.field == "" {
				texts[i] = p.Get(ctx, v.key)
				continue
			}
			texts[i] = p.HGet(ctx, v.key, v.field)
			if v.kind == SealedPermits {
				requests[i] = p.HGet(ctx, v.key, "q")
			}
		}
		return nil
	})
	if err != nil && !isNil(err) {
		return nil, unavailable(err)
	}
	found := values[:0]
	for i, v := range values {
		if v.blob, err = texts[i].Result(); err != nil && !isNil(err) {
			return nil, unavailable(err)
		}
		if q := requests[i]; q != nil && len(q.Val()) >= 8 {
			v.id = fromRaw(q.Val())
		}
		if v.blob != "" {
			found = append(found, v)
		}
	}
	return found, nil
}

// CountSealed counts what is sealed with which version of the field key. It reads
// every record.
func (s *Store) CountSealed(ctx context.Context) (SealedCount, error) {
	count := SealedCount{}
	err := s.eachSealed(ctx, func(values []sealedValue) error {
		for _, v := range values {
			count.add(v.kind, []byte(v.blob))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	cases, err := s.rdb.HGetAll(ctx, s.keys.cases("c")).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	for _, blob := range cases {
		count.add(SealedCases, []byte(blob))
	}
	if err := s.eachShiftBook(ctx, func(_ uint32, _ string, records []shiftRecord) error {
		for _, r := range records {
			if len(r.Note) > 0 {
				count.add(SealedShifts, r.Note)
			}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return count, s.countReasons(ctx, count)
}

// countReasons counts the reasons in the audit, whose records never change.
func (s *Store) countReasons(ctx context.Context, count SealedCount) error {
	for from := "-"; ; {
		page, err := s.rdb.XRangeN(ctx, s.keys.audit("log"), from, "+", 1000).Result()
		if err != nil {
			return unavailable(err)
		}
		for _, m := range page {
			text, _ := m.Values["r"].(string)
			if record, err := decodeAudit([]byte(text)); err == nil && len(record.Sealed) > 0 {
				count.add(SealedReasons, record.Sealed)
			}
			from = "(" + m.ID
		}
		if len(page) < 1000 {
			return nil
		}
	}
}

// eachShiftBook hands the shifts of every device to fn.
func (s *Store) eachShiftBook(ctx context.Context, fn func(device uint32, text string, records []shiftRecord) error) error {
	numbers, err := s.rdb.ZRange(ctx, s.keys.shiftVersions(), 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	for part := range slices.Chunk(numbers, pipelineSize) {
		devices := make([]uint32, len(part))
		for i, number := range part {
			device, err := strconv.ParseUint(number, 10, 32)
			if err != nil {
				return fmt.Errorf("checkpoint: shifts of a device with the number %q", number)
			}
			devices[i] = uint32(device)
		}
		texts, err := s.shiftTexts(ctx, devices)
		if err != nil {
			return err
		}
		for i, text := range texts {
			records, err := parseShifts(text)
			if err == nil {
				err = fn(devices[i], text, records)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// resealShifts seals the notes of a device's shifts anew, until nobody was faster.
func (s *Store) resealShifts(ctx context.Context, device uint32, to byte) (sealed int64, err error) {
	for range enrolTries {
		text, records, err := s.readShifts(ctx, device)
		if err != nil {
			return 0, err
		}
		sealed = 0
		for i := range records {
			if note := records[i].Note; len(note) > 0 && note[0] != to {
				plain, err := s.seal.open(uint64(device), note)
				if err != nil {
					return 0, fmt.Errorf("shifts of device %d: %w", device, err)
				}
				records[i].Note = s.seal.seal(uint64(device), plain)
				sealed++
			}
		}
		if sealed == 0 {
			return 0, nil
		}
		after, err := json.Marshal(records)
		if err != nil {
			return 0, fmt.Errorf("checkpoint: the shifts of a device: %w", err)
		}
		// The life of the record stays: shifts that are over are not kept longer.
		reply, err := s.run(ctx, s.rdb, resealScript, []string{s.keys.shifts(device)}, "", text, after)
		if err != nil || reply == "1" {
			return sealed, err
		}
	}
	return 0, fmt.Errorf("checkpoint: the shifts of device %d change too fast: %w", device, ErrUnavailable)
}

// resealCases seals all cases anew.
func (s *Store) resealCases(ctx context.Context, to byte) (sealed int64, err error) {
	for range enrolTries {
		stored, err := s.rdb.HGetAll(ctx, s.keys.cases("c")).Result()
		if err != nil {
			return sealed, unavailable(err)
		}
		again := false
		for field, text := range stored {
			num, ok := caseNumber("C" + field)
			if !ok || text[0] == to {
				continue
			}
			id := caseSeal | uint64(num)
			plain, err := s.seal.open(id, []byte(text))
			if err != nil {
				return sealed, fmt.Errorf("case C%s: %w", field, err)
			}
			reply, err := s.run(ctx, s.rdb, resealScript, []string{s.keys.cases("c")}, field, text, s.seal.seal(id, plain))
			if err != nil {
				return sealed, err
			}
			if reply == "1" {
				sealed++
			} else {
				again = true
			}
		}
		if !again {
			return sealed, nil
		}
	}
	return sealed, fmt.Errorf("checkpoint: the cases change too fast: %w", ErrUnavailable)
}
