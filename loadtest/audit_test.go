package loadtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// book is a server that shows what a test put into it.
type book struct {
	mu            sync.Mutex
	trail, window []bookRow
	cases         int
	asked         map[string]int // by case
}

type bookRow struct {
	person                      uint64
	device                      int
	at                          int64
	direction, decision, reason string
}

func (r *bookRow) view(name bool) map[string]any {
	v := map[string]any{
		"occurred_at": time.UnixMilli(r.at).UTC().Format(wireTime), "direction": r.direction, "decision": r.decision,
		"reason": r.reason, "device": testDevices[r.device].Code,
	}
	if name && r.person != 0 {
		v["person"] = map[string]string{"id": formatPerson(r.person)}
	}
	return v
}

var testDevices = []Device{{"D0", "G0", "t0"}, {"D1", "G0", "t1"}, {"D2", "G1", "t2"}}

func (b *book) handler() http.Handler {
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("GET /v1/grid", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"nodes": []any{map[string]string{"id": "N", "parent": "T"}, map[string]string{"id": "T"}}})
	})
	mux.HandleFunc("PUT /v1/staff/{login}", func(w http.ResponseWriter, _ *http.Request) { answer(w, struct{}{}) })
	mux.HandleFunc("POST /v1/login", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]string{"token": "x"}) })
	mux.HandleFunc("POST /v1/cases", func(w http.ResponseWriter, _ *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.cases++
		answer(w, map[string]string{"code": fmt.Sprint("C", b.cases)})
	})
	mux.HandleFunc("POST /v1/cases/{code}/", func(w http.ResponseWriter, _ *http.Request) { answer(w, struct{}{}) })
	mux.HandleFunc("GET /v1/gates/{gate}/{what}", func(w http.ResponseWriter, q *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, r := range b.window {
			if (q.PathValue("what") == "refusals") == (r.person == 0) && testDevices[r.device].Gate == q.PathValue("gate") {
				answer(w, r.view(true))
			}
		}
	})
	mux.HandleFunc("GET /v1/residents/{id}/trajectory", func(w http.ResponseWriter, q *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if q.Header.Get("Trace-Case") == "" || q.Header.Get("Trace-Reason") == "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.asked[q.Header.Get("Trace-Case")]++
		events := []any{}
		for _, r := range b.trail {
			if formatPerson(r.person) == q.PathValue("id") {
				events = append(events, r.view(false))
			}
		}
		answer(w, map[string]any{"events": events})
	})
	return mux
}

// filed makes a ledger of 40 scans and the book of a server that has recorded
// them well: acknowledged ones, unanswered ones in both records and in neither, a
// double tap, refusals that name nobody, walk-ins whose ID only the server knows.
func filed(t *testing.T) (*book, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := CreateLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	b := &book{asked: map[string]int{}}
	for i := range 40 {
		s := &Scan{
			Device: i % 3, Person: uint64(100 + i%7), ID: fmt.Sprint("scan", i), OccurredAt: 1_700_000_000_000 + int64(i), // #nosec G115 -- small
			Direction: []string{"in", "out"}[i/7%2], Kind: "regular",
		}
		a, o := Answer{Status: 200, Decision: "pass", Reason: "ok", Person: s.Person}, acknowledged
		r := bookRow{s.Person, s.Device, s.OccurredAt, s.Direction, "pass", "ok"}
		inTrail := true
		switch i {
		case 5, 6: // not answered, recorded
			a, o = Answer{}, unanswered
		case 8: // not answered, not recorded
			a, o, inTrail = Answer{}, unanswered, false
		case 9: // a forged code
			s.Person, s.Kind = 0, "forged"
			a.Decision, a.Reason, a.Person = "deny", "bad_signature", 0
			r.person, r.decision, r.reason, inTrail = 0, "deny", "bad_signature", false
			b.window = append(b.window, r)
		case 12: // a walk-in
			s.Person, a.Person, r.person = 0, 912, 912
		case 13: // a walk-in without an answer
			s.Person, r.person = 0, 913
			a, o = Answer{}, unanswered
		case 20:
			a.Decision, a.Reason, r.decision, r.reason = "deny", "status_red", "deny", "status_red"
		}
		if err := l.add(s, o, &a, time.Millisecond); err != nil {
			t.Fatal(err)
		}
		if i == 15 { // tapped twice: answered twice, recorded once
			a.Duplicate = true
			if err := l.add(s, o, &a, time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if inTrail {
			b.trail, b.window = append(b.trail, r), append(b.window, r)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return b, path
}

func (b *book) audit(t *testing.T, ledger string) *Audit {
	t.Helper()
	srv := httptest.NewServer(b.handler())
	defer srv.Close()
	a, err := RunAudit(t.Context(), AuditConfig{
		URL: srv.URL, Token: "admin", Devices: testDevices, Ledgers: []string{ledger}, Dir: t.TempDir(), Patience: time.Nanosecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestAuditFindsEveryKindOfLoss has a server lie about one scan at a time.
func TestAuditFindsEveryKindOfLoss(t *testing.T) {
	t.Parallel()
	without := func(rows *[]bookRow, n int64) {
		*rows = slices.DeleteFunc(*rows, func(r bookRow) bool { return r.at == 1_700_000_000_000+n })
	}
	find := func(rows []bookRow, n int64) *bookRow {
		return &rows[slices.IndexFunc(rows, func(r bookRow) bool { return r.at == 1_700_000_000_000+n })]
	}
	type count struct{ lost, doubled, changed, half, strange int64 }
	for _, c := range []struct {
		lie  string
		tell func(*book)
		want count
	}{
		{"none", func(*book) {}, count{}},
		{"lost in both", func(b *book) { without(&b.trail, 3); without(&b.window, 3) }, count{lost: 1}},
		{"lost in the trail", func(b *book) { without(&b.trail, 3) }, count{lost: 1}},
		{"lost in the window", func(b *book) { without(&b.window, 3) }, count{lost: 1}},
		{"a refusal is lost", func(b *book) { without(&b.window, 9) }, count{lost: 1}},
		{"doubled in the window", func(b *book) { b.window = append(b.window, *find(b.window, 4)) }, count{doubled: 1}},
		{"doubled in the trail", func(b *book) { b.trail = append(b.trail, *find(b.trail, 4)) }, count{doubled: 1}},
		{"the double tap is recorded twice", func(b *book) {
			b.window, b.trail = append(b.window, *find(b.window, 15)), append(b.trail, *find(b.trail, 15))
		}, count{doubled: 1}},
		{"flipped", func(b *book) { find(b.trail, 20).decision = "pass" }, count{changed: 1}},
		{"another reason", func(b *book) { find(b.window, 20).reason = "quarantine" }, count{changed: 1}},
		{"unanswered and half: window only", func(b *book) { without(&b.trail, 5) }, count{half: 1}},
		{"unanswered and half: trail only", func(b *book) { without(&b.window, 6) }, count{half: 1}},
		{"a walk-in's half", func(b *book) { without(&b.trail, 13) }, count{half: 1}},
		{"never sent", func(b *book) {
			r := *find(b.window, 30)
			r.at -= 7
			r.direction = "out"
			b.window = append(b.window, r)
		}, count{strange: 1}},
		{"another person's", func(b *book) { find(b.window, 30).person = 999 }, count{lost: 1, strange: 1}},
	} {
		b, ledger := filed(t)
		c.tell(b)
		a := b.audit(t, ledger)
		got := count{a.Lost, a.Doubled, a.Changed, a.Half, a.Strange}
		if got != c.want || a.Clean() != (c.want == count{}) {
			t.Errorf("%s: %+v, want %+v\n%s", c.lie, got, c.want, strings.Join(a.Examples, "\n"))
		}
		if a.Scans != 40 || a.Acknowledged != 36 || a.Unanswered != 4 || a.Nobody != 1 || a.Gates != 2 || a.People != 9 {
			t.Errorf("%s: %+v", c.lie, a)
		}
		if c.lie == "none" && (a.Kept != 3 || b.asked["C1"] != 9) {
			t.Errorf("of the unanswered %d are kept, want 3; questions by case %v", a.Kept, b.asked)
		}
	}
}

// Answers to two sendings of one scan must not differ.
func TestAuditSeesAnAnswerThatFlips(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	l, err := CreateLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &Scan{Person: 1, ID: "tap", OccurredAt: 1_700_000_000_000, Direction: "in"}
	for _, decision := range []string{"pass", "deny"} {
		if err := l.add(s, acknowledged, &Answer{Decision: decision, Reason: "ok", Person: 1}, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := bookRow{1, 0, s.OccurredAt, "in", "pass", "ok"}
	b := &book{asked: map[string]int{}, trail: []bookRow{r}, window: []bookRow{r}}
	if a := b.audit(t, path); a.Changed != 1 || a.Lost+a.Doubled+a.Half+a.Strange != 0 || a.Scans != 1 {
		t.Errorf("%+v", a)
	}
}

// TestAuditExcusesWhatADeviceMayNotHaveKept: beyond 120 refusals in a minute of a
// device a server may keep none, but those it has to keep.
func TestAuditExcusesWhatADeviceMayNotHaveKept(t *testing.T) {
	t.Parallel()
	const minute = 60_000
	for _, c := range []struct {
		name         string
		sent, kept   []int // by minute, of D0
		lost, unkept int64
	}{
		{"all that has to be kept", []int{200}, []int{120}, 0, 80},
		{"less", []int{200}, []int{50}, 70, 80},
		{"a minute's excuse is not the next one's", []int{200, 40}, []int{150, 5}, 35, 50},
		{"many in three minutes, in none too many", []int{100, 100, 100}, []int{100, 99, 100}, 1, 0},
		{"a minute's last may be recorded in the next one", []int{1, 120}, []int{1, 119}, 0, 1},
	} {
		path := filepath.Join(t.TempDir(), "ledger")
		l, err := CreateLedger(path)
		if err != nil {
			t.Fatal(err)
		}
		b := &book{asked: map[string]int{}}
		for m, n := range c.sent {
			for i := range n {
				at := 1_700_000_040_000 + int64(m*minute) + 1000*int64(1+i%58) + int64(i)/58
				if c.sent[0] == 1 && m == 0 {
					at += 58_500
				}
				s := &Scan{ID: fmt.Sprint("forged", m, "-", i), OccurredAt: at, Direction: "in", Kind: "forged"}
				if err := l.add(s, acknowledged, &Answer{Decision: "deny", Reason: "bad_signature"}, time.Millisecond); err != nil {
					t.Fatal(err)
				}
				if i < c.kept[m] {
					b.window = append(b.window, bookRow{0, 0, at, "in", "deny", "bad_signature"})
				}
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		if a := b.audit(t, path); a.Lost != c.lost || a.Unkept != c.unkept || a.Clean() != (c.lost == 0) {
			t.Errorf("%s: %d lost, %d not kept; want %d, %d\n%s", c.name, a.Lost, a.Unkept, c.lost, c.unkept, strings.Join(a.Examples, "\n"))
		}
	}
}
