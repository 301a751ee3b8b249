package checkpoint

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Chunks of as many histories as rapid checks (100 unless told otherwise), and
// in how many towns they are lived through at the same time.
const (
	historyChunks     = 10
	historyChunksLong = 100
	historyTowns      = 6
)

// Any history of scans, annulments and changes gets from the store what the
// reference says: every answer, every record, every state. With PASSGATE_LONG
// these are 10,000 histories.
func TestRandomHistoriesAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	chunks := int64(historyChunks)
	switch {
	case testInMemory:
		chunks = 1 // its scripts are ten times as slow
	case os.Getenv("PASSGATE_LONG") != "":
		chunks = historyChunksLong
	}
	var next, lived atomic.Int64
	var wait sync.WaitGroup
	shown := outcomesShown{counts: map[string]int{}}
	start := time.Now()
	for range historyTowns {
		town := newHistoryTown(t)
		wait.Go(func() {
			for n := next.Add(1); n <= chunks && !t.Failed(); n = next.Add(1) {
				t.Run(fmt.Sprint(n), func(t *testing.T) {
					rapid.Check(t, func(check *rapid.T) {
						h := histories().Draw(check, "history")
						lived.Add(1)
						if err := town.live(t, h, nil, shown.add); err != nil {
							check.Fatal(err)
						}
					})
				})
			}
		})
	}
	wait.Wait()
	t.Logf("%d histories in %.1f s: %v", lived.Load(), time.Since(start).Seconds(), shown.counts)
	if lived.Load() < 10_000 || t.Failed() {
		return
	}
	for _, what := range shown.missing() {
		t.Errorf("no scan of %d histories got %q: they prove too little", lived.Load(), what)
	}
}

// outcomesShown counts the answers to scans by reason and by flag.
type outcomesShown struct {
	mu     sync.Mutex
	counts map[string]int
}

func (s *outcomesShown) add(o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[o.Reason.String()]++
	for _, flag := range o.Flags.Names() {
		s.counts["flag "+flag]++
	}
}

// missing lists what a scan of somebody can get and none got.
func (s *outcomesShown) missing() (out []string) {
	elsewhere := map[Reason]bool{ // a code that names nobody, and an annulment
		ReasonMalformed: true, ReasonNotOurPass: true, ReasonUnknownKey: true, ReasonBadSignature: true, ReasonAnnulled: true,
		ReasonGuard: true, // written on paper
	}
	for i := range Reasons() {
		if reason := Reason(i); s.counts[reason.String()] == 0 && !elsewhere[reason] {
			out = append(out, reason.String())
		}
	}
	for _, flag := range flagNames {
		if s.counts["flag "+flag] == 0 {
			out = append(out, "flag "+flag)
		}
	}
	return out
}

// A reference that gets one rule wrong is found out: the histories would show
// that of the store, too.
func TestHistoriesFindARuleThatIsWrong(t *testing.T) {
	t.Parallel()
	if testInMemory {
		t.Skip("this is about the histories, and the in-process Redis is slow")
	}
	town := newHistoryTown(t)
	softer := func(s *Strictness) {
		if *s == StrictDeny {
			*s = Warn
		}
	}
	for name, wrong := range map[string]func(*refCase){
		"a second reading may come a minute later": func(c *refCase) { c.rules.RemeasureMin++ },
		"the fever line is a tenth higher":         func(c *refCase) { c.rules.FeverLine++ },
		"the low line is a tenth lower":            func(c *refCase) { c.rules.LowLine-- },
		"a second low reading only warns":          func(c *refCase) { softer(&c.rules.LowAgain) },
		"anti-passback only warns":                 func(c *refCase) { softer(&c.rules.AntiPassback) },
		"a replayed pass only warns":               func(c *refCase) { softer(&c.rules.ReplayedPass) },
		"one outing more":                          func(c *refCase) { c.rules.Outings += min(1, c.rules.Outings) },
		"one person more":                          func(c *refCase) { c.rules.Capacity += min(1, c.rules.Capacity) },
		"strangers are let into public sites":      func(c *refCase) { c.rules.ResidentsOnly = false },
		"a closed site is open":                    func(c *refCase) { c.rules.Closed = false },
		"a site is open all day":                   func(c *refCase) { c.rules.OpensAt, c.rules.ClosesAt = "", "" },
		"vehicles go in as they are":               func(c *refCase) { c.rules.Disinfection = false },
		"home is a place like any other":           func(c *refCase) { c.own = false },
		"who is inside is not known":               func(c *refCase) { c.inside = false },
		"a fever case is forgotten":                func(c *refCase) { c.p.fever = nil },
		"a late scan is the newest":                func(c *refCase) { c.at = max(c.at, lastAt(c.p)) },
		"permits are never used up": func(c *refCase) {
			for _, v := range c.p.permits {
				v.used = 0
			}
		},
		"a pass of any generation is good": func(c *refCase) {
			if c.req.Pass != nil {
				pass := *c.req.Pass
				pass.Generation = c.p.generation
				req := *c.req
				req.Pass, c.req = &pass, &req
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			const most = 2000
			for n := range most {
				seed := (longToFind[name] + n) % most
				err := town.live(t, histories().Example(seed), wrong, func(Outcome) {})
				if err != nil {
					t.Logf("found by history %d", seed)
					return
				}
			}
			t.Errorf("%d histories do not show it", most)
		})
	}
}

// longToFind says where to begin for rules that few histories touch. When histories
// are made otherwise, the search from there takes longer and finds another one.
var longToFind = map[string]int{
	"permits are never used up":        101,
	"a second low reading only warns":  346,
	"one person more":                  74,
	"a pass of any generation is good": 113,
	"a replayed pass only warns":       184,
}

func lastAt(p *refPerson) int64 {
	if p.last == nil {
		return 0
	}
	return p.last.at
}
