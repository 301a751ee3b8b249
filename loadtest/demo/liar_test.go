package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// once is true for the first call that finds ok to be true.
type once struct{ done atomic.Bool }

func (o *once) now(ok bool) bool { return ok && o.done.CompareAndSwap(false, true) }

func (o *once) told(t *testing.T, lie string) {
	t.Helper()
	if !o.done.Load() {
		t.Errorf("the lie was never told: %s", lie)
	}
}

// differing lists the checks that did not hold.
func differing(r *Report) (names []string) {
	for _, c := range r.Checks {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}

func runAgainst(t *testing.T, s *service, url string, seed uint64) Report {
	t.Helper()
	cfg := s.config(50, 1, seed)
	cfg.BaseURL, cfg.Patience = url, 3*time.Second
	report, err := Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if report.Agrees {
		t.Error("the run agrees with a server that lies")
	}
	return report
}

// dropFrom takes the first element out of a list in a JSON object.
func dropFrom(t *testing.T, body []byte, list string) []byte {
	t.Helper()
	var whole map[string]json.RawMessage
	var items []json.RawMessage
	if json.Unmarshal(body, &whole) != nil || json.Unmarshal(whole[list], &items) != nil || len(items) == 0 {
		t.Errorf("no %s in %s", list, body)
		return body
	}
	whole[list], _ = json.Marshal(items[1:])
	out, err := json.Marshal(whole)
	if err != nil {
		t.Error(err)
	}
	return out
}

// Every lie concerns another kind of answer, so that one run shows which checks
// find them.
func TestAlteredAnswersAreFoundAndNamed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var decision, repeat, page, line, refusal, stay, picture, met, crowd, audit once
	var hidden atomic.Value
	url := s.liar(t, func(q *http.Request, body []byte) []byte {
		path, accept := q.URL.Path, q.Header.Get("Accept")
		replace := func(o *once, old, with string) {
			if o.now(bytes.Contains(body, []byte(old))) {
				body = bytes.Replace(body, []byte(old), []byte(with), 1)
			}
		}
		switch {
		case path == "/v1/scans" && bytes.Contains(body, []byte(`"duplicate":true`)):
			replace(&repeat, `"recorded_at":"20`, `"recorded_at":"19`)
		case path == "/v1/scans":
			replace(&decision, `"decision":"pass","reason":"ok"`, `"decision":"deny","reason":"ok"`)
		case strings.HasSuffix(path, "/events") && accept == "application/x-ndjson":
			if first, _, ok := bytes.Cut(body, []byte("\n")); line.now(ok && len(first) > 0) {
				body = append(append(slices.Clone(first), '\n'), body...)
			}
		case strings.HasSuffix(path, "/events") && accept == "application/json":
			// For good: an event that is only late is no difference.
			if page.now(bytes.Contains(body, []byte(`"occurred_at"`))) {
				hidden.Store(path)
			}
			if hidden.Load() == path && bytes.Contains(body, []byte(`"occurred_at"`)) {
				body = dropFrom(t, body, "events")
			}
		case strings.HasSuffix(path, "/refusals"):
			if refusal.now(bytes.Contains(body, []byte(`"occurred_at"`))) {
				body = dropFrom(t, body, "refusals")
			}
		case strings.HasSuffix(path, "/trajectory"):
			replace(&stay, `"open":true`, `"open":false`)
		case strings.HasSuffix(path, "/contacts"):
			replace(&met, `"exposure":`, `"exposure":1`)
		case path == "/v1/crowd":
			if crowd.now(bytes.Contains(body, []byte(`"name_masked"`))) {
				body = dropFrom(t, body, "people")
			}
		case path == "/v1/audit":
			if at := bytes.LastIndex(body, []byte(`"outcome":"answered"`)); audit.now(at >= 0) {
				body = append(slices.Clone(body[:at]), bytes.Replace(body[at:], []byte("answered"), []byte("refused"), 1)...)
			}
		case accept == "image/png":
			if picture.now(len(body) > 100) {
				body = body[:len(body)/2]
			}
		}
		return body
	})
	report := runAgainst(t, s, url, 3)
	for lie, o := range map[string]*once{
		"decision": &decision, "repeat": &repeat, "page": &page, "line": &line, "refusal": &refusal, "stay": &stay, "picture": &picture,
		"contact": &met, "crowd": &crowd, "audit": &audit,
	} {
		o.told(t, lie)
	}
	want := []string{
		"answers.pass ok", "gates.pages complete", "gates.pages events", "gates.stream complete", "gates.stream events",
		"gates.refusals complete", "gates.refusals events", "gates.half hours", "people.stays", "passes.pictures", "contacts complete",
		"crowds complete", "crowds events", "audit.questions",
	}
	got := differing(&report)
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("%q was lied about and is said to hold", name)
		}
	}
	again := slices.ContainsFunc(got, func(n string) bool {
		return strings.HasPrefix(n, "answers.again") || strings.HasPrefix(n, "batches.again") || n == "answers.one of two at once is new"
	})
	if !again {
		t.Errorf("a repeat with another answer is not among %q", got)
	}
	for _, name := range []string{"people.trail complete", "gates.csv complete", "answers.deny site_closed", "passes.validity"} {
		if slices.Contains(got, name) {
			t.Errorf("%q differs, and nobody lied about it", name)
		}
	}
	if len(report.Mismatches) == 0 {
		t.Error("no difference is shown")
	}
}

// meddler stands before the server and may answer a scan itself, or send
// another one after it.
func (s *service) meddler(t *testing.T, meddle func(w http.ResponseWriter, q *http.Request, body []byte) bool) string {
	t.Helper()
	return serveHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		if q.URL.Path == "/v1/scans" && meddle(w, q, body) {
			return
		}
		status, header, answer := forward(t, s.url, q, body)
		for name := range header {
			w.Header().Set(name, header.Get(name))
		}
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
}

// A server that says it has recorded a scan and has not, and one that records a
// scan twice.
func TestALostAndADoubledScanAreFound(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var lost, doubled once
	var mu sync.Mutex
	known := map[string]json.RawMessage{} // what was answered of a person, by ID
	var lostBy, lostOf string             // the phone and the person of the lost scan
	url := s.meddler(t, func(w http.ResponseWriter, q *http.Request, body []byte) bool {
		var in scanBody
		if err := json.Unmarshal(body, &in); err != nil {
			t.Error(err)
		}
		mu.Lock()
		person := known[in.Resident]
		mu.Unlock()
		if lost.now(person != nil) {
			mu.Lock()
			lostBy, lostOf = q.Header.Get("Authorization"), in.Resident
			mu.Unlock()
			fmt.Fprintf(w, `{"id":%q,"decision":"pass","reason":"ok","color":"green","action":"admit","text":{"zh":"通行","en":"Go"},
				"person":%s,"occurred_at":%q,"recorded_at":%q,"duplicate":false,"degraded":false,"flags":[]}`,
				in.ID, person, in.OccurredAt, wireTime(s.clock.Load()))
			return true
		}
		status, _, answer := forward(t, s.url, q, body)
		mu.Lock()
		apart := lostOf != "" && lostBy != q.Header.Get("Authorization") && !bytes.Contains(answer, []byte(lostOf))
		mu.Unlock()
		if doubled.now(apart && bytes.Contains(answer, []byte(`"reason":"ok"`))) {
			forward(t, s.url, q, bytes.Replace(body, []byte(`"id":"`), []byte(`"id":"x`), 1))
		}
		var out struct {
			Person json.RawMessage `json:"person"`
		}
		var who struct{ ID string }
		if json.Unmarshal(answer, &out) == nil && json.Unmarshal(out.Person, &who) == nil && who.ID != "" {
			mu.Lock()
			known[who.ID] = out.Person
			mu.Unlock()
		}
		w.WriteHeader(status)
		_, _ = w.Write(answer)
		return true
	})
	report := runAgainst(t, s, url, 4)
	lost.told(t, "a scan is recorded")
	doubled.told(t, "a scan is recorded once")
	for _, check := range []string{"gates.pages complete", "gates.stream complete", "people.trail complete"} {
		for _, what := range []string{"1 missing, 0 too much", "0 missing, 1 too much"} {
			found := slices.ContainsFunc(report.Mismatches, func(m Mismatch) bool {
				return m.Check == check && strings.Contains(m.Got, what)
			})
			if !found {
				t.Errorf("%s: %s is not named in %+v", check, what, report.Mismatches)
			}
		}
	}
}
