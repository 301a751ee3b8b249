package gateway

import (
	"net/http"
	"testing"
)

// When two people have ended the campaign, nobody asks where anybody was.
func TestTheEndOfTheCampaignEndsTracing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc := contract(t)
	turn := func(login string, end bool) answer {
		return w.do(http.MethodPost, "/v1/campaign", w.as(login), fields{"end": end, "reason": "县指挥部通知"})
	}
	question := func() answer { return w.do(http.MethodGet, "/v1/gates/G1/events", w.as("tracer"), nil) }
	turn("tracer", true).problem(http.StatusForbidden, "forbidden", "")
	turn("leader-a2", true).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/campaign", w.as("leader"), fields{"end": true, "reason": ""}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	for range 2 {
		if got := turn("leader", true).ok(http.StatusOK).json(); got["ended"] != false || got["waiting"] == nil {
			t.Errorf("one person ended it: %v", got)
		}
	}
	question().ok(http.StatusOK)
	turn("admin", true).ok(http.StatusOK)
	got := w.do(http.MethodGet, "/v1/campaign", w.as("grid"), nil).ok(http.StatusOK)
	got.conforms(doc, http.MethodGet, "/v1/campaign")
	if c := got.json(); c["ended"] != true || c["asked_by"] != "leader" || c["approved_by"] != "admin" || c["waiting"] != nil {
		t.Errorf("ended: %v", c)
	}
	question().problem(http.StatusConflict, "campaign_over", "")
	w.do(http.MethodPost, "/v1/cases", w.as("medic"), fields{"kind": "other", "title": "x"}).problem(http.StatusConflict, "campaign_over", "")
	w.scan("D1", w.newScan(w.people["wang"])).ok(http.StatusOK) // the gates go on

	turn("admin", false).ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/campaign")
	turn("leader", false).ok(http.StatusOK)
	question().ok(http.StatusOK)
}
