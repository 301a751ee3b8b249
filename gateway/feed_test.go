package gateway

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// cityKey is the key of the city's platform in these tests.
var cityKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// subscribe makes a subscriber of the whole town that may do everything but learn who
// people are, and gives its token.
func (w *world) subscribe(name string, change fields) string {
	w.t.Helper()
	body := fields{
		"title": "济南市指挥部", "node": "XS", "purpose": "健康易通行系统核验", "expires_at": utcTime(w.clock.Now().UnixMilli() + 90*dayMillis),
		"types":   []string{"passgate.scan", "passgate.scan.annulled", "passgate.fever.opened", "passgate.fever.closed", "passgate.status.changed"},
		"changes": true, "key": base64.RawURLEncoding.EncodeToString(cityKey[ed25519.SeedSize:]),
	}
	token, _ := w.do(http.MethodPut, "/v1/subscribers/"+name, w.as("admin"), body.with(change)).ok(http.StatusOK).json()["token"].(string)
	return token
}

// feedEvent is an event as the city reads it.
type feedEvent struct {
	ID, Type, Subject, Time string
	Data                    map[string]any
}

// feed reads one page and checks its signature.
func (w *world) feed(token, query string) (events []feedEvent, cursor string) {
	w.t.Helper()
	got := w.do(http.MethodGet, "/v1/feed?"+query, token, nil).ok(http.StatusOK)
	cursor = got.header.Get("Feed-Cursor")
	claims, err := w.ring.Verifier().VerifyFeed(got.header.Get("Passgate-Signature"), got.body)
	if err != nil || claims.Cursor != cursor || claims.IssuedAt != w.clock.Now().Unix() {
		w.t.Errorf("the page is signed as %+v, %v", claims, err)
	}
	w.must(json.Unmarshal(got.body, &events))
	return events, cursor
}

// signed is what the city sends.
func signed(body string) (headers []string) {
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"EdDSA"}`))
	sig := ed25519.Sign(cityKey, []byte(head+"."+base64.RawURLEncoding.EncodeToString([]byte(body))))
	return []string{"Passgate-Signature", head + ".." + base64.RawURLEncoding.EncodeToString(sig), "Content-Type", mimeEvents}
}

// order is a decision of the city.
func (w *world) order(id, subject, status string, sequence int) fields {
	data := fields{"status": status, "ground": "close_contact", "evidence": "市疾控第17号", "author": "刘主任", "sequence": sequence}
	if status != "green" {
		data["until"] = utcTime(w.clock.Now().UnixMilli() + 10*dayMillis)
	}
	e := fields{"specversion": "1.0", "id": id, "source": "urn:jinan", "type": changeType, "time": utcTime(w.clock.Now().UnixMilli()), "subject": subject, "data": data}
	if len(subject) != 22 {
		data["id_document"] = subject
		delete(e, "subject")
	}
	return e
}

// send sends decisions and gives the result of each.
func (w *world) sendOrders(token string, orders ...fields) (results []string) {
	w.t.Helper()
	body, err := json.Marshal(orders)
	w.must(err)
	got := w.do(http.MethodPost, "/v1/authority/changes", token, string(body), signed(string(body))...).ok(http.StatusOK)
	var out struct {
		Results []struct {
			Result, Field string
			Duplicate     bool
		}
	}
	w.must(json.Unmarshal(got.body, &out))
	for _, r := range out.Results {
		text := r.Result + " " + r.Field
		if r.Duplicate {
			text += "again"
		}
		results = append(results, strings.TrimSpace(text))
	}
	return results
}

// TestTheCityFollowsTheTown: a subscriber is made, reads, loses its connection, is
// granted less, and is revoked.
func TestTheCityFollowsTheTown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	token := w.subscribe("jinan", nil)
	again := w.do(http.MethodGet, "/v1/subscribers/jinan", w.as("auditor"), nil).ok(http.StatusOK)
	again.conforms(doc, http.MethodGet, "/v1/subscribers/{name}")
	w.do(http.MethodGet, "/v1/subscribers", w.as("auditor"), nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/subscribers")
	if len(token) != 68 || strings.Contains(string(again.body), token) {
		t.Errorf("a token of %d characters, shown twice", len(token))
	}
	w.do(http.MethodGet, "/v1/feed", token, nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/feed") // empty
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	w.scan("D2", w.newScan(w.people["li"])).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/residents/"+checkpoint.FormatPersonID(w.people["wang"])+"/status", w.as("medic"), fields{
		"status": "yellow", "ground": "fever", "evidence": "自述发热",
	}).ok(http.StatusOK)
	events, cursor := w.feed(token, "")
	if len(events) != 3 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	for _, e := range events {
		if e.Data["temperature"] != nil || e.Data["ground"] != nil || e.Data["name"] != nil || e.Subject == checkpoint.FormatPersonID(w.people["wang"]) {
			t.Errorf("the city is told %+v", e)
		}
	}
	w.do(http.MethodGet, "/v1/feed", token, nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/feed")
	if more, same := w.feed(token, "cursor="+cursor); len(more) != 0 || same != cursor {
		t.Errorf("behind the end: %+v", more)
	}
	// Two calls wait: the first makes way for the second, which has what happens.
	first, second := make(chan int, 1), make(chan int, 1)
	wait := func(out chan int) {
		got := w.do(http.MethodGet, "/v1/feed?wait=25&cursor="+cursor, token, nil)
		var some []feedEvent
		_ = json.Unmarshal(got.body, &some)
		out <- len(some)
	}
	go wait(first)
	deadline := time.Now().Add(10 * time.Second)
	for waiting := false; !waiting && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		w.server.polls.mu.Lock()
		waiting = len(w.server.polls.of) == 1
		w.server.polls.mu.Unlock()
	}
	go wait(second)
	if n := <-first; n != 0 {
		t.Errorf("the call that was replaced has %d events", n)
	}
	w.scan("D1", w.newScan(w.people["wang"]).with(fields{"direction": "out"})).ok(http.StatusOK)
	if n := <-second; n != 1 {
		t.Errorf("the call that waited has %d events", n)
	}
	for query, field := range map[string]string{"limit=1": "limit", "wait=26": "wait", "cursor=x": "cursor", "cursor=" + cursor[:40]: "cursor"} {
		w.do(http.MethodGet, "/v1/feed?"+query, token, nil).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	// Of one part of the town, from now on.
	w.subscribe("jinan", fields{"node": "A2"})
	if events, _ := w.feed(token, "cursor=start"); len(events) != 1 || events[0].Data["site"] != "V2" {
		t.Errorf("of A2 the city is given %+v", events)
	}
	if other := w.subscribe("jinan", fields{"renew_token": true}); other == "" || w.do(http.MethodGet, "/v1/feed", token, nil).status != http.StatusUnauthorized {
		t.Error("a token that was renewed is still good")
	} else {
		token = other
	}
	w.do(http.MethodDelete, "/v1/subscribers/jinan", w.as("admin"), nil).ok(http.StatusOK).conforms(doc, http.MethodDelete, "/v1/subscribers/{name}")
	w.do(http.MethodGet, "/v1/feed", token, nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodGet, "/v1/feed", token[:60]+"AAAAAAAA", nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.pagesOnRecord("subscriber:jinan", 4)
}

// pagesOnRecord: each page with events is in the audit, with what was on it.
func (w *world) pagesOnRecord(actor string, pages int) {
	w.t.Helper()
	got := w.do(http.MethodGet, "/v1/audit?actor="+url.QueryEscape(actor)+"&action=/v1/feed&from=2020-02-10", w.as("auditor"), nil).ok(http.StatusOK)
	var out struct {
		Entries []struct {
			Rows            int
			Detail, Outcome string
		}
	}
	w.must(json.Unmarshal(got.body, &out))
	answered := 0
	for _, e := range out.Entries {
		if e.Outcome != "answered" {
			continue
		}
		if answered++; e.Rows == 0 || !strings.Contains(e.Detail, "passgate.scan") {
			w.t.Errorf("the audit says %+v", e)
		}
	}
	if answered != pages {
		w.t.Errorf("%d pages are in the audit, %d were read: %.600s", answered, pages, got.body)
	}
}

// TestTheCityDecidesAboutStatuses: signed, each for itself, by document or by the
// feed's own name for somebody; the resident is told who decided.
func TestTheCityDecidesAboutStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.subscribe("jinan", nil)
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK)
	events, _ := w.feed(token, "")
	document := newDocument()
	if got := w.sendOrders(token,
		w.order("1", events[0].Subject, "red", 5), w.order("2", events[0].Subject, "green", 4), w.order("1", events[0].Subject, "red", 5),
		w.order("1", events[0].Subject, "yellow", 5), w.order("3", document, "observation", 1), w.order("4", "123", "red", 1),
		w.order("5", events[0].Subject, "blue", 9), w.order("6", document, "red", 2).with(fields{"time": "yesterday"}), fields{"id": "7", "x": 1},
	); fmt.Sprint(got) != "[applied superseded applied again conflict unknown_person refused id_document refused status refused time refused x]" {
		t.Errorf("results %q", got)
	}
	wang := "/v1/residents/" + checkpoint.FormatPersonID(w.people["wang"])
	person := w.do(http.MethodGet, wang, w.as("medic"), nil).ok(http.StatusOK).json()
	decision, _ := person["decisions"].([]any)[0].(map[string]any)
	if person["status"] != "red" || decision["by"] != "刘主任" || decision["by_office"] != "济南市指挥部" || decision["evidence"] != "市疾控第17号" {
		t.Errorf("in force is %v %+v", person["status"], decision)
	}
	got := w.scan("E1", w.newScan(w.people["wang"])).ok(http.StatusOK).json()
	if got["reason"] != "status_red" {
		t.Errorf("at the mall: %v", got["reason"])
	}
	// Who is enrolled later gets it.
	waiting := w.do(http.MethodGet, "/v1/authority/changes", w.as("enroller"), nil).ok(http.StatusOK)
	doc := contract(t)
	waiting.conforms(doc, http.MethodGet, "/v1/authority/changes")
	known, err := json.Marshal([]fields{w.order("1", events[0].Subject, "red", 5)})
	w.must(err)
	w.do(http.MethodPost, "/v1/authority/changes", token, known, signed(string(known))...).ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/authority/changes")
	if !strings.Contains(string(waiting.body), document) {
		t.Errorf("nobody is told whom to enrol: %s", waiting.body)
	}
	if other := w.do(http.MethodGet, "/v1/authority/changes", w.as("enroller-a2"), nil).ok(http.StatusOK); strings.Contains(string(other.body), document) {
		t.Error("an enroller of another part is told whom to enrol")
	}
	id := w.enrolWith(checkpoint.NewResident{Name: "孙七", IDNumber: document, Site: "V2", Door: "9"})
	if n, err := w.server.feed.Settle(t.Context()); err != nil || n != 1 {
		t.Errorf("%d settled, %v", n, err)
	}
	if who, err := w.store.Resident(t.Context(), id); err != nil || who.Status != checkpoint.StatusObservation {
		t.Errorf("who was enrolled is %v, %v", who.Status, err)
	}
	w.refusesOrders(token, events[0].Subject)
}

// refusesOrders: what is not signed by the city's key is not looked at.
func (w *world) refusesOrders(token, subject string) {
	w.t.Helper()
	body, err := json.Marshal([]fields{w.order("9", subject, "green", 99)})
	w.must(err)
	send := func(token, body string, headers ...string) answer {
		return w.do(http.MethodPost, "/v1/authority/changes", token, body, headers...)
	}
	good := signed(string(body))
	send(token, string(body)).problem(http.StatusUnauthorized, "bad_signature", "")
	send(token, string(body)+" ", good...).problem(http.StatusUnauthorized, "bad_signature", "")
	send(token, string(body), "Passgate-Signature", strings.Replace(good[1], "..", ".x.", 1)).problem(http.StatusUnauthorized, "bad_signature", "")
	list, err := w.ring.SignFeed(body, "jinan", "", w.clock.Now())
	w.must(err)
	send(token, string(body), "Passgate-Signature", list).problem(http.StatusUnauthorized, "bad_signature", "")
	reader := w.subscribe("reader", fields{"changes": nil, "key": nil})
	send(reader, string(body), good...).problem(http.StatusForbidden, "forbidden", "")
	send(token, "{}", signed("{}")...).problem(http.StatusBadRequest, "bad_json", "")
	send(token, "[]", signed("[]")...).problem(http.StatusUnprocessableEntity, "invalid", "")
	many := "[" + strings.Repeat("{},", 1000) + "{}]"
	send(token, many, signed(many)...).problem(http.StatusUnprocessableEntity, "invalid", "")
	if who, err := w.store.Resident(w.t.Context(), w.people["wang"]); err != nil || who.Status != checkpoint.StatusRed {
		w.t.Errorf("a forged decision is in force: %v, %v", who.Status, err)
	}
	large := "[" + strings.Repeat(" ", 100<<10) + "]" // more than strangers may send
	send(token, large, signed(large)...).problem(http.StatusUnprocessableEntity, "invalid", "")
}

// TestSubscribersAreBounded: they call so often, and reach nothing else.
func TestSubscribersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.subscribe("jinan", nil)
	for range callsOfOutsider {
		if err := w.server.feeds.admit(firstSubscriber(t, w), w.server.now(), callsOfOutsider, "ask"); err != nil {
			t.Fatal(err)
		}
	}
	w.do(http.MethodGet, "/v1/feed", token, nil).problem(http.StatusTooManyRequests, "too_many", "")
	w.clock.Advance(time.Minute)
	w.do(http.MethodGet, "/v1/feed", token, nil).ok(http.StatusOK)
	for field, change := range map[string]fields{
		"ground": {"fields": []string{"name"}}, "fields": {"fields": []string{"phone"}}, "types": {"types": []string{"x"}},
		"key": {"key": "AAAA"}, "node": {"node": "none"}, "expires_at": {"expires_at": "2099-01-01T00:00:00Z"}, "title": {"title": ""},
	} {
		body := fields{"title": "t", "node": "XS", "purpose": "p", "types": []string{"passgate.scan"}, "expires_at": utcTime(w.clock.Now().UnixMilli() + dayMillis)}
		w.do(http.MethodPut, "/v1/subscribers/other", w.as("admin"), body.with(change)).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	w.do(http.MethodPut, "/v1/subscribers/BAD", w.as("admin"), fields{"title": "t"}).problem(http.StatusUnprocessableEntity, "invalid", "expires_at")
	scans := w.ring.VerifyOnly()
	if _, err := scans.SignFeed(nil, "", "", w.clock.Now()); err != codes.ErrNoSigningKey { //nolint:errorlint // it is not wrapped
		t.Errorf("a gateway that only scans signs the feed: %v", err)
	}
}

func firstSubscriber(t *testing.T, w *world) uint32 {
	t.Helper()
	sub, err := w.server.feed.Subscriber(t.Context(), "jinan")
	if err != nil {
		t.Fatal(err)
	}
	return sub.Number()
}
