package gateway

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"passgate/checkpoint"
)

func TestLoginTellsWhoOneIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.login("tracer-a2", testPassword).ok(http.StatusOK).json()
	if got["login"] != "tracer-a2" || got["role"] != "tracer" || got["grid"] != "A2" || got["expires_at"] != "2020-02-11T16:00:00.000Z" {
		t.Errorf("signed in as %v", got)
	}
	token, _ := got["token"].(string)
	me := w.do(http.MethodGet, "/v1/me", token, nil).ok(http.StatusOK).json()
	if me["login"] != "tracer-a2" || me["role"] != "tracer" || me["grid"] != "A2" {
		t.Errorf("/v1/me says %v", me)
	}
}

func TestWrongLoginsLookAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeStaff("medic", func(st *checkpoint.Staff) { st.Disabled = true })
	wrong := w.login("tracer", "wrong password")
	wrong.problem(http.StatusUnauthorized, "unauthorized", "")
	for _, login := range []string{"nobody", "medic", ""} {
		if got := w.login(login, testPassword); got.status != wrong.status || string(got.body) != string(wrong.body) {
			t.Errorf("%q: %d %s, unlike a wrong password", login, got.status, got.body)
		}
	}
	w.login("tracer", strings.Repeat("x", maxPassword+1)).problem(http.StatusUnprocessableEntity, "invalid", "password")
}

// changeStaff edits an account.
func (w *world) changeStaff(login string, edit func(*checkpoint.Staff)) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff(login)
		staff := *old
		edit(&staff)
		return d.PutStaff(staff)
	})
}

func TestManyLoginsAtOnceAreTurnedAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	statuses := make([]int, 60)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = w.login("nobody", "x").status })
	}
	wg.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if count[401] < 3 || count[429] < 1 || count[401]+count[429] != len(statuses) {
		t.Errorf("statuses %v, want some 401 and some 429", count)
	}
	eventually(t, "the queue is empty again", func() bool { return w.login("tracer", testPassword).status == http.StatusOK })
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := func(token string) answer { return w.do(http.MethodGet, "/v1/me", token, nil) }
	old, disabled, late := w.as("tracer"), w.as("leader"), w.as("auditor")
	w.changeStaff("tracer", func(st *checkpoint.Staff) { st.Epoch++ })
	w.changeStaff("leader", func(st *checkpoint.Staff) { st.Disabled = true })
	me(old).problem(http.StatusUnauthorized, "unauthorized", "")
	me(disabled).problem(http.StatusUnauthorized, "unauthorized", "")
	me(w.as("tracer")).ok(http.StatusOK)
	me(late).ok(http.StatusOK)
	w.clock.Advance(sessionLife + time.Second)
	me(late).problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestSessionsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	now := w.clock.Now()
	good := func() session {
		return session{0, jwt.RegisteredClaims{
			Issuer: sessionIssuer, Subject: "admin", Audience: jwt.ClaimStrings{sessionAudience},
			ExpiresAt: jwt.NewNumericDate(now.Add(time.Hour)),
		}}
	}
	sign := func(method jwt.SigningMethod, key any, edit func(*session)) string {
		claims := good()
		edit(&claims)
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		w.must(err)
		return token
	}
	key, same := w.server.key, func(*session) {}
	w.do(http.MethodGet, "/v1/me", sign(jwt.SigningMethodHS256, key, same), nil).ok(http.StatusOK)
	for name, token := range map[string]string{
		"alg none":      sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"HS512":         sign(jwt.SigningMethodHS512, key, same),
		"another key":   sign(jwt.SigningMethodHS256, []byte("another key, of thirty-two bytes"), same),
		"no expiry":     sign(jwt.SigningMethodHS256, key, func(c *session) { c.ExpiresAt = nil }),
		"expired":       sign(jwt.SigningMethodHS256, key, func(c *session) { c.ExpiresAt = jwt.NewNumericDate(now.Add(-time.Second)) }),
		"issuer":        sign(jwt.SigningMethodHS256, key, func(c *session) { c.Issuer = "else" }),
		"audience":      sign(jwt.SigningMethodHS256, key, func(c *session) { c.Audience = nil }),
		"unknown login": sign(jwt.SigningMethodHS256, key, func(c *session) { c.Subject = "nobody" }),
		"a pass":        w.passJWT(),
		"long":          strings.Repeat("x", 3000),
	} {
		if got := w.do(http.MethodGet, "/v1/me", token, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, got.status)
		}
	}
	for _, header := range []string{"", "Basic YTpi", "Bearer", "Bearer ", w.as("admin")} {
		got := w.do(http.MethodGet, "/v1/me", "", nil, "Authorization", header)
		got.problem(http.StatusUnauthorized, "unauthorized", "")
		if got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("Authorization %q: no WWW-Authenticate", header)
		}
	}
}

func (w *world) passJWT() string {
	w.t.Helper()
	text, err := w.server.verifier.Expand(w.pass(w.people["wang"]))
	w.must(err)
	return text
}

func TestDeviceLearnsItsRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeSite("V1", func(site *checkpoint.Site) { site.FeverLine, site.TemperatureOn = 37_5, checkpoint.TemperatureIn })
	me := w.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).ok(http.StatusOK).json()
	rules, _ := me["site_rules"].(map[string]any)
	if me["code"] != "D1" || me["gate"] != "G1" || me["site"] != "V1" || me["lane"] != "车道-D1" || me["server_time"] != "2020-02-11T04:00:00.000Z" ||
		rules["fever_line"] != 37.5 || rules["low_line"] != 35.0 || rules["temperature_on"] != "in" {
		t.Errorf("/v1/me says %v", me)
	}
	if me["rules_version"] != float64(w.store.Registry().Version) {
		t.Errorf("rules version %v, want %d", me["rules_version"], w.store.Registry().Version)
	}
}

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	phc, err := hashWith(argonMemory, "密码")
	if err != nil || !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", phc, err)
	}
	for password, want := range map[string]bool{"密码": true, "密": false, "": false} {
		if got, err := verifyPassword(phc, password); got != want || err != nil {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	if twice, _ := HashPassword("密码"); twice == phc {
		t.Error("two hashes of one password are equal")
	}
	dear := strings.Replace(phc, "m=19456", "m=99999999", 1)
	short := phc[:strings.LastIndex(phc, "$")+1] + base64.RawStdEncoding.EncodeToString([]byte("x"))
	for _, bad := range []string{"", "x", dear, short, strings.Replace(phc, "argon2id", "argon2i", 1), strings.Replace(phc, "v=19", "v=16", 1)} {
		if ok, err := verifyPassword(bad, "密码"); ok || err == nil {
			t.Errorf("%.40q is taken for a hash", bad)
		}
	}
}
