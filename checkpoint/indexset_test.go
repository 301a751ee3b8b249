package checkpoint

import (
	"encoding/binary"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryKeyOfASetIsReadBack(t *testing.T) {
	t.Parallel()
	k := keys{prefix: "pg:"}
	rapid.Check(t, func(t *rapid.T) {
		id := SetID{Family: rapid.SampledFrom([]Family{TrailSets, GateSets, PlateSets, AlertSets, RefusalSets}).Draw(t, "family")}
		switch id.Family {
		case TrailSets, PlateSets:
			id.ID = rapid.Uint64().Draw(t, "id")
		case GateSets, RefusalSets:
			id.ID, id.Day = uint64(rapid.Uint32().Draw(t, "gate")), rapid.Int64Range(0, 40_000).Draw(t, "day")
		case AlertSets:
			id.Day = rapid.Int64Range(0, 40_000).Draw(t, "day")
		}
		n := rapid.IntRange(0, 65_535).Draw(t, "chunk")
		if got, part, ok := k.parseSet(chunk(k.set(id), n)); !ok || got != id || part != n {
			t.Fatalf("chunk: %+v %d %v", got, part, ok)
		}
		if got, part, ok := k.parseSet(k.set(id)); !ok || got != id || part != tablePart {
			t.Fatalf("table: %+v %d %v", got, part, ok)
		}
	})
	for _, other := range []string{
		k.person(7), k.identity(7), k.log(3), k.partition(3), k.outings(3) + "x", k.inside(3), k.fever(9), k.revocations(), k.homeSet(3, 1),
		k.registry("sites"), k.readings(3, 18000), k.refusalCap(3, 4, 5), k.index(firstVersion, "d", 99), k.permit(64), "other:{g1}:e:18000", "pg:{g01}:e:18000",
		"pg:{g1}:e:18000:01", "pg:{g1}:e:", "pg:{al}:r:18000", "pg:{g1}:t:12345678:0", "",
	} {
		if id, part, ok := k.parseSet(other); ok {
			t.Errorf("%q is read as part %d of %+v", other, part, id)
		}
	}
	if id, ok := k.parsePerson(k.person(1 << 60)); !ok || id != 1<<60 {
		t.Errorf("person %x, %v", id, ok)
	}
	for _, other := range []string{k.identity(7), k.trail(7), k.plate(7), "", "12345678"} {
		if id, ok := k.parsePerson(other); ok {
			t.Errorf("%q is read as person %x", other, id)
		}
	}
}

// TestChunksAreCutAsTheScriptCutsThem compares with chunks.lua, on times that
// come in order and of which many may be the same.
func TestChunksAreCutAsTheScriptCutsThem(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	for round, most := range []int{1, 2, 5, 40, 119, 120, 121, 300} { // of one time
		var at []int64
		args := []any{""}
		set := Set{SetID: SetID{Family: PlateSets, ID: uint64(round)}}
		for n := int64(0); len(at) < 700; n++ {
			for range 1 + int(n*7919)%most {
				member := binary.BigEndian.AppendUint32(nil, uint32(len(at))) //nolint:gosec // hundreds
				at, args = append(at, 1_580_000_000_000+n), append(args, 1_580_000_000_000+n, member)
				set.Entries = append(set.Entries, SetEntry{at[len(at)-1], member})
			}
		}
		base := s.keys.plate(1 << 62)
		base += fmt.Sprint(round)
		_, err := s.run(t.Context(), s.rdb, plateScript, []string{base}, args...)
		must(t, err)
		starts := cutChunks(at)
		if table := s.rdb.Get(t.Context(), base).Val(); table != chunkTable(at, starts) {
			t.Errorf("up to %d of one time: table %x, the script's is %x", most, chunkTable(at, starts), table)
		}
		for n := range starts {
			size := s.rdb.ZCard(t.Context(), chunk(base, n)).Val()
			end := len(at)
			if n+1 < len(starts) {
				end = starts[n+1]
			}
			if int(size) != end-starts[n] {
				t.Errorf("up to %d of one time: chunk %d has %d members, the script's %d", most, n, end-starts[n], size)
			}
		}
		must(t, s.ReplaceSets(t.Context(), []Set{set}))
		stored, err := s.ReadSets(t.Context(), []Set{{SetID: set.SetID}})
		must(t, err)
		if len(stored[0].Entries) != len(set.Entries) || len(stored[0].Astray) != 0 {
			t.Errorf("%d entries read back of %d, %d astray", len(stored[0].Entries), len(set.Entries), len(stored[0].Astray))
		}
	}
}
