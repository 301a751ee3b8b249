package world

import (
	"time"

	"passgate/loadtest"
)

// expiredFor is how long ago the screenshot of a pass was taken, and lateMost how
// long a phone is without a network at most.
const (
	expiredFor = 30 * time.Minute
	lateMost   = 10 * time.Minute
)

// happen gives the scan of a turn, and what follows from it. last is the time of
// the run of the person's scan before this.
func (d *Day) happen(t turn, p *passage, id uint64, at int64, after, last time.Duration, luck *dice) *loadtest.Scan {
	switch {
	case p.plan.confine:
		return d.scan(p, id, at, KindQuarantine, wantQuarantine, nil)
	case p.plan.visit && t.leg == legEnter:
		return d.scan(p, id, at, KindOutsider, wantOutsider, nil)
	case p.plan.fever && p.high != 0:
		return d.fever(t, p, id, at, after, luck)
	}
	u := luck.unit()
	below := func(share float64) bool {
		u -= share * d.walk.shape.trouble()
		return u < 0
	}
	switch {
	case below(shareForged):
		d.later(t, after, d.regular(p))
		return d.nobody(p, id, at, KindForged, wantForged, forge(p.who.text))
	case below(shareForeign):
		d.later(t, after, d.regular(p))
		return d.nobody(p, id, at, KindForeign, wantForeign, foreign(scanID(d.o.Run, id)))
	case below(shareExpired):
		d.later(t, after, d.regular(p))
		old := *p.who
		old.app = true
		text, _ := d.w.sign(&old, at-expiredFor.Milliseconds())
		return d.scan(p, id, at, KindExpired, wantExpired, func(b *body) { b.value = text })
	case below(shareLow):
		if p.high != 0 {
			d.remeasure(t, p, id, after, KindRegular, wantOK, p.high)
			return d.scan(p, id, at, KindLow, wantLow, func(b *body) { b.temperature = 320 + luck.below(30) })
		}
	case below(shareResident):
		return d.scan(p, id, at, KindResident, wantOK, func(b *body) { b.name, b.value = "resident", formatID(p.who.person) })
	case below(shareDocument):
		if p.who.number < len(d.w.documents) {
			return d.scan(p, id, at, KindDocument, wantOK, func(b *body) { b.name, b.value = "id_document", d.w.documents[p.who.number] })
		}
	case below(shareLate):
		if s := d.upload(p, id, at, after-last, luck); s != nil {
			return s
		}
	case below(shareDouble):
		s := d.scan(p, id, at, KindRegular, wantOK, nil)
		again := *s
		again.Kind = KindDouble
		d.follows = append([]follow{{after, t.n, func(uint64, int64) *loadtest.Scan { return &again }}}, d.follows...)
		return s
	case below(shareReplayed):
		if p.who.app && p.way == "in" {
			d.later(t, after, d.replay(p, luck.next()))
		}
	}
	return d.scan(p, id, at, KindRegular, wantOK, nil)
}

// nobody is the passage with a code that names nobody.
func (d *Day) nobody(p *passage, id uint64, at int64, kind string, want []string, code string) *loadtest.Scan {
	s := d.scan(p, id, at, kind, want, func(b *body) { b.value = code })
	s.Person = 0
	return s
}

// remeasure has a second reading follow, at the same phone.
func (d *Day) remeasure(t turn, p *passage, first uint64, after time.Duration, kind string, want []string, reading int) {
	d.later(t, after, func(id uint64, at int64) *loadtest.Scan {
		return d.scan(p, id, at, kind, want, func(b *body) {
			b.temperature, b.remeasureOf = reading, scanID(d.o.Run, first)
		})
	})
}

// fever is a high reading that the second one confirms.
func (d *Day) fever(t turn, p *passage, id uint64, at int64, after time.Duration, luck *dice) *loadtest.Scan {
	d.remeasure(t, p, id, after, KindFever, wantFever, 373+luck.below(23))
	return d.scan(p, id, at, KindFever, wantHigh, func(b *body) { b.temperature = 373 + luck.below(23) })
}

// replay is a copy of the pass at a shop, in somebody else's hands.
func (d *Day) replay(p *passage, draw uint64) func(id uint64, at int64) *loadtest.Scan {
	copied := *p
	copied.site = d.w.population.Shop(draw)
	copied.device = d.w.lane(copied.site, 0, draw)
	copied.high = normalReading(draw)
	return func(id uint64, at int64) *loadtest.Scan {
		return d.scan(&copied, id, at, KindReplayed, wantReplayed, nil)
	}
}

// upload is the passage as a phone hands it in that had no network then: after
// the person's scan before, since, and after the phone was enrolled. It is nil if
// there was no time for that.
func (d *Day) upload(p *passage, id uint64, at int64, since time.Duration, luck *dice) *loadtest.Scan {
	longest := min(lateMost.Milliseconds(), at-d.w.readyAt, since.Milliseconds()) - pause.Milliseconds()
	if longest < 1 {
		return nil
	}
	then := at - 1 - int64(luck.below(int(longest)))
	text := p.who.text
	if p.who.app {
		text, _ = d.w.sign(p.who, then)
	}
	return d.scan(p, id, then, KindLate, wantOK, func(b *body) { b.value, b.told = text, true })
}
