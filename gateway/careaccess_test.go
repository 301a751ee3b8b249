package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestAHouseholdReachesNoOtherDiary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	phone := w.phone(wang)
	for _, person := range []uint64{wang, li} {
		w.decide("medic", person, "quarantine", "close_contact")
	}
	theirs := w.phone(li)
	w.my(theirs, http.MethodPost, "readings", w.readingOf(li, "reading-1", 38.5)).ok(http.StatusOK)
	w.my(theirs, http.MethodPost, "requests", fields{"id": "request-1", "resident": hexID(li), "kind": "counsel", "text": "睡不着"}).ok(http.StatusOK)
	w.my(theirs, http.MethodPost, "contests", contestOf(li, "contest-1", "不是我")).ok(http.StatusOK)
	for _, other := range []uint64{li, li ^ 1} { // somebody's, and nobody's: no difference
		w.my(phone, http.MethodGet, "readings?resident="+hexID(other), nil).problem(http.StatusForbidden, "out_of_scope", "")
		w.my(phone, http.MethodPost, "readings", w.readingOf(other, "reading-9", 36.5)).problem(http.StatusForbidden, "out_of_scope", "")
		w.my(phone, http.MethodPost, "contests", contestOf(other, "contest-9", "替他说")).problem(http.StatusForbidden, "out_of_scope", "")
		w.my(phone, http.MethodPost, "requests", fields{"id": "request-9", "resident": hexID(other), "kind": "rubbish"}).problem(http.StatusForbidden, "out_of_scope", "")
	}
	for _, path := range []string{"household", "requests", "readings?resident=" + hexID(wang)} {
		if text := string(w.my(phone, http.MethodGet, path, nil).ok(http.StatusOK).body); strings.Contains(text, "睡不着") || strings.Contains(text, "38.5") {
			t.Errorf("%s shows another household: %s", path, text)
		}
	}
	// The same ID is another record for another person.
	w.my(phone, http.MethodPost, "readings", w.readingOf(wang, "reading-1", 36.5)).ok(http.StatusOK)
	for _, path := range []string{"/v1/contests", "/v1/requests", "/v1/readings/fevers", personPath(li, "/readings")} {
		w.do(http.MethodGet, path, phone, nil).problem(http.StatusForbidden, "forbidden", "")
		w.do(http.MethodGet, path, w.deviceToken("D1"), nil).problem(http.StatusForbidden, "forbidden", "")
	}
}

func TestWhatHouseholdsWriteStaysText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	w.decide("medic", wang, "quarantine", "close_contact")
	evil := `<img src=x onerror=alert(1)> {{7*7}} "quoted" =cmd|' /C calc'!A1`
	w.my(phone, http.MethodPost, "contests", contestOf(wang, "contest-1", evil)).ok(http.StatusOK)
	w.my(phone, http.MethodPost, "readings", w.readingOf(wang, "reading-1", 38.5).with(fields{"note": evil})).ok(http.StatusOK)
	w.my(phone, http.MethodPost, "requests", fields{"id": "request-1", "resident": hexID(wang), "kind": "other", "text": evil}).ok(http.StatusOK)
	for path, field := range map[string]string{"/v1/contests": "text", "/v1/readings/fevers": "note", "/v1/requests": "text"} {
		got := w.do(http.MethodGet, path, w.as("leader"), nil).ok(http.StatusOK)
		if strings.Contains(string(got.body), "<img") || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %s as %s", path, got.body, got.header.Get("Content-Type"))
		}
		for name, rows := range got.json() {
			if name == "next" {
				continue
			}
			if text := rows.([]any)[0].(map[string]any)[field]; text != evil {
				t.Errorf("%s: %v, want it as it was written", path, text)
			}
		}
	}
	for _, bad := range []string{"a\x1b[2Jb", "a\u0000b", "a\rb"} {
		w.my(phone, http.MethodPost, "requests", fields{"id": "request-2", "resident": hexID(wang), "kind": "other", "text": bad}).
			problem(http.StatusUnprocessableEntity, "invalid", "text")
	}
	if strings.Contains(w.logs.String(), "onerror") {
		t.Error("the words are in the log")
	}
}

func TestAHouseholdFillsNoStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	phone := w.phone(wang)
	w.decide("medic", wang, "quarantine", "close_contact")
	taken := map[string]int{}
	for i := range 12 {
		for path, body := range map[string]fields{
			"requests": {"id": fmt.Sprintf("request-%02d", i), "resident": hexID(wang), "kind": "shopping", "text": strings.Repeat("米", 200)},
			"readings": w.readingOf(wang, fmt.Sprintf("reading-%02d", i), 36.5),
		} {
			switch got := w.my(phone, http.MethodPost, path, body); got.status {
			case http.StatusOK:
				taken[path]++
			case http.StatusTooManyRequests:
				if got.header.Get("Retry-After") != "3600" || got.json()["code"] != "too_many" {
					t.Errorf("%s: %s, again after %s", path, got.body, got.header.Get("Retry-After"))
				}
			default:
				t.Errorf("%s: %d %s", path, got.status, got.body)
			}
		}
	}
	if taken["requests"] != 10 || taken["readings"] != 8 {
		t.Errorf("taken %v", taken)
	}
	w.my(phone, http.MethodPost, "requests", fields{"id": "request-99", "resident": hexID(wang), "kind": "other", "text": strings.Repeat("米", 201)}).
		problem(http.StatusUnprocessableEntity, "invalid", "text")
}
