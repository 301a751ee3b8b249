package gateway

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// newEnrolCode makes a device at G2 and gives its name and one-time code.
func (w *world) newEnrolCode() (device, code string) {
	w.t.Helper()
	got := w.do(http.MethodPost, "/v1/devices", w.as("leader-a2"), fields{"gate": "G2", "lane": "二道"}).ok(http.StatusCreated).json()
	device, _ = got["code"].(string)
	code, _ = got["enrol_code"].(string)
	return device, code
}

func (w *world) enrolDevice(code string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/devices/enrol", "", fields{"code": code})
}

// stateOf is what the list of devices says of one.
func (w *world) stateOf(device string) any {
	w.t.Helper()
	list, _ := w.do(http.MethodGet, "/v1/devices", w.as("admin"), nil).ok(http.StatusOK).json()["devices"].([]any)
	for _, v := range list {
		if d, _ := v.(map[string]any); d["code"] == device {
			return d["state"]
		}
	}
	return nil
}

func TestDeviceIsEnrolledByItsCodeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(http.MethodPost, "/v1/devices", w.as("leader-a2"), fields{"gate": "G2", "lane": "二道"}).ok(http.StatusCreated)
	got := made.json()
	device, _ := got["code"].(string)
	code, _ := got["enrol_code"].(string)
	if !regexp.MustCompile(`^PGE1-[A-Z2-7]{26}$`).MatchString(code) || got["expires_at"] != "2020-02-11T04:15:00.000Z" {
		t.Errorf("made %v", got)
	}
	if svg, _ := got["enrol_qr_svg"].(string); !strings.HasPrefix(svg, "<svg ") {
		t.Errorf("the QR is %.60s", svg)
	}
	if state := w.stateOf(device); state != "pending" {
		t.Errorf("state %v", state)
	}
	phone := w.enrolDevice(" " + strings.ToLower(code) + "\n").ok(http.StatusOK).json() // as typed by hand
	token, _ := phone["token"].(string)
	if phone["device"] != device || phone["gate"] != "G2" || phone["lane"] != "二道" || phone["site"] != "V2" {
		t.Errorf("enrolled as %v", phone)
	}
	me := w.do(http.MethodGet, "/v1/me", token, nil).ok(http.StatusOK).json()
	if me["code"] != device || me["gate"] != "G2" {
		t.Errorf("the token is %v's", me)
	}
	if state := w.stateOf(device); state != "active" {
		t.Errorf("state %v", state)
	}
	w.enrolDevice(code).problem(http.StatusForbidden, "code_used", "")

	secret := strings.TrimPrefix(token, devicePrefix)
	for _, key := range w.redis.Keys(t.Context(), "*reg*").Val() {
		for _, v := range w.redis.HGetAll(t.Context(), key).Val() {
			if strings.Contains(v, secret) || strings.Contains(v, code) {
				t.Error("a secret is stored in the clear")
			}
		}
	}
	if logs := w.logs.String(); strings.Contains(logs, secret) || strings.Contains(logs, code) {
		t.Error("a secret is in the log")
	}
}

func TestOfManyAtOnceOneDeviceIsEnrolled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, code := w.newEnrolCode()
	var mu sync.Mutex
	statuses, tokens := map[int]int{}, map[string]bool{}
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			got := w.enrolDevice(code)
			mu.Lock()
			defer mu.Unlock()
			statuses[got.status]++
			if got.status == http.StatusOK {
				token, _ := got.json()["token"].(string)
				tokens[token] = true
			} else {
				got.problem(http.StatusForbidden, "code_used", "")
			}
		})
	}
	wait.Wait()
	if statuses[http.StatusOK] != 1 || len(tokens) != 1 || statuses[http.StatusForbidden] != 19 {
		t.Fatalf("answers by status: %v", statuses)
	}
	for token := range tokens {
		w.do(http.MethodGet, "/v1/me", token, nil).ok(http.StatusOK)
	}
}

func TestCodesThatEnrolNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrolDevice("PGE1-"+strings.Repeat("A", 26)).problem(http.StatusForbidden, "code_used", "")
	w.enrolDevice("PGE1-short").problem(http.StatusUnprocessableEntity, "invalid", "code")
	device, code := w.newEnrolCode()
	w.clock.Advance(enrolWithin)
	w.enrolDevice(code).problem(http.StatusForbidden, "code_used", "")
	if state := w.stateOf(device); state != "lapsed" {
		t.Errorf("state %v", state)
	}
	device, code = w.newEnrolCode()
	w.clock.Advance(enrolWithin - time.Second)
	w.do(http.MethodDelete, "/v1/devices/"+device, w.as("leader-a2"), nil).ok(http.StatusNoContent)
	w.enrolDevice(code).problem(http.StatusForbidden, "code_used", "")
}

func TestRevokedDeviceIsOutBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.scan("D2", w.newScan(w.people["li"])).decided("pass", "ok")
	w.do(http.MethodDelete, "/v1/devices/D2", w.as("leader-a2"), nil).ok(http.StatusNoContent)
	w.scan("D2", w.newScan(w.people["li"])).decided("deny", "device_revoked")
	w.do(http.MethodGet, "/v1/revocations", w.deviceToken("D2"), nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.do(http.MethodDelete, "/v1/devices/D2", w.as("leader-a2"), nil).ok(http.StatusNoContent) // again
	if state := w.stateOf("D2"); state != "revoked" {
		t.Errorf("state %v", state)
	}
}

func TestDevicesAreMadeAndRevokedInScopeOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leader := w.as("leader-a2")
	w.do(http.MethodPost, "/v1/devices", leader, fields{"gate": "G1", "lane": "一道"}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, "/v1/devices", leader, fields{"gate": "G9", "lane": "一道"}).problem(http.StatusUnprocessableEntity, "invalid", "gate")
	w.do(http.MethodPost, "/v1/devices", leader, fields{"gate": "G2"}).problem(http.StatusUnprocessableEntity, "invalid", "lane")
	w.do(http.MethodPost, "/v1/devices", w.as("tracer"), fields{"gate": "G2", "lane": "x"}).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodDelete, "/v1/devices/D1", leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodDelete, "/v1/devices/nobody", leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodDelete, "/v1/devices/nobody", w.as("leader"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).ok(http.StatusOK)
}
