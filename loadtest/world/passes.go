package world

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"passgate/codes"
)

const (
	// Rotation is how many people have passes signed ahead, at about 250 bytes
	// each; in a larger town nobody comes again before that many have come.
	Rotation = 1 << 18
	// ahead is how many scans the signing is in front of the sending.
	ahead = 1 << 16
	// renewBefore is how long before the end of a pass the next one is signed.
	renewBefore = 3 * time.Minute
	renewEvery  = 100 * time.Millisecond
)

// shown is a pass as somebody shows it.
type shown struct {
	number int    // of the person in the town
	person uint64 // the server's ID
	home   int    // index of the site
	app    bool
	text   string
	until  int64 // UTC ms, when it expires
}

// passbook holds the passes of those who come next, by when they come.
type passbook struct {
	w       *World
	section section
	slots   []atomic.Pointer[shown]
	tail    atomic.Uint64 // the first who is still about
	head    atomic.Uint64 // the next to come
	late    atomic.Int64  // passes that a send waited for

	stop chan struct{}
	done sync.WaitGroup
}

func newPassbook(w *World, o Options) *passbook {
	b := &passbook{w: w, section: newOrder(w.Seed, w.People).section(o.Share, o.Of), stop: make(chan struct{})}
	b.slots = make([]atomic.Pointer[shown], min(b.section.people, Rotation))
	b.done.Go(b.keep)
	return b
}

func (b *passbook) close() {
	close(b.stop)
	b.done.Wait()
}

// at gives the pass that whoever comes n-th shows at a time in UTC ms.
func (b *passbook) at(n uint64, at int64) *shown {
	slot := b.slot(n)
	p := slot.Load()
	if p == nil || p.number != b.section.at(n) || p.until <= at {
		b.late.Add(1)
		p = b.sign(n, at)
		slot.Store(p)
	}
	return p
}

// slot is where the pass of whoever comes n-th is kept: the same every time, if
// there are at most Rotation people.
func (b *passbook) slot(n uint64) *atomic.Pointer[shown] {
	return &b.slots[n%b.section.people%uint64(len(b.slots))]
}

// sign makes the pass that whoever comes n-th shows at a time.
func (b *passbook) sign(n uint64, at int64) *shown {
	who := b.w.population.Person(b.section.at(n))
	p := &shown{number: who.Number, person: b.w.ids[who.Number], home: who.Site, app: who.Phone}
	p.text, p.until = b.w.sign(p, at)
	return p
}

// sign makes the pass that somebody shows at a time, in the form that a QR holds.
func (w *World) sign(p *shown, at int64) (text string, until int64) {
	kind := codes.KindPaper
	if p.app {
		kind = codes.KindApp
	}
	signer, err := w.ring.Signer(time.Now())
	if err == nil {
		var pass codes.Pass
		pass, text, err = signer.IssueCompact(codes.Request{
			Person: p.person, Kind: kind, Home: w.places[p.home].code, NotBefore: time.UnixMilli(at),
		})
		until = pass.ExpiresAt * 1000
	}
	if err != nil { // build has tried the ring, and it is not changed
		panic(fmt.Sprintf("world: %v", err))
	}
	return text, until
}

// fresh signs the pass of whoever comes n-th if it is missing or ends before until.
func (b *passbook) fresh(n uint64, now, until int64) {
	if p := b.slot(n).Load(); p == nil || p.number != b.section.at(n) || p.until < until {
		b.slot(n).Store(b.sign(n, now))
	}
}

// keep signs ahead and renews until it is stopped.
func (b *passbook) keep() {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
		}
		now, tail := time.Now().UnixMilli(), b.tail.Load()
		for n, end := tail, min(b.head.Load()+ahead, tail+uint64(len(b.slots))); n < end; n++ {
			b.fresh(n, now, now+renewBefore.Milliseconds())
			if n%64 == 0 && b.stopped() {
				return
			}
		}
	}
}

func (b *passbook) stopped() bool {
	select {
	case <-b.stop:
		return true
	default:
		return false
	}
}

// ready signs the passes of the next some people, on all processors.
func (b *passbook) ready(some int) {
	now, head := time.Now().UnixMilli(), b.head.Load()
	some = min(some, len(b.slots))
	share := (some + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for from := 0; from < some; from += share {
		wait.Go(func() {
			for i := from; i < min(from+share, some); i++ {
				b.fresh(head+uint64(i), now, now+renewBefore.Milliseconds()) // #nosec G115 -- not negative
			}
		})
	}
	wait.Wait()
}
