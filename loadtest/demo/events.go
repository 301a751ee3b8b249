package demo

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// wireEvent is a recorded scan as the server tells it, in a gate's window, in a
// stream or in a trajectory.
type wireEvent struct {
	OccurredAt string `json:"occurred_at"`
	RecordedAt string `json:"recorded_at"`
	Person     *struct {
		ID         string `json:"id"`
		NameMasked string `json:"name_masked"`
	} `json:"person"`
	Gate        string      `json:"gate"`
	Site        string      `json:"site"`
	Direction   string      `json:"direction"`
	Decision    string      `json:"decision"`
	Reason      string      `json:"reason"`
	Color       string      `json:"color"`
	Action      string      `json:"action"`
	Flags       []string    `json:"flags"`
	Temperature json.Number `json:"temperature"`
	Method      string      `json:"temperature_method"`
	Who         string      `json:"who"`
	Device      string      `json:"device"`
	Lane        string      `json:"lane"`
	Plate       string      `json:"plate"`
	Vehicle     string      `json:"vehicle"`
	Purpose     string      `json:"purpose"`
	Override    string      `json:"override"`
	Annulled    bool        `json:"annulled"`
	Annulment   bool        `json:"annulment"`
}

// line puts an event on one line, the same for both sides. Person and place are
// left to the caller: they are said once where they are the same for all.
func (w *wireEvent) line(person, place string) string {
	f, known := flagsOf(w.Flags)
	words := f.String()
	if !known {
		words = fmt.Sprint(w.Flags)
	}
	return fmt.Sprintf("%s %s%s %s %s %s %s %s [%s] %s %s %s %s %s %s %s%s rec %s", w.OccurredAt, person, place, w.Direction,
		w.Decision, w.Reason, w.Color, w.Action, words, w.Temperature, w.Method, w.Who, w.Device, w.Lane, w.Plate, w.Purpose,
		marks(w.Override, w.Vehicle != "", w.Annulled, w.Annulment), w.RecordedAt)
}

// marks are what few events have.
func marks(override string, inCar, annulled, annuls bool) string {
	words := ""
	for _, m := range []struct {
		set  bool
		word string
	}{{override != "", " override " + override}, {inCar, " in a car"}, {annulled, " annulled"}, {annuls, " annulment"}} {
		if m.set {
			words += m.word
		}
	}
	return words
}

func (w *wireEvent) personID() string {
	if w.Person == nil {
		return ""
	}
	return w.Person.ID
}

// line is what the server has to say of an event.
func (r *run) line(e *event, person, place string) string {
	direction, temperature := "out", ""
	if e.in {
		direction = "in"
	}
	if e.temperature != 0 {
		temperature = degrees(e.temperature)
	}
	d := &r.devices[e.device]
	return fmt.Sprintf("%s %s%s %s %s %s %s %s [%s] %s %s %s %s %s %s %s%s rec %s", wireTime(e.at), person, place, direction,
		e.decision, e.reason, e.color(), e.action, e.flags, temperature, e.method, e.who, d.code, d.lane, e.plate, e.purpose,
		marks(e.override, e.car != "", e.annulled, e.annuls), wireTime(e.recorded))
}

// difference compares two sets of lines, in which a line may stand repeatedly,
// and says what is missing and what is too much; empty if they are the same.
func difference(want, got []string) string {
	slices.Sort(want)
	slices.Sort(got)
	if slices.Equal(want, got) {
		return ""
	}
	var missing, extra []string
	for len(want) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(want) > 0 && want[0] < got[0]:
			missing, want = append(missing, want[0]), want[1:]
		case len(want) == 0 || got[0] < want[0]:
			extra, got = append(extra, got[0]), got[1:]
		default:
			want, got = want[1:], got[1:]
		}
	}
	return fmt.Sprintf("%d missing, %d too much; missing: %s; too much: %s",
		len(missing), len(extra), strings.Join(first(missing), " | "), strings.Join(first(extra), " | "))
}

func first(lines []string) []string { return lines[:min(len(lines), 2)] }
