package gateway

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"passgate/codes"
)

func TestLogPagesArePrintedOnceEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	print := func(token, query string) []string {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/gates/G1/paper"+query, token, nil).ok(http.StatusOK)
		if !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'; style-src") ||
			got.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(string(got.body), "村口") {
			t.Errorf("headers %v", got.header)
		}
		tokens := regexp.MustCompile(`>(PGL1-[^<]+)<`).FindAllStringSubmatch(string(got.body), -1)
		var names []string
		for _, m := range tokens {
			page, err := codes.ParseLogPage(m[1])
			if err != nil || page.Gate != "G1" || page.Date != "20200211" || seen[m[1]] {
				t.Errorf("page %+v %v, printed before: %v", page, err, seen[m[1]])
			}
			seen[m[1]] = true
			names = append(names, m[1])
		}
		return names
	}
	if n := len(print(w.as("leader"), "?pages=3")); n != 3 {
		t.Errorf("%d pages, 3 were asked for", n)
	}
	print(w.deviceToken("D1"), "")
	print(w.as("grid"), "?pages=2")
	if len(seen) != 6 {
		t.Errorf("%d different pages, want 6", len(seen))
	}
	w.do(http.MethodGet, "/v1/gates/G2/paper", w.deviceToken("D1"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/gates/G1/paper", w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/gates/G9/paper", w.as("leader"), nil).problem(http.StatusNotFound, "not_found", "")
	for _, pages := range []string{"0", "51", "x", "-1"} {
		w.do(http.MethodGet, "/v1/gates/G1/paper?pages="+pages, w.as("leader"), nil).problem(http.StatusUnprocessableEntity, "invalid", "pages")
	}
	for range 2 { // what they had before counts, too
		print(w.as("grid"), "?pages=49")
	}
	w.do(http.MethodGet, "/v1/gates/G1/paper", w.as("grid"), nil).problem(http.StatusTooManyRequests, "too_many", "")
	print(w.deviceToken("D1"), "")
}
