package demo

import (
	"cmp"
	"container/heap"
	"math/rand/v2"
	"slices"
	"time"

	"passgate/loadtest/town"
)

// deed is what an act asks for.
type deed uint8

const (
	pass1         deed = iota // a scan by whatever the person carries
	feverish                  // the first high reading; the second one follows
	secondReading             // of a fever
	forgedCode
	foreignCode
	expiredCode
	lowForehead
	revokedPaper
	unknownDocument
	nobody // an emergency in which nobody is asked for a name
	byCar  // with the whole household
	resend // of a scan sent hours before

	// The office's part: done before the scans of the same minute.
	setStatus
	stayRed // decided anew, before the red ends by itself
	revokePasses
	shutSite
	openSite
	letVisit   // issue a permit
	closeFever // as a medic
	badInput
)

func (d deed) official() bool { return d >= setStatus }

// act is one thing that somebody does.
type act struct {
	at          int64 // UTC ms
	person      int   // index, -1 for nobody
	gate        int
	in          bool
	temperature int // tenths, 0: none
	deed        deed
	word        string // the new status, or the ID of the first reading's scan
	plate       string // of the vehicle, if it is known before
	dirty       bool   // the vehicle was not disinfected
	override    string // why an emergency overrides the rules
	prior       *sent  // to be sent again
}

// later is a heap of acts by time.
type later []act

func (l later) Len() int           { return len(l) }
func (l later) Less(i, j int) bool { return compareActs(l[i], l[j]) < 0 }
func (l later) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *later) Push(x any)        { *l = append(*l, x.(act)) } //nolint:forcetypeassert // container/heap's way
func (l *later) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

func compareActs(a, b act) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.person, b.person), cmp.Compare(a.deed, b.deed))
}

// postpone lets an act happen at its time. It is safe for concurrent use.
func (r *run) postpone(a act) {
	r.mu.Lock()
	defer r.mu.Unlock()
	heap.Push(&r.resends, a)
}

// plan is what is known of all days in advance.
type plan struct {
	uses  []bool // by gate
	scans int
}

// lively gives the town's plan of a day. In a small town rare things are made
// less rare, so that they are seen at all.
func (r *run) lively() town.Plan {
	p := town.UsualPlan()
	few := 4 / float64(r.cfg.Residents)
	p.Irregular.Fever = max(p.Irregular.Fever, few)
	p.Irregular.Forged = max(p.Irregular.Forged, few/2)
	p.Irregular.Foreign = max(p.Irregular.Foreign, few/2)
	return p
}

func (r *run) movements(d int) func(func(town.Movement) bool) {
	homes := town.HomeSites(r.cfg.Seed, r.cfg.Residents)
	return town.Movements(r.cfg.Seed, r.firsts+d, homes, r.lively())
}

// foresee finds the gates that are used, and how many scans there will be. What
// town does not make up goes to gates that are used anyway, to one market and
// one mall.
func (r *run) foresee() plan {
	p := plan{uses: make([]bool, len(r.oracle.gates))}
	for d := range r.cfg.Days {
		for m := range r.movements(d) {
			p.uses[r.gateAt[m.Gate]] = true
			p.scans++
		}
	}
	homes := town.HomeSites(r.cfg.Seed, r.cfg.Residents)
	for _, kind := range []string{town.KindMall, town.KindMarket, town.KindShop, town.KindVillage, town.KindCompound} {
		for i, g := range r.oracle.gates {
			if r.oracle.sites[g.site].kind == kind {
				p.uses[i] = true
				break
			}
		}
	}
	for i, g := range r.oracle.gates {
		p.uses[i] = p.uses[i] || slices.Contains(homes, uint16(g.site)) // #nosec G115 -- a few hundred sites
	}
	// Pictures are the slow part of a small run.
	r.pictureOf = uint64(max(4, p.scans/r.cfg.Pictures)) // #nosec G115 -- positive
	return p
}

// dayStart is the local midnight at which a day begins.
func (r *run) dayStart(d int) time.Time { return r.cfg.Start.Add(time.Duration(d) * day) }

// planDay gives the acts of a day that town makes up, and postpones all others.
func (r *run) planDay(d int) []act {
	start := r.dayStart(d).UnixMilli()
	var acts []act
	for m := range r.movements(d) {
		if m.Kind == town.Forgotten {
			continue
		}
		acts = append(acts, act{
			at: start + m.At.Milliseconds(), person: m.Resident, gate: r.gateAt[m.Gate],
			in: m.Direction == "in", temperature: int(m.Temperature*10 + 0.5), deed: deeds[m.Kind],
		})
	}
	rng := rand.New(rand.NewPCG(r.cfg.Seed, uint64(d)+77)) // #nosec G115 G404 -- a day; has to repeat itself
	x := &extras{run: r, rng: rng, start: start}
	x.visits()
	x.oddities()
	x.walkIns()
	x.visitors()
	x.cars()
	x.emergencies()
	x.office(r.busiestShop(acts))
	r.planOutages(acts, start)
	x.unknowing()
	return acts
}

var deeds = map[town.MovementKind]deed{
	town.Normal: pass1, town.Fever: feverish, town.Forged: forgedCode, town.Foreign: foreignCode,
	town.Expired: expiredCode, town.LowReading: lowForehead,
}

func (r *run) busiestShop(acts []act) (site int) {
	visits := map[int]int{}
	for _, a := range acts {
		visits[r.oracle.gates[a.gate].site]++
	}
	best := -1
	for i := range r.oracle.sites {
		if r.oracle.sites[i].kind == town.KindShop && visits[i] > best {
			site, best = i, visits[i]
		}
	}
	return site
}

// outage is half an hour without a network at one gate's phone.
type outage struct {
	device   int
	from, to int64
	delay    time.Duration // from coming back to handing in
	twice    bool          // the phone sends its batch again
	ended    int64         // 0 while it lasts
	scans    []*scan       // guarded by run.mu
}

// offlineScans is how many scans end an outage early.
const offlineScans = 20

// planOutages takes the busiest gates of the day without a fever: a guard with a
// feverish person in front of them finds a network. Where outings are limited the
// order in which a batch is judged would count, which is that of each person only.
func (r *run) planOutages(acts []act, start int64) {
	const half = int64(30 * time.Minute / time.Millisecond)
	type window struct {
		gate int
		half int64
	}
	busy, sick := map[window]int{}, map[int]bool{}
	for _, a := range acts {
		busy[window{a.gate, (a.at - start) / half}]++
		sick[a.gate] = sick[a.gate] || a.deed == feverish
	}
	var windows []window
	for w := range busy {
		if !sick[w.gate] && r.oracle.sites[r.oracle.gates[w.gate].site].outings == 0 {
			windows = append(windows, w)
		}
	}
	slices.SortFunc(windows, func(a, b window) int {
		return cmp.Or(cmp.Compare(busy[b], busy[a]), cmp.Compare(a.gate, b.gate), cmp.Compare(a.half, b.half))
	})
	taken := map[int]bool{}
	many := min(40, max(6, r.cfg.Residents/500))
	for _, w := range windows {
		if taken[w.gate] {
			continue
		}
		taken[w.gate] = true
		i := len(taken)
		r.offline = append(r.offline, &outage{
			device: r.lanes[w.gate][0], from: start + w.half*half, to: start + (w.half+1)*half,
			delay: time.Duration(i%3) * 20 * time.Minute, twice: i%2 == 0,
		})
		if i == many {
			return
		}
	}
}

// outageAt finds the outage that a scan falls into, nil for none.
func (r *run) outageAt(device int, at int64) *outage {
	for _, o := range r.offline {
		if o.device == device && o.ended == 0 && o.from <= at && at < o.to {
			return o
		}
	}
	return nil
}

// mix is splitmix64's finisher; chance draws the same number for the same
// values in every run.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (r *run) draw(what uint64, person int, at int64) uint64 {
	return mix(mix(mix(mix(r.cfg.Seed)^what)^uint64(person)) ^ uint64(at))
}

func (r *run) chance(share float64, what uint64, person int, at int64) bool {
	return float64(r.draw(what, person, at)>>11)/(1<<53) < share
}

// What is drawn; each has a sequence of its own.
const (
	drawHow = iota + 1
	drawForm
	drawPicture
	drawResend
	drawDouble
	drawOther
	drawUnmeasured
	drawPlate
	drawLowAgain
	drawLater
	drawDirty
	drawPurpose
	drawSlip
	drawAnnulled
	drawClosed
	drawGate
)
