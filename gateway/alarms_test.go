package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
	"passgate/gateway/outbound"
)

// receiver takes messages as a program of others would.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	bodies []string
	ids    []string
}

func newReceiver(t testing.TB) *receiver {
	r := &receiver{status: http.StatusOK}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bodies, r.ids = append(r.bodies, string(body)), append(r.ids, req.Header.Get("Webhook-Id"))
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) got() ([]string, []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.bodies...), append([]string(nil), r.ids...)
}

// TestAlarmsReachWhoAnswersForThem walks the way of alarms: raised, told to who
// answers for the place and to a webhook, seen by roles and parts of the grid,
// acknowledged and closed by hand.
func TestAlarmsReachWhoAnswersForThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, admin := contract(t), w.as("admin")
	w.change(func(d *checkpoint.Draft) error {
		return firstError(
			d.PutGridNode(checkpoint.GridNode{ID: "XS", Name: "许商街道", Level: 1, Head: "leader"}),
			d.PutGridNode(checkpoint.GridNode{ID: "A2", Parent: "XS", Name: "二管区", Level: 2, Head: "leader-a2"}),
		)
	})
	hook := newReceiver(t)
	secret := "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	put := w.do(http.MethodPut, "/v1/channels/town", admin, fields{"kind": "webhook", "url": hook.URL + "/in?token=s3cret", "secret": secret, "node": "XS"}).ok(http.StatusOK)
	put.conforms(doc, http.MethodPut, "/v1/channels/{name}")
	w.do(http.MethodPut, "/v1/channels/town", admin, fields{"kind": "webhook", "node": "XS", "url": "http://example.org/"}).problem(http.StatusUnprocessableEntity, "invalid", "url")
	w.do(http.MethodPut, "/v1/channels/bad", admin, fields{"kind": "webhook", "node": "XS", "url": hook.URL}).problem(http.StatusUnprocessableEntity, "invalid", "secret")

	leaderA2, _ := w.store.Registry().Staff("leader-a2")
	due := []alarm.Alarm{
		{Kind: alarm.StockLow, Node: "V1C", Key: "masks", At: 1},
		{Kind: alarm.StockLow, Node: "V2C", Key: "masks-2", At: 1},
		{Kind: alarm.PurchaseReported, Node: "V2C", Key: "p1", Person: w.people["li"], Ref: "purchase/1", At: 1},
		{Kind: alarm.PurchaseReported, Node: "A2", Key: "tip", At: 1, Hidden: []uint32{leaderA2.Num}},
	}
	duty := alarm.NewDuty(w.server.alarms, alarm.DutyConfig{
		Post:    outbound.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Post,
		Sources: []alarm.Source{{Name: "test", Due: func(context.Context) ([]alarm.Alarm, error) { return due, nil }}},
		Observe: w.server.Metrics().WatchAlarms(),
	})
	lastRound := func() string {
		return regexp.MustCompile(`(?m)^passgate_alarms_last_round_timestamp_seconds (.*)$`).FindStringSubmatch(w.metrics())[1]
	}
	if at := lastRound(); at != "0" {
		t.Errorf("a round at %s, before the first", at)
	}
	began := time.Now()
	duty.Round(t.Context())
	if at, err := strconv.ParseFloat(lastRound(), 64); err != nil || at < float64(began.UnixMilli()-1)/1000 || at > float64(time.Now().UnixMilli()+1)/1000 {
		t.Errorf("the last round was at %v (%v), not after %s", at, err, began)
	}

	t.Log("each sees their part of the grid, and nobody what is about themselves")
	list := func(login, query string) []any {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/alarms"+query, w.as(login), nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/alarms")
		rows, _ := got.json()["alarms"].([]any)
		return rows
	}
	if all, a2 := list("leader", ""), list("leader-a2", ""); len(all) != 4 || len(a2) != 2 {
		t.Errorf("the town's leader sees %d, A2's %d: %v", len(all), len(a2), a2)
	}
	w.do(http.MethodGet, "/v1/alarms?node=A1", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/alarms?state=old", admin, nil).problem(http.StatusUnprocessableEntity, "invalid", "state")
	groups := w.do(http.MethodGet, "/v1/alarms?group=kind,node", w.as("leader"), nil).ok(http.StatusOK)
	groups.conforms(doc, http.MethodGet, "/v1/alarms")
	if g := groups.json()["groups"].([]any); len(g) != 4 || g[0].(map[string]any)["kind"] != "purchase_reported" {
		t.Errorf("groups %s", groups.body)
	}
	if g := w.do(http.MethodGet, "/v1/alarms?group=kind", w.as("leader"), nil).json()["groups"].([]any); len(g) != 2 || g[1].(map[string]any)["count"] != 2.0 {
		t.Errorf("groups by kind: %v", g)
	}
	id := func(node, kind string) string {
		t.Helper()
		for _, row := range list("leader", "?node="+node) {
			if m := row.(map[string]any); m["node"] == node && m["kind"] == kind {
				return m["id"].(string)
			}
		}
		t.Fatalf("no %s at %s", kind, node)
		return ""
	}
	v1, v2, tip := "/v1/alarms/"+id("V1C", "stock_low"), "/v1/alarms/"+id("V2C", "stock_low"), "/v1/alarms/"+id("A2", "purchase_reported")
	row := w.do(http.MethodGet, v2, w.as("leader-a2"), nil).ok(http.StatusOK)
	row.conforms(doc, http.MethodGet, "/v1/alarms/{id}")
	if m := row.json(); m["told"] != "A2" || m["owner"] != "leader-a2" || m["due_at"] != "2020-02-11T06:00:00.000Z" {
		t.Errorf("row %v", m)
	}
	if told := w.do(http.MethodGet, tip, admin, nil).ok(http.StatusOK).json()["told"]; told != "XS" {
		t.Errorf("what is about A2's leader is told to %v", told)
	}
	w.do(http.MethodGet, tip, w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/alarms/0000000000000001", admin, nil).problem(http.StatusNotFound, "not_found", "")

	t.Log("acknowledged by who answers for it or anybody above, closed once with a word")
	for _, verb := range []string{"/ack", "/close"} {
		w.do(http.MethodPost, v1+verb, w.as("leader-a2"), fields{"note": "看看"}).problem(http.StatusForbidden, "out_of_scope", "")
		w.do(http.MethodPost, tip+verb, w.as("leader-a2"), fields{"note": "没事"}).problem(http.StatusForbidden, "out_of_scope", "")
	}
	acked := w.do(http.MethodPost, v2+"/ack", w.as("leader-a2"), fields{"note": "已安排补货"}).ok(http.StatusOK)
	acked.conforms(doc, http.MethodPost, "/v1/alarms/{id}/ack")
	if m := acked.json(); m["state"] != "acked" || m["due_at"] != nil {
		t.Errorf("acknowledged %v", m)
	}
	w.do(http.MethodPost, v2+"/close", w.as("leader"), fields{}).problem(http.StatusUnprocessableEntity, "invalid", "note")
	w.do(http.MethodPost, v2+"/close", w.as("leader"), fields{"note": "已补货"}).ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/alarms/{id}/close")
	w.do(http.MethodPost, v2+"/close", w.as("leader"), fields{"note": "已补货"}).problem(http.StatusConflict, "wrong_state", "")
	if closed := list("leader-a2", "?state=closed"); len(closed) != 1 {
		t.Errorf("closed: %v", closed)
	}
	w.do(http.MethodGet, "/v1/alarms/kinds", w.as("tracer"), nil).ok(http.StatusOK).conforms(doc, http.MethodGet, "/v1/alarms/kinds")

	t.Log("the webhook has all but what is hidden from somebody, and no secret of it is shown")
	bodies, _ := hook.got()
	var digest struct {
		Data struct{ Count int } `json:"data"`
	}
	if len(bodies) != 1 || json.Unmarshal([]byte(bodies[0]), &digest) != nil || digest.Data.Count != 3 || strings.Contains(bodies[0], hexID(w.people["li"])) {
		t.Errorf("received %v", bodies)
	}
	for _, path := range []string{"/v1/channels", "/v1/channels/town"} {
		got := w.do(http.MethodGet, path, admin, nil).ok(http.StatusOK)
		if strings.Contains(string(got.body), "s3cret") || strings.Contains(string(got.body), "whsec") {
			t.Errorf("%s shows %s", path, got.body)
		}
	}
	w.do(http.MethodGet, "/v1/channels", admin, nil).conforms(doc, http.MethodGet, "/v1/channels")
}

// TestAChannelThatFailsIsFoundOut: a test of it, messages that are given up after a
// day, and sending them again.
func TestAChannelThatFailsIsFoundOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, admin, hook := contract(t), w.as("admin"), newReceiver(t)
	duty := alarm.NewDuty(w.server.alarms, alarm.DutyConfig{Post: outbound.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Post})
	w.do(http.MethodPut, "/v1/channels/town", admin, fields{"kind": "webhook", "url": hook.URL, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "node": "A1"}).ok(http.StatusOK)
	hook.answer(http.StatusInternalServerError)
	w.do(http.MethodPost, "/v1/channels/town/test", admin, nil).ok(http.StatusAccepted).conforms(doc, http.MethodPost, "/v1/channels/{name}/test")
	duty.Round(t.Context())
	shown := w.do(http.MethodGet, "/v1/channels/town", admin, nil).ok(http.StatusOK)
	shown.conforms(doc, http.MethodGet, "/v1/channels/{name}")
	if tested := shown.json()["tested"].(map[string]any); tested["state"] != "sending" || tested["error"] != "the receiver answered 500" {
		t.Errorf("tested %v", tested)
	}
	w.clock.Advance(25 * time.Hour)
	duty.Round(t.Context())
	admin = w.as("admin") // the session is over
	dead := w.do(http.MethodGet, "/v1/channels/town/dead", admin, nil).ok(http.StatusOK)
	dead.conforms(doc, http.MethodGet, "/v1/channels/{name}/dead")
	rows := dead.json()["dead"].([]any)
	if len(rows) != 1 || rows[0].(map[string]any)["attempts"] != 2.0 {
		t.Fatalf("dead %s", dead.body)
	}
	hook.answer(http.StatusOK)
	w.do(http.MethodPost, "/v1/channels/town/retry", admin, fields{"id": rows[0].(map[string]any)["id"]}).ok(http.StatusOK).
		conforms(doc, http.MethodPost, "/v1/channels/{name}/retry")
	duty.Round(t.Context())
	_, ids := hook.got()
	if len(ids) != 3 || ids[0] != ids[2] {
		t.Errorf("received %v", ids)
	}
	w.do(http.MethodPost, "/v1/channels/town/retry", admin, fields{"id": rows[0].(map[string]any)["id"]}).problem(http.StatusNotFound, "not_found", "")
	if got := w.do(http.MethodPost, "/v1/channels/town/retry", admin, fields{}).ok(http.StatusOK).json()["sending"]; got != 0.0 {
		t.Errorf("%v are sent again", got)
	}

	w.do(http.MethodPost, "/v1/channels/town/test", admin, nil).ok(http.StatusAccepted)
	w.do(http.MethodDelete, "/v1/channels/town", admin, nil).ok(http.StatusNoContent)
	w.do(http.MethodGet, "/v1/channels/town", admin, nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodDelete, "/v1/channels/town", admin, nil).problem(http.StatusNotFound, "not_found", "")
	duty.Round(t.Context())
	if _, ids := hook.got(); len(ids) != 3 {
		t.Errorf("%d messages after the channel is gone", len(ids))
	}
}
