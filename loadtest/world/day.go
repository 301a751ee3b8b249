package world

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"passgate/loadtest"
)

// Day is a town as it lives: people go to work, to school and to the shops and
// come home, in the proportion of the real counts of the half hour, and some of
// it goes wrong, in the shares of this package. Nobody is at two gates at once,
// but for the copies of a pass (KindReplayed).
//
// It keeps a pass and four bytes for each of at most Rotation people, and an
// entry for whatever follows within seconds; nothing grows with time.
type Day struct {
	w    *World
	o    Options
	book *passbook

	mu      sync.Mutex
	walk    *walk
	begin   time.Time
	after   time.Duration // since then
	number  uint64        // of the next scan
	follows []follow
}

// follow is a scan that follows on another, after a pause.
type follow struct {
	after time.Duration // of the run
	trip  uint64
	make  func(id uint64, at int64) *loadtest.Scan
}

// Day gives the source of a part of a day. Its owner calls Close.
func (w *World) Day(shape Shape, o Options) *Day {
	book := newPassbook(w, o)
	return &Day{w: w, o: o, book: book, walk: newWalk(w, shape, book)}
}

// Ready signs the passes of the next n people and returns when they are there; at
// most Rotation.
func (d *Day) Ready(n int) { d.book.ready(n) }

// Late is how many passes were signed while a scan waited for them.
func (d *Day) Late() int64 { return d.book.late.Load() }

// Close ends the signing.
func (d *Day) Close() { d.book.close() }

// Next gives the scan that is due then.
func (d *Day) Next(due time.Time) *loadtest.Scan {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begin.IsZero() {
		d.begin = due
	}
	// Senders ask at the same time, and not always in the order of what is due.
	d.after = max(d.after, due.Sub(d.begin))
	after, at, id := d.after, due.UnixMilli(), d.number
	d.number++
	if len(d.follows) > 0 && d.follows[0].after <= after {
		return d.followUp(id, at)
	}
	luck := roll(d.w.Seed, askReading, id)
	if luck.unit() < shareWalkIn*d.walk.shape.trouble() {
		return d.stranger(id, at, &luck)
	}
	t, ok := d.walk.draw(id, after)
	for ; !ok; t, ok = d.walk.draw(id, after) {
		if len(d.follows) > 0 {
			return d.followUp(id, at) // before its time
		}
	}
	d.book.tail.Store(d.walk.next[legReturn])
	d.book.head.Store(d.walk.next[legLeave])
	p := d.passage(t, at, &luck)
	last := d.walk.last(t.n)
	d.walk.scanned(t.n, after)
	return d.happen(t, &p, id, at, after, last, &luck)
}

// followUp gives the first of the scans that follow on others.
func (d *Day) followUp(id uint64, at int64) *loadtest.Scan {
	f := d.follows[0]
	d.follows = d.follows[1:]
	d.walk.scanned(f.trip, d.after)
	return f.make(id, at)
}

// later has a scan follow after the pause. The person of the trip waits for it.
func (d *Day) later(t turn, after time.Duration, make func(id uint64, at int64) *loadtest.Scan) {
	d.follows = append(d.follows, follow{after + pause, t.n, make})
	d.walk.scanned(t.n, after+pause)
}

// passage is somebody at a gate.
type passage struct {
	plan   plan
	who    *shown
	site   int
	device int
	way    string
	high   int // temperature, 0 where none is taken
}

// passage says where a turn leads.
func (d *Day) passage(t turn, at int64, luck *dice) passage {
	p := passage{plan: d.walk.plan(t.n), who: d.book.at(t.n, at), way: "out"}
	p.site = p.who.home
	gate := 0
	if t.leg == legEnter || t.leg == legExit {
		p.site = p.plan.site
		gate = luck.below(len(d.w.places[p.site].lanes))
	}
	if t.leg == legEnter || t.leg == legReturn {
		p.way = "in"
	}
	p.device = d.w.lane(p.site, gate, luck.next())
	if d.w.places[p.site].measures(p.way) {
		p.high = normalReading(luck.next())
	}
	return p
}

// scan is the passage as a scan, by the pass unless name says otherwise.
func (d *Day) scan(p *passage, id uint64, at int64, kind string, want []string, change func(*body)) *loadtest.Scan {
	b := body{id: scanID(d.o.Run, id), at: at, way: p.way, name: "pass", value: p.who.text, temperature: p.high}
	if change != nil {
		change(&b)
	}
	return &loadtest.Scan{
		Device: p.device, Person: p.who.person, ID: b.id, OccurredAt: b.at, Direction: b.way,
		Kind: kind, Batch: b.told, Want: want, Body: b.json(),
	}
}

// regular is the passage when all is well.
func (d *Day) regular(p *passage) func(id uint64, at int64) *loadtest.Scan {
	return func(id uint64, at int64) *loadtest.Scan { return d.scan(p, id, at, KindRegular, wantOK, nil) }
}

// stranger is somebody who is not on record, at a shop.
func (d *Day) stranger(id uint64, at int64, luck *dice) *loadtest.Scan {
	site := d.w.population.Shop(luck.next())
	who := luck.below(strangers)
	p := passage{who: &shown{}, site: site, device: d.w.lane(site, 0, luck.next()), way: "in", high: normalReading(luck.next())}
	return d.scan(&p, id, at, KindWalkIn, wantOK, func(b *body) {
		name := []rune(strangerNames)
		b.name = "walk_in"
		b.value = fmt.Sprintf(`{"name":"%c%c","id_tail":"%04d","phone":"154%08d"}`,
			name[who%len(name)], name[who/len(name)%len(name)], who, who*49_999)
	})
}

// strangers is how many people there are who are not on record.
const strangers = 2000

const strangerNames = "王张李刘陈孙赵杨徐马周高朱郭于宋胡吴郑田"

// foreign is the code of something else; every one is another.
func foreign(id string) string { return "https://qr.alipay.com/fkx1" + id }

// forge changes the signature of a pass and nothing else. In base45 three
// characters hold two bytes, the first of them the lowest digit: with a smaller
// one the text stays readable.
func forge(text string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
	b := []byte(text)
	for at := len("PG1:") + 3*30; at+2 < len(b); at += 3 {
		if v := strings.IndexByte(digits, b[at]); v > 0 {
			b[at] = digits[v-1]
			break
		}
	}
	return string(b)
}
