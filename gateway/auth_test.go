package gateway

import (
	"net/http"
	"testing"
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
