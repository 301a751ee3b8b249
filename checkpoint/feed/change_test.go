package feed

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"passgate/checkpoint"
)

// authority makes a subscriber that sends changes.
func (w *town) authority(name, node string) *Subscriber {
	w.t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	s, _, err := w.feed.Put(w.t.Context(), Subscriber{
		Name: name, Title: "济南市指挥部", Node: node, Purpose: "疫情防控", Changes: true, Key: b64.EncodeToString(key[ed25519.SeedSize:]),
		ExpiresAt: w.Store.Now() + 300*24*3600*1000,
	}, 1, false)
	w.must(err)
	return &s
}

// order is a good change about somebody's document.
func (w *town) order(id, document, status string, sequence int64) Change {
	c := Change{
		Source: "urn:jinan", ID: id, Time: w.Store.Now(), Document: document, Status: status, Ground: "positive_test",
		Evidence: "市疾控 2 月 11 日报告", Author: "刘主任", Sequence: sequence,
	}
	if status != "green" {
		c.Until = w.Store.Now() + 10*24*3600*1000
	}
	return c
}

func (w *town) apply(sub *Subscriber, changes ...Change) []Outcome {
	w.t.Helper()
	outcomes, err := w.feed.Apply(w.t.Context(), sub, changes)
	w.must(err)
	return outcomes
}

func (w *town) status(who string) checkpoint.StatusRecord {
	w.t.Helper()
	person, err := w.Store.Resident(w.t.Context(), w.People[who])
	w.must(err)
	record, err := w.Store.StatusRecord(w.t.Context(), &person)
	w.must(err)
	return record
}

const zhang, li, zhao = "P1000001", "P1000002", "P1000003"

func TestDecisionsOfAnAuthority(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	city := w.authority("jinan", "A1")
	one := w.order("1", li, "red", 10)
	late := w.order("0", li, "green", 9)
	other := one
	other.Status = "yellow"
	long := w.order("long", zhang, "red", 1)
	long.Until = w.Store.Now() + 15*24*3600*1000
	unnamed := w.order("5", zhang, "yellow", 3)
	unnamed.Document = ""
	step := func(c Change, want Result, field string, duplicate bool) {
		t.Helper()
		if got := w.apply(city, c)[0]; got.Result != want || got.Field != field || got.Duplicate != duplicate {
			t.Errorf("%s: %+v, want %s %q %v", c.ID, got, want, field, duplicate)
		}
	}
	step(one, Applied, "", false)
	step(one, Applied, "", true)
	step(late, Superseded, "", false)
	step(late, Superseded, "", true)
	step(other, Conflict, "", false)
	step(long, Refused, "until", false)
	step(unnamed, Refused, "subject", false)
	step(w.order("", zhang, "red", 1), Refused, "id", false)
	step(w.order("2", li, "green", 0), Refused, "sequence", false)
	step(w.order("3", "P9999999", "red", 1), UnknownPerson, "", false)
	step(w.order("4", zhao, "red", 1), UnknownPerson, "", false) // of another part of the town: as if there were nobody
	if r := w.status("li"); r.Status != checkpoint.StatusRed || r.Authority != "济南市指挥部" || r.Author != "刘主任" || r.Evidence == "" {
		t.Errorf("in force is %+v", r)
	}
	if r := w.status("zhao"); r.Status != checkpoint.StatusGreen {
		t.Errorf("somebody elsewhere is %v", r.Status)
	}
	names, err := w.feed.namesFor("jinan")
	w.must(err)
	byName := w.order("6", "", "yellow", 11)
	byName.Pseudonym = names.person(w.People["li"])
	step(byName, Applied, "", false)
	if r := w.status("li"); r.Status != checkpoint.StatusYellow {
		t.Errorf("by pseudonym: %+v", r)
	}
	w.Clock.Advance(11 * 24 * time.Hour)
	step(one, Applied, "", true) // its end is over, the answer stays
	if due, err := w.feed.Due(t.Context()); err != nil || len(due) != 2 || due[0].Node != "A1" {
		t.Errorf("alarms about people who are not on record: %+v, %v", due, err)
	}
}

// TestWhoIsEnrolledLaterGetsWhatWasDecided: the newest of it, within a minute.
func TestWhoIsEnrolledLaterGetsWhatWasDecided(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	city := w.authority("jinan", "XS")
	w.apply(city, w.order("b", "P7777777", "observation", 2), w.order("a", "P7777777", "red", 1))
	results, err := w.Store.Enrol(t.Context(), []checkpoint.NewResident{{Name: "孙七", IDNumber: "P7777777", Site: "V1", Door: "9"}})
	w.must(err)
	w.People["sun"] = results[0].ID
	if n, err := w.feed.Settle(t.Context()); err != nil || n != 2 {
		t.Errorf("%d settled, %v", n, err)
	}
	if r := w.status("sun"); r.Status != checkpoint.StatusObservation {
		t.Errorf("in force is %+v", r)
	}
	got := w.apply(city, w.order("b", "P7777777", "observation", 2), w.order("a", "P7777777", "red", 1))
	if got[0].Result != Applied || got[1].Result == UnknownPerson || !got[0].Duplicate {
		t.Errorf("asked again: %+v", got)
	}
	w.apply(city, w.order("c", "P6666666", "red", 1))
	w.Clock.Advance(29 * 24 * time.Hour)
	w.must(w.feed.SettleDue(t.Context()))
	if waiting, err := w.feed.Waiting(t.Context(), "", 10); err != nil || len(waiting) != 0 {
		t.Errorf("still waiting: %+v, %v", waiting, err)
	}
}

// TestTheLastDecisionStands: many people, each with many decisions, sent double, out of
// order, by two gateways at once.
func TestTheLastDecisionStands(t *testing.T) {
	t.Parallel()
	people, total := 20, 300
	if os.Getenv("PASSGATE_LONG") != "" {
		people, total = 1000, 10_000
	}
	w := newTown(t)
	city := w.authority("jinan", "XS")
	rows := make([]checkpoint.NewResident, people)
	for i := range rows {
		rows[i] = checkpoint.NewResident{Name: "某某", IDNumber: fmt.Sprintf("P2%06d", i), Site: "V1", Door: fmt.Sprint(i)}
	}
	results, err := w.Store.Enrol(t.Context(), rows)
	w.must(err)
	random := rand.New(rand.NewPCG(5, 6))
	var sent []Change
	want := make([]string, people)
	for n := range total {
		who := n % people
		status := []string{"green", "yellow", "red", "observation", "quarantine"}[random.IntN(5)]
		sent = append(sent, w.order(fmt.Sprint("c", n), rows[who].IDNumber, status, int64(n+1)))
		want[who] = status
	}
	sent = append(sent, sent[:total/5]...)
	random.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
	began := time.Now()
	other := New(w.Open(t, w.Redis))
	done := make(chan error)
	for _, half := range []struct {
		feed *Feed
		some []Change
	}{{w.feed, sent[:len(sent)/2]}, {other, sent[len(sent)/2:]}} {
		go func() {
			for batch := range slices.Chunk(half.some, MaxChanges) {
				if _, err := half.feed.Apply(t.Context(), city, batch); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	w.must(<-done)
	w.must(<-done)
	t.Logf("%d changes and %d doubles in %v", total, len(sent)-total, time.Since(began).Round(time.Millisecond))
	for i, result := range results {
		who, err := w.Store.Resident(t.Context(), result.ID)
		w.must(err)
		if who.Status.String() != want[i] {
			t.Fatalf("person %d is %v, the last decision was %s", i, who.Status, want[i])
		}
	}
	for _, outcome := range w.apply(city, sent[:min(len(sent), 100)]...) {
		if !outcome.Duplicate || outcome.Result != Applied && outcome.Result != Superseded {
			t.Fatalf("sent again: %+v", outcome)
		}
	}
}
