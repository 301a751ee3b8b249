package codes

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

func TestIssueRoundsToTheGrid(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 23, 59, 59, 0, shanghai)
	signer := signerAt(t, fixedRing(t), now)
	midnight := time.Date(2026, 11, 24, 0, 0, 0, 0, shanghai)
	for _, c := range []struct {
		name        string
		q           Request
		start, stop time.Time
	}{
		{"app", Request{Kind: KindApp, NotBefore: now}, midnight.Add(23*time.Hour + 55*time.Minute), midnight.Add(24*time.Hour + 5*time.Minute)},
		{"paper", Request{Kind: KindPaper, NotBefore: now}, midnight, midnight.AddDate(0, 0, 28)},
		{"paper of 60 days", Request{Kind: KindPaper, NotBefore: now, Days: 60}, midnight, midnight.AddDate(0, 0, 60)},
		{"visitor", Request{Kind: KindVisitor, NotBefore: now}, midnight, midnight.AddDate(0, 0, 1)},
		{"visitor of tomorrow", Request{Kind: KindVisitor, NotBefore: now.Add(time.Second), Days: 3}, midnight.AddDate(0, 0, 1), midnight.AddDate(0, 0, 4)},
		{"before local midnight is still yesterday", Request{Kind: KindPaper, NotBefore: midnight.Add(-time.Nanosecond)}, midnight.AddDate(0, 0, -1), midnight.AddDate(0, 0, 27)},
	} {
		pass, _, err := signer.Issue(c.q)
		if err != nil || pass.NotBefore != c.start.Unix() || pass.ExpiresAt != c.stop.Unix() {
			t.Errorf("%s: %s to %s, %v", c.name, stamp(pass.NotBefore), stamp(pass.ExpiresAt), err)
		}
	}
}

func TestIssueRefuses(t *testing.T) {
	t.Parallel()
	signer := signerAt(t, fixedRing(t), goldenTime)
	for name, q := range map[string]Request{
		"no kind":           {NotBefore: goldenTime},
		"unknown kind":      {Kind: 'x', NotBefore: goldenTime},
		"generation":        {Kind: KindApp, Generation: MaxGeneration + 1, NotBefore: goldenTime},
		"days of an app":    {Kind: KindApp, Days: 1, NotBefore: goldenTime},
		"days of a paper":   {Kind: KindPaper, Days: 61, NotBefore: goldenTime},
		"days of a visitor": {Kind: KindVisitor, Days: 15, NotBefore: goldenTime},
		"negative days":     {Kind: KindPaper, Days: -1, NotBefore: goldenTime},
		"too far ahead":     {Kind: KindApp, NotBefore: goldenTime.Add(MaxAhead + AppGrid)},
		"no time":           {Kind: KindApp},
		"after 2106":        {Kind: KindApp, NotBefore: time.Unix(math.MaxUint32, 0)},
	} {
		if pass, _, err := signer.Issue(q); !errors.Is(err, ErrRequest) {
			t.Errorf("%s: %+v, %v", name, pass, err)
		}
	}
}

// TestIssueAgain: nothing is stored, so the same request has to give the same
// pass, in a process started anew too.
func TestIssueAgain(t *testing.T) {
	t.Parallel()
	later := goldenRequest
	later.NotBefore = later.NotBefore.Add(3 * time.Minute)
	_, first, err := signerAt(t, fixedRing(t), goldenTime).Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := signerAt(t, fixedRing(t), goldenTime.Add(3*time.Minute)).Issue(later)
	if err != nil || first != second {
		t.Errorf("%s and %s, %v", first, second, err)
	}
}

// TestOpen: only the passes that the ring issued open, to the right person.
func TestOpen(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	for _, generation := range []uint32{0, 1, 77, MaxGeneration} {
		for _, person := range []uint64{0, 1, 1 << 58, math.MaxUint64} {
			pass, _, err := signer.Issue(Request{Person: person, Generation: generation, Kind: KindPaper, NotBefore: goldenTime})
			if err != nil {
				t.Fatal(err)
			}
			gotPerson, gotGeneration, ok := ring.Open(pass)
			if !ok || gotPerson != person || gotGeneration != generation {
				t.Errorf("%x, %d opens as %x, %d, %v", person, generation, gotPerson, gotGeneration, ok)
			}
			for name, change := range map[string]func(p *Pass){
				"subject": func(p *Pass) { p.Subject[0] ^= 1 },
				"jti":     func(p *Pass) { p.ID[7] ^= 1 },
				"nbf":     func(p *Pass) { p.NotBefore += 300 },
				"kind":    func(p *Pass) { p.Kind = KindApp },
				"key":     func(p *Pass) { p.KeyID = "80UNAWZF" },
				"no key":  func(p *Pass) { p.KeyID = "" },
			} {
				other := pass
				change(&other)
				if _, _, ok := ring.Open(other); ok {
					t.Errorf("with another %s it opens", name)
				}
			}
		}
	}
}

func TestOfSite(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	for home, at := range map[string]map[string]bool{
		"XS-017": {"XS-017": true, "XS-018": false, "": false},
		"":       {"XS-017": false, "XS-018": false, "": true},
	} {
		pass, _, err := signer.Issue(Request{Person: 5, Kind: KindApp, Home: home, NotBefore: goldenTime})
		if err != nil {
			t.Fatal(err)
		}
		for site, want := range at {
			if got := pass.OfSite(ring.SiteKey(site)); got != want {
				t.Errorf("a resident of %q at %q: %v", home, site, got)
			}
		}
	}
}

// TestFormsAreLossless: whatever the values, both forms turn into each other
// and say the same.
func TestFormsAreLossless(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	signer, verifier := signerAt(t, ring, goldenTime), ring.Verifier()
	rapid.Check(t, func(t *rapid.T) {
		q := Request{
			Person:     rapid.Uint64().Draw(t, "person"),
			Generation: rapid.Uint32Range(0, MaxGeneration).Draw(t, "generation"),
			Kind:       rapid.SampledFrom([]Kind{KindApp, KindPaper, KindVisitor}).Draw(t, "kind"),
			Home:       rapid.String().Draw(t, "home"),
			NotBefore:  time.Unix(rapid.Int64Range(86400, goldenTime.Unix()).Draw(t, "time"), 0),
		}
		pass, text, err := signer.Issue(q)
		if err != nil {
			t.Fatal(err)
		}
		compact, err := verifier.Compact(text)
		if err != nil {
			t.Fatal(err)
		}
		back, err := verifier.Expand(compact)
		if err != nil || back != text {
			t.Fatalf("%s came back as %s, %v", text, back, err)
		}
		for _, form := range []string{text, compact} {
			got, refusal := verifier.Verify(form)
			if refusal != nil || got != pass {
				t.Fatalf("%s: %+v, %v; want %+v", form, got, refusal, pass)
			}
		}
		if len(compact) != 150 || !pass.OfSite(ring.SiteKey(q.Home)) {
			t.Fatalf("%d characters", len(compact))
		}
		if person, generation, ok := ring.Open(pass); !ok || person != q.Person || generation != q.Generation {
			t.Fatalf("opened as %x, %d, %v", person, generation, ok)
		}
	})
}

// TestAnotherLibraryReadsIt parses a pass with golang-jwt's own parser.
func TestAnotherLibraryReadsIt(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	pass, text, err := signerAt(t, ring, goldenTime).Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	parsed, err := jwt.NewParser(jwt.WithTimeFunc(func() time.Time { return goldenTime }), jwt.WithStrictDecoding(),
		jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithExpirationRequired(), jwt.WithJSONNumber(),
	).ParseWithClaims(text, claims, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		return ring.current.Load().byID[kid].key, nil
	})
	if err != nil || !parsed.Valid {
		t.Fatal(err)
	}
	nbf, _ := claims["nbf"].(json.Number)
	if got, _ := nbf.Int64(); got != pass.NotBefore || claims["k"] != "a" || len(claims) != 6 {
		t.Errorf("claims %v", claims)
	}
}

// TestEnumerateFindsWhatIsOut issues passes all over a fortnight with a
// rotation in it, at random times ahead, and wants each that is valid in the
// window to be enumerated, with an end that is not too early.
func TestEnumerateFindsWhatIsOut(t *testing.T) {
	t.Parallel()
	file := fixedRingFile()
	file.Keys = append(file.Keys, fixedKey("two", usePass, goldenTime), fixedKey("far", usePass, goldenTime.Add(90*day)))
	ring := ringOf(t, file)
	rng := rand.New(rand.NewPCG(3, 4))
	from, to := goldenTime.Add(time.Hour), goldenTime.Add(time.Hour+MaxAhead)
	listed := map[[8]byte]int64{}
	entries := ring.Enumerate(42, 3, from, to)
	for _, e := range entries {
		if _, twice := listed[e.ID]; twice {
			t.Errorf("%x is listed twice", e.ID)
		}
		listed[e.ID] = e.ExpiresAt
	}
	found, keys := 0, map[string]bool{}
	for range 4000 {
		signed := from.Add(-time.Duration(rng.Int64N(int64(20 * day))))
		q := Request{Person: 42, Generation: 3, Kind: []Kind{KindApp, KindPaper, KindVisitor}[rng.IntN(3)]}
		q.NotBefore = signed.Add(time.Duration(rng.Int64N(int64(MaxAhead))))
		if q.Kind == KindPaper {
			q.Days = 1 + rng.IntN(MaxPaperDays)
		}
		pass, _, err := signerAt(t, ring, signed).Issue(q)
		if err != nil {
			t.Fatal(err)
		}
		if pass.ValidAt(from) != nil && pass.ExpiresAt < from.Unix() {
			continue // over before the window
		}
		found++
		keys[pass.KeyID] = true
		if end, ok := listed[pass.ID]; !ok || end < pass.ExpiresAt+60 {
			t.Fatalf("%v pass from %s is out and listed until %s (%v)", q.Kind, stamp(pass.NotBefore), stamp(end), ok)
		}
	}
	if found < 500 || len(keys) != 2 {
		t.Errorf("only %d passes by %d keys were looked for", found, len(keys))
	}
	// Nobody else's, and no other generation's.
	for _, other := range [][]Revoked{ring.Enumerate(43, 3, from, to), ring.Enumerate(42, 4, from, to)} {
		for _, e := range other {
			if _, hit := listed[e.ID]; hit {
				t.Fatal("another's pass is listed")
			}
		}
	}
	if n := len(entries); n > 3*700 {
		t.Errorf("%d entries for one person", n)
	}
}

// TestSpansEnumerateEachPassOnce: what begins in spans that follow on each other
// is what begins in the whole.
func TestSpansEnumerateEachPassOnce(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	kinds := []Kind{KindApp, KindPaper, KindVisitor}
	from, end := goldenTime.Add(7*time.Minute), goldenTime.Add(3*day)
	whole := ring.EnumerateStarting(42, 3, from, end, kinds...)
	seen := map[[8]byte]bool{}
	for at := from; at.Before(end); at = at.Add(6 * time.Hour) {
		stop := at.Add(6 * time.Hour)
		if stop.After(end) {
			stop = end
		}
		for _, e := range ring.EnumerateStarting(42, 3, at, stop, kinds...) {
			if seen[e.ID] {
				t.Fatalf("%x is in two spans", e.ID)
			}
			seen[e.ID] = true
		}
	}
	if len(seen) != len(whole) || len(whole) < 3*280 {
		t.Fatalf("%d passes in the spans, %d in the whole", len(seen), len(whole))
	}
	for _, kind := range kinds {
		for at := from.Truncate(time.Second); at.Before(end); at = at.Add(47 * time.Minute) {
			pass, _, err := signerAt(t, ring, at).Issue(Request{Person: 42, Generation: 3, Kind: kind, NotBefore: at})
			if err != nil {
				t.Fatal(err)
			}
			if starts := pass.NotBefore >= from.Unix() && pass.NotBefore < end.Unix(); seen[pass.ID] != starts {
				t.Fatalf("%v pass from %s is listed: %v", kind, stamp(pass.NotBefore), seen[pass.ID])
			}
		}
	}
}
