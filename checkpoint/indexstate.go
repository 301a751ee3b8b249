package checkpoint

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// PersonState is what a person's record says of where they are: the last
// passage and a reading that waits for its second one.
type PersonState struct {
	Person        uint64
	last, waiting []byte // as stateAfter gives them
}

// StateOf works out the state of one person from all their events, in order of
// time and with those that were taken back among them. Events at gates that the
// registry does not know are passed over.
func (s *Store) StateOf(person uint64, events []ScanEvent) (PersonState, error) {
	counting := make([]ScanEvent, 0, len(events))
	marked := newInstant(func(e *ScanEvent) error {
		if e.Counts() {
			counting = append(counting, *e)
		}
		return nil
	})
	for i := range events {
		if err := marked.add(events[i]); err != nil {
			return PersonState{}, err
		}
	}
	if err := marked.flush(); err != nil {
		return PersonState{}, err
	}
	last, waiting := stateAfter(s.Registry(), counting)
	return PersonState{person, last, waiting}, nil
}

// passedAt is the time of a stored last passage, -1 if there is none.
func passedAt(last []byte) int64 {
	if len(last) < passageSize {
		return -1
	}
	return time6(last[1:7])
}

// waitingAt is the time of a stored reading that waits for its second one, -1 if
// there is none.
func waitingAt(reading []byte) int64 {
	if len(reading) < 8 {
		return -1
	}
	return time6(reading[2:8])
}

// passageSize is a stored last passage without the app pass: way 1, time 6,
// site 4, gate 4.
const passageSize = 15

// storedState is what Redis holds of a person's state.
type storedState struct {
	last, waiting    []byte // last with the app pass
	walkIns, knownAs string // fields j and r
}

func (s *Store) storedStates(ctx context.Context, people []uint64) ([]storedState, error) {
	out := make([]storedState, 0, len(people))
	for part := range slices.Chunk(people, pipelineSize) {
		replies := make([]*redis.SliceCmd, len(part))
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range part {
				replies[i] = p.HMGet(ctx, s.keys.person(id), "l", "j", "r", "m")
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
		for _, reply := range replies {
			var st storedState
			v := reply.Val()
			last, _ := v[0].(string)
			st.last = []byte(last)
			st.walkIns, _ = v[1].(string)
			st.knownAs, _ = v[2].(string)
			waiting, _ := v[3].(string)
			st.waiting = []byte(waiting)
			out = append(out, st)
		}
	}
	return out, nil
}

// PutStates puts the state of the people of one partition to what their records
// say, and the numbers of who is inside with it. states holds everybody of the
// partition who is on record or has events. A last passage or waiting reading
// that is newer than the given one stays if keep says so of its time: the record
// of that time is not whole. It gives those who are one person with a walk-in or the other way
// round: SettleState has to follow for them when all trails are there. Nobody
// may write in the partition meanwhile. Errors: ErrUnavailable.
func (s *Store) PutStates(ctx context.Context, part int, states []PersonState, keep func(at int64) bool) (joined []uint64, err error) {
	people := make([]uint64, len(states))
	for i := range states {
		people[i] = states[i].Person
	}
	stored, err := s.storedStates(ctx, people)
	if err != nil {
		return nil, err
	}
	inside := map[string]int{}
	for start := 0; start < len(states); start += pipelineSize {
		_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i := start; i < min(start+pipelineSize, len(states)); i++ {
				last := s.putState(ctx, p, &states[i], &stored[i], keep)
				if site, in := insideBy(last); in {
					inside[site]++
				}
				if stored[i].walkIns != "" || stored[i].knownAs != "" {
					joined = append(joined, states[i].Person)
				}
			}
			return nil
		})
		if err != nil {
			return nil, unavailable(err)
		}
	}
	_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, s.keys.inside(part))
		for site, n := range inside {
			p.HSet(ctx, s.keys.inside(part), site, n)
		}
		return nil
	})
	return joined, unavailable(err)
}

// putState queues what one person needs and gives the last passage that they
// then have.
func (s *Store) putState(ctx context.Context, p redis.Pipeliner, now *PersonState, was *storedState, keep func(int64) bool) []byte {
	key := s.keys.person(now.Person)
	switch at := waitingAt(was.waiting); {
	case at > waitingAt(now.waiting) && keep(at):
	case len(now.waiting) == 0:
		p.HDel(ctx, key, "m")
	default:
		p.HSet(ctx, key, "m", now.waiting)
	}
	switch at := passedAt(was.last); {
	case at > passedAt(now.last) && keep(at), samePassage(was.last, now.last):
		return was.last // with the app pass, which no event tells
	case len(now.last) == 0:
		p.HDel(ctx, key, "l")
	default:
		p.HSet(ctx, key, "l", now.last)
	}
	return now.last
}

func samePassage(a, b []byte) bool {
	return string(a[:min(passageSize, len(a))]) == string(b[:min(passageSize, len(b))])
}

// insideBy is the site, in its stored form, inside which somebody is by their
// last passage.
func insideBy(last []byte) (site string, inside bool) {
	if len(last) < passageSize || last[0] != 'i' {
		return "", false
	}
	return string(last[7:11]), true
}

// SettleState puts anew the state of somebody who is one person with a walk-in,
// or of the walk-in, from the trails in Redis. Errors: ErrUnavailable.
func (s *Store) SettleState(ctx context.Context, person uint64) error {
	return s.settleState(ctx, person)
}

// InsideReport is what CheckStates found.
type InsideReport struct {
	Want, Have map[uint32]int // people of the partition inside each site, by its number
	// Wrong are people whose last passage is another than their record says.
	Wrong []WrongState
}

// WrongState is a person whose last passage is not that of their record.
type WrongState struct {
	Person   uint64
	Want, At int64 // of the last passage by the record and in Redis, UTC ms; -1 if there is none
}

// CheckStates compares the last passages of the people of one partition, and how
// many are inside each site, with states (see PutStates). The stored passage of
// those whom unsettled names is taken as it is: they passed too lately. So is one
// of which keep says that the record of its time is not whole. Passages during
// the check show as wrong. Errors: ErrUnavailable.
func (s *Store) CheckStates(ctx context.Context, part int, states []PersonState, unsettled func(person uint64) bool, keep func(at int64) bool) (*InsideReport, error) {
	people := make([]uint64, len(states))
	for i := range states {
		people[i] = states[i].Person
	}
	stored, err := s.storedStates(ctx, people)
	if err != nil {
		return nil, err
	}
	counts, err := s.rdb.HGetAll(ctx, s.keys.inside(part)).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	r := &InsideReport{Want: map[uint32]int{}, Have: map[uint32]int{}}
	for i := range states {
		want, was := states[i].last, &stored[i]
		at := passedAt(was.last)
		if was.walkIns != "" || was.knownAs != "" {
			if want, err = s.jointLast(ctx, states[i].Person); err != nil {
				return nil, err
			}
		}
		if unsettled(states[i].Person) || at > passedAt(want) && keep(at) {
			want = was.last
		}
		if !samePassage(want, was.last) {
			r.Wrong = append(r.Wrong, WrongState{states[i].Person, passedAt(want), at})
		}
		if site, in := insideBy(want); in {
			r.Want[siteNumber(site)]++
		}
	}
	for site, n := range counts {
		have, err := strconv.Atoi(n)
		if err != nil || len(site) != 4 {
			return nil, fmt.Errorf("checkpoint: partition %d, inside site %x: %q is no number of people", part, site, n)
		}
		if have != 0 {
			r.Have[siteNumber(site)] = have
		}
	}
	return r, nil
}

// Right tells that nothing differs.
func (r *InsideReport) Right() bool { return len(r.Wrong) == 0 && maps.Equal(r.Want, r.Have) }

func siteNumber(site string) uint32 { return uint32(fromRaw(site)) } //nolint:gosec // 4 bytes

// jointLast is the last passage of somebody who is one person with a walk-in, or
// of the walk-in, by the trails in Redis.
func (s *Store) jointLast(ctx context.Context, person uint64) ([]byte, error) {
	events, err := s.wholeTrail(ctx, person)
	if err != nil {
		return nil, err
	}
	events = slices.DeleteFunc(events, func(e ScanEvent) bool { return !e.Counts() })
	state, err := s.jointState(ctx, person, events)
	return state.last, err
}
