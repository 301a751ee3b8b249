package checkpoint

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// What is put into a set at once is there as if it had been put one by one: every
// member once, in the chunk that the table names for its time, none too full, and
// counted once. Batches overlap, come in any order and hold members twice.
func TestManyMembersAtOnceLieInTheirChunks(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	rng := rand.New(rand.NewPCG(9, 9))
	day := gateDay{gate: 5, utc: dayOf(testStart.UnixMilli()), local: s.DayAt(testStart.UnixMilli())}
	keys := day.keys(s.keys)
	all := map[string]int64{} // by member
	var before []timed
	fresh, sorted := 0, true
	for round := range 60 {
		var batch []timed
		for range 1 + rng.IntN(90) {
			e := ScanEvent{
				Person: rng.Uint64N(1000), OccurredAt: testStart.UnixMilli() + int64(round)*1000 + rng.Int64N(1500), Gate: 5,
				Hash: [8]byte{byte(rng.Uint32()), byte(rng.Uint32())}, Direction: In, Temperature: 36_5,
			}
			batch = append(batch, timed{e.OccurredAt, e.gateMember()})
		}
		if len(before) > 0 { // a step that was done before, in part
			batch = append(batch, before[:rng.IntN(len(before))]...)
		}
		batch = append(batch, batch[0])
		for _, m := range batch {
			if _, held := all[string(m.member)]; !held {
				fresh++
			}
			all[string(m.member)] = m.at
		}
		b := indexBatch{p: &Projector{store: s}, days: map[gateDay]*addition{day: {members: batch}}}
		if sorted = !sorted; sorted {
			err := b.write(t.Context(), false).err
			must(t, err)
		} else {
			_, err := s.runAll(t.Context(), []call{{projectScript, keys, additionArgs(false, batch...)}})
			must(t, err)
		}
		before = batch
		for n := range 1 + s.rdb.StrLen(t.Context(), keys[0]).Val()/8 {
			if size := s.rdb.ZCard(t.Context(), chunk(keys[0], int(n))).Val(); size > chunkSize {
				t.Errorf("chunk %d had %d members after round %d", n, size, round)
			}
		}
	}
	table := s.rdb.Get(t.Context(), keys[0]).Val()
	held := 0
	for n := range 1 + len(table)/8 {
		from, to, ok := chunkRange(table, n)
		members, err := s.rdb.ZRangeWithScores(t.Context(), chunk(keys[0], n), 0, -1).Result()
		must(t, err)
		if !ok {
			t.Errorf("chunk %d is not in the table", n)
		}
		for _, m := range members {
			at := int64(m.Score)
			if want, there := all[m.Member.(string)]; !there || want != at || at < from || at >= to {
				t.Fatalf("chunk %d from %d to %d holds a member of %d, want %d", n, from, to, at, want)
			}
		}
		held += len(members)
	}
	if held != len(all) || held < 1500 {
		t.Errorf("%d members are held, %d were put in", held, len(all))
	}
	for code, n := range s.rdb.HGetAll(t.Context(), keys[1]).Val() {
		if n != strconv.Itoa(fresh) {
			t.Errorf("%x was counted %s times, want %d", code, n, fresh)
		}
	}
}
