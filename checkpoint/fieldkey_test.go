package checkpoint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var secondKey = FieldKey{2, bytes.Repeat([]byte{21}, 32), bytes.Repeat([]byte{22}, 32)}

// another opens the store of s again, as another gateway with more keys.
func another(t *testing.T, s *Store, clock *testClock, newer ...FieldKey) *Store {
	t.Helper()
	other, err := Open(t.Context(), Config{
		Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now, NewerKeys: newer,
		FieldBarrier: 1500 * time.Millisecond,
	})
	must(t, err)
	return other
}

// townsfolk are rows of people with documents and phones, the first of them twice
// under one phone.
func townsfolk(from, n int) []NewResident {
	rows := make([]NewResident, n)
	for i := range rows {
		k := from + i
		rows[i] = NewResident{
			Name: "王小明", IDNumber: fmt.Sprintf("H%08d", k), Phone: fmt.Sprintf("138%08d", k/2), Site: "v-01", Door: fmt.Sprintf("%d-1", k),
		}
	}
	return rows
}

// A town goes on enrolling, changing, erasing and searching while the field key is
// changed by a process that is stopped in the middle and begins again. Nobody is
// missed at any time and nobody is there twice; afterwards nothing needs the old
// key, and a gateway without it finds everybody.
func TestFieldKeyIsChangedWhileTheTownGoesOn(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	const before, erased, during = 400, 20, 300 // the last of the first are erased meanwhile
	first := mustEnrol(t, s, townsfolk(0, before)...)
	writeSealedThings(t, s, clock) // two people more with documents: a host and a visitor

	gates := []*Store{another(t, s, clock, secondKey), another(t, s, clock, secondKey)}
	operator := another(t, s, clock, secondKey)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	var enrolled, searched atomic.Int64
	ids := sync.Map{}
	for i, gate := range gates { // both enrol the same people, at the same time
		work.Go(func() {
			for k := before; k < before+during; k++ {
				res, err := gate.Enrol(ctx, townsfolk(k, 1))
				if err != nil || res[0].Err != nil {
					t.Errorf("gate %d: enrol %d: %v %v", i, k, err, res)
					return
				}
				if was, there := ids.LoadOrStore(k, res[0].ID); there && was != res[0].ID {
					t.Errorf("person %d is there twice: %x and %x", k, was, res[0].ID)
				}
				enrolled.Store(int64(k))
			}
		})
	}
	for _, gate := range gates {
		work.Go(func() {
			for k := 0; ctx.Err() == nil; k = (k + 7) % (before - erased) {
				row := townsfolk(k, 1)[0]
				if _, err := gate.FindByDocument(ctx, row.IDNumber); err != nil && ctx.Err() == nil {
					t.Errorf("document %d: %v", k, err)
				}
				if found, err := gate.FindByPhone(ctx, row.Phone); (err != nil || len(found) != 2) && ctx.Err() == nil {
					t.Errorf("phone %d: %d people, %v", k, len(found), err)
				}
				searched.Add(1)
			}
		})
	}
	work.Go(func() {
		for _, id := range first[before-erased:] {
			if err := gates[0].Erase(t.Context(), id, "boss"); err != nil {
				t.Errorf("erase: %v", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	})

	// Killed again and again, a little later each time.
	killed := 0
	for patience := 40 * time.Millisecond; ; patience += 300 * time.Millisecond {
		limited, cancel := context.WithTimeout(t.Context(), patience)
		err := operator.RotateFieldKey(limited, 2, nil)
		cancel()
		if err == nil {
			break
		}
		if limited.Err() == nil {
			t.Fatal(err)
		}
		killed++
	}
	for enrolled.Load() < before+during-1 && !t.Failed() {
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	work.Wait()
	if killed < 2 || searched.Load() < 20 {
		t.Errorf("killed %d times, %d searches: the test shows nothing", killed, searched.Load())
	}
	must(t, operator.RotateFieldKey(t.Context(), 2, nil)) // again changes nothing

	count, err := operator.CountSealed(t.Context())
	must(t, err)
	for kind, n := range count[1] {
		if kind != SealedReasons {
			t.Errorf("%d %s are sealed with the old key", n, kind)
		}
	}
	for _, kind := range []SealedKind{SealedIdentities, SealedPermits, SealedCases, SealedShifts, SealedFevers} {
		if count[2][kind] == 0 {
			t.Errorf("no %s are sealed with the new key", kind)
		}
	}
	if err := operator.DropFieldKey(t.Context(), 1, false); !errors.Is(err, ErrFieldKey) || !strings.Contains(err.Error(), "reasons in the audit") {
		t.Errorf("drop with reasons in the audit: %v", err)
	}
	must(t, operator.DropFieldKey(t.Context(), 1, true))

	last, err := Open(t.Context(), Config{Client: testClient(t, Tune), Prefix: s.keys.prefix, IndexKey: testIndexKey, Clock: clock.Now, NewerKeys: []FieldKey{secondKey}})
	must(t, err)
	for k := range before + during {
		row := townsfolk(k, 1)[0]
		id, err := last.FindByDocument(t.Context(), row.IDNumber)
		if before-erased <= k && k < before {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("person %d was erased and is found: %v", k, err)
			}
			continue
		}
		must(t, err)
		if was, there := ids.Load(k); there && was != id {
			t.Errorf("person %d is %x, was %x", k, id, was)
		}
		if p, err := last.Resident(t.Context(), id); err != nil || p.IDNumber != row.IDNumber || p.Phone != row.Phone {
			t.Fatalf("person %d: %+v, %v", k, p, err)
		}
	}
	checkIndexes(t, last, 2, before+during-erased+2)
	again, err := last.Enrol(t.Context(), townsfolk(5, 1))
	if err != nil || again[0].Created {
		t.Errorf("somebody who is there is enrolled again: %+v, %v", again, err)
	}
}

// writeSealedThings puts at least one of each kind on record.
func writeSealedThings(t *testing.T, s *Store, clock *testClock) {
	t.Helper()
	desk := newDesk(t, s)
	desk.issue(1)
	mustOpenCase(t, s, Case{})
	mustAudit(t, s, 3)
	guards(t, s, "wang")
	home := post(t, s, clock, "v-01")
	home.open("shift-0001", "wang")
	_, err := s.CloseShift(t.Context(), home.closing("shift-0001", "钥匙在抽屉里"))
	must(t, err)
	c := post(t, s, clock, "mall-01").fevered(desk.host)
	_, err = s.CloseFever(t.Context(), c.ID, FeverScreenedNegative, "medic-1", "县医院排除")
	must(t, err)
}

// checkIndexes compares the blind indexes with the people: n documents under one
// version, nothing under any other.
func checkIndexes(t *testing.T, s *Store, version byte, n int) {
	t.Helper()
	for v := byte(1); v <= version; v++ {
		entries := 0
		for p := range Partitions {
			for b := range indexBuckets {
				entries += int(s.rdb.HLen(t.Context(), s.keys.indexBucket(v, "d", p, b)).Val())
			}
		}
		if v == version && entries != n || v != version && entries != 0 {
			t.Errorf("the index of version %d has %d documents, want %d under version %d", v, entries, n, version)
		}
	}
}

// What the operator is told when a step cannot be taken.
func TestFieldKeyStepsThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	mustEnrol(t, s, townsfolk(0, 3)...)
	operator := another(t, s, clock, secondKey)
	says := func(err error, text string) {
		t.Helper()
		if !errors.Is(err, ErrFieldKey) || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q", err, text)
		}
	}
	must(t, s.holdFieldKeys(t.Context(), "gate-east"))
	must(t, operator.holdFieldKeys(t.Context(), "gate-west"))
	says(operator.RotateFieldKey(t.Context(), 2, nil), "without version 2: gate-east")
	says(operator.RotateFieldKey(t.Context(), 3, nil), "version 3 is not here")
	says(operator.DropFieldKey(t.Context(), 1, true), "version 1 is in use")
	if changed, err := s.LoadFieldKeys(testFieldKey, testIndexKey, []FieldKey{secondKey}); err != nil || !changed {
		t.Fatalf("a new key is taken up: %v, %v", changed, err)
	}
	must(t, s.holdFieldKeys(t.Context(), "gate-east"))
	must(t, operator.RotateFieldKey(t.Context(), 2, nil))
	says(operator.RotateFieldKey(t.Context(), 1, nil), "older than version 2")
	if _, err := s.LoadFieldKeys(testFieldKey, testIndexKey, nil); err != nil && !strings.Contains(err.Error(), "version 2 is in use") {
		t.Errorf("a key in use is taken away: %v", err)
	}

	// A gateway that missed all of it says so and misses nobody without a word.
	_, err := Open(t.Context(), Config{Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, Clock: clock.Now})
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "field-2.key") {
		t.Errorf("open without the key in use: %v", err)
	}
	wrong := secondKey
	wrong.Field = bytes.Repeat([]byte{99}, 32)
	_, err = Open(t.Context(), Config{Client: testClient(t, Tune), Prefix: s.keys.prefix, FieldKey: testFieldKey, IndexKey: testIndexKey, NewerKeys: []FieldKey{wrong}, Clock: clock.Now})
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "another field key (version 2)") {
		t.Errorf("open with another key of the version in use: %v", err)
	}
	if _, err := operator.FindByDocument(t.Context(), "H00000001"); err != nil {
		t.Errorf("find after all this: %v", err)
	}
}

// A gateway whose keys do not go with those in use answers that it cannot tell,
// instead of that there is nobody.
func TestGatewayWithoutTheKeyInUseDoesNotDenyPeople(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	mustEnrol(t, s, townsfolk(0, 3)...)
	blindOne := another(t, s, clock) // opened before the change
	operator := another(t, s, clock, secondKey)
	must(t, operator.RotateFieldKey(t.Context(), 2, nil))
	if _, err := blindOne.FindByDocument(t.Context(), "H00000001"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("find: %v", err)
	}
	if _, err := blindOne.Enrol(t.Context(), townsfolk(1, 1)); !errors.Is(err, ErrUnavailable) {
		t.Errorf("enrol: %v", err)
	}
}
