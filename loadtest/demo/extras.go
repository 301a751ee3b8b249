package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"passgate/loadtest/town"
)

// extras are the acts of a day that town does not make up.
type extras struct {
	run   *run
	rng   *rand.Rand
	start int64 // UTC ms, of the day
	moved map[int]bool
}

// some is a number that grows with the town, at least least.
func (x *extras) some(perResidents, least int) int {
	return min(400, max(least, x.run.cfg.Residents/perResidents))
}

// between draws a time of the day, from one hour to another.
func (x *extras) between(from, to int) int64 {
	h := int64(time.Hour / time.Millisecond)
	return x.start + int64(from)*h + x.rng.Int64N(int64(to-from)*h)
}

// somebody draws a resident, not the same one twice on a day.
func (x *extras) somebody() int {
	if x.moved == nil {
		x.moved = map[int]bool{}
	}
	for range 100 {
		if p := x.rng.IntN(x.run.cfg.Residents); !x.moved[p] {
			x.moved[p] = true
			return p
		}
	}
	return x.rng.IntN(x.run.cfg.Residents)
}

// emergencies: an ambulance takes somebody out who was told to stay in, a fire
// engine comes to a mall without a thermometer, and nobody asks for its crew.
func (x *extras) emergencies() {
	r := x.run
	for i := range x.some(1000, 4) {
		p, at := x.somebody(), x.between(9, 18)
		gate := x.homeGate(p)
		if i%2 == 0 {
			r.postpone(act{at: at, person: p, deed: setStatus, word: "quarantine"})
		}
		r.postpone(act{at: at + minute, person: p, gate: gate, override: "medical"})
		r.postpone(act{at: at + 15*minute, person: p, gate: x.gateOf(town.KindMall), in: true, override: "other"})
		r.postpone(act{at: at + 60*minute, person: p, gate: gate, in: true, temperature: x.warmth()})
		r.postpone(act{at: at + 2*minute, person: -1, gate: x.gateOf(town.KindMall), in: i%2 == 0, override: "fire", deed: nobody})
	}
}

// gateOf draws one of the gates of a kind of site that are used.
func (x *extras) gateOf(kind string) int {
	var gates []int
	for g, e := range x.run.oracle.gates {
		if x.run.crowd.uses[g] && x.run.oracle.sites[e.site].kind == kind {
			gates = append(gates, g)
		}
	}
	return gates[x.rng.IntN(len(gates))]
}

func (x *extras) homeGate(person int) int { return x.run.homeGate(person) }

func (x *extras) warmth() int { return 360 + x.rng.IntN(12) }

const minute = int64(time.Minute / time.Millisecond)

// visits lets people try where they may not enter.
func (x *extras) visits() {
	for range x.some(500, 3) {
		p, gate := x.somebody(), x.gateOf(town.KindCompound)
		x.run.postpone(act{at: x.between(8, 21), person: p, gate: gate, in: true, temperature: x.warmth()})
		x.run.postpone(act{
			at: x.between(8, 21), person: x.somebody(), gate: x.gateOf(town.KindMarket), in: true, temperature: x.warmth(),
		})
	}
	for _, deed := range []deed{forgedCode, foreignCode, expiredCode} {
		p := x.somebody()
		x.run.postpone(act{at: x.between(8, 20), person: p, gate: x.homeGate(p), temperature: x.warmth(), deed: deed})
	}
	for range x.some(5000, 2) {
		x.run.postpone(act{
			at: x.between(8, 21), person: -1, gate: x.gateOf(town.KindMall), in: true, temperature: x.warmth(), deed: unknownDocument,
		})
	}
}

var strangers = []string{"外来甲", "来客乙丙", "路过丁", "欧阳过客", "探亲戊"}

// walkIns go to a mall for a while; some try a village as well, and some come
// again on another day.
func (x *extras) walkIns() {
	r := x.run
	for i := range x.some(200, 5) {
		p := len(r.oracle.people)
		if old := len(r.guests); i%3 == 0 && old > i {
			p = r.guests[x.rng.IntN(old)]
		} else {
			n := p - r.cfg.Residents
			r.guests = append(r.guests, p)
			r.oracle.people = append(r.oracle.people, person{home: noHome, household: new(household), kind: "walk_in", status: "outsider"})
			r.folk = append(r.folk, folk{guest: &walkInBody{
				Name:   strangers[n%len(strangers)],
				IDTail: fmt.Sprintf("%03d%c", n%1000, "0123456789X"[n%11]),
				Phone:  fmt.Sprintf("154%08d", 99_000_000+n),
			}})
		}
		at, gate := x.between(9, 19), x.gateOf(town.KindMall)
		r.postpone(act{at: at, person: p, gate: gate, in: true, temperature: x.warmth()})
		r.postpone(act{at: at + 20*minute + x.rng.Int64N(60*minute), person: p, gate: gate})
		if i%4 == 0 {
			r.postpone(act{at: at - 25*minute, person: p, gate: x.gateOf(town.KindVillage), in: true, temperature: x.warmth()})
		}
		if i == 1 {
			r.postpone(act{at: at - 10*minute, person: p, gate: x.gateOf(town.KindMarket), in: true, temperature: x.warmth()})
		}
	}
}

// office changes statuses, revokes passes, and shuts a shop for an afternoon;
// whom it concerns comes to a gate a minute later.
func (x *extras) office(shop int) {
	r := x.run
	statuses := []string{"red", "observation", "quarantine", "yellow"}
	for i := range x.some(1000, 4) {
		p, at := x.somebody(), x.between(9, 18)
		gate := x.homeGate(p)
		r.postpone(act{at: at, person: p, deed: setStatus, word: statuses[i%len(statuses)]})
		r.postpone(act{at: at + minute, person: p, gate: gate, temperature: x.warmth()})
		r.postpone(act{at: at + 20*minute, person: p, gate: x.gateOf(town.KindMall), in: true, temperature: x.warmth()})
		r.postpone(act{at: at + 40*minute, person: p, gate: gate, in: true, temperature: x.warmth()})
		if i%3 == 2 {
			r.postpone(act{at: at + 180*minute, person: p, deed: setStatus, word: "recovered"})
			r.postpone(act{at: at + 185*minute, person: p, gate: gate, temperature: x.warmth()})
		}
	}
	for range x.some(1000, 2) {
		p, at := x.somebody(), x.between(9, 20)
		gate := x.homeGate(p)
		r.postpone(act{at: at, person: p, deed: revokePasses})
		r.postpone(act{at: at + minute, person: p, gate: gate, temperature: x.warmth(), deed: revokedPaper})
		r.postpone(act{at: at + 3*minute, person: p, gate: gate, temperature: x.warmth()})
	}
	hour := 60 * minute
	gate := 0
	for g := range r.oracle.gates {
		if r.oracle.gates[g].site == shop && r.crowd.uses[g] {
			gate = g
		}
	}
	r.postpone(act{at: x.start + 14*hour, person: -1, gate: gate, deed: shutSite})
	r.postpone(act{at: x.start + 15*hour, person: x.somebody(), gate: gate, in: true, temperature: x.warmth()})
	r.postpone(act{at: x.start + 18*hour, person: -1, gate: gate, deed: openSite})
	x.strictly(gate, x.start+18*hour+minute)
	r.postpone(act{at: x.start + 12*hour, person: -1, gate: gate, deed: badInput})
}

// strictly goes in and out twice each where that is denied: the shop opens
// again with a stricter rule.
func (x *extras) strictly(gate int, at int64) {
	p := x.somebody()
	for i, in := range []bool{true, true, false, false} {
		x.run.postpone(act{at: at + int64(i)*5*minute, person: p, gate: gate, in: in, temperature: x.warmth()})
	}
}

// oddities are a forehead warmed by the sun, which is measured again, and one
// app pass shown at two gates.
func (x *extras) oddities() {
	for range x.some(2000, 2) {
		p, at := x.somebody(), x.between(9, 18)
		gate := x.homeGate(p)
		x.run.postpone(act{at: at, person: p, gate: gate, temperature: 374})
		x.run.postpone(act{at: at + 2*minute, person: p, gate: gate, temperature: x.warmth()})
	}
	for range x.some(2000, 4) {
		p := x.somebody()
		for range 50 {
			if x.run.folk[p].phone {
				break
			}
			p = x.somebody()
		}
		at := x.between(9, 18)
		at -= at % (5 * minute) // an app pass is the same for five minutes
		x.run.postpone(act{at: at + 30_000, person: p, gate: x.gateOf(town.KindMall), in: true, temperature: x.warmth()})
		x.run.postpone(act{at: at + 150_000, person: p, gate: x.gateOf(town.KindShop), in: true, temperature: x.warmth()})
	}
}

// unknowing lets somebody who has just turned red come to a phone that cannot
// know of it: it lets them in, and the record has to show the conflict. The
// same person then turns up elsewhere before the phone hands its scans in.
func (x *extras) unknowing() {
	for _, o := range x.run.offline {
		if o.from < x.start {
			continue // of the day before
		}
		p := x.somebody()
		gate := x.run.devices[o.device].gate
		x.run.postpone(act{at: o.from - 10*minute, person: p, deed: setStatus, word: "red"})
		x.run.postpone(act{at: o.from + 7, person: p, gate: gate, in: true, temperature: x.warmth()})
		x.run.postpone(act{at: o.from + 25*minute, person: p, gate: x.homeGate(p), in: true, temperature: x.warmth()})
		x.run.postpone(act{at: o.from + 26*minute, person: p, gate: x.homeGate(p), temperature: x.warmth()})
		return
	}
}
