package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestNoticeReachesGatesAndPhonesBelowItsNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.foundHeads()
	notice := fields{
		"id": "note-0001", "node": "V1C", "title": "集市停业", "text": "<b>本村集市</b>\n自今日起停业", "loudspeaker_text": "集市停了",
		"valid_until": "2020-02-11T16:00:00.000Z", // midnight in Shanghai
	}
	publish := func(login string, more fields) answer {
		return w.staffCall(login, http.MethodPost, "/v1/notices", "/v1/notices", notice.with(more))
	}
	publish("medic", nil).problem(http.StatusForbidden, "forbidden", "")
	publish("leader-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	publish("cadre-v1c", fields{"node": "A1"}).problem(http.StatusForbidden, "out_of_scope", "")
	publish("cadre-v1c", fields{"valid_until": w.in(-time.Hour)}).problem(http.StatusUnprocessableEntity, "invalid", "valid_until")
	first := publish("cadre-v1c", nil).ok(http.StatusOK)
	id := first.json()["id"].(string)
	if again := publish("cadre-v1c", nil).ok(http.StatusOK); string(again.body) != string(first.body) {
		t.Errorf("again %s", again.body)
	}
	publish("cadre-v1c", fields{"title": "集市停业二"}).problem(http.StatusConflict, "other_content", "")
	if chat := first.json()["chat_text"]; chat != "【一村】集市停业\n<b>本村集市</b>\n自今日起停业\n一村 2020-02-11" {
		t.Errorf("to paste: %q", chat)
	}
	publish("leader", fields{"id": "note-0002", "node": "XS", "title": "戴口罩", "valid_until": w.in(48 * time.Hour)}).ok(http.StatusOK)
	later := publish("boss-a1", fields{"id": "note-0003", "node": "A1", "title": "明日核酸", "valid_from": w.in(24 * time.Hour), "valid_until": w.in(48 * time.Hour)}).ok(http.StatusOK).json()["id"].(string)

	phones := map[string]string{"wang": w.phone(w.people["wang"]), "li": w.phone(w.people["li"])}
	titles := func(who string) string {
		var got answer
		switch {
		case phones[who] != "":
			got = w.my(phones[who], http.MethodGet, "notices", nil)
			got.conforms(contract(t), http.MethodGet, "/v1/my/notices")
		default:
			got = w.do(http.MethodGet, "/v1/notices", w.deviceToken(who), nil)
			got.conforms(contract(t), http.MethodGet, "/v1/notices")
		}
		var all []string
		for _, n := range got.rows("notices") {
			all = append(all, n["title"].(string))
		}
		return strings.Join(all, " ")
	}
	for who, want := range map[string]string{"wang": "集市停业 戴口罩", "D1": "集市停业 戴口罩", "li": "戴口罩", "D2": "戴口罩", "E1": "戴口罩"} {
		if got := titles(who); got != want {
			t.Errorf("%s reads %q, want %q", who, got, want)
		}
	}
	list := w.staffCall("cadre-v1c", http.MethodGet, "/v1/notices", "/v1/notices", nil)
	if mine, above := list.rows("notices"), list.rows("from_above"); len(mine) != 1 || len(above) != 1 || above[0]["title"] != "戴口罩" {
		t.Errorf("list %s", list.body)
	}

	leaflet := w.do(http.MethodGet, "/v1/notices/"+id+"/leaflet", w.as("clerk-a1"), nil).ok(http.StatusOK)
	leaflet.conforms(contract(t), http.MethodGet, "/v1/notices/{id}/leaflet")
	page := string(leaflet.body)
	if !strings.Contains(page, "&lt;b&gt;本村集市&lt;/b&gt;\n自今日起停业") || strings.Contains(page, "<b>") || strings.Contains(page, "<script") ||
		!strings.Contains(page, "至 2020-02-12 00:00") || strings.Contains(page, "已失效") {
		t.Errorf("the leaflet: %s", page)
	}
	if csp := leaflet.header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'unsafe-inline'") {
		t.Errorf("policy %q", csp)
	}
	w.do(http.MethodGet, "/v1/notices/"+id+"/leaflet", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")

	w.clock.Advance(12*time.Hour - time.Millisecond)
	if got := titles("D1"); got != "集市停业 戴口罩" {
		t.Errorf("a moment before midnight: %q", got)
	}
	w.clock.Advance(time.Millisecond)
	if got := titles("D1"); got != "戴口罩" {
		t.Errorf("at midnight: %q", got)
	}
	w.due() // ends what is over
	ended := w.staffCall("cadre-v1c", http.MethodGet, "/v1/notices?state=ended", "/v1/notices", nil).rows("notices")
	if len(ended) != 1 || ended[0]["state"] != "over" {
		t.Errorf("ended: %v", ended)
	}
	if page := w.do(http.MethodGet, "/v1/notices/"+id+"/leaflet", w.as("cadre-v1c"), nil).ok(http.StatusOK); !strings.Contains(string(page.body), "已失效") {
		t.Error("the leaflet does not say that it is over")
	}
	withdraw := func(login, id string) answer {
		return w.staffCall(login, http.MethodPost, "/v1/notices/"+id+"/withdraw", "/v1/notices/{id}/withdraw", fields{"note": "改期"})
	}
	withdraw("cadre-v1c", later).problem(http.StatusForbidden, "out_of_scope", "")
	withdraw("cadre-v1c", id).problem(http.StatusConflict, "wrong_state", "")
	withdraw("boss-a1", later).ok(http.StatusOK)
	withdraw("boss-a1", later).ok(http.StatusOK)
	w.clock.Advance(24 * time.Hour)
	if got := titles("D1"); got != "戴口罩" {
		t.Errorf("a withdrawn notice begins: %q", got)
	}
	for i := range 8 {
		publish("boss-a1", fields{"id": "note-more" + string(rune('0'+i)), "node": "A1", "valid_until": w.in(time.Hour)}).ok(http.StatusOK)
	}
	publish("boss-a1", fields{"id": "note-more9", "node": "A1", "valid_until": w.in(time.Hour)}).problem(http.StatusTooManyRequests, "too_many", "")
}
