package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/redisd"
)

// behindProxy starts the town's server anew, so that it believes what the test
// says in X-Forwarded-For.
func (w *world) behindProxy() *world {
	w.serve(func(s *Server) { s.proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	return w
}

// loginFrom signs in from an address.
func (w *world) loginFrom(address, login, password string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/login", "", fields{"login": login, "password": password}, "X-Forwarded-For", address)
}

// tooSoon fails the test unless the answer says to wait, at least so long.
func (a answer) tooSoon(atLeast int) {
	a.t.Helper()
	a.problem(http.StatusTooManyRequests, "too_many", "")
	if s, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || s < atLeast {
		a.t.Errorf("Retry-After %q, want %d or more", a.header.Get("Retry-After"), atLeast)
	}
}

func TestSigningInIsTheSameWorkForEverybody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeStaff("medic", func(st *checkpoint.Staff) { st.Disabled = true })
	work := func(login, password string) int64 {
		before := w.server.passwords.hashed.Load() + w.server.familiar.hashed.Load()
		w.login(login, password)
		return w.server.passwords.hashed.Load() + w.server.familiar.hashed.Load() - before
	}
	for _, c := range [][2]string{{"tracer", testPassword}, {"tracer", "wrong"}, {"nobody", "wrong"}, {"medic", testPassword}, {"", ""}} {
		if n := work(c[0], c[1]); n != 1 {
			t.Errorf("signing in as %q hashes %d passwords, want 1", c[0], n)
		}
	}
}

func TestGuessersWaitAndTheOwnerDoesNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t).behindProxy()
	other := w.another().behindProxy()
	w.loginFrom("203.0.113.7", "tracer", testPassword).ok(http.StatusOK)
	for _, login := range []string{"tracer", "nobody"} { // who does not exist is guarded just so
		for i := range 8 { // without the work
			_, err := w.store.Try(t.Context(), checkpoint.Attempt{Account: login, Address: fmt.Sprintf("192.0.2.%d", i)})
			w.must(err)
		}
		for i, gateway := range []*world{w, other} {
			gateway.loginFrom(fmt.Sprintf("198.51.100.%d", i), login, "wrong").problem(http.StatusUnauthorized, "unauthorized", "")
		}
		w.loginFrom("198.51.100.99", login, testPassword).tooSoon(1)
		other.loginFrom("198.51.100.98", login, testPassword).tooSoon(1)
	}
	w.loginFrom("203.0.113.7", "tracer", testPassword).ok(http.StatusOK)
	w.loginFrom("198.51.100.99", "leader", testPassword).ok(http.StatusOK) // others are not held up

	w.clock.Advance(time.Second) // and whoever has waited may try again
	w.loginFrom("198.51.100.99", "tracer", "wrong").problem(http.StatusUnauthorized, "unauthorized", "")
	w.loginFrom("198.51.100.99", "tracer", testPassword).tooSoon(2)
	if logs := w.logs.String(); strings.Contains(logs, "198.51") || strings.Contains(logs, testPassword) {
		t.Error("the log names an address or a password")
	} else if !strings.Contains(logs, "account=tracer") || strings.Contains(logs, "nobody") {
		t.Errorf("the log has to name the accounts that were tried, and nothing else that was typed: %s", logs)
	}
}

// tried is an address from which so many accounts were tried, without the work.
func (w *world) tried(address string, times int) {
	w.t.Helper()
	for i := range times {
		_, err := w.store.Try(w.t.Context(), checkpoint.Attempt{Account: fmt.Sprintf("staff-%d", i), Address: address})
		w.must(err)
	}
}

func TestOneAddressTriesFewAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t).behindProxy()
	w.tried("198.51.100.1", 28)
	w.loginFrom("198.51.100.1", "cadre-1", "spring2020").ok(http.StatusUnauthorized)
	w.loginFrom("10.9.9.9, 198.51.100.1", "cadre-2", "spring2020").ok(http.StatusUnauthorized)
	w.loginFrom("198.51.100.1", "leader", testPassword).tooSoon(1)
	w.loginFrom("192.0.2.1, 198.51.100.1", "leader", testPassword).tooSoon(1) // what stands in front is made up
	w.loginFrom("::ffff:198.51.100.1", "leader", testPassword).tooSoon(1)
	w.loginFrom("198.51.100.1, 127.0.0.9", "leader", testPassword).tooSoon(1) // a second proxy
	w.loginFrom("198.51.100.2", "medic", testPassword).ok(http.StatusOK)

	w.tried("2001:db8::", 28) // 2^64 addresses of one customer are one address
	w.loginFrom("2001:db8::1", "cadre-3", "spring2020").ok(http.StatusUnauthorized)
	w.loginFrom("2001:db8::2:1", "cadre-4", "spring2020").ok(http.StatusUnauthorized)
	w.loginFrom("2001:db8::ffff:ffff", "leader", testPassword).tooSoon(1)
	w.loginFrom("2001:db8:0:1::1", "leader", testPassword).ok(http.StatusOK)
}

func TestAddressesAreNotMadeUpWithoutAProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tried("127.0.0.1", 29)
	w.loginFrom("198.51.100.1", "cadre-1", "x").ok(http.StatusUnauthorized)
	w.loginFrom("203.0.113.7", "leader", testPassword).tooSoon(1)
}

func TestProxiesAreAddressesOrPrefixes(t *testing.T) {
	t.Parallel()
	got, err := ParseProxies([]string{"10.1.2.3", "10.1.2.3/8", "fd00::1", "fd00::/8"})
	if err != nil || fmt.Sprint(got) != "[10.1.2.3/32 10.0.0.0/8 fd00::1/128 fd00::/8]" {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "*"} {
		if _, err := ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q is taken for a proxy", bad)
		}
	}
}

func TestFloodOfGuessesLeavesTheFamiliarADesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.login("tracer", testPassword).ok(http.StatusOK)
	for range hashesAtOnce { // strangers keep every slot
		w.server.passwords.slots <- struct{}{}
	}
	w.login("tracer", testPassword).ok(http.StatusOK)
	w.login("leader", testPassword).tooSoon(1)
	for range hashesAtOnce {
		w.server.passwords.leave()
	}
	if tries := w.redis.Keys(t.Context(), w.prefix+"{try}:n:*").Val(); len(tries) != 0 {
		t.Errorf("%d accounts have tried, the one that was not served has not", len(tries))
	}
}

func TestWithoutRedisNobodySignsIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	srv, err := redisd.Start(ctx, redisd.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Stop(ctx) })
	w := newWorldOn(t, srv, 0)
	w.login("tracer", testPassword).ok(http.StatusOK)
	session := w.as("tracer")
	w.must(srv.Kill())
	hashed := w.server.passwords.hashed.Load()
	w.login("tracer", testPassword).problem(http.StatusServiceUnavailable, "unavailable", "")
	w.login("nobody", "x").problem(http.StatusServiceUnavailable, "unavailable", "")
	if n := w.server.passwords.hashed.Load(); n != hashed {
		t.Error("a password was looked at that nobody counts")
	}
	w.do(http.MethodGet, "/v1/me", session, nil).ok(http.StatusOK) // who is signed in stays so
}

func TestOneAddressTriesFewEnrolmentCodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t).behindProxy()
	enrol := func(address, code string) answer {
		return w.do(http.MethodPost, "/v1/devices/enrol", "", fields{"code": code}, "X-Forwarded-For", address)
	}
	wrong := "PGE1-" + strings.Repeat("B", 26)
	for range 30 {
		enrol("198.51.100.1", wrong).problem(http.StatusForbidden, "code_used", "")
	}
	enrol("198.51.100.1", wrong).tooSoon(1)
	enrol("198.51.100.2", wrong).problem(http.StatusForbidden, "code_used", "")
	// A code that is good is good from there, too: nobody can shut a phone out.
	made := w.do(http.MethodPost, "/v1/devices", w.as("leader"), fields{"gate": "G1", "lane": "一"}).ok(http.StatusCreated).json()
	enrol("198.51.100.1", made["enrol_code"].(string)).ok(http.StatusOK)
}

func TestFloodOfTriesStopsBeforeRedis(t *testing.T) {
	t.Parallel()
	var d doorstep
	now := testStart.UnixMilli()
	for i := range triesAMinute {
		if err := d.admit("198.51.100.1", now); err != nil {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if d.admit("198.51.100.1", now) == nil {
		t.Error("one more is let in")
	}
	if err := d.admit("198.51.100.2", now); err != nil {
		t.Errorf("another address: %v", err)
	}
	if err := d.admit("198.51.100.1", now+60_000); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}
