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
	place  uint64 // in the order of the people
	person uint64 // the server's ID
	home   int
	app    bool
	text   string
	until  int64 // UTC ms, when it expires
}

// passbook holds the passes of those who come next.
type passbook struct {
	w     *World
	order order
	slots []atomic.Pointer[shown]
	tail  atomic.Uint64 // the first place whose person is still about
	head  atomic.Uint64 // the next place to come
	late  atomic.Int64  // passes that a send waited for

	stop chan struct{}
	done sync.WaitGroup
}

func newPassbook(w *World) *passbook {
	b := &passbook{
		w: w, order: newOrder(w.Seed, w.People),
		slots: make([]atomic.Pointer[shown], min(w.People, Rotation)), stop: make(chan struct{}),
	}
	b.done.Go(b.keep)
	return b
}

func (b *passbook) close() {
	close(b.stop)
	b.done.Wait()
}

// at gives the pass that is shown at a place of the order, at a time in UTC ms.
func (b *passbook) at(place uint64, at int64) *shown {
	p := b.slot(place).Load()
	if p == nil || p.place != place%b.order.people || p.until <= at {
		b.late.Add(1)
		p = b.sign(place, at)
		b.slot(place).Store(p)
	}
	return p
}

// slot is where the pass of a place is kept. Places that share a slot are those
// of one person, in a town of at most Rotation people.
func (b *passbook) slot(place uint64) *atomic.Pointer[shown] {
	return &b.slots[place%b.order.people%uint64(len(b.slots))]
}

// sign makes the pass that the person at a place shows at a time.
func (b *passbook) sign(place uint64, at int64) *shown {
	number := b.order.at(place)
	who := b.w.population.Person(number)
	p := &shown{place: place % b.order.people, person: b.w.ids[number], home: who.Site, app: who.Phone}
	kind := codes.KindPaper
	if p.app {
		kind = codes.KindApp
	}
	pass, text, err := b.w.sign(p.person, p.home, kind, time.UnixMilli(at))
	if err != nil {
		// Only the ring can be at fault, and Prepare and Load have tried it.
		panic(fmt.Sprintf("world: %v", err))
	}
	p.text, p.until = text, pass.ExpiresAt*1000
	return p
}

// sign makes a pass in the form that a QR holds.
func (w *World) sign(person uint64, home int, kind codes.Kind, at time.Time) (codes.Pass, string, error) {
	signer, err := w.ring.Signer(time.Now())
	if err != nil {
		return codes.Pass{}, "", err //nolint:wrapcheck // says it all
	}
	return signer.IssueCompact(codes.Request{Person: person, Kind: kind, Home: w.places[home].code, NotBefore: at}) //nolint:wrapcheck // says it all
}

// fresh signs the pass of a place if it is missing or ends before a time.
func (b *passbook) fresh(place uint64, now, until int64) {
	if p := b.slot(place).Load(); p == nil || p.place != place%b.order.people || p.until < until {
		b.slot(place).Store(b.sign(place, now))
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
		now := time.Now().UnixMilli()
		tail := b.tail.Load()
		for place, end := tail, min(b.head.Load()+ahead, tail+uint64(len(b.slots))); place < end; place++ {
			b.fresh(place, now, now+renewBefore.Milliseconds())
			if place%64 == 0 && b.stopped() {
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

// ready signs the passes of the next n people, on all processors.
func (b *passbook) ready(n int) {
	now, head := time.Now().UnixMilli(), b.head.Load()
	n = min(n, len(b.slots))
	share := (n + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for from := 0; from < n; from += share {
		wait.Go(func() {
			for i := from; i < min(from+share, n); i++ {
				b.fresh(head+uint64(i), now, now+renewBefore.Milliseconds()) // #nosec G115 -- not negative
			}
		})
	}
	wait.Wait()
}
