package world

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/loadtest"
	"passgate/loadtest/town"
)

// prepareFast is Prepare, but for the phones: they are put into the store in one
// change, as a few hundred one after the other take seconds.
func prepareFast(t *testing.T, people int) (*World, *api) {
	t.Helper()
	store, ring, admin := newServer(t)
	p := &preparation{
		Config: Config{Seed: 7, People: people, Progress: func(string, int, int) {}}, api: admin,
		world: &World{People: people, Seed: 7, ring: ring, ids: make([]uint64, people)},
	}
	step := func(do func(context.Context) error) {
		t.Helper()
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	step(p.putPlaces)
	step(func(ctx context.Context) error {
		// The first phone as Prepare enrols it.
		d, err := p.enrolDevice(ctx, town.Gates()[0].Code, "1道")
		p.world.Devices = append(p.world.Devices, d)
		return err
	})
	step(func(ctx context.Context) error {
		return store.Change(ctx, func(draft *checkpoint.Draft) error {
			p.world.Devices = p.world.Devices[:1]
			var errs []error
			_, gates := townPlaces()
			for i, g := range gates[1:] {
				if !g.Open {
					continue
				}
				d := loadtest.Device{Code: fmt.Sprintf("d-%d", i), Gate: g.Code, Token: fmt.Sprintf("pgd_%043d", i)}
				hash := sha256.Sum256([]byte(d.Token))
				errs = append(errs, draft.PutDevice(checkpoint.Device{
					Code: d.Code, Gate: d.Gate, Lane: "1道", CreatedAt: draft.Now(), EnrolledAt: draft.Now(), TokenHash: hash[:],
				}))
				p.world.Devices = append(p.world.Devices, d)
			}
			return errors.Join(errs...)
		})
	})
	p.world.readyAt = time.Now().UnixMilli()
	step(p.enrolPeople)
	step(p.learnIDs)
	step(func(context.Context) error { return p.world.build() })
	step(p.confine)
	return p.world, admin
}

// TestTheServerAnswersAsIsRight lives a day in which much goes wrong and holds
// every answer against what the source says is right. No kind is missing.
func TestTheServerAnswersAsIsRight(t *testing.T) {
	t.Parallel()
	w, admin := prepareFast(t, 200)
	testSaveAndLoad(t, w)
	d := w.Day(Shape{From: 9 * time.Hour, Trouble: 15}, Options{Run: "test"})
	defer d.Close()
	kinds, begin := map[string]int{}, time.Now()
	for i := range 600 {
		s := d.Next(begin.Add(time.Duration(i) * 20 * time.Millisecond))
		kinds[s.Kind]++
		reason := answer(t, admin, w, s)
		if !slices.Contains(s.Want, reason) {
			t.Errorf("%s %s: %s, want one of %v", s.Kind, s.Body, reason, s.Want)
		}
	}
	r := w.Regular(Options{Run: "plain"})
	defer r.Close()
	for range 30 {
		s := r.Next(time.Now())
		if reason := answer(t, admin, w, s); reason != "ok" && reason != "fever" { // who had one above
			t.Errorf("%s: %s", s.Body, reason)
		}
	}
	for _, kind := range allKinds {
		if kinds[kind] == 0 {
			t.Errorf("no %s among %v", kind, kinds)
		}
	}
}

var allKinds = []string{
	KindRegular, KindResident, KindDocument, KindWalkIn, KindForged, KindForeign, KindExpired, KindLow,
	KindReplayed, KindFever, KindQuarantine, KindOutsider, KindLate, KindDouble,
}

// answer sends a scan and gives the reason of the decision, or what went wrong.
func answer(t *testing.T, admin *api, w *World, s *loadtest.Scan) string {
	t.Helper()
	type result struct{ Reason string }
	phone, path := *admin, "/v1/scans"
	phone.token = w.Devices[s.Device].Token
	if s.Batch {
		path = "/v1/scans/batch"
	}
	text, err := phone.send(t.Context(), http.MethodPost, path, "application/json", "application/json", s.Body)
	if err != nil {
		return err.Error()
	}
	if !s.Batch {
		var one result
		err = json.Unmarshal(text, &one)
		return errorOr(err, one.Reason)
	}
	var many struct{ Results []struct{ Result result } }
	if err = json.Unmarshal(text, &many); len(many.Results) != 1 {
		return string(text)
	}
	return errorOr(err, many.Results[0].Result.Reason)
}

func errorOr(err error, text string) string {
	if err != nil {
		return err.Error()
	}
	return text
}

func testSaveAndLoad(t *testing.T, w *World) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "town")
	if err := w.Save(dir); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir, w.ring)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, w) {
		t.Error("the world that was loaded is not the one that was saved")
	}
	if _, err := Load(dir, nil); !errors.Is(err, errNoRing) {
		t.Errorf("without keys: %v", err)
	}
}
