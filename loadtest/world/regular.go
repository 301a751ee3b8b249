package world

import (
	"strconv"
	"sync/atomic"
	"time"

	"passgate/loadtest"
)

// Options say how the scans of a source differ from those of another.
type Options struct {
	// Run begins the ID of every scan, at most 20 letters and digits. Two sources
	// of the same world need different ones.
	Run string
	// Share and Of divide the people among the processes that join a run: this
	// one has the Share-th of Of parts, counted from 0. Of 0 is all.
	Share, Of int
}

// Regular is people who pass the gate of their home, alternately out and in, each
// with a good pass and, where one is taken, a normal temperature. Every scan is
// to be let pass.
type Regular struct {
	w    *World
	o    Options
	book *passbook
	next atomic.Uint64
}

// Regular gives the source. Its owner calls Close.
func (w *World) Regular(o Options) *Regular {
	return &Regular{w: w, o: o, book: newPassbook(w, o)}
}

// Ready signs the passes of the next n scans and returns when they are there; at
// most Rotation.
func (r *Regular) Ready(n int) { r.book.ready(n) }

// Late is how many passes were signed while a scan waited for them.
func (r *Regular) Late() int64 { return r.book.late.Load() }

// Close ends the signing.
func (r *Regular) Close() { r.book.close() }

// Next gives the scan that is due then.
func (r *Regular) Next(due time.Time) *loadtest.Scan {
	n := r.next.Add(1) - 1
	for r.w.confined(r.book.section.at(n)) { // stays at home
		n = r.next.Add(1) - 1
	}
	r.book.tail.Store(n)
	r.book.head.Store(n + 1)
	at := due.UnixMilli()
	who := r.book.at(n, at)
	way := "out"
	if r.book.section.round(n)%2 == 1 {
		way = "in"
	}
	b := body{id: scanID(r.o.Run, n), at: at, way: way, name: "pass", value: who.text}
	if r.w.places[who.home].measures(way) {
		b.temperature = normalReading(mix(r.w.Seed ^ n))
	}
	return &loadtest.Scan{
		Device: r.w.lane(who.home, 0, n), Person: who.person, ID: b.id, OccurredAt: at, Direction: way,
		Kind: KindRegular, Want: wantOK, Body: b.json(),
	}
}

func (p *place) measures(way string) bool { return way == "in" && p.in || way == "out" && p.out }

// lane is a phone at a gate of a site, in turn.
func (w *World) lane(site, gate int, turn uint64) int {
	lanes := w.places[site].lanes[gate]
	return lanes[turn%uint64(len(lanes))]
}

func scanID(run string, n uint64) string {
	return run + "-" + strconv.FormatUint(1<<32+n, 16)
}

func formatID(id uint64) string {
	text := strconv.FormatUint(id, 16)
	return "0000000000000000"[len(text):] + text
}
