package gateway

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// repeats fails the test unless the answer equals the first but for being a
// repeat.
func (a answer) repeats(first fields) {
	a.t.Helper()
	again := a.ok(http.StatusOK).json()
	if again["duplicate"] != true {
		a.t.Errorf("the repeat says duplicate %v", again["duplicate"])
	}
	if want := first.with(fields{"duplicate": true}); !reflect.DeepEqual(again, want) {
		a.t.Errorf("the repeat differs\n got %v\nwant %v", again, want)
	}
}

// byPass is a scan that shows a pass.
func (w *world) byPass(text string) fields {
	return w.newScan(0).with(fields{"resident": nil, "pass": text})
}

func TestScanAnswersWithTheDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scan := w.byPass(w.pass(w.people["wang"]))
	got := w.scan("D1", scan).decided("pass", "ok")
	person, _ := got["person"].(map[string]any)
	want := map[string]any{
		"id": checkpoint.FormatPersonID(w.people["wang"]), "name_masked": "王*明", "kind": "resident", "home": "V1",
	}
	if !reflect.DeepEqual(person, want) {
		t.Errorf("person %v, want %v", person, want)
	}
	for field, want := range (fields{
		"id": scan["id"], "color": "green", "action": "admit", "occurred_at": "2020-02-11T04:00:00.000Z",
		"recorded_at": "2020-02-11T04:00:00.000Z", "duplicate": false, "degraded": false,
		"text": map[string]any{"zh": "通行", "en": "Go"}, "flags": []any{},
	}) {
		if !reflect.DeepEqual(got[field], want) {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
}

func TestPersonIsNamedInFourWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	number := newDocument()
	id := w.enrolWith(checkpoint.NewResident{Name: "周七", IDNumber: number, Site: "V1"})
	bare := w.newScan(id).with(fields{"resident": nil})
	signer, err := w.ring.Signer(w.clock.Now())
	w.must(err)
	_, jwt, err := signer.Issue(codes.Request{Person: id, Kind: codes.KindPaper, Home: "V1", NotBefore: w.clock.Now()})
	w.must(err)
	for i, named := range []fields{
		{"resident": checkpoint.FormatPersonID(id)},
		{"id_document": number},
		{"pass": w.pass(id)},
		{"pass": jwt},
	} {
		got := w.scan("D1", bare.with(named).with(fields{"id": strings.Repeat(string(rune('a'+i)), 8)})).ok(http.StatusOK).json()
		person, _ := got["person"].(map[string]any)
		if got["decision"] != "pass" || person["id"] != checkpoint.FormatPersonID(id) {
			t.Errorf("named by %v: %v", named, got)
		}
	}
	walkIn := fields{"name": "孙八", "id_tail": "123X", "phone": "13800138000"}
	got := w.scan("E1", bare.with(fields{"id": "walk-in-1", "walk_in": walkIn})).decided("pass", "ok")
	person, _ := got["person"].(map[string]any)
	if person["kind"] != "walk_in" || person["name_masked"] != "孙*" || got["color"] != "yellow" {
		t.Errorf("walk-in: %v", got)
	}
	w.scan("D1", bare.with(fields{"id": "walk-in-2", "walk_in": walkIn})).decided("deny", "outsider")
}

func TestRefusedScansNameTheField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.newScan(w.people["wang"])
	at := func(d time.Duration) fields {
		return fields{"occurred_at": utcTime(w.clock.Now().Add(d).UnixMilli())}
	}
	for name, c := range map[string]struct {
		change fields
		status int
		code   string
		field  string
	}{
		"temperature without a point":  {fields{"temperature": 365}, 422, "invalid", "temperature"},
		"temperature with 2 decimals":  {fields{"temperature": json.RawMessage("36.55")}, 422, "invalid", "temperature"},
		"temperature as text":          {fields{"temperature": "36.5"}, 422, "invalid", "temperature"},
		"temperature with an exponent": {fields{"temperature": json.RawMessage("3.65e1")}, 422, "invalid", "temperature"},
		"temperature of the dead":      {fields{"temperature": 29.9}, 422, "invalid", "temperature"},
		"temperature zero":             {fields{"temperature": 0}, 422, "invalid", "temperature"},
		"temperature of fire":          {fields{"temperature": 45.1}, 422, "invalid", "temperature"},
		"method unknown":               {fields{"temperature_method": "nose"}, 422, "invalid", "temperature_method"},
		"unknown field":                {fields{"gate": "G1"}, 400, "unknown_field", "gate"},
		"field in another spelling":    {fields{"Direction": "in"}, 400, "unknown_field", "Direction"},
		"told outside a batch":         {fields{"told": fields{"decision": "pass", "reason": "ok"}}, 400, "unknown_field", "told"},
		"pass and resident":            {fields{"pass": "PG1:X"}, 422, "invalid", "pass"},
		"nobody named":                 {fields{"resident": nil}, 422, "invalid", "pass"},
		"resident not an ID":           {fields{"resident": "wang"}, 422, "invalid", "resident"},
		"document not a document":      {fields{"resident": nil, "id_document": "1 or 2"}, 422, "invalid", "id_document"},
		"walk-in without a name":       {fields{"resident": nil, "walk_in": fields{"name": "", "id_tail": "", "phone": ""}}, 422, "invalid", "walk_in.name"},
		"walk-in with a wrong type":    {fields{"resident": nil, "walk_in": fields{"name": 5}}, 422, "invalid", "walk_in.name"},
		"future":                       {at(3 * time.Minute), 422, "invalid", "occurred_at"},
		"past":                         {at(-3 * time.Minute), 422, "invalid", "occurred_at"},
		"no time":                      {fields{"occurred_at": nil}, 422, "invalid", "occurred_at"},
		"a time without a zone":        {fields{"occurred_at": "2020-02-11T04:00:00"}, 422, "invalid", "occurred_at"},
		"a time as a number":           {fields{"occurred_at": 1581393600000}, 422, "invalid", "occurred_at"},
		"no id":                        {fields{"id": nil}, 422, "invalid", "id"},
		"short id":                     {fields{"id": "7"}, 422, "invalid", "id"},
		"long id":                      {fields{"id": strings.Repeat("x", 65)}, 422, "invalid", "id"},
		"no direction":                 {fields{"direction": nil}, 422, "invalid", "direction"},
		"long plate":                   {fields{"plate": strings.Repeat("鲁", 7)}, 422, "invalid", "plate"},
		"plate with a line break":      {fields{"plate": "鲁A\n1"}, 422, "invalid", "plate"},
	} {
		t.Run(name, func(t *testing.T) {
			res := w.scan("D1", good.with(c.change))
			res.t = t
			res.problem(c.status, c.code, c.field)
		})
	}
	w.scan("D1", good).decided("pass", "ok") // none of them was recorded
}

func TestCodesThatAreNotOursAreRefusedAndRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.pass(w.people["wang"])
	foreign := w.foreignPass()
	forged := w.forged()
	for reason, text := range map[string]string{
		"malformed": good[:len(good)-1], "not_our_pass": "https://example.com/pay?id=7", "unknown_key": foreign, "bad_signature": forged,
	} {
		got := w.scan("D1", w.byPass(text)).decided("deny", reason)
		if got["person"] != nil || got["color"] != "red" {
			t.Errorf("%s: %v", reason, got)
		}
		w.clock.Advance(time.Millisecond)
	}
	unknown := w.newScan(1 << 20)
	first := w.scan("D1", unknown).decided("deny", "unknown_person")
	w.scan("D1", unknown).repeats(first)
	w.scan("D1", w.newScan(0).with(fields{"resident": nil, "id_document": newDocument()})).decided("deny", "unknown_person")

	got := map[string]int{}
	list, _ := w.do(http.MethodGet, "/v1/gates/G1/refusals", w.as("tracer"), nil).ok(http.StatusOK).json()["refusals"].([]any)
	for _, v := range list {
		r, _ := v.(map[string]any)
		reason, _ := r["reason"].(string)
		got[reason]++
		if r["person"] != nil || r["device"] != "D1" || r["decision"] != "deny" {
			t.Errorf("recorded %v", r)
		}
	}
	want := map[string]int{"malformed": 1, "not_our_pass": 1, "unknown_key": 1, "bad_signature": 1, "unknown_person": 2}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
}

// foreignPass is a good pass of another town.
func (w *world) foreignPass() string {
	w.t.Helper()
	other, err := codes.CreateRing(w.t.TempDir()+"/keys", w.clock.Now())
	w.must(err)
	signer, err := other.Signer(w.clock.Now())
	w.must(err)
	_, text, err := signer.IssueCompact(codes.Request{Person: 7, Kind: codes.KindApp, Home: "V1", NotBefore: w.clock.Now()})
	w.must(err)
	return text
}

// forged is a pass whose claims were changed after signing.
func (w *world) forged() string {
	w.t.Helper()
	signer, err := w.ring.Signer(w.clock.Now())
	w.must(err)
	_, mine, err := signer.Issue(codes.Request{Person: w.people["li"], Kind: codes.KindApp, Home: "V2", NotBefore: w.clock.Now()})
	w.must(err)
	_, theirs, err := signer.Issue(codes.Request{Person: w.people["wang"], Kind: codes.KindApp, Home: "V1", NotBefore: w.clock.Now()})
	w.must(err)
	return theirs[:strings.LastIndex(theirs, ".")] + mine[strings.LastIndex(mine, "."):]
}

func TestSameScanAtOnceIsOneEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scan := w.byPass(w.pass(w.people["wang"])).with(fields{"plate": "鲁A12345"})
	answers := make([]answer, 50)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.scan("D1", scan) })
	}
	wg.Wait()
	firsts := 0
	var first fields
	for _, a := range answers {
		got := a.decided("pass", "ok")
		if got["duplicate"] == false {
			firsts++
		}
		got = got.with(fields{"duplicate": nil})
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(got, first) {
			t.Errorf("answers differ:\n%v\n%v", got, first)
		}
	}
	if firsts != 1 {
		t.Errorf("%d of 50 answers are no repeats, want 1", firsts)
	}
	// 50 at once may be more than a slow machine answers in time: then the desk waits.
	trail := "/v1/residents/" + checkpoint.FormatPersonID(w.people["wang"]) + "/trajectory"
	eventually(t, "the desk is answered", func() bool {
		return w.do(http.MethodGet, trail, w.as("tracer"), nil).status == http.StatusOK
	})
	events := w.trailOf(w.people["wang"])
	if len(events) != 1 {
		t.Errorf("%d events are recorded, want 1", len(events))
	}
}

// trailOf are a person's events of the last 24 h.
func (w *world) trailOf(person uint64) []any {
	w.t.Helper()
	path := "/v1/residents/" + checkpoint.FormatPersonID(person) + "/trajectory"
	events, _ := w.do(http.MethodGet, path, w.as("tracer"), nil).ok(http.StatusOK).json()["events"].([]any)
	return events
}

func TestRepeatGetsTheFirstAnswerWhateverHasChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	scan := w.byPass(w.pass(wang))
	first := w.scan("D1", scan).decided("pass", "ok")

	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusRed))
	w.scan("D1", scan).repeats(first)
	w.changeSite("V1", func(site *checkpoint.Site) { site.Closed = true })
	w.scan("D1", scan).repeats(first)
	_, err := w.store.Revoke(t.Context(), wang)
	w.must(err)
	w.scan("D1", scan).repeats(first)
	w.clock.Advance(30 * time.Minute) // the pass has expired, the scan is too old for a new one
	w.scan("D1", scan).repeats(first)

	_, err = w.ring.Rotate(w.clock.Now())
	w.must(err)
	kids, err := w.ring.Retire(w.clock.Now().Add(80 * 24 * time.Hour))
	w.must(err)
	if len(kids) != 1 {
		t.Fatalf("%d keys are retired, want 1", len(kids))
	}
	w.scan("D1", scan).repeats(first)
	w.clock.ms.Store(testStart.Add(27 * 24 * time.Hour).UnixMilli())
	w.scan("D1", scan).repeats(first)
	if events := w.eventsBetween(wang, "2020-02-11", "2020-02-12"); events != 1 {
		t.Errorf("%d events are recorded, want 1", events)
	}
}

// eventsBetween counts a person's events in a window of whole days.
func (w *world) eventsBetween(person uint64, from, to string) int {
	w.t.Helper()
	path := "/v1/residents/" + checkpoint.FormatPersonID(person) + "/trajectory?from=" + from + "&to=" + to
	events, _ := w.do(http.MethodGet, path, w.as("tracer"), nil).ok(http.StatusOK).json()["events"].([]any)
	return len(events)
}

func TestSameIdentityWithOtherContentIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	scan := w.newScan(w.people["wang"])
	w.scan("D1", scan).decided("pass", "ok")
	for _, other := range []fields{
		{"temperature": 36.6},
		{"direction": "out"},
		{"resident": checkpoint.FormatPersonID(w.people["li"])},
		{"resident": nil, "pass": "https://example.com"},
	} {
		w.scan("D1", scan.with(other)).problem(http.StatusConflict, "other_content", "")
	}
	w.scan("E1", scan).ok(http.StatusOK) // another device's scan is another scan
}

func TestRevokedDeviceIsToldSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.revokeDevice("D1")
	w.scan("D1", w.newScan(w.people["wang"])).decided("deny", "device_revoked")
	w.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodGet, "/v1/gates/G1/events", w.deviceToken("D1"), nil).problem(http.StatusUnauthorized, "unauthorized", "")
	if n := len(w.trailOf(w.people["wang"])); n != 0 {
		t.Errorf("%d events of the person are recorded, want 0", n)
	}
}
