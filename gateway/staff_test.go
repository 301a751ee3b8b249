package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestAccountIsMadeAndCanSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := fields{"name": "王芳", "role": "enroller", "grid": "A2", "password": "ten chars!"}
	got := w.do(http.MethodPut, "/v1/staff/wangfang", w.as("admin"), account).ok(http.StatusOK)
	if r := got.json(); r["login"] != "wangfang" || r["role"] != "enroller" || r["grid"] != "A2" || r["disabled"] != false {
		t.Errorf("the account is %v", r)
	}
	w.login("wangfang", "ten chars!").ok(http.StatusOK)
	list := w.do(http.MethodGet, "/v1/staff", w.as("auditor"), nil).ok(http.StatusOK)
	for _, body := range [][]byte{got.body, list.body} {
		if s := string(body); strings.Contains(s, "argon2") || strings.Contains(s, "password") || strings.Contains(s, "ten chars") {
			t.Errorf("a password or its hash was given back: %s", s)
		}
	}
	if strings.Contains(w.logs.String(), "ten chars") {
		t.Error("the password is in the log")
	}
}

func TestAccountsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := fields{"name": "王芳", "role": "enroller", "grid": "A2", "password": "ten chars!"}
	put := func(change fields) answer {
		return w.do(http.MethodPut, "/v1/staff/wangfang", w.as("admin"), account.with(change))
	}
	put(fields{"password": "nine char"}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put(fields{"password": strings.Repeat("x", 300)}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put(fields{"password": nil}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put(fields{"role": "king"}).problem(http.StatusUnprocessableEntity, "invalid", "role")
	put(fields{"grid": "nowhere"}).problem(http.StatusUnprocessableEntity, "invalid", "grid")
	put(fields{"name": ""}).problem(http.StatusUnprocessableEntity, "invalid", "name")
	put(fields{"login": "other"}).problem(http.StatusUnprocessableEntity, "invalid", "login")
	put(fields{"password_hash": "x"}).problem(http.StatusBadRequest, "unknown_field", "password_hash")
	w.do(http.MethodPut, "/v1/staff/wangfang", w.as("leader"), account).problem(http.StatusForbidden, "forbidden", "")
	w.login("wangfang", "ten chars!").problem(http.StatusUnauthorized, "unauthorized", "")
}

func TestChangeOfPowersEndsSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	account := fields{"name": "某某", "role": "tracer", "grid": "A2"}
	put := func(change fields) {
		w.do(http.MethodPut, "/v1/staff/tracer-a2", w.as("admin"), account.with(change)).ok(http.StatusOK)
	}
	token := w.as("tracer-a2")
	put(fields{"name": "王芳"})
	w.do(http.MethodGet, "/v1/me", token, nil).ok(http.StatusOK) // another name ends nothing
	for _, change := range []fields{{"grid": "A1"}, {"grid": "A1", "role": "auditor"}, {"password": "another password", "own_password": testPassword}, {"disabled": true}} {
		token = w.as("tracer-a2")
		put(change)
		w.do(http.MethodGet, "/v1/me", token, nil).problem(http.StatusUnauthorized, "unauthorized", "")
	}
	w.login("tracer-a2", "another password").problem(http.StatusUnauthorized, "unauthorized", "") // disabled
	put(nil)
	w.login("tracer-a2", "another password").ok(http.StatusOK)
}

func TestLastAdminStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := fields{"name": "某某", "role": "admin"}
	w.do(http.MethodPut, "/v1/staff/admin", w.as("admin"), admin.with(fields{"disabled": true})).problem(http.StatusUnprocessableEntity, "invalid", "role")
	w.do(http.MethodPut, "/v1/staff/admin", w.as("admin"), admin.with(fields{"role": "leader"})).problem(http.StatusUnprocessableEntity, "invalid", "role")
	w.do(http.MethodPut, "/v1/staff/second", w.as("admin"), admin.with(fields{"password": "ten chars!", "own_password": testPassword})).ok(http.StatusOK)
	w.do(http.MethodPut, "/v1/staff/admin", w.as("second"), admin.with(fields{"disabled": true})).ok(http.StatusOK)
}

// A session that was left open makes nobody somebody else, and nobody an admin.
func TestASessionAloneTakesNoAccountOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := func(login string, in fields) answer {
		return w.do(http.MethodPut, "/v1/staff/"+login, w.as("admin"), fields{"name": "某某", "grid": ""}.with(in))
	}
	for what, ask := range map[string]func(own fields) answer{
		"a colleague's password": func(own fields) answer {
			return put("medic", fields{"role": "medic", "password": "ten chars!"}.with(own))
		},
		"a new admin": func(own fields) answer {
			return put("second", fields{"role": "admin", "password": "ten chars!"}.with(own))
		},
		"a leader made admin": func(own fields) answer { return put("leader", fields{"role": "admin"}.with(own)) },
	} {
		t.Log(what)
		before := string(w.do(http.MethodGet, "/v1/staff", w.as("auditor"), nil).ok(http.StatusOK).body)
		for _, own := range []fields{nil, {"own_password": "not mine at all"}} {
			ask(own).problem(http.StatusUnprocessableEntity, "invalid", "own_password")
		}
		if after := string(w.do(http.MethodGet, "/v1/staff", w.as("auditor"), nil).ok(http.StatusOK).body); after != before {
			t.Errorf("%s: refused, and the accounts are %s", what, after)
		}
		w.clock.Advance(time.Minute)
		ask(fields{"own_password": testPassword}).ok(http.StatusOK)
	}
	// Neither does the way round by a guard, who has no password.
	put("medic", fields{"role": "guard"}).ok(http.StatusOK)
	put("medic", fields{"role": "medic", "password": "ten chars!"}).problem(http.StatusUnprocessableEntity, "invalid", "own_password")
}
