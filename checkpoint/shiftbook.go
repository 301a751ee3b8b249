package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// shiftAt is the place of the shift that runs at a time, -1 if none does.
func shiftAt(shifts []Shift, at int64) int {
	i := sort.Search(len(shifts), func(i int) bool { return shifts[i].OpenedAt > at }) - 1
	if i < 0 || shifts[i].EndsAt <= at {
		return -1
	}
	return i
}

// shiftBook is what a gateway knows of all shifts. Like the registry it is
// never changed in place.
type shiftBook struct {
	version int64 // the newest change that is in it
	devices map[uint32][]Shift
}

// shiftDesk holds the current book. Scans read it without a lock.
type shiftDesk struct {
	book    atomic.Pointer[shiftBook]
	loading sync.Mutex // one load at a time, so that none puts back an older book
}

// ShiftAt gives the shift that ran on a device at a time (UTC ms), without its
// note. It asks this process's memory: a shift that another gateway opened is
// in it within a second.
func (s *Store) ShiftAt(device uint32, at int64) (Shift, bool) {
	book := s.shifts.book.Load()
	if book == nil {
		return Shift{}, false
	}
	shifts := book.devices[device]
	if i := shiftAt(shifts, at); i >= 0 {
		return shifts[i], true
	}
	return Shift{}, false
}

// onShift is the number of the person who was on shift at a device at a time
// (UTC ms), 0 if nobody was.
func (s *Store) onShift(device uint32, at int64) uint32 {
	shift, _ := s.ShiftAt(device, at)
	return shift.Staff
}

// shiftVersion is the newest change that this process has loaded.
func (s *Store) shiftVersion() int64 {
	if book := s.shifts.book.Load(); book != nil {
		return book.version
	}
	return 0
}

// devicesPerRead is how many devices' shifts are fetched in one round trip: up
// to 350 KiB each, about 20 KiB as a rule.
const devicesPerRead = 64

// loadShifts brings the book up to date: it reads the devices whose shifts have
// changed since the last time.
func (s *Store) loadShifts(ctx context.Context) error {
	s.shifts.loading.Lock()
	defer s.shifts.loading.Unlock()
	changes, err := s.rdb.ZRangeWithScores(ctx, s.keys.shiftVersions(), 0, -1).Result()
	if err != nil {
		return unavailable(err)
	}
	next := &shiftBook{devices: map[uint32][]Shift{}}
	if len(changes) > 0 {
		next.version = int64(changes[len(changes)-1].Score)
	}
	have := int64(0)
	// An older version than ours means that Redis has lost changes: read all.
	if old := s.shifts.book.Load(); old != nil && old.version <= next.version {
		have, next.devices = old.version, maps.Clone(old.devices)
	}
	var devices []uint32
	for _, z := range changes {
		name, _ := z.Member.(string)
		device, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return fmt.Errorf("checkpoint: shifts of a device %q: %w", name, err)
		}
		if int64(z.Score) > have {
			devices = append(devices, uint32(device))
		}
	}
	for part := range slices.Chunk(devices, devicesPerRead) {
		texts, err := s.shiftTexts(ctx, part)
		if err != nil {
			return err
		}
		for i, device := range part {
			records, err := parseShifts(texts[i])
			if err != nil {
				return err
			}
			next.devices[device] = shiftsOf(device, records)
		}
	}
	s.shifts.book.Store(next)
	return nil
}

// newestVersions asks for the newest versions of rules and shifts, which a
// gateway compares with what it has.
func (s *Store) newestVersions(ctx context.Context) (rules, shifts int64, err error) {
	var version *redis.StringCmd
	var change *redis.ZSliceCmd
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		version = p.HGet(ctx, s.keys.registry("meta"), "version")
		change = p.ZRangeWithScores(ctx, s.keys.shiftVersions(), -1, -1)
		return nil
	})
	if err != nil && !isNil(err) {
		return 0, 0, unavailable(err)
	}
	if rules, err = version.Int64(); err != nil && !isNil(err) {
		return 0, 0, unavailable(err)
	}
	if newest := change.Val(); len(newest) > 0 {
		shifts = int64(newest[0].Score)
	}
	return rules, shifts, unavailable(change.Err())
}
