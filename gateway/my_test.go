package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// code is the activation code of a person's household.
func (w *world) code(person uint64) string {
	w.t.Helper()
	who, err := w.store.Resident(w.t.Context(), person)
	w.must(err)
	code, err := w.store.ActivationCode(w.t.Context(), who.Site, who.Household)
	w.must(err)
	return code
}

func (w *world) tail(person uint64) string {
	w.t.Helper()
	who, err := w.store.Resident(w.t.Context(), person)
	w.must(err)
	return who.IDNumber[len(who.IDNumber)-4:]
}

// phone activates a phone for a person's household and gives its token.
func (w *world) phone(person uint64) string {
	w.t.Helper()
	got := w.do(http.MethodPost, "/v1/activate", "", fields{"code": w.code(person), "tail": w.tail(person)}).ok(http.StatusOK).json()
	return got["token"].(string)
}

// my asks as a resident's phone.
func (w *world) my(phone, method, path string, body any) answer {
	w.t.Helper()
	return w.do(method, "/v1/my/"+path, phone, body)
}

func hexID(person uint64) string { return checkpoint.FormatPersonID(person) }

func TestHouseholdOnAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	w.change(func(d *checkpoint.Draft) error {
		node, _ := d.Grid("A1")
		office := *node
		office.Phone = "0531-84880000"
		return d.PutGridNode(office)
	})
	w.clock.Advance(time.Second)
	child := w.enrol("王小小", "V1", "1-101")
	w.enrol("赵邻居", "V1", "1-102")
	got := w.do(http.MethodPost, "/v1/activate", "", fields{"code": strings.ToLower(w.code(child)), "tail": strings.ToLower(w.tail(child))},
		"User-Agent", "Mozilla/5.0 (Linux; Android 10; ELE-AL00) MicroMessenger/8.0").ok(http.StatusOK)
	got.conforms(doc, http.MethodPost, "/v1/activate")
	token := got.json()["token"].(string)
	second := w.phone(w.people["wang"])
	answer := w.my(token, http.MethodGet, "household", nil).ok(http.StatusOK)
	answer.conforms(doc, http.MethodGet, "/v1/my/household")
	home := answer.json()
	members, phones := home["members"].([]any), home["phones"].([]any)
	if home["door"] != "1-101" || fmt.Sprint(home["office"]) != "map[name:一管区 phone:0531-84880000]" || len(members) != 2 || len(phones) != 2 {
		t.Fatalf("household %v", home)
	}
	father, own := members[0].(map[string]any), map[string]any{}
	for _, p := range phones {
		if p := p.(map[string]any); p["this"] == true {
			own = p
		}
	}
	if father["id"] != hexID(w.people["wang"]) || father["name"] != "王小明" || father["status"] != "green" {
		t.Errorf("member %v", father)
	}
	if own["name"] != "微信 Android" || own["last_seen"] != "2020-02-10T16:00:00.000Z" {
		t.Errorf("own phone %v", own)
	}
	w.my(second, http.MethodDelete, "phones/"+own["id"].(string), nil).ok(http.StatusNoContent)
	w.my(token, http.MethodGet, "household", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.my(second, http.MethodDelete, "phones/"+own["id"].(string), nil).problem(http.StatusNotFound, "not_found", "")
	w.my(second, http.MethodDelete, "phones/x", nil).problem(http.StatusUnprocessableEntity, "invalid", "id")
}

func TestActivationIsRefusedInOneWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	try := func(code, tail string) answer {
		return w.do(http.MethodPost, "/v1/activate", "", fields{"code": code, "tail": tail})
	}
	wrongTail := try(w.code(wang), "ZZZZ")
	wrongTail.problem(http.StatusForbidden, "wrong_code", "")
	nobodys := "PGH1-0000-0000-0000"
	if got := try(nobodys, w.tail(wang)); string(got.body) != string(wrongTail.body) || got.status != wrongTail.status {
		t.Errorf("a code of nobody: %s\na wrong tail: %s", got.body, wrongTail.body)
	}
	try(w.code(wang), w.tail(li)).problem(http.StatusForbidden, "wrong_code", "")
	try("PGH1-0000-0000-0001", "1234").problem(http.StatusUnprocessableEntity, "invalid", "code")
	try(w.code(wang), "12").problem(http.StatusUnprocessableEntity, "invalid", "tail")
	for range checkpoint.MaxPhones {
		try(w.code(li), w.tail(li)).ok(http.StatusOK)
	}
	try(w.code(li), w.tail(li)).problem(http.StatusForbidden, "code_used", "")
}

// Guesses at the tail of a document on a sheet that was found are few for all
// gateways together, and so are codes from one address.
func TestGuessersOfActivationCodesWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t).behindProxy()
	other := w.another().behindProxy()
	try := func(at *world, address, code, tail string) answer {
		return at.do(http.MethodPost, "/v1/activate", "", fields{"code": code, "tail": tail}, "X-Forwarded-For", address)
	}
	code := w.code(w.people["wang"])
	for i := range 5 {
		at := map[bool]*world{true: w, false: other}[i%2 == 0]
		try(at, fmt.Sprintf("198.51.100.%d", i), code, "ZZZZ").problem(http.StatusForbidden, "wrong_code", "")
	}
	try(other, "198.51.100.9", code, w.tail(w.people["wang"])).tooSoon(1)
	try(w, "198.51.100.9", w.code(w.people["li"]), w.tail(w.people["li"])).ok(http.StatusOK) // others are not held up
	for i := range 30 {
		if _, err := w.store.Try(t.Context(), checkpoint.Attempt{
			Secret: checkpoint.SecretNoActivation, Account: fmt.Sprint(i), Address: "203.0.113.1",
		}); err != nil {
			t.Fatal(err)
		}
	}
	try(w, "203.0.113.1", "PGH1-0000-0000-0000", "1234").tooSoon(1)
	if logs := w.logs.String(); strings.Contains(logs, code) || strings.Contains(logs, "198.51") {
		t.Error("the log names a code or an address")
	}
}

func TestStripIsADayOfPassesThatGatesAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	answer := w.my(phone, http.MethodPost, "passes", fields{"resident": hexID(wang)}).ok(http.StatusOK)
	answer.conforms(contract(t), http.MethodPost, "/v1/my/passes")
	passes := answer.json()["passes"].([]any)
	if len(passes) != 289 {
		t.Fatalf("%d passes", len(passes))
	}
	seen := map[any]bool{}
	for i, p := range passes {
		p := p.(map[string]any)
		start := testStart.Add(time.Duration(i) * codes.AppGrid).UnixMilli()
		if seen[p["compact"]] || p["not_before"] != utcTime(start).String() || p["expires_at"] != utcTime(start+600_000).String() {
			t.Fatalf("pass %d: %v", i, p)
		}
		seen[p["compact"]] = true
	}
	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusRed)) // the gate decides
	w.my(phone, http.MethodPost, "passes", fields{"resident": hexID(wang)}).ok(http.StatusOK)
	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusGreen))
	w.clock.Advance(7 * time.Hour) // without a network
	compact := passes[7*12].(map[string]any)["compact"].(string)
	w.scan("D1", w.byPass(compact)).decided("pass", "ok")

	for from, want := range map[time.Duration]int{-10 * time.Minute: 290, 12 * time.Hour: 145, 24 * time.Hour: 1} {
		got := w.my(phone, http.MethodPost, "passes", fields{"resident": hexID(wang), "from": utcTime(w.clock.Now().Add(from).UnixMilli()).String()}).ok(http.StatusOK)
		if n := len(got.json()["passes"].([]any)); n != want {
			t.Errorf("from %s: %d passes, want %d", from, n, want)
		}
	}
	for _, from := range []time.Duration{-11 * time.Minute, 25 * time.Hour} {
		w.my(phone, http.MethodPost, "passes", fields{"resident": hexID(wang), "from": utcTime(w.clock.Now().Add(from).UnixMilli()).String()}).
			problem(http.StatusUnprocessableEntity, "invalid", "from")
	}
}

// A phone cannot keep the processors busy with signatures, or Redis with questions.
func TestOnePhoneGetsAFewStripsAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	phone, other := w.phone(w.people["wang"]), w.phone(w.people["li"])
	strip := func(phone, who string) answer {
		return w.my(phone, http.MethodPost, "passes", fields{"resident": hexID(w.people[who])})
	}
	for range 10 {
		strip(phone, "wang").ok(http.StatusOK)
	}
	strip(phone, "wang").problem(http.StatusTooManyRequests, "too_many", "")
	strip(other, "li").ok(http.StatusOK)
	for range callsAMinute - 11 {
		w.my(phone, http.MethodGet, "readers?resident=x", nil).ok(http.StatusUnprocessableEntity)
	}
	w.my(phone, http.MethodGet, "household", nil).problem(http.StatusTooManyRequests, "too_many", "")
	w.my(other, http.MethodGet, "household", nil).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	strip(phone, "wang").ok(http.StatusOK)
}

func TestHistoryIsOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	phone := w.phone(wang)
	w.scan("D1", w.newScan(wang)).decided("pass", "ok")
	w.scan("D1", w.newScan(li)) // a neighbour at the same gate
	w.clock.Advance(time.Minute)
	taken := w.newScan(wang).with(fields{"direction": "out"})
	w.scan("D1", taken).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("D1"), w.takeBack("annul-0001", taken)).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusRed))
	refused := w.scan("E1", w.newScan(wang)).ok(http.StatusOK).json()
	answer := w.my(phone, http.MethodGet, "history?resident="+hexID(wang), nil).ok(http.StatusOK)
	answer.conforms(contract(t), http.MethodGet, "/v1/my/history")
	events := answer.json()["events"].([]any)
	if len(events) != 3 {
		t.Fatalf("%d events: %v", len(events), events)
	}
	first, second, third := events[0].(map[string]any), events[1].(map[string]any), events[2].(map[string]any)
	if first["site"] != "一村" || first["gate"] != "村口" || first["temperature"] != 36.5 || first["annulled"] != false {
		t.Errorf("first %v", first)
	}
	if second["annulled"] != true || second["direction"] != "out" {
		t.Errorf("taken back: %v", second)
	}
	if third["reason"] != refused["reason"] || third["decision"] != "deny" || fmt.Sprint(third["text"]) == "" {
		t.Errorf("refused: %v", third)
	}
	for _, word := range []string{"李四", hexID(li), "D1", "车道"} {
		if strings.Contains(string(answer.body), word) {
			t.Errorf("the history has %q", word)
		}
	}
	w.my(phone, http.MethodGet, "history?resident="+hexID(wang)+"&from=2020-01-20&to=2020-02-05", nil).
		problem(http.StatusUnprocessableEntity, "invalid", "from")
}

// BenchmarkStrip signs a day of passes for a member.
func BenchmarkStrip(b *testing.B) {
	w := newWorld(b)
	member, err := w.store.Resident(b.Context(), w.people["wang"])
	w.must(err)
	b.ResetTimer()
	for range b.N {
		passes, err := w.server.strip(&member, w.clock.Now())
		if err != nil || len(passes) != stripMost {
			b.Fatal(len(passes), err)
		}
	}
}

// BenchmarkHousehold tells a household of itself, over HTTP.
func BenchmarkHousehold(b *testing.B) {
	w := newWorld(b)
	phone := w.phone(w.people["wang"])
	b.ResetTimer()
	for range b.N {
		w.my(phone, http.MethodGet, "household", nil).ok(http.StatusOK)
		w.clock.Advance(time.Second)
	}
}
