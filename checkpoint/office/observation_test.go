package office_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/office"
	"passgate/checkpoint/storetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func statusOf(t testing.TB, w *storetest.W, person string) checkpoint.Status {
	t.Helper()
	who, err := w.Store.Resident(t.Context(), w.People[person])
	must(t, err)
	return who.Status
}

func closeContact(w *storetest.W, person, id string) office.NewObservation {
	return office.NewObservation{
		ID: id, Person: w.People[person], Three: office.Three{Leader: "leader", Cadre: "grid", Medic: "medic"}, Ground: "close_contact", By: 1,
	}
}

// turnBack puts an observation back into a state, as if what followed had been cut off.
func turnBack(t testing.TB, w *storetest.W, id checkpoint.MatterID, state string, status checkpoint.Status) {
	t.Helper()
	m, err := w.Store.TurnMatter(t.Context(), office.KindObservation, id, 0, "", func(m *checkpoint.Matter) error {
		m.State, m.ClosedAt = state, 0
		return nil
	})
	must(t, err)
	must(t, w.Store.SetStatus(t.Context(), m.Person, status))
}

func TestWhatWasCutOffIsCompleted(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	m, err := o.StartObservation(t.Context(), closeContact(w, "wang", "obs-00001"))
	must(t, err)
	state := func(want string) {
		t.Helper()
		got, _, err := o.Observation(t.Context(), m.ID)
		must(t, err)
		if got.State != want {
			t.Errorf("state %s, want %s", got.State, want)
		}
	}
	t.Log("between the record and the status: the same again completes it, and so does the loop")
	turnBack(t, w, m.ID, office.ObservationStarting, checkpoint.StatusGreen)
	_, err = o.StartObservation(t.Context(), closeContact(w, "wang", "obs-00001"))
	must(t, err)
	state(office.ObservationRunning)
	turnBack(t, w, m.ID, office.ObservationStarting, checkpoint.StatusGreen)
	must(t, o.Settle(t.Context()))
	if state(office.ObservationRunning); statusOf(t, w, "wang") != checkpoint.StatusObservation {
		t.Error("begun without the status")
	}

	t.Log("between the decision to release and the status")
	w.Clock.Advance(time.Hour)
	_, err = o.ReleaseObservation(t.Context(), m.ID, 2, "XS", "recovered", "复查正常")
	must(t, err)
	if state(office.ObservationEnded); statusOf(t, w, "wang") != checkpoint.StatusRecovered {
		t.Error("released, and not recovered")
	}
	turnBack(t, w, m.ID, office.ObservationEnding, checkpoint.StatusObservation)
	must(t, o.Settle(t.Context()))
	if state(office.ObservationEnded); statusOf(t, w, "wang") != checkpoint.StatusRecovered {
		t.Error("the release was not completed")
	}

	t.Log("many at once begin one observation, not two")
	var all sync.WaitGroup
	var begun sync.Map
	for _, id := range []string{"obs-00002", "obs-00003", "obs-00004"} {
		all.Go(func() {
			m, err := o.StartObservation(t.Context(), closeContact(w, "li", id))
			var refused *office.Refusal
			if err == nil {
				begun.Store(m.ID, true)
			} else if !errors.As(err, &refused) && !errors.Is(err, checkpoint.ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	begun.Range(func(any, any) bool { n++; return true })
	if open, err := o.ObservationOf(t.Context(), w.People["li"]); n != 1 || err != nil || open == 0 {
		t.Errorf("%d observations of one person, %v", n, err)
	}

	t.Log("whoever is erased has none, and the loop goes on")
	must(t, w.Store.SetStatus(t.Context(), w.People["li"], checkpoint.StatusGreen)) // who stays at home is not erased
	must(t, w.Store.Erase(t.Context(), w.People["li"], "enroller"))
	must(t, o.Settle(t.Context()))
	if _, err := o.ObservationOf(t.Context(), w.People["li"]); !errors.Is(err, checkpoint.ErrNotObserved) {
		t.Errorf("of who was erased: %v", err)
	}
}

func TestTheHomesRulesSayWhetherWhoComesBackIsObserved(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := office.New(w.Store)
	days := func(n int) *int { return &n }
	must(t, w.Store.Change(t.Context(), func(d *checkpoint.Draft) error {
		return d.PutPolicy(checkpoint.Policy{
			Code: "back", Name: "返乡", Ground: "通知", Nodes: []string{"A2"}, CreatedBy: "leader",
			Parts: []checkpoint.PolicyPart{{Rules: checkpoint.RulesPatch{ReturneeDays: days(checkpoint.RegisteredOnly)}}},
		})
	}))
	back := func(id, person string, arrived time.Duration) checkpoint.Matter {
		t.Helper()
		m, err := o.RegisterReturnee(t.Context(), office.NewReturnee{
			ID: id, Person: w.People[person], From: "河南", ArrivedAt: w.Clock.Now().Add(arrived).UnixMilli(), By: 1, Office: "XS",
		})
		must(t, err)
		return m
	}
	t.Log("the town's rule is 14 days from arrival, the second area's to register only")
	observed, registered := back("returnee-1", "wang", -3*24*time.Hour), back("returnee-2", "zhao", 0)
	if observed.State != office.ReturneeObserved || registered.State != office.ReturneeRegistered || statusOf(t, w, "zhao") != checkpoint.StatusGreen {
		t.Errorf("states %s, %s", observed.State, registered.State)
	}
	var body office.Returnee
	must(t, observed.Get(&body))
	_, of, err := o.Observation(t.Context(), body.Observation)
	must(t, err)
	if left := time.UnixMilli(of.Until).Sub(w.Clock.Now()); left != 11*24*time.Hour || of.Cadre != "head-v1c-1" || of.Leader != "head-a1" || of.Medic != "medic" {
		t.Errorf("%s left, looked after by %+v", left, of.Three)
	}
	if late := back("returnee-3", "li", -20*24*time.Hour); late.State != office.ReturneeRegistered {
		t.Errorf("back for 20 days: %s", late.State)
	}

	t.Log("who never came is closed by hand, once; who is registered only is settled after 14 days")
	expected := back("returnee-4", "zhang", 24*time.Hour)
	if expected.State != office.ReturneeExpected {
		t.Errorf("on the way: %s", expected.State)
	}
	_, err = o.CloseReturnee(t.Context(), expected.ID, 1, office.ReturneeNeverCame, "")
	must(t, err)
	var refused *office.Refusal
	if _, err = o.CloseReturnee(t.Context(), expected.ID, 1, office.ReturneeLeft, ""); !errors.As(err, &refused) {
		t.Errorf("closed twice: %v", err)
	}
	if _, err = o.CloseReturnee(t.Context(), observed.ID, 1, office.ReturneeLeft, ""); !errors.As(err, &refused) {
		t.Errorf("closed under observation: %v", err)
	}
	w.Clock.Advance(14 * 24 * time.Hour)
	must(t, o.Settle(t.Context())) // releases
	must(t, o.Settle(t.Context())) // and closes
	for _, id := range []checkpoint.MatterID{observed.ID, registered.ID} {
		if m, err := w.Store.Matter(t.Context(), office.KindReturnee, id); err != nil || m.Open() {
			t.Errorf("after 14 days: %s, %v", m.State, err)
		}
	}
	if statusOf(t, w, "wang") != checkpoint.StatusGreen {
		t.Error("the observation of who came back did not end")
	}
}
