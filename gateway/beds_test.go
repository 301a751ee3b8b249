package gateway

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

func TestABedIsWaitedForAssignedLeftAndCleaned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(d *checkpoint.Draft) error {
		account, _ := d.Staff("medic")
		medic := *account
		medic.Login, medic.Grid = "medic-ml", "MLC" // of the health centre, where nobody lives
		village := *account
		village.Login, village.Role, village.Grid = "grid-v1", checkpoint.RoleGrid, "V1C"
		return firstError(d.PutStaff(medic), d.PutStaff(village))
	})
	doc, medic, wang, li := contract(t), w.as("medic-ml"), w.people["wang"], w.people["li"]
	add := func(bed string) string {
		t.Helper()
		got := w.do(http.MethodPost, "/v1/beds", w.as("leader"), fields{"node": "MLC", "room": "201", "bed": bed}).ok(http.StatusOK)
		got.conforms(doc, http.MethodPost, "/v1/beds")
		return got.json()["id"].(string)
	}
	one, two := add("1"), add("2")
	if again := add("1"); again != one {
		t.Errorf("the same bed again is %s, not %s", again, one)
	}
	turn := func(token, bed, what string, in fields) answer {
		t.Helper()
		got := w.do(http.MethodPost, "/v1/beds/"+bed+"/"+what, token, in)
		got.conforms(doc, http.MethodPost, "/v1/beds/{id}/"+what)
		return got
	}
	assign := fields{"resident": hexID(wang), "until": utcTime(w.clock.Now().Add(24 * time.Hour).UnixMilli()), "ref": "observation/1"}
	turn(medic, one, "assign", assign).problem(http.StatusForbidden, "out_of_scope", "") // lives elsewhere, and does not wait
	turn(w.as("leader-a2"), one, "assign", assign).problem(http.StatusForbidden, "out_of_scope", "")
	turn(w.as("grid"), one, "assign", assign).problem(http.StatusForbidden, "forbidden", "")

	t.Log("a village asks for a bed at the health centre, whose medic may admit then")
	wait := fields{"node": "MLC", "resident": hexID(wang), "ref": "observation/1"}
	elsewhere := w.do(http.MethodPost, "/v1/beds/waiting", w.as("grid-v1"), wait.with(fields{"node": "A1"})).ok(http.StatusOK).json()
	turn(medic, one, "assign", fields{"stay": elsewhere["id"]}).problem(http.StatusForbidden, "out_of_scope", "") // waits for another node's
	waits := w.do(http.MethodPost, "/v1/beds/waiting", w.as("grid-v1"), wait).ok(http.StatusOK)
	waits.conforms(doc, http.MethodPost, "/v1/beds/waiting")
	if v := waits.json(); v["name"] != "王*明" || v["resident"] != nil {
		t.Errorf("who is no medic sees %v", v)
	}
	w.do(http.MethodPost, "/v1/beds/waiting", w.as("grid-v1"), wait.with(fields{"resident": hexID(li)})).problem(http.StatusForbidden, "out_of_scope", "")
	w.wantAlarms("beds are free")
	turn(medic, two, "out-of-use", fields{"note": "漏水"}).ok(http.StatusOK)
	turn(medic, one, "assign", fields{"stay": waits.json()["id"], "resident": hexID(li)}).problem(http.StatusUnprocessableEntity, "invalid", "stay")
	turn(w.as("leader-a2"), one, "assign", fields{"stay": waits.json()["id"]}).problem(http.StatusForbidden, "out_of_scope", "")
	turn(medic, one, "assign", assign.with(fields{"resident": nil, "stay": waits.json()["id"]})).ok(http.StatusOK)
	if again := turn(medic, one, "assign", assign).ok(http.StatusOK).json(); again["state"] != "occupied" {
		t.Errorf("assigned again: %v", again)
	}
	w.do(http.MethodPost, "/v1/beds/waiting", w.as("grid-v1"), wait).problem(http.StatusConflict, "wrong_state", "")
	w.wantAlarms("one bed, and it is taken", string(alarm.BedsScarce)+" MLC")
	liWaits := w.do(http.MethodPost, "/v1/beds/waiting", w.as("leader-a2"), wait.with(fields{"resident": hexID(li)})).ok(http.StatusOK).json()
	w.wantAlarms("somebody waits", string(alarm.BedsFull)+" MLC", string(alarm.BedsScarce)+" MLC")
	turn(medic, one, "assign", assign.with(fields{"resident": hexID(li)})).problem(http.StatusConflict, "wrong_state", "")
	turn(medic, two, "cleaned", fields{}).ok(http.StatusOK)
	turn(w.as("medic"), two, "assign", assign).problem(http.StatusConflict, "wrong_state", "") // in another bed

	t.Log("only medics see who it is")
	read := func(token string) fields {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/beds?node=MLC", token, nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/beds")
		return got.json()
	}
	seen := read(medic)
	bed := seen["beds"].([]any)[0].(map[string]any)
	if fmt.Sprint(seen["counts"]) != "map[capacity:2 free:1 occupied:1 out_of_use:0 to_clean:0 waiting:1]" ||
		bed["occupant"].(map[string]any)["name"] != "王小明" || bed["occupant"].(map[string]any)["resident"] != hexID(wang) {
		t.Errorf("a medic sees %v", seen)
	}
	if text := fmt.Sprint(read(w.as("leader"))); strings.Contains(text, "王小明") || strings.Contains(text, hexID(wang)) || !strings.Contains(text, "王*明") {
		t.Errorf("a leader sees %s", text)
	}

	t.Log("the time is over, the bed is left and cleaned before the next")
	w.clock.Advance(24*time.Hour + time.Minute)
	medic = w.as("medic-ml")
	w.wantAlarms("beyond the time", string(alarm.BedOverdue)+" MLC")
	stay := fields{"stay": bed["stay"], "to": "home"}
	turn(medic, two, "release", stay).problem(http.StatusConflict, "wrong_state", "")
	turn(medic, one, "cleaned", fields{}).problem(http.StatusConflict, "wrong_state", "")
	for range 2 {
		if b := turn(medic, one, "release", stay).ok(http.StatusOK).json(); b["state"] != "to_clean" {
			t.Errorf("left: %v", b)
		}
	}
	turn(medic, one, "assign", assign.with(fields{"resident": hexID(li), "until": nil})).problem(http.StatusConflict, "wrong_state", "")
	turn(medic, one, "cleaned", fields{"note": "终末消毒"}).ok(http.StatusOK)
	gone := w.do(http.MethodPost, "/v1/beds/waiting/"+liWaits["id"].(string)+"/cancel", w.as("leader-a2"), fields{"note": "居家观察"}).ok(http.StatusOK)
	gone.conforms(doc, http.MethodPost, "/v1/beds/waiting/{id}/cancel")
	if c := read(medic)["counts"]; fmt.Sprint(c) != "map[capacity:2 free:2 occupied:0 out_of_use:0 to_clean:0 waiting:0]" {
		t.Errorf("at the end: %v", c)
	}
	w.wantAlarms("at the end")
}
