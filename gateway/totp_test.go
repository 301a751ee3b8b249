package gateway

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// codeOf is what an app with this secret shows at the town's time.
func (w *world) codeOf(secret string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.clock.Now())
	w.must(err)
	return code
}

func (w *world) loginWith(login, password, code string) answer {
	return w.do(http.MethodPost, "/v1/login", "", fields{"login": login, "password": password, "code": code})
}

// withFactor gives an account a second factor.
func (w *world) withFactor(login string) (secret string, recovery []string) {
	w.t.Helper()
	token := w.as(login)
	secret, _ = w.do(http.MethodPost, "/v1/me/totp", token, fields{}).ok(http.StatusCreated).json()["secret"].(string)
	w.do(http.MethodPost, "/v1/me/totp/confirm", token, fields{"password": testPassword, "code": "000000"}).problem(http.StatusUnprocessableEntity, "invalid", "code")
	w.do(http.MethodPost, "/v1/me/totp/confirm", token, fields{"password": "an open desk's", "code": w.codeOf(secret)}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	w.login(login, testPassword).ok(http.StatusOK) // nothing has changed yet
	got := w.do(http.MethodPost, "/v1/me/totp/confirm", token, fields{"password": testPassword, "code": w.codeOf(secret)}).ok(http.StatusOK)
	got.conforms(contract(w.t), http.MethodPost, "/v1/me/totp/confirm")
	list, _ := got.json()["recovery_codes"].([]any)
	for _, code := range list {
		recovery = append(recovery, code.(string))
	}
	return secret, recovery
}

func TestSecondFactorAtSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, recovery := w.withFactor("medic")
	wrong := func(code string) {
		w.loginWith("medic", testPassword, code).problem(http.StatusUnauthorized, "unauthorized", "")
	}

	w.login("medic", testPassword).problem(http.StatusUnauthorized, "code_required", "")
	w.login("medic", "another password").problem(http.StatusUnauthorized, "unauthorized", "") // tells nothing of the factor
	wrong(w.codeOf(secret))                                                                   // was used to confirm
	w.clock.Advance(30 * time.Second)
	ahead := w.codeOf(secret)
	w.clock.Advance(-30 * time.Second) // the phone is one step ahead
	if r := w.loginWith("medic", testPassword, ahead).ok(http.StatusOK).json(); r["totp"] != true {
		t.Errorf("the session does not say that there is a factor: %v", r)
	}
	w.clock.Advance(30 * time.Second)
	wrong(ahead)
	w.clock.Advance(5 * time.Minute)
	old := w.codeOf(secret)
	w.clock.Advance(61 * time.Second)
	wrong(old)

	lower := strings.ToLower(strings.ReplaceAll(recovery[3], "-", ""))
	w.loginWith("medic", testPassword, lower).ok(http.StatusOK)
	wrong(recovery[3])
	token, _ := w.loginWith("medic", testPassword, recovery[0]).ok(http.StatusOK).json()["token"].(string)
	if r := w.do(http.MethodGet, "/v1/me/totp", token, nil).ok(http.StatusOK).json(); r["on"] != true || r["recovery_left"] != 8.0 || r["since"] == nil {
		t.Errorf("the factor is %v", r)
	}
	for _, text := range []string{secret, recovery[1], testPassword} {
		if strings.Contains(w.logs.String(), text) {
			t.Errorf("%q is in the log", text)
		}
	}
}

// Of many who bring one code at once, one signs in.
func TestCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, _ := w.withFactor("medic")
	w.clock.Advance(time.Minute)
	code, in := w.codeOf(secret), make(chan int, 6)
	var all sync.WaitGroup
	for range cap(in) {
		all.Go(func() { in <- w.loginWith("medic", testPassword, code).status })
	}
	all.Wait()
	close(in)
	good := 0
	for status := range in {
		if status == http.StatusOK {
			good++
		}
	}
	if good != 1 {
		t.Errorf("one code signed in %d times", good)
	}
}

// Guesses at the code are counted like those at the password, whatever comes
// between them.
func TestCodesCannotBeTriedFreely(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.withFactor("medic")
	for n := range 40 {
		if w.loginWith("medic", testPassword, "123456").status == http.StatusTooManyRequests {
			if n < 8 {
				t.Errorf("after %d tries nobody may try any more", n)
			}
			return
		}
		if n < 3 { // which takes nothing back of what was counted
			w.login("medic", testPassword).problem(http.StatusUnauthorized, "code_required", "")
		}
	}
	t.Error("40 codes were tried without a wait")
}

func TestSecondFactorEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, recovery := w.withFactor("medic")
	token := w.as("tracer")
	w.do(http.MethodPost, "/v1/me/totp/remove", token, fields{"password": testPassword, "code": ""}).problem(http.StatusConflict, "wrong_state", "")
	w.clock.Advance(time.Minute)
	token, _ = w.loginWith("medic", testPassword, w.codeOf(secret)).ok(http.StatusOK).json()["token"].(string)
	w.do(http.MethodPost, "/v1/me/totp", token, fields{}).problem(http.StatusConflict, "wrong_state", "")
	remove := func(password, code string) answer {
		return w.do(http.MethodPost, "/v1/me/totp/remove", token, fields{"password": password, "code": code})
	}
	remove("another password", recovery[0]).problem(http.StatusUnprocessableEntity, "invalid", "password")
	remove(testPassword, "").problem(http.StatusUnprocessableEntity, "invalid", "code")
	remove(testPassword, recovery[1]).ok(http.StatusNoContent)
	w.do(http.MethodGet, "/v1/me", token, nil).ok(http.StatusOK) // the session goes on
	w.login("medic", testPassword).ok(http.StatusOK)

	w.clock.Advance(time.Minute)
	again, _ := w.withFactor("medic")
	if again == secret {
		t.Error("the old secret came back")
	}
	if list := string(w.do(http.MethodGet, "/v1/staff", w.as("admin"), nil).ok(http.StatusOK).body); !strings.Contains(list, `"totp":true`) {
		t.Errorf("the list does not show it: %s", list)
	}
	w.do(http.MethodDelete, "/v1/staff/medic/totp", w.as("leader"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodDelete, "/v1/staff/medic/totp", w.as("admin"), nil).ok(http.StatusNoContent)
	w.do(http.MethodGet, "/v1/me", token, nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.login("medic", testPassword).ok(http.StatusOK)
}

func TestOwnPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, _ := w.withFactor("medic")
	w.clock.Advance(time.Minute)
	token, _ := w.loginWith("medic", testPassword, w.codeOf(secret)).ok(http.StatusOK).json()["token"].(string)
	change := func(body fields) answer {
		return w.do(http.MethodPost, "/v1/me/password", token, fields{"old": testPassword, "new": "ten chars!"}.with(body))
	}
	change(nil).problem(http.StatusUnprocessableEntity, "invalid", "code")
	change(fields{"new": "nine char"}).problem(http.StatusUnprocessableEntity, "invalid", "new")
	change(fields{"new": testPassword}).problem(http.StatusUnprocessableEntity, "invalid", "new")
	change(fields{"old": "another one", "code": "1"}).problem(http.StatusUnprocessableEntity, "invalid", "old")
	w.clock.Advance(time.Minute)
	fresh, _ := change(fields{"code": w.codeOf(secret)}).ok(http.StatusOK).json()["token"].(string)
	w.do(http.MethodGet, "/v1/me", token, nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodGet, "/v1/me", fresh, nil).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.loginWith("medic", "ten chars!", w.codeOf(secret)).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/me/signout", fresh, fields{}).ok(http.StatusNoContent)
	w.do(http.MethodGet, "/v1/me", fresh, nil).problem(http.StatusUnauthorized, "unauthorized", "")
}
