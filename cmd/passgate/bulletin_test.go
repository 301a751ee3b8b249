package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"passgate/checkpoint/bulletin"
)

func TestBulletinIsShownAndPublished(t *testing.T) {
	t.Parallel()
	line := func(zh string, number int, more map[string]any) map[string]any {
		l := map[string]any{"text": map[string]any{"zh": zh, "en": "x"}, "of": "", "unit": "人次", "urgent": false, "number": number, "yesterday": 2, "change_text": "=", "correction": 0}
		for k, v := range more {
			l[k] = v
		}
		return l
	}
	doc := map[string]any{
		"node": "XS", "node_name": "许商街道", "day": "2020-02-11", "counted_at": "2020-02-11T04:00:00.000Z", "published_at": nil, "published_by": "",
		"lines": []any{
			line("进入", 14, map[string]any{"change_text": "↑12", "correction": -1}), line("外出", 0, nil),
			line("漏测体温", 3, map[string]any{"urgent": true, "of": "observations"}),
		},
	}
	server := fake(t, map[string]http.HandlerFunc{
		"GET /v1/bulletin": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("node") != "XS" || r.URL.Query().Get("day") != "2020-02-11" {
				sendProblem(w, 422, "invalid", "day", "not as the test wants it: "+r.URL.String())
				return
			}
			switch accept := r.Header.Get("Accept"); {
			case strings.Contains(accept, "text/plain"):
				_, _ = w.Write([]byte("【许商街道】\n"))
			case strings.Contains(accept, "text/csv"):
				_, _ = w.Write([]byte("day,node\n2020-02-11,XS\n"))
			default:
				sendJSON(w, 200, doc)
			}
		},
		"POST /v1/bulletins": func(w http.ResponseWriter, _ *http.Request) {
			sendProblem(w, 409, "wrong_state", "", "the day is not over")
		},
	})
	s := signedIn(t, server)
	args := func(more ...string) []string {
		return append([]string{"bulletin", "XS", "--day", "2020-02-11", "--server", server}, more...)
	}
	out, errs := s.must(0, args()...)
	contains(t, out, "进入", "14 人次", "↑12", "-1", "!   漏测体温")
	contains(t, errs, "许商街道 2020-02-11, live at")
	if strings.Contains(out, "外出") {
		t.Errorf("a line of 0 is shown:\n%s", out)
	}
	out, _ = s.must(0, args("--json")...)
	contains(t, out, `"node_name"`)
	out, _ = s.must(0, args("--text")...)
	contains(t, out, "【许商街道】")
	out, _ = s.must(0, args("--csv")...)
	contains(t, out, "2020-02-11,XS")
	_, errs = s.must(1, args("--publish")...)
	contains(t, errs, "the day is not over")
	s.must(2, "bulletin", "XS", "--publish", "--server", server)
	s.must(2, args("--csv", "--text")...)
}

// TestAServerPublishesYesterday: nobody does so by hand.
func TestAServerPublishesYesterday(t *testing.T) {
	t.Parallel()
	var back atomic.Int64 // days, since what is not over by Redis' own clock is not published
	back.Store(3)
	now := func() time.Time { return time.Now().AddDate(0, 0, -int(back.Load())) }
	server, _ := newTownAt(t, now)
	for back.Load() > 0 { // it looks now and then; on the first day there is nothing to do
		time.Sleep(time.Second)
		back.Add(-1)
	}
	lead := newShell(t)
	lead.env["PASSGATE_PASSWORD"] = "secret of the test"
	lead.must(0, "login", "--login", "lead", "--server", server)
	due := now().In(time.FixedZone("", 8*60*60)).Add(-bulletin.PublishAfter).AddDate(0, 0, -1)
	for range 100 {
		if _, errs := lead.must(0, "bulletin", "XS", "--day", due.Format(time.DateOnly), "--server", server); strings.Contains(errs, "by passgate") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Error("yesterday was not published")
}
