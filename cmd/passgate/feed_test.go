package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"passgate/codes"
)

// TestFeedIsFollowedFromWhereItWasLeft: through pages, over a server that is away for a
// moment, and never a page that is not signed.
func TestFeedIsFollowedFromWhereItWasLeft(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ring, err := codes.CreateRing(t.TempDir()+"/keys", now)
	if err != nil {
		t.Fatal(err)
	}
	var forged, calm atomic.Bool
	ctx, atEnd := context.WithCancel(t.Context())
	server := fake(t, map[string]http.HandlerFunc{
		"GET /.well-known/jwks.json": func(w http.ResponseWriter, _ *http.Request) {
			set, _ := ring.JWKS(now)
			_, _ = w.Write(set)
		},
		"GET /v1/feed": func(w http.ResponseWriter, r *http.Request) {
			page := map[string]int{"": 0, "start": 0, "c1": 1, "c2": 2, "c3": 3}[r.URL.Query().Get("cursor")]
			if r.URL.Query().Get("cursor") == "old" {
				sendProblem(w, 410, "cursor_expired", "", "what followed this cursor is not kept any more")
				return
			}
			if waits := r.URL.Query().Get("wait") != ""; waits && page == 1 && !calm.Swap(true) {
				sendProblem(w, 503, "unavailable", "", "a moment")
				return
			} else if waits && page == 2 {
				atEnd()
			}
			body, next := fmt.Sprintf(`[{"id":"e%d"},  {"id":"f%d"}]`, page, page), fmt.Sprint("c", page+1)
			if page >= 2 {
				body, next = `[]`, "c2"
			}
			sig, _ := ring.SignFeed([]byte(body), "jinan", next, now)
			if forged.Load() {
				next = "c9"
			}
			w.Header().Set("Feed-Cursor", next)
			w.Header().Set("Feed-More", fmt.Sprint(page < 1))
			w.Header().Set("Passgate-Signature", sig)
			_, _ = w.Write([]byte(body))
		},
	})
	s := signedIn(t, server)
	state := filepath.Join(s.home, "cursor")
	follow := []string{"feed", "follow", "--server", server, "--once", "--state", state}
	if out, _ := s.must(0, follow...); out != "{\"id\":\"e0\"}\n{\"id\":\"f0\"}\n{\"id\":\"e1\"}\n{\"id\":\"f1\"}\n" {
		t.Errorf("first %q", out)
	}
	if out, _ := s.must(0, follow...); out != "" {
		t.Errorf("again %q", out)
	}
	if out, _ := s.must(0, append(follow, "--from", "c1")...); !strings.HasPrefix(out, `{"id":"e1"}`) {
		t.Errorf("from a cursor %q", out)
	}
	if _, errs := s.must(1, append(follow, "--from", "old")...); !strings.Contains(errs, "--from start") {
		t.Errorf("past what is kept: %q", errs)
	}
	code, out, errs := s.runIn(ctx, "feed", "follow", "--server", server, "--from", "start")
	if code != 130 || strings.Count(out, "\n") != 4 || !strings.Contains(errs, "asking again") {
		t.Errorf("followed until it is interrupted: %d %q %q", code, out, errs)
	}
	forged.Store(true)
	if out, errs := s.must(1, append(follow, "--from", "start")...); out != "" || !strings.Contains(errs, "not signed") {
		t.Errorf("a page that is not signed: %q %q", out, errs)
	}
}
