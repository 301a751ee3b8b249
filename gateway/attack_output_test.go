package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// Sessions travel in a header that no browser adds by itself: a page of somebody
// else has nothing to ride on.
func TestOtherSitesCannotUseASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := w.as("admin")
	for _, cookie := range []string{"Authorization=Bearer " + session, "token=" + session, "session=" + session} {
		w.do(http.MethodGet, "/v1/me", "", nil, "Cookie", cookie).ok(http.StatusUnauthorized)
	}
	signIn := w.do(http.MethodPost, "/v1/login", "", fields{"login": "admin", "password": testPassword}, "Origin", "https://evil.example").ok(http.StatusOK)
	preflight := w.do(http.MethodOptions, "/v1/scans", "", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	for _, got := range []answer{signIn, preflight, w.do(http.MethodGet, "/v1/me", session, nil, "Origin", "https://evil.example")} {
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
				t.Errorf("status %d has %s: %s", got.status, name, got.header.Get(name))
			}
		}
	}
	// What a form can send without being asked is no request of ours.
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		w.do(http.MethodPost, "/v1/login", "", `{"login":"admin","password":"x"}`, "Content-Type", kind).problem(http.StatusUnsupportedMediaType, "unsupported_media", "")
	}
}

// hostile is what people call themselves and why they come, if they mean harm.
var hostile = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</text><script>alert(1)</script>`,
	`javascript:alert(1)`, `';alert(1)//`, `{{a+7}}${a+7}`,
}

// What people write comes back as text, whatever it looks like, in every form
// that the gateway answers in.
func TestScriptsInNamesAndReasonsStayText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	last := ""
	for i, text := range hostile {
		w.enrolWith(checkpoint.NewResident{Name: text, IDNumber: newDocument(), Site: "V1", Door: text})
		w.scan("D1", w.newScan(0).with(fields{"resident": nil, "walk_in": fields{"name": text, "id_tail": "12" + fmt.Sprint(10+i), "phone": "13800138000"}}))
		w.do(http.MethodPost, "/v1/permits", w.as("leader"), w.newPermit().with(fields{"purpose": text}))
		w.do(http.MethodPost, "/v1/cases", w.as("leader"), fields{"kind": "other", "title": text, "grid": "XS"})
		last = text
	}
	w.do(http.MethodPut, "/v1/sites/ML", w.as("admin"), fields{"code": "ML", "name": last, "kind": "mall", "grid": "MLC"})
	if w.do(http.MethodPut, "/v1/sites/V1", w.as("admin"), fields{"code": "V1", "name": hostile[2], "kind": "village", "grid": "V1C"}).status != http.StatusOK {
		t.Error("a site cannot have such a name: the test shows less than it says")
	}
	w.do(http.MethodPut, "/v1/grid/XS", w.as("admin"), fields{"id": "XS", "name": hostile[2], "level": 1}).ok(http.StatusOK)
	wang := w.people["wang"]
	w.scan("D1", w.newScan(wang)).ok(http.StatusOK)
	eventually(t, "the gate's index has the scans", func() bool {
		return strings.Contains(string(w.do(http.MethodGet, "/v1/gates/G1/events", w.as("leader"), nil).body), checkpoint.FormatPersonID(wang))
	})
	kinds := map[string]bool{}
	look := func(path, token string, headers ...string) {
		got := w.do(http.MethodGet, path, token, nil, headers...)
		kind, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
		kinds[kind] = true
		if got.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(got.header.Get("Content-Security-Policy"), "default-src 'none'") ||
			got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Referrer-Policy") != "no-referrer" || kind == "" {
			t.Errorf("%s (%s) has headers %v", path, kind, got.header)
		}
		if strings.Contains(kind, "html") || strings.Contains(kind, "svg") || strings.Contains(kind, "xml") && !strings.Contains(kind, "openxml") {
			body := string(got.body)
			if strings.Contains(body, "<script") || strings.Contains(body, "<img") {
				t.Errorf("%s (%s) runs what somebody wrote: %s", path, kind, body)
			}
			if !strings.Contains(body, "&lt;") {
				t.Errorf("%s (%s) shows nothing of it, so the test shows nothing: %s", path, kind, body)
			}
		}
	}
	for _, r := range w.server.routes() {
		if r.method != http.MethodGet || strings.HasPrefix(r.path, hospitalPath) { // our own form shows nothing of the town
			continue
		}
		path := fillPath(w, r.path)
		for _, accept := range []string{"application/json", "text/csv", "image/svg+xml", "text/html"} {
			look(path+"?site=V1", w.as("admin"), "Accept", accept)
		}
	}
	look("/nowhere/<script>alert(1)</script>", "")
	look("/v1/residents/<script>alert(1)</script>", w.as("admin"))
	for _, want := range []string{"application/json", "text/csv", "image/svg+xml", "text/html", "application/problem+json"} {
		if !kinds[want] {
			t.Errorf("no answer was %s: %v", want, kinds)
		}
	}
}

// Nothing that a client sends reaches the log raw: a line of the log is a line of
// ours, and a terminal that shows it does nothing.
func TestLogsCannotBeForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const evil = "\r\ntime=2020-02-11T04:00:00Z level=INFO msg=forged \x1b]0;owned\x07\x1b[2J"
	const marked = "msg=forged"
	w.login(evil, evil)
	w.do(http.MethodPost, "/v1/devices/enrol", "", fields{"code": evil})
	w.scan("D1", w.newScan(w.people["wang"]).with(fields{"id": evil, "plate": evil}))
	w.scan("D1", w.newScan(0).with(fields{"resident": nil, "pass": evil}))
	w.do(http.MethodPut, personPath(w.people["wang"], "/status"), w.as("medic"), fields{"status": "yellow", "ground": evil})
	w.do(http.MethodPut, personPath(w.people["wang"], "/status"), w.as("medic"), fields{"status": "yellow", "ground": "authority"}).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/permits", w.as("leader"), w.newPermit().with(fields{"purpose": evil, "site": evil}))
	w.do(http.MethodPost, personPath(w.people["wang"], "/erase"), w.as("enroller"), fields{"reason": evil})
	for _, head := range []string{
		"GET /v1/residents/\x1b[2J%0d%0amsg=forged HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[2Jmsg=forged\r\nX-Request-Id: msg=forged\r\n\r\n",
		"GET /healthz?\x1b[2J=msg=forged HTTP/1.1\r\nHost: \x1b[2Jmsg=forged\r\n\r\n", "\x1b[2Jmsg=forged\r\n\r\n",
		"GET /v1/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \x1b[2Jmsg=forged\r\n\r\n",
	} {
		w.raw(head)
	}
	w.must(w.redis.Close()) // failures of ours are logged, with the route's pattern
	w.do(http.MethodGet, personPath(w.people["wang"], "?x=%0amsg=forged"), w.as("medic"), nil).ok(http.StatusServiceUnavailable)
	w.login("\nmsg=forged", "x").ok(http.StatusServiceUnavailable)
	logs := w.logs.String()
	if !strings.Contains(logs, "status changed") || !strings.Contains(logs, "request failed") {
		t.Fatalf("there is no log to look at: %s", logs)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(logs, "\n"), "\n") {
		if !strings.HasPrefix(line, "time=20") || strings.Contains(line, marked) || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("a client wrote into the log: %q", line)
		}
	}
}

// Go's regular expressions take time in proportion to what they read. The test
// holds every pattern that sees a client's text to that.
func TestPatternsTakeLinearTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, body := range map[string]fields{
		"/v1/devices/enrol": {"code": "PGE1-" + strings.Repeat("A", 60_000)},
		"/v1/shifts":        {"id": "shift-0001", "badge": "PGB1-" + strings.Repeat("A", 60_000), "opened_at": utcTime(w.clock.Now().UnixMilli())},
		"/v1/scans":         {"id": strings.Repeat("a", 30_000), "occurred_at": strings.Repeat("2020-", 6000), "pass": strings.Repeat("a.", 10_000), "direction": "in"},
	} {
		start := time.Now()
		token := w.deviceToken("D1")
		got := w.do(http.MethodPost, name, token, body)
		if took := time.Since(start); got.status < 400 || got.status >= 500 || took > time.Second {
			t.Errorf("%s: status %d after %s", name, got.status, took)
		}
	}
	short, long := new(timedMatch), new(timedMatch)
	short.match(strings.Repeat("A", 1<<16))
	long.match(strings.Repeat("A", 1<<20))
	if long.took > 200*max(short.took, time.Millisecond) { // 16 times the text
		t.Errorf("64 KiB take %s, 1 MiB %s", short.took, long.took)
	}
}

type timedMatch struct{ took time.Duration }

func (m *timedMatch) match(text string) {
	start := time.Now()
	_ = badgeForm.MatchString("PGB1-"+text) || enrolCode.MatchString("PGE1-"+text)
	m.took = time.Since(start)
}
