package checkpoint

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// shown are days in short: "02-11 am-taken pm-due".
func shown(days []DiaryDay) (out []string) {
	for _, d := range days {
		text := d.Day.String()[5:]
		for _, slot := range d.Taken {
			text += fmt.Sprintf(" %s-taken", slot)
		}
		for _, slot := range d.Missed {
			text += fmt.Sprintf(" %s-missed", slot)
		}
		for _, slot := range d.Due {
			text += fmt.Sprintf(" %s-due", slot)
		}
		out = append(out, text)
	}
	return out
}

// It is Tuesday noon at the place.
func TestADiaryHasTwoSlotsADay(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := patient(t, s, 1)
	from := s.now()
	add := func(id string) DiaryReading {
		t.Helper()
		r, err := s.AddReading(t.Context(), &who, DiaryReading{ID: id, At: s.now(), Temperature: 36_5, Method: Forehead})
		must(t, err)
		return r
	}
	expect := func(want ...string) {
		t.Helper()
		diary, err := s.Diary(t.Context(), who.ID, 0, s.now()+1)
		must(t, err)
		if got := shown(s.DiaryDays(diary, from, s.now()+1)); !reflect.DeepEqual(got, want) {
			t.Errorf("days %q, want %q", got, want)
		}
	}
	expect("02-11 am-due")
	first := add("reading-0001")
	expect("02-11 am-taken")
	clock.Advance(2 * time.Hour) // 14:00
	if day, slot := s.SlotAt(s.now()); slot != Afternoon || day.String() != "2020-02-11" {
		t.Errorf("14:00 is %s of %s", slot, day)
	}
	if _, slot := s.SlotAt(s.now() - 1); slot != Morning {
		t.Errorf("a moment before 14:00 is %s", slot)
	}
	expect("02-11 am-taken pm-due")
	clock.Advance(10 * time.Hour) // midnight
	expect("02-11 am-taken pm-missed", "02-12 am-due")
	clock.Advance(15 * time.Hour)
	expect("02-11 am-taken pm-missed", "02-12 am-missed pm-due")
	add("reading-0002")
	expect("02-11 am-taken pm-missed", "02-12 pm-taken am-missed")

	again, err := s.AddReading(t.Context(), &who, DiaryReading{ID: "reading-0001", At: first.At, Temperature: 36_5, Method: Forehead})
	if err != nil || !reflect.DeepEqual(again, first) {
		t.Errorf("sent again: %+v, %v\nwant %+v", again, err, first)
	}
	_, err = s.AddReading(t.Context(), &who, DiaryReading{ID: "reading-0001", At: first.At, Temperature: 37_5, Method: Forehead})
	refusedWith(t, err, ErrOtherRecord)
}

func TestReadingsThatAreNone(t *testing.T) {
	t.Parallel()
	s, clock := newStore(t)
	who := patient(t, s, 1)
	healthy := mustEnrol(t, s, resident(2, "v-01"))[0]
	now := s.now()
	good := DiaryReading{ID: "reading-1", At: now, Temperature: 36_5}
	for field, spoil := range map[string]func(*DiaryReading){
		"id":          func(r *DiaryReading) { r.ID = "short" },
		"temperature": func(r *DiaryReading) { r.Temperature = 0 },
		"symptoms":    func(r *DiaryReading) { r.Symptoms = []string{"cough", "cough"} },
		"note":        func(r *DiaryReading) { r.Note = "a\x00b" },
	} {
		r := good
		spoil(&r)
		_, err := s.AddReading(t.Context(), &who, r)
		refusedField(t, err, field)
	}
	for _, at := range []int64{now + 3*60_000, now - days(3) - 1} {
		r := good
		r.At = at
		_, err := s.AddReading(t.Context(), &who, r)
		refusedField(t, err, "at")
	}
	other, _ := statusOf(t, s, healthy)
	_, err := s.AddReading(t.Context(), &other, good)
	refusedWith(t, err, ErrNotObserved)
	clock.Advance(time.Hour)
	decide(t, s, who.ID, StatusChange{Status: StatusGreen, Ground: "observation_ended", By: 7})
	who, _ = statusOf(t, s, who.ID)
	clock.Advance(time.Hour)
	if _, err := s.AddReading(t.Context(), &who, good); err != nil {
		t.Errorf("a reading from before the end, sent late: %v", err)
	}
	good.ID, good.At = "reading-2", s.now()
	_, err = s.AddReading(t.Context(), &who, good)
	refusedWith(t, err, ErrNotObserved)
}

func TestFeverOfADiaryIsByTheRulesOfTheHome(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t)
	must(t, s.Change(t.Context(), func(d *Draft) error {
		site, _ := d.Site("v-01")
		strict := *site
		strict.FeverLine = 37_0
		return d.PutSite(strict)
	}))
	who := patient(t, s, 1)
	for i, c := range []Celsius{36_9, 37_0, 38_2} {
		r, err := s.AddReading(t.Context(), &who, DiaryReading{
			ID: fmt.Sprintf("reading-%d", i), At: s.now() + int64(i), Temperature: c, Symptoms: []string{"cough", "chills"}, Note: "夜里咳", By: 5,
		})
		must(t, err)
		if r.Fever() != (c >= 37_0) || r.By != 5 {
			t.Errorf("%s: %+v", c, r)
		}
	}
	fevers, _, err := s.FeverReadings(t.Context(), s.now(), s.now()+10, CareQuery{})
	if err != nil || len(fevers) != 2 || fevers[0].Temperature != 37_0 || fevers[1].Person != who.ID {
		t.Errorf("fevers: %+v, %v", fevers, err)
	}
}
