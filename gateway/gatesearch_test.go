package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"passgate/checkpoint"
)

// look searches from a device.
func (w *world) look(device, query string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/gate/search", w.deviceToken(device), fields{"query": query})
}

// found are the IDs in the answer to a search.
func (a answer) found() (ids []string) {
	a.t.Helper()
	people, _ := a.ok(http.StatusOK).json()["people"].([]any)
	for _, p := range people {
		id, _ := p.(map[string]any)["id"].(string)
		ids = append(ids, id)
	}
	return ids
}

func TestAGuardFindsWhoLivesHereOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	wang, li := checkpoint.FormatPersonID(w.people["wang"]), checkpoint.FormatPersonID(w.people["li"])
	for _, device := range []string{"D1", "D2", "E1"} {
		w.openShift(device, w.opening("shift-"+device+"-01", w.makeBadge("leader"))).ok(http.StatusOK)
	}
	document := func(id uint64) string {
		who, err := w.store.Resident(t.Context(), id)
		w.must(err)
		return who.IDNumber
	}
	tail := document(w.people["wang"])[14:]
	for _, query := range []string{"王小明", "王小", tail, "1-101"} {
		got := w.look("D1", query)
		got.conforms(doc, "POST", "/v1/gate/search")
		if ids := got.found(); len(ids) != 1 || ids[0] != wang {
			t.Errorf("%s finds %v", query, ids)
		}
	}
	person := w.look("D1", "王小明").json()["people"].([]any)[0].(map[string]any)
	if person["name_masked"] != "王*明" || person["door"] != "1-101" || person["id_tail"] != tail || person["own"] != true {
		t.Errorf("a guard is shown %v", person)
	}
	for device, queries := range map[string][]string{"D1": {"李四", "2-202", document(w.people["li"])[14:]}, "D2": {"王小明", "1-101", tail}, "E1": {"王小明", "李四"}} {
		for _, query := range queries {
			for _, id := range w.look(device, query).found() {
				if (id == wang) != (device == "D1") || (id == li) != (device == "D2") {
					t.Errorf("%s finds %s by %s", device, id, query)
				}
			}
		}
	}
	for _, whole := range []string{"王小明", document(w.people["wang"])} {
		if strings.Contains(string(w.look("D1", "王小明").body), whole) {
			t.Errorf("%s is shown to a guard", whole)
		}
	}
	w.look("D1", "").problem(http.StatusUnprocessableEntity, "invalid", "query")
	w.do(http.MethodPost, "/v1/gate/search", w.deviceToken("D1"), fields{"query": "王小", "site": "V2"}).
		problem(http.StatusBadRequest, "unknown_field", "site")
}

func TestAThiefDoesNotFindOutWhoLivesHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.look("D1", "王小明").problem(http.StatusConflict, "no_shift", "") // without a badge the phone searches nothing
	w.openShift("D1", w.opening("shift-0001", w.makeBadge("leader"))).ok(http.StatusOK)
	refused := 0
	for i := range gateSearchesAMinute + 5 {
		if got := w.look("D1", fmt.Sprintf("%04d", i)); got.status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Errorf("%d tails were tried in a minute", gateSearchesAMinute+5)
	}
	w.revokeDevice("D1")
	w.look("D1", "王小明").problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestASearchAtAGateIsOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.openShift("D1", w.opening("shift-0001", w.makeBadge("leader"))).ok(http.StatusOK)
	w.look("D1", "王小明").ok(http.StatusOK)
	w.look("D1", "张三").ok(http.StatusOK)
	page := w.do(http.MethodGet, "/v1/audit?action=POST+/v1/gate/search", w.as("auditor"), nil).ok(http.StatusOK)
	if strings.Contains(string(page.body), "王小明") || strings.Contains(string(page.body), "张三") {
		t.Error("the audit holds names")
	}
	var rows []any
	for _, e := range page.json()["entries"].([]any) {
		entry := e.(map[string]any)
		if entry["action"] != "POST /v1/gate/search" {
			continue
		}
		rows = append(rows, entry["rows"])
		if entry["actor"] != "leader" || entry["role"] != "guard" || entry["subject"] != "V1" || entry["detail"] != "device=D1" || entry["outcome"] != "answered" {
			t.Errorf("the audit says %v", entry)
		}
	}
	if len(rows) != 2 {
		t.Fatalf("%d entries for two searches: %s", len(rows), page.body)
	}
	who, err := w.store.Resident(t.Context(), w.people["wang"])
	w.must(err)
	readers, err := w.store.Readers(t.Context(), who)
	w.must(err)
	if len(readers) != 1 || readers[0].Action != "POST /v1/gate/search" {
		t.Errorf("who was found is told of %+v", readers)
	}
}
