package demo

import (
	"cmp"
	"slices"
	"sort"
)

// How contacts are looked for, as the questions leave it to the server's
// defaults.
const (
	gateMargin = 120_000 // ms between two passages of one gate
	leastTime  = minute  // together at a venue
)

// meeting is one occasion on which two people met.
type meeting struct {
	kind              string
	from, to          int64 // UTC ms
	inferred, unknown bool  // a stay's end was concluded; of a stay only the exit was seen
}

// gravity is the order in which kinds are told.
var gravity = map[string]int{"household": 0, "vehicle": 1, "venue": 2, "gate": 3}

// infects is the earliest moment at which the one can have infected the other.
func (m meeting) infects() int64 {
	if m.kind == "gate" || m.kind == "vehicle" {
		return m.to
	}
	return m.from
}

// exposure is what the published weights say, in half milliseconds so that
// nothing is lost before the sum is told in minutes.
func (m meeting) exposure() int64 {
	const aMinute = 2 * minute
	switch m.kind {
	case "household":
		const aDay = 24 * 60 * minute
		return 600 * aMinute * max(1, (m.to-m.from+aDay-1)/aDay)
	case "vehicle":
		return 60 * aMinute
	case "gate":
		return 2 * aMinute
	}
	switch {
	case m.unknown:
		return 2*aMinute + m.to - m.from
	case m.inferred:
		return m.to - m.from
	}
	return 2 * (m.to - m.from)
}

// history is what is known of somebody's movements, worked out once.
type history struct {
	stays  []stay // at public sites
	events []event
}

// meetings are those of two people from a time on.
type meetings struct {
	o    *oracle
	asOf int64
	all  []history // of everybody
}

func (o *oracle) meetings(asOf int64) *meetings {
	m := &meetings{o: o, asOf: asOf, all: make([]history, len(o.people))}
	for i := range o.people {
		p := &o.people[i]
		for _, s := range o.stays(p, asOf) {
			if !o.sites[s.site].residential {
				m.all[i].stays = append(m.all[i].stays, s)
			}
		}
		m.all[i].events = slices.DeleteFunc(p.counting(), func(e event) bool { return e.at >= asOf })
	}
	return m
}

// between lists the meetings of two people from a time on.
func (m *meetings) between(a, b int, from int64) (met []meeting) {
	pa, pb := &m.o.people[a], &m.o.people[b]
	if pa.kind == "resident" && pb.kind == "resident" && pa.household == pb.household {
		met = append(met, meeting{kind: "household", from: from, to: m.asOf})
	}
	for _, x := range m.all[a].stays {
		theirs := m.all[b].stays
		first := sort.Search(len(theirs), func(i int) bool { return theirs[i].to >= x.from })
		for _, y := range theirs[first:] {
			if y.from > x.to {
				break
			}
			if one, ok := together(x, y, from); ok {
				met = append(met, one)
			}
		}
	}
	for _, x := range m.all[a].events {
		theirs := m.all[b].events
		first := sort.Search(len(theirs), func(i int) bool { return theirs[i].at >= x.at-gateMargin })
		for _, y := range theirs[first:] {
			if y.at > x.at+gateMargin {
				break
			}
			if kind := m.o.passing(x, y); kind != "" && min(x.at, y.at) >= from {
				met = append(met, meeting{kind: kind, from: min(x.at, y.at), to: max(x.at, y.at)})
			}
		}
	}
	return met
}

// together tells whether two stays are a meeting from a time on.
func together(x, y stay, from int64) (meeting, bool) {
	m := meeting{kind: "venue", from: max(x.from, y.from, from), to: min(x.to, y.to), unknown: x.entry < 0 || y.entry < 0}
	m.inferred = x.inferred || y.inferred
	if x.site != y.site || m.to < m.from {
		return m, false
	}
	return m, m.unknown || m.to-m.from >= leastTime
}

// passing says as what two passages within the margin count, "" for nothing.
func (o *oracle) passing(x, y event) string {
	gate, turnedAway := o.gateOf(x), x.in && x.decision != pass || y.in && y.decision != pass
	switch {
	case x.plate != "" && x.plate == y.plate, gate == o.gateOf(y) && x.car != "" && x.car == y.car:
		return "vehicle"
	case gate == o.gateOf(y) && (o.sites[o.gates[gate].site].residential || turnedAway):
		return "gate"
	}
	return ""
}

// contact is somebody who was met.
type contact struct {
	person, hop                        int
	met                                []meeting
	through                            int // the one before in the chain
	exposure, minutes, infected, first int64
}

func contactOf(person, hop, through int, met []meeting) contact {
	k := contact{person: person, hop: hop, through: through, met: met, infected: met[0].infects(), first: met[0].from}
	for _, m := range met {
		k.exposure += m.exposure()
		k.infected, k.first = min(k.infected, m.infects()), min(k.first, m.from)
		if m.kind == "venue" {
			k.minutes += m.to - m.from
		}
	}
	k.exposure, k.minutes = k.exposure/(2*minute), k.minutes/minute
	return k
}

// of lists somebody's contacts from a time on, of one hop or of two, in the
// order of rank.
func (m *meetings) of(person, hops int, from int64) []contact {
	found := map[int]contact{}
	for b := range m.all {
		if met := m.between(person, b, from); b != person && len(met) > 0 {
			found[b] = contactOf(b, 1, person, met)
		}
	}
	if hops > 1 {
		m.further(person, found)
	}
	list := make([]contact, 0, len(found))
	for _, k := range found {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b contact) int {
		return cmp.Or(cmp.Compare(a.hop, b.hop), cmp.Compare(b.exposure, a.exposure), cmp.Compare(a.first, b.first),
			cmp.Compare(m.o.people[a.person].id, m.o.people[b.person].id))
	})
	return list
}

// further adds the contacts of contacts: whom somebody can have met after they
// can have been infected, by the earliest such chain.
func (m *meetings) further(person int, found map[int]contact) {
	second := map[int]contact{}
	for via, k := range found {
		for b := range m.all {
			if _, direct := found[b]; direct || b == person {
				continue
			}
			met := m.between(via, b, k.infected)
			if len(met) == 0 {
				continue
			}
			other := contactOf(b, 2, via, met)
			old, known := second[b]
			if !known || cmp.Or(cmp.Compare(other.infected, old.infected), cmp.Compare(old.exposure, other.exposure),
				cmp.Compare(m.o.people[via].id, m.o.people[old.through].id)) < 0 {
				second[b] = other
			}
		}
	}
	for b, k := range second {
		found[b] = k
	}
}
