package codes

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

const (
	crowd        = 1000 // people
	passesEach   = 100  // app passes of each
	signedEach   = 20   // of them also compared by signature, which is slow
	chanceLimit  = 5.5  // standard deviations; some 1,700 statistics are looked at
	leakMustShow = 8.0
)

// sample is what a stranger sees of one pass, as bytes, and when.
type sample []byte

// agreement measures whether samples of one group are alike more than chance
// allows. For each bit and for each byte it counts the equal pairs within each
// group and compares them with what independent values of the same overall
// frequencies would give, in standard deviations. It gives the largest.
func agreement(groups [][]sample, skip func(bit int) bool) (worst float64, where string) {
	width := len(groups[0][0])
	note := func(z float64, format string, i int) {
		if math.Abs(z) > worst {
			worst, where = math.Abs(z), fmt.Sprintf(format, i)
		}
	}
	for bit := range 8 * width {
		if skip != nil && skip(bit) {
			continue
		}
		note(excess(groups, 2, func(s sample) int { return int(s[bit/8] >> (bit % 8) & 1) }), "bit %d", bit)
	}
	for i := range width {
		if skip != nil && skip(8*i+7) {
			continue
		}
		note(excess(groups, 256, func(s sample) int { return int(s[i]) }), "byte %d", i)
	}
	return worst, where
}

// excess is the number of equal pairs within groups over the expected one, in
// standard deviations. Pairs of independent values are uncorrelated as long as
// the values are near uniform, so the variances of the pairs add up.
func excess(groups [][]sample, values int, value func(sample) int) float64 {
	total, equal, pairs := make([]float64, values), 0.0, 0.0
	n := 0.0
	count := make([]float64, values)
	for _, group := range groups {
		clear(count)
		for _, s := range group {
			count[value(s)]++
		}
		for v, c := range count {
			total[v] += c
			equal += c * (c - 1) / 2
		}
		size := float64(len(group))
		n += size
		pairs += size * (size - 1) / 2
	}
	expected := 0.0
	for _, c := range total {
		expected += c / n * c / n
	}
	return (equal - pairs*expected) / math.Sqrt(pairs*expected*(1-expected))
}

const homes = 20

// crowdOnce makes the passes of the crowd once for both tests, which only read.
var crowdOnce sync.Once

var crowdPasses [][]*token

// issueCrowd gives each person's passes, all over the same windows.
func issueCrowd(t *testing.T, ring *Ring) [][]*token {
	t.Helper()
	crowdOnce.Do(func() {
		signer := signerAt(t, ring, goldenTime.Add(time.Hour))
		crowdPasses = make([][]*token, crowd)
		for i := range crowdPasses {
			for window := range passesEach {
				// Neighbours have neighbouring IDs, as in a real partition.
				tok, err := signer.compose(Request{
					Person: uint64(7)<<58 | uint64(i), Kind: KindApp, Home: fmt.Sprint("XS-", i%homes),
					NotBefore: goldenTime.Add(-time.Duration(window) * AppGrid),
				})
				if err == nil && window < signedEach {
					err = signer.sign(tok)
				}
				if err != nil {
					t.Fatal(err)
				}
				crowdPasses[i] = append(crowdPasses[i], tok)
			}
		}
	})
	return crowdPasses
}

func samples(people [][]*token, group func(person int) int, groups int, field func(*token) []byte) [][]sample {
	out := make([][]sample, groups)
	for i, tokens := range people {
		for _, tok := range tokens {
			if value := field(tok); value != nil {
				out[group(i)] = append(out[group(i)], value)
			}
		}
	}
	return out
}

// tamperCrowd copies the passes with a leak planted in each.
func tamperCrowd(people [][]*token, leak func(person int, rng *rand.Rand, p *Pass)) [][]*token {
	rng := rand.New(rand.NewPCG(5, 6))
	out := make([][]*token, len(people))
	for i, tokens := range people {
		for _, tok := range tokens {
			changed := *tok
			leak(i, rng, &changed.pass)
			out[i] = append(out[i], &changed)
		}
	}
	return out
}

var seenFields = map[string]func(*token) []byte{
	"sub": func(tok *token) []byte { return tok.pass.Subject[:] },
	"jti": func(tok *token) []byte { return tok.pass.ID[:] },
	"z":   func(tok *token) []byte { return tok.pass.Zone[:] },
	"sub xor jti": func(tok *token) []byte {
		return binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(tok.pass.Subject[:])^binary.BigEndian.Uint64(tok.pass.ID[:]))
	},
	"signature": func(tok *token) []byte {
		if tok.sig == [64]byte{} { // not one of the signed ones
			return nil
		}
		return tok.sig[:]
	},
}

// signatureTop skips what is the same in every signature: S is below the group
// order, which is a little over 2^252, so its top four bits are always zero.
func signatureTop(bit int) bool { return bit >= 8*64-4 }

// TestNobodyCanFollowAPerson looks at a hundred codes of each of a thousand
// people: whoever photographs codes at gates must not be able to tell which
// belong together, by person or by home. The server can.
func TestNobodyCanFollowAPerson(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	people := issueCrowd(t, ring)
	groupings := map[string]struct {
		of     func(person int) int
		groups int
	}{
		"person": {func(p int) int { return p }, crowd},
		"home":   {func(p int) int { return p % homes }, homes},
	}
	for by, g := range groupings {
		for name, field := range seenFields {
			var skip func(int) bool
			if name == "signature" {
				skip = signatureTop
			}
			worst, where := agreement(samples(people, g.of, g.groups, field), skip)
			if worst > chanceLimit {
				t.Errorf("%s gives away the %s: %s agrees %.1f standard deviations beyond chance", name, by, where, worst)
			}
		}
	}
	seen := map[[8]byte]bool{}
	for i, tokens := range people {
		for _, tok := range tokens {
			if seen[tok.pass.ID] || seen[tok.pass.Subject] {
				t.Fatal("two passes share a value")
			}
			seen[tok.pass.ID], seen[tok.pass.Subject] = true, true
			if tok.pass.ExpiresAt-tok.pass.NotBefore != 600 || tok.pass.NotBefore%300 != 0 || tok.pass.KeyID != people[0][0].pass.KeyID {
				t.Fatalf("times or key set this pass apart: %+v", tok.pass)
			}
			if person, _, ok := ring.Open(tok.pass); !ok || person != uint64(7)<<58|uint64(i) {
				t.Fatalf("person %d opens as %x, %v", i, person, ok)
			}
		}
	}
}

// TestLeaksAreSeen is the control: the same statistic finds small leaks.
func TestLeaksAreSeen(t *testing.T) {
	t.Parallel()
	people := issueCrowd(t, fixedRing(t))
	self := func(p int) int { return p }
	home := func(p int) int { return p % homes }
	for name, c := range map[string]struct {
		field  string
		group  func(int) int
		groups int
		leak   func(person int, rng *rand.Rand, p *Pass)
	}{
		"one bit of the ID in sub": {"sub", self, crowd, func(person int, _ *rand.Rand, p *Pass) {
			p.Subject[3] = p.Subject[3]&^4 | byte(person)&4
		}},
		"one bit of the ID in jti, in every fifth pass": {"jti", self, crowd, func(person int, rng *rand.Rand, p *Pass) {
			if rng.IntN(5) == 0 {
				p.ID[7] = p.ID[7]&^1 | byte(person)&1
			}
		}},
		"sub sealed with a mask of its own for each person": {"sub", self, crowd, func(person int, _ *rand.Rand, p *Pass) {
			binary.BigEndian.PutUint64(p.Subject[:], uint64(person)*0x9e3779b97f4a7c15)
		}},
		"sub sealed with jti alone": {"sub xor jti", self, crowd, func(person int, _ *rand.Rand, p *Pass) {
			binary.BigEndian.PutUint64(p.Subject[:], binary.BigEndian.Uint64(p.ID[:])^uint64(person))
		}},
		"home as one byte of z, in every tenth pass": {"z", home, homes, func(person int, rng *rand.Rand, p *Pass) {
			if rng.IntN(10) == 0 {
				p.Zone[2] = byte(person % homes)
			}
		}},
	} {
		worst, where := agreement(samples(tamperCrowd(people, c.leak), c.group, c.groups, seenFields[c.field]), nil)
		if worst < leakMustShow {
			t.Errorf("%s: not seen, at most %.1f standard deviations at %s", name, worst, where)
		}
	}
}
