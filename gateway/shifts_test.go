package gateway

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
)

// guard makes an account of a guard with a badge, which it returns.
func (w *world) guard(login, grid string) (badge string) {
	w.t.Helper()
	w.do(http.MethodPut, "/v1/staff/"+login, w.as("admin"), fields{"name": "保安" + login, "role": "guard", "grid": grid}).ok(http.StatusOK)
	return w.makeBadge(login)
}

func (w *world) makeBadge(login string) (badge string) {
	w.t.Helper()
	badge, _ = w.do(http.MethodPost, "/v1/staff/"+login+"/badge", w.as("admin"), nil).ok(http.StatusCreated).json()["badge"].(string)
	return badge
}

// opening is the body with which a badge opens a shift now.
func (w *world) opening(id, badge string) fields {
	return fields{"id": id, "badge": badge, "opened_at": utcTime(w.clock.Now().UnixMilli()).String()}
}

func (w *world) openShift(device string, body fields) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/shifts", w.deviceToken(device), body)
}

func (w *world) closeShift(device, id, note string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/shifts/close", w.deviceToken(device), fields{
		"id": id, "note": note, "closed_at": utcTime(w.clock.Now().UnixMilli()).String(),
	})
}

// in walks down an answer, nil where there is nothing.
func in(v any, path ...string) any {
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// of makes an answer an object that in reads.
func (f fields) of(path ...string) any { return in(map[string]any(f), path...) }

func TestShiftIsOpenedByBadgeAndHandedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fang, li := w.guard("fang", "V1C"), w.guard("li", "A1")
	current := func() fields {
		return w.do(http.MethodGet, "/v1/shifts/current", w.deviceToken("D1"), nil).ok(http.StatusOK).json()
	}
	if got := current(); got["shift"] != nil || got["previous"] != nil {
		t.Errorf("before anybody came: %v", got)
	}
	body := w.opening("shift-0001", " "+strings.ToLower(fang)+"\n") // as typed by hand
	first := w.openShift("D1", body).ok(http.StatusOK).json()
	want := map[string]any{
		"id": "shift-0001", "gate": "G1", "device": "D1", "lane": "车道-D1", "person": map[string]any{"login": "fang", "name": "保安fang"},
		"opened_at": "2020-02-11T04:00:00.000Z", "closed_at": nil, "ended_by": "", "note": "",
	}
	if !reflect.DeepEqual(first["shift"], want) || first["previous"] != nil || first["duplicate"] != false {
		t.Errorf("opened as %v", first)
	}
	if me := w.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).ok(http.StatusOK).json(); !reflect.DeepEqual(me["shift"], want) {
		t.Errorf("/v1/me says %v", me["shift"])
	}
	if me := w.do(http.MethodGet, "/v1/me", w.deviceToken("E1"), nil).ok(http.StatusOK).json(); me["shift"] != nil {
		t.Errorf("another device has %v", me["shift"])
	}
	w.clock.Advance(8 * time.Hour)
	if again := w.openShift("D1", body).ok(http.StatusOK).json(); !reflect.DeepEqual(again, first.with(fields{"duplicate": true})) {
		t.Errorf("the retry is %v", again)
	}
	w.openShift("D1", body.with(fields{"badge": li})).problem(http.StatusConflict, "other_content", "")

	closed := w.closeShift("D1", "shift-0001", "测温计没电了\n3号楼等救护车").ok(http.StatusOK).json()
	if closed.of("shift", "closed_at") != "2020-02-11T12:00:00.000Z" || closed.of("shift", "ended_by") != "closed" {
		t.Errorf("closed as %v", closed)
	}
	if got := current(); got["shift"] != nil || got.of("previous", "id") != "shift-0001" {
		t.Errorf("between two: %v", got)
	}
	w.closeShift("D1", "shift-0001", "other").problem(http.StatusConflict, "other_content", "")
	w.closeShift("E1", "shift-0001", "not this one's").problem(http.StatusNotFound, "not_found", "")
	second := w.openShift("D1", w.opening("shift-0002", li)).ok(http.StatusOK).json()
	if second.of("shift", "person", "login") != "li" || second.of("previous", "note") != "测温计没电了\n3号楼等救护车" ||
		second.of("previous", "person", "login") != "fang" {
		t.Errorf("taken over as %v", second)
	}
	w.clock.Advance(time.Hour)
	third := w.openShift("D1", w.opening("shift-0003", fang)).ok(http.StatusOK).json()
	if third.of("previous", "ended_by") != "relieved" || third.of("previous", "closed_at") != third.of("shift", "opened_at") {
		t.Errorf("the one before was left %v", third["previous"])
	}
	w.clock.Advance(16 * time.Hour)
	if got := current(); got["shift"] != nil || got.of("previous", "ended_by") != "forgotten" {
		t.Errorf("the next day: %v", got)
	}
}

func TestTwoWhoOpenAtOnceAreBothOnRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bodies := []fields{w.opening("shift-0001", w.guard("fang", "A1")), w.opening("shift-0002", w.guard("li", "A1"))}
	fresh := make([]int, len(bodies))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			if w.openShift("D1", bodies[i%2]).ok(http.StatusOK).json()["duplicate"] == false {
				mu.Lock()
				fresh[i%2]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if fresh[0] != 1 || fresh[1] != 1 {
		t.Errorf("opened %v times", fresh)
	}
	list, _ := w.do(http.MethodGet, "/v1/gates/G1/shifts", w.as("leader"), nil).ok(http.StatusOK).json()["shifts"].([]any)
	if len(list) != 2 || in(list[0], "ended_by") != "relieved" || in(list[1], "closed_at") != nil {
		t.Errorf("%v", list)
	}
}

func TestBadgesThatOpenNoShift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fang := w.guard("fang", "A1")
	try := func(device, badge string) answer { return w.openShift(device, w.opening("shift-none", badge)) }
	try("D1", "PGB1-"+strings.Repeat("A", 26)).problem(http.StatusForbidden, "wrong_badge", "")
	try("D2", fang).problem(http.StatusForbidden, "out_of_scope", "")
	for _, bad := range []string{"", "PGB1-", fang + "A", "PGE1-" + fang[5:], "fang"} {
		try("D1", bad).problem(http.StatusUnprocessableEntity, "invalid", "badge")
	}
	next := w.makeBadge("fang")
	try("D1", fang).problem(http.StatusForbidden, "wrong_badge", "")
	account := fields{"name": "方", "role": "guard", "grid": "A1"}
	w.do(http.MethodPut, "/v1/staff/fang", w.as("admin"), account.with(fields{"disabled": true})).ok(http.StatusOK)
	try("D1", next).problem(http.StatusForbidden, "wrong_badge", "")
	w.do(http.MethodPut, "/v1/staff/fang", w.as("admin"), account).ok(http.StatusOK)
	for range 2 {
		w.do(http.MethodDelete, "/v1/staff/fang/badge", w.as("leader"), nil).ok(http.StatusNoContent)
	}
	try("D1", next).problem(http.StatusForbidden, "wrong_badge", "")
	if me := w.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).ok(http.StatusOK).json(); me["shift"] != nil {
		t.Errorf("on shift: %v", me["shift"])
	}
	last := w.makeBadge("fang")
	body := w.opening("shift-0001", last)
	w.openShift("D1", body.with(fields{"id": "short"})).problem(http.StatusUnprocessableEntity, "invalid", "id")
	w.openShift("D1", body.with(fields{"opened_at": nil})).problem(http.StatusUnprocessableEntity, "invalid", "opened_at")
	w.openShift("D1", body.with(fields{"opened_at": "2020-02-10T03:59:59Z"})).problem(http.StatusUnprocessableEntity, "invalid", "opened_at")
	w.openShift("D1", body.with(fields{"staff": "fang"})).problem(http.StatusBadRequest, "unknown_field", "staff")
	w.openShift("D1", body).ok(http.StatusOK)
	w.closeShift("D1", "shift-0001", strings.Repeat("长", 201)).problem(http.StatusUnprocessableEntity, "invalid", "note")
	w.do(http.MethodDelete, "/v1/staff/fang/badge", w.as("admin"), nil).ok(http.StatusNoContent)
	w.openShift("D1", body).ok(http.StatusOK) // the retry does not flip
	if logs := w.logs.String(); strings.Contains(logs, last[5:]) || strings.Contains(logs, "长长") {
		t.Error("a badge or a note is in the log")
	}
}

func TestDeviceTriesFewBadgesAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fang := w.guard("fang", "A1")
	wrong := "PGB1-" + strings.Repeat("B", 26)
	for range 20 {
		w.openShift("D1", w.opening("shift-none", wrong)).problem(http.StatusForbidden, "wrong_badge", "")
	}
	w.openShift("D1", w.opening("shift-0001", fang)).problem(http.StatusTooManyRequests, "too_many", "")
	w.openShift("E1", w.opening("shift-0001", fang)).ok(http.StatusOK) // other devices are not held up
	w.clock.Advance(time.Minute)
	w.openShift("D1", w.opening("shift-0001", fang)).ok(http.StatusOK)
}

func TestGuardNeverSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	badge := w.guard("fang", "A1")
	wrong := w.login("tracer", "wrong password")
	for _, password := range []string{"", badge, testPassword} {
		if got := w.login("fang", password); got.status != http.StatusUnauthorized || string(got.body) != string(wrong.body) {
			t.Errorf("%q: %d %s, unlike a wrong password", password, got.status, got.body)
		}
	}
	// The same work: of many at once as many are turned away.
	statuses := make([]int, 60)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() { statuses[i] = w.login("fang", "x").status })
	}
	wg.Wait()
	turned := 0
	for _, status := range statuses {
		if status == http.StatusTooManyRequests {
			turned++
		}
	}
	if turned == 0 {
		t.Error("a guard's sign-in costs no work: it can be told from a wrong password")
	}
	w.do(http.MethodGet, "/v1/me", w.as("fang"), nil).problem(http.StatusForbidden, "forbidden", "")

	account := fields{"name": "方", "role": "guard", "grid": "A1", "own_password": testPassword}
	put := func(login string, change fields) answer {
		return w.do(http.MethodPut, "/v1/staff/"+login, w.as("admin"), account.with(change))
	}
	put("fang", fields{"password": "ten chars!"}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put("new", fields{"password": "ten chars!"}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put("fang", fields{"role": "medic"}).problem(http.StatusUnprocessableEntity, "invalid", "password")
	put("fang", fields{"role": "medic", "password": "ten chars!"}).ok(http.StatusOK)
	w.clock.Advance(20 * time.Minute) // whoever tried so often has to wait
	eventually(t, "the queue is empty again", func() bool { return w.login("fang", "ten chars!").status == http.StatusOK })
	session := w.as("fang")
	put("fang", nil).ok(http.StatusOK) // a guard again: the password is gone
	w.do(http.MethodGet, "/v1/me", session, nil).problem(http.StatusUnauthorized, "unauthorized", "")
	w.login("fang", "ten chars!").problem(http.StatusUnauthorized, "unauthorized", "")
	w.openShift("D1", w.opening("shift-0001", badge)).ok(http.StatusOK) // the badge is not
}

func TestBadgeIsShownOnceAndMadeWithinTheSubtree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leader := w.as("leader-a2")
	made := w.do(http.MethodPost, "/v1/staff/tracer-a2/badge", leader, nil).ok(http.StatusCreated).json()
	badge, _ := made["badge"].(string)
	if svg, _ := made["badge_qr_svg"].(string); !regexp.MustCompile(`^PGB1-[A-Z2-7]{26}$`).MatchString(badge) || !strings.HasPrefix(svg, "<svg ") ||
		made["login"] != "tracer-a2" {
		t.Errorf("made %v", made)
	}
	w.openShift("D2", w.opening("shift-0001", badge)).ok(http.StatusOK) // any role may hold one
	list := w.do(http.MethodGet, "/v1/staff", leader, nil).ok(http.StatusOK)
	if bytes.Contains(list.body, []byte(badge[5:])) || bytes.Contains(list.body, []byte("badge_hash")) || !bytes.Contains(list.body, []byte(`"badge":true`)) {
		t.Errorf("the list is %s", list.body)
	}
	if kept, _ := w.store.Registry().Staff("tracer-a2"); !bytes.Equal(kept.BadgeHash, hashToken([]byte(badge))) {
		t.Errorf("kept as %q", kept.BadgeHash)
	}
	w.guard("fang", "A1")
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		w.do(method, "/v1/staff/fang/badge", leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
		w.do(method, "/v1/staff/admin/badge", leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
		w.do(method, "/v1/staff/nobody/badge", leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
		w.do(method, "/v1/staff/nobody/badge", w.as("leader"), nil).problem(http.StatusNotFound, "not_found", "")
	}
	w.do(http.MethodPost, "/v1/staff/admin/badge", w.as("leader"), nil).ok(http.StatusCreated)
}

func TestShiftsOfAGateWithTheirCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	fang, li := w.guard("fang", "A1"), w.guard("li", "A1")
	wang := w.people["wang"]
	w.openShift("E1", w.opening("shift-0001", fang)).ok(http.StatusOK)
	w.scan("E1", w.newScan(wang)).decided("pass", "ok")
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(wang).with(fields{"direction": "out"})).decided("pass", "ok")
	w.clock.Advance(time.Hour)
	high := w.newScan(wang).with(fields{"temperature": 38.5})
	w.scan("E1", high).decided("remeasure", "remeasure")
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(wang).with(fields{"temperature": 38.5, "temperature_method": "wrist", "remeasure_of": high["id"]})).decided("deny", "fever")
	w.clock.Advance(time.Minute)
	w.closeShift("E1", "shift-0001", "等救护车").ok(http.StatusOK)
	w.openShift("E1", w.opening("shift-0002", li)).ok(http.StatusOK)
	w.scan("E1", w.newScan(w.people["li"])).decided("pass", "ok")

	see := func(caller, gate, query string) answer {
		return w.do(http.MethodGet, "/v1/gates/"+gate+"/shifts"+query, caller, nil)
	}
	none := map[string]any{"pass": 0.0, "deny": 0.0, "remeasure": 0.0, "incomplete": 0.0}
	var list []any
	eventually(t, "all is counted", func() bool {
		list, _ = see(w.as("leader"), "M1", "").ok(http.StatusOK).json()["shifts"].([]any)
		return len(list) == 2 && in(list[1], "counts", "in", "pass") == 1.0 && in(list[0], "counts", "fevers") == 1.0
	})
	want := map[string]any{
		"in": map[string]any{"pass": 1.0, "deny": 1.0, "remeasure": 1.0, "incomplete": 0.0}, "out": map[string]any{"pass": 1.0, "deny": 0.0, "remeasure": 0.0, "incomplete": 0.0},
		"fevers": 1.0, "overrides": 0.0, "annulled": 0.0,
	}
	if !reflect.DeepEqual(in(list[0], "counts"), want) || in(list[0], "note") != "等救护车" || in(list[0], "person", "login") != "fang" {
		t.Errorf("the first shift is %v", list[0])
	}
	if !reflect.DeepEqual(in(list[1], "counts", "out"), none) || in(list[1], "closed_at") != nil {
		t.Errorf("the second shift is %v", list[1])
	}
	own, _ := see(w.deviceToken("E1"), "M1", "").ok(http.StatusOK).json()["shifts"].([]any)
	if !reflect.DeepEqual(own, list) {
		t.Errorf("the device sees %v", own)
	}
	see(w.deviceToken("E2"), "M1", "").problem(http.StatusForbidden, "out_of_scope", "")
	see(w.deviceToken("E1"), "M1", "?from=2020-02-01").problem(http.StatusUnprocessableEntity, "invalid", "from")
	see(w.as("leader-a2"), "M1", "").problem(http.StatusForbidden, "out_of_scope", "")
	see(w.as("leader"), "M1", "?from=2020-02-01&to=2020-02-12").problem(http.StatusUnprocessableEntity, "invalid", "to")
	if got, _ := see(w.as("leader"), "M1", "?from=2020-02-10&to=2020-02-11").ok(http.StatusOK).json()["shifts"].([]any); len(got) != 0 {
		t.Errorf("the day before has %v", got)
	}
}

// The login of the person on shift stands in every form of an event.
func TestEventsNameThePersonOnShift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.guard("fang", "A1")
	reg := w.store.Registry()
	fang, _ := reg.Staff("fang")
	for num, login := range map[uint32]string{fang.Num: "fang", 0: "", 9999: ""} {
		e := &checkpoint.ScanEvent{Person: 7, OccurredAt: 1, Direction: checkpoint.In, Staff: num}
		if got := viewOfEvent(reg, e).Staff; got != login {
			t.Errorf("%d: %q in a page", num, got)
		}
		var line fields
		if err := json.Unmarshal(appendJSONRow(nil, reg, e), &line); err != nil || line["staff"] != login {
			t.Errorf("%d: %v in a line, %v", num, line["staff"], err)
		}
		text := strings.TrimPrefix(csvForm.head, "\ufeff") + string(appendCSVRow(nil, reg, e)) + "\r\n"
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || rows[0][len(rows[0])-2] != "staff" || rows[1][len(rows[1])-2] != login {
			t.Errorf("%d: %v in a table, %v", num, rows, err)
		}
	}
}

// What a device recorded in a shift names the person, whoever stands there when
// it arrives.
func TestLateScanNamesThePersonOfThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	fang, li := w.guard("fang", "A1"), w.guard("li", "A1")
	w.openShift("E1", w.opening("shift-0001", fang)).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	scan := w.newScan(w.people["wang"])
	w.clock.Advance(time.Hour)
	w.openShift("E1", w.opening("shift-0002", li)).ok(http.StatusOK)
	w.scan("E1", w.newScan(w.people["li"])).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/scans/batch", w.deviceToken("E1"), fields{"scans": []any{scan}}).ok(http.StatusOK)
	eventually(t, "both are in the gate's index", func() bool { return len(w.events("M1", "", 10)) == 2 })
	if all := w.events("M1", "", 10); all[0]["staff"] != "fang" || all[1]["staff"] != "li" {
		t.Errorf("named %v, then %v", all[0]["staff"], all[1]["staff"])
	}
	if own := fmt.Sprint(w.do(http.MethodGet, "/v1/gates/M1/events", w.deviceToken("E1"), nil).ok(http.StatusOK).json()); !strings.Contains(own, "staff:li") {
		t.Errorf("the device sees %s", own)
	}
}
