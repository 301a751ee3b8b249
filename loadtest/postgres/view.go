package main

import (
	"strconv"
	"time"
)

// flagNames are the facts about a scan, by bit, in the gate's words.
var flagNames = []string{
	"late", "conflict", "already_inside", "not_inside", "replayed_pass", "remeasured", "temperature_low", "temperature_high",
	"breach", "status_yellow", "outsider", "walk_in", "escort", "outside_hours", "override", "fever_case",
	"overstayed", "other_vehicle", "degraded",
}

// aboutRecord are the flags that say nothing of the person.
const aboutRecord = 1<<0 | 1<<1 | 1<<18

func namesOf(flags int32) []string {
	names := make([]string, 0, 2)
	for i, name := range flagNames {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func flagsOf(names []string) (flags int32) {
	for i, name := range flagNames {
		for _, n := range names {
			if n == name {
				flags |= 1 << i
			}
		}
	}
	return flags
}

// answer is what a device is told, with the members that the gate's answer has.
type answer struct {
	ID         string   `json:"id"`
	Decision   string   `json:"decision"`
	Reason     string   `json:"reason"`
	Color      string   `json:"color"`
	Action     string   `json:"action"`
	Text       text     `json:"text"`
	Person     *person  `json:"person"`
	OccurredAt string   `json:"occurred_at"`
	RecordedAt string   `json:"recorded_at"`
	Duplicate  bool     `json:"duplicate"`
	Degraded   bool     `json:"degraded"`
	Flags      []string `json:"flags"`
}

type person struct {
	ID         string `json:"id"`
	NameMasked string `json:"name_masked"`
	Kind       string `json:"kind"`
	Home       string `json:"home"`
}

func (s *server) view(id string, sc *scan, out *outcome) *answer {
	v := &answer{
		ID: id, Decision: out.decision, Reason: out.reason, Color: "green", Action: out.action, Text: s.texts[out.reason],
		OccurredAt: stamp(sc.at), RecordedAt: stamp(out.recordedAt), Duplicate: out.word == "again", Flags: namesOf(out.flags),
	}
	switch {
	case out.decision != "pass":
		v.Color = "red"
	case out.flags&^aboutRecord != 0:
		v.Color = "yellow"
	}
	if out.name != nil {
		v.Person = &person{ID: personID(sc.person), NameMasked: *out.name, Kind: *out.kind}
		if out.home != nil {
			v.Person.Home = s.sites[*out.home]
		}
	}
	return v
}

func stamp(ms int64) string {
	return string(time.UnixMilli(ms).UTC().AppendFormat(make([]byte, 0, 24), "2006-01-02T15:04:05.000Z"))
}

func personID(id int64) string {
	text := strconv.FormatUint(uint64(id), 16) //nolint:gosec // bit for bit
	return "0000000000000000"[len(text):] + text
}
