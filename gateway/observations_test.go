package gateway

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/alarm"
)

// settle does what the duty loop does.
func (w *world) settle() {
	w.t.Helper()
	w.must(w.server.office.Settle(w.t.Context()))
}

// dueOf are the keys of the alarms of a kind that are deserved now, without the person.
func (w *world) dueOf(kind alarm.Kind) (keys []string) {
	w.t.Helper()
	all, err := w.server.office.ObservationDue(w.t.Context())
	w.must(err)
	for _, a := range all {
		if a.Kind == kind {
			if a.Node != "V1C" && a.Node != "V2C" {
				w.t.Errorf("an alarm at %q: %+v", a.Node, a)
			}
			keys = append(keys, strings.TrimPrefix(a.Key, hexID(a.Person)+"/"))
		}
	}
	slices.Sort(keys)
	return keys
}

func (w *world) wantDue(kind alarm.Kind, want ...string) {
	w.t.Helper()
	if got := w.dueOf(kind); !slices.Equal(got, want) {
		w.t.Errorf("%s, alarms of %s: %v, want %v", w.clock.Now().UTC().Format(time.DateTime), kind, got, want)
	}
}

// until moves the clock to a time at the place.
func (w *world) until(day, hour, minute int) {
	w.t.Helper()
	at := time.Date(2020, 2, day, hour-8, minute, 0, 0, time.UTC)
	if at.Before(w.clock.Now()) {
		w.t.Fatalf("%s is over", at)
	}
	w.clock.Advance(at.Sub(w.clock.Now()))
}

// observation reads one as a member of staff.
func (w *world) observation(login, id string) fields {
	w.t.Helper()
	return w.do(http.MethodGet, "/v1/observations/"+id, w.as(login), nil).ok(http.StatusOK).json()
}

// self is how a household sees one of its members, without a look at the contract,
// which takes long.
func (w *world) self(phone string, person uint64) fields {
	w.t.Helper()
	for _, m := range w.my(phone, http.MethodGet, "household", nil).ok(http.StatusOK).json()["members"].([]any) {
		if m := m.(map[string]any); m["id"] == hexID(person) {
			return m
		}
	}
	w.t.Fatalf("%s is no member", hexID(person))
	return nil
}

func TestWhoComesBackIsObservedUntilTheyAreReleased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	w.change(func(d *checkpoint.Draft) error {
		node, _ := d.Grid("V1C")
		community := *node
		community.Phone = "0531-84880000"
		return d.PutGridNode(community)
	})
	doc := contract(t)

	t.Log("registered two hours before they arrive, they are green until then")
	arrival := utcTime(w.clock.Now().Add(2 * time.Hour).UnixMilli())
	document := newDocument()
	in := fields{
		"id": "returnee-1", "name": "陈归", "id_number": document, "phone": "13800138000", "site": "V1", "door": "9-901",
		"from_province": "湖北", "arrived_at": arrival, "transport": "G1234",
	}
	register := func(login string, in fields) answer {
		return w.do(http.MethodPost, "/v1/returnees", w.as(login), in)
	}
	register("auditor", in).problem(http.StatusForbidden, "forbidden", "")
	register("enroller-a2", in).problem(http.StatusForbidden, "out_of_scope", "")
	register("enroller", in.with(fields{"from_province": " "})).problem(http.StatusUnprocessableEntity, "invalid", "from_province")
	register("enroller", in.with(fields{"arrived_at": "2020-04-01T00:00:00Z"})).problem(http.StatusUnprocessableEntity, "invalid", "arrived_at")
	registered := register("enroller", in).ok(http.StatusOK)
	registered.conforms(doc, http.MethodPost, "/v1/returnees")
	if again := register("enroller", in).ok(http.StatusOK); string(again.body) != string(registered.body) || registered.json()["state"] != "expected" {
		t.Errorf("registered %s, again %s", registered.body, again.body)
	}
	register("enroller", in.with(fields{"transport": "G1"})).problem(http.StatusConflict, "other_content", "")
	chen, err := checkpoint.ParsePersonID(registered.json()["person"].(map[string]any)["id"].(string))
	w.must(err)
	w.settle()
	phone := w.phone(chen)
	if m := w.self(phone, chen); m["status"] != "green" {
		t.Errorf("on the way: %v", m)
	}
	w.my(phone, http.MethodPost, "observation/reports", fields{"resident": hexID(chen), "all_well": true}).problem(http.StatusConflict, "not_observed", "")

	t.Log("on arrival the observation begins, with the nearest three")
	w.until(11, 14, 0)
	w.settle()
	w.settle()
	back := w.do(http.MethodGet, "/v1/returnees?state=observed", w.as("grid"), nil).ok(http.StatusOK)
	back.conforms(doc, http.MethodGet, "/v1/returnees")
	row := back.json()["returnees"].([]any)[0].(map[string]any)
	id, _ := row["observation"].(string)
	list := w.do(http.MethodGet, "/v1/observations?node=V1C", w.as("grid"), nil).ok(http.StatusOK)
	list.conforms(doc, http.MethodGet, "/v1/observations")
	if all := list.json()["observations"].([]any); len(all) != 1 || all[0].(map[string]any)["id"] != id {
		t.Fatalf("listed %v, the returnee has %q", all, id)
	}
	if n := len(w.do(http.MethodGet, "/v1/observations", w.as("leader-a2"), nil).ok(http.StatusOK).json()["observations"].([]any)); n != 0 {
		t.Errorf("another part of the grid lists it")
	}
	w.do(http.MethodGet, "/v1/observations/"+id, w.as("leader-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodGet, "/v1/observations/"+id, w.as("enroller"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.do(http.MethodGet, "/v1/observations/"+id, w.as("grid"), nil).conforms(doc, http.MethodGet, "/v1/observations/{id}")
	o := w.observation("grid", id)
	if o["state"] != "running" || o["leader"] != "leader" || o["cadre"] != "grid" || o["medic"] != "medic" || o["until"] != "2020-02-25T06:00:00.000Z" ||
		len(o["people"].([]any)) != 3 || o["evidence"] != nil {
		t.Errorf("observation %v", o)
	}
	w.do(http.MethodPost, "/v1/returnees/"+row["id"].(string)+"/close", w.as("grid"), fields{"outcome": "left"}).problem(http.StatusConflict, "wrong_state", "")
	if got := w.scan("D1", w.newScan(chen)).decided("pass", "quarantine"); got["action"] != "escort" {
		t.Errorf("at the gate of their home: %v", got)
	}

	t.Log("the afternoon's reading and the report are missed at 22:00, and still after midnight, until noon")
	w.wantDue(alarm.ReadingMissed)
	w.until(11, 21, 59)
	w.wantDue(alarm.ReadingMissed)
	w.until(11, 22, 0)
	w.wantDue(alarm.ReadingMissed, "2020-02-11/pm")
	w.wantDue(alarm.ReportMissed, "2020-02-11")
	w.until(12, 0, 0)
	w.wantDue(alarm.ReadingMissed, "2020-02-11/pm")
	days := w.observation("grid", id)["days"].([]any)
	if got := fmt.Sprint(days); got != "[map[day:2020-02-11 due:[] missed:[pm] taken:[]] map[day:2020-02-12 due:[am] missed:[] taken:[]]]" {
		t.Errorf("days %s", got)
	}
	// The report of yesterday can still be given; it is the household's word.
	w.my(phone, http.MethodPost, "observation/reports", fields{"resident": hexID(chen), "day": "2020-02-11", "all_well": true}).ok(http.StatusOK).
		conforms(doc, http.MethodPost, "/v1/my/observation/reports")
	w.wantDue(alarm.ReportMissed)
	w.until(12, 12, 0)
	w.wantDue(alarm.ReadingMissed, "2020-02-12/am")
	taken := w.readingOf(chen, "reading-1", 36.5).with(fields{"resident": nil})
	w.do(http.MethodPost, personPath(chen, "/readings"), w.as("grid"), taken).ok(http.StatusOK)
	w.wantDue(alarm.ReadingMissed)

	t.Log("something: it is an alarm, and stays told")
	report := func(token string, in fields) answer {
		got := w.do(http.MethodPost, "/v1/observations/"+id+"/reports", token, in)
		got.conforms(doc, http.MethodPost, "/v1/observations/{id}/reports")
		return got
	}
	report(w.as("grid"), fields{"all_well": false}).problem(http.StatusUnprocessableEntity, "invalid", "text")
	report(w.as("grid"), fields{"all_well": true, "day": "2020-02-10"}).problem(http.StatusUnprocessableEntity, "invalid", "day")
	report(w.as("grid"), fields{"all_well": true, "day": "2020-02-13"}).problem(http.StatusUnprocessableEntity, "invalid", "day")
	report(w.as("pharmacist"), fields{"all_well": true}).problem(http.StatusForbidden, "forbidden", "")
	report(w.as("leader-a2"), fields{"all_well": true}).problem(http.StatusForbidden, "out_of_scope", "")
	report(w.as("grid"), fields{"all_well": false, "text": "夜里咳"}).ok(http.StatusOK)
	told := report(w.as("grid"), fields{"all_well": true}).ok(http.StatusOK).json()
	if told["all_well"] != false || told["text"] != "夜里咳" || told["by"] != "staff" {
		t.Errorf("after a second word: %v", told)
	}
	w.wantDue(alarm.ReportedTrouble, "2020-02-12")
	w.my(w.phone(w.people["li"]), http.MethodPost, "observation/reports", fields{"resident": hexID(chen), "all_well": true}).problem(http.StatusForbidden, "out_of_scope", "")

	t.Log("fever in the diary, and breaches at the gate and at the mall")
	w.my(phone, http.MethodPost, "readings", w.readingOf(chen, "reading-2", 38.1)).ok(http.StatusOK)
	w.wantDue(alarm.ReadingFever, "reading-2")
	w.until(13, 9, 0)
	w.scan("D1", w.newScan(chen).with(fields{"direction": "out"})).decided("deny", "quarantine")
	w.scan("E1", w.newScan(chen)).decided("deny", "quarantine")
	eventually(t, "both breaches are on record", func() bool {
		w.settle()
		return w.observation("grid", id)["breaches"] == 2.0
	})
	w.settle()
	seen := w.observation("grid", id)["breaches_seen"].([]any)
	if len(seen) != 2 || seen[0].(map[string]any)["gate"] != "G1" || seen[1].(map[string]any)["site"] != "ML" {
		t.Errorf("breaches %v", seen)
	}
	w.wantDue(alarm.ObservationBreach, seen[1].(map[string]any)["event"].(string)) // at home it is the gate's alarm

	t.Log("fever two days before the end: held over, and neither the rule nor time releases")
	w.until(23, 9, 0)
	w.my(phone, http.MethodPost, "readings", w.readingOf(chen, "reading-3", 37.6)).ok(http.StatusOK)
	w.until(25, 14, 1)
	if n, err := w.store.LapseStatuses(t.Context()); err != nil || n != 0 {
		t.Errorf("%d statuses lapse, %v", n, err)
	}
	w.settle()
	if o := w.observation("medic", id); o["state"] != "held" || w.self(phone, chen)["status"] != "observation" {
		t.Errorf("at the end: %v", o)
	}
	w.wantDue(alarm.ObservationHeld, id)
	w.until(26, 14, 1)
	if n, err := w.store.LapseStatuses(t.Context()); err != nil || n != 0 {
		t.Errorf("a day later %d statuses lapse, %v", n, err)
	}

	t.Log("released by order, once")
	release := func(login string, in fields) answer {
		return w.do(http.MethodPost, "/v1/observations/"+id+"/release", w.as(login), in)
	}
	order := fields{"ground": "observation_ended", "reason": "两次核酸阴性"}
	release("grid", order).problem(http.StatusForbidden, "forbidden", "")
	release("leader-a2", order).problem(http.StatusForbidden, "out_of_scope", "")
	release("medic", order.with(fields{"ground": "deceased"})).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	ended := release("medic", order).ok(http.StatusOK)
	ended.conforms(doc, http.MethodPost, "/v1/observations/{id}/release")
	if again := release("medic", order).ok(http.StatusOK); string(again.body) != string(ended.body) {
		t.Errorf("sent again: %s", again.body)
	}
	release("leader", order).problem(http.StatusConflict, "wrong_state", "")
	w.do(http.MethodPost, "/v1/observations/"+id+"/extend", w.as("medic"), fields{"until": "2020-03-10T00:00:00Z", "reason": "再看"}).problem(http.StatusConflict, "wrong_state", "")
	report(w.as("grid"), fields{"all_well": true}).problem(http.StatusConflict, "wrong_state", "")
	if end := ended.json()["end"].(map[string]any); end["how"] != "order" || end["by"] != "medic" {
		t.Errorf("ended %v", end)
	}
	if m := w.self(phone, chen); m["status"] != "green" || m["ground"] != "observation_ended" {
		t.Errorf("released: %v", m)
	}
	w.scan("D1", w.newScan(chen).with(fields{"direction": "out"})).decided("pass", "ok")
	w.settle()
	closed := w.do(http.MethodGet, "/v1/returnees?state=closed", w.as("leader"), nil).ok(http.StatusOK).json()["returnees"].([]any)
	if len(closed) != 1 || closed[0].(map[string]any)["outcome"] != "settled" {
		t.Errorf("returnees closed: %v", closed)
	}
	w.wantDue(alarm.ObservationHeld)
	w.wantDue(alarm.ReadingMissed)
}

// observe puts somebody under observation and gives its ID.
func (w *world) observe(person uint64, id string, more fields) string {
	w.t.Helper()
	in := fields{"id": id, "resident": hexID(person), "leader": "leader", "cadre": "grid", "medic": "medic", "ground": "close_contact", "until": utcTime(w.clock.Now().Add(48 * time.Hour).UnixMilli())}
	return w.do(http.MethodPost, "/v1/observations", w.as("medic"), in.with(more)).ok(http.StatusOK).json()["id"].(string)
}

func TestAnObservationAndTheStatusEndTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, wang, li := contract(t), w.people["wang"], w.people["li"]
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("medic")
		other := *old
		other.Login, other.Grid = "medic-a2", "A2"
		return d.PutStaff(other)
	})
	in := fields{"id": "obs-00001", "resident": hexID(wang), "leader": "leader", "cadre": "grid", "medic": "medic", "ground": "close_contact"}
	start := func(login string, more fields) answer {
		return w.do(http.MethodPost, "/v1/observations", w.as(login), in.with(more))
	}
	t.Log("three people in the right roles, who answer for the home")
	start("grid", nil).problem(http.StatusForbidden, "forbidden", "")
	start("leader-a2", nil).problem(http.StatusForbidden, "out_of_scope", "")
	for field, login := range map[string]string{"leader": "grid", "cadre": "leader", "medic": "medic-a2"} {
		start("medic", fields{field: login}).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	start("medic", fields{"medic": "nobody"}).problem(http.StatusUnprocessableEntity, "invalid", "medic")
	start("medic", fields{"ground": "recovered"}).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	start("medic", fields{"until": "2020-05-01T00:00:00Z"}).problem(http.StatusUnprocessableEntity, "invalid", "until")
	first := w.observe(wang, "obs-00001", nil)
	if again := w.observe(wang, "obs-00001", nil); again != first {
		t.Errorf("sent again it is %s", again)
	}
	start("medic", nil).problem(http.StatusConflict, "other_content", "")
	start("medic", fields{"until": "2020-02-13T04:00:00.000Z"}).ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/observations")
	start("medic", fields{"id": "obs-00002", "from": "2020-02-10"}).problem(http.StatusConflict, "wrong_state", "")
	phone := w.phone(wang)
	if m := w.self(phone, wang); m["status"] != "observation" || m["until"] != "2020-02-13T04:00:00.000Z" || m["observed"].(map[string]any)["report_due"] != true {
		t.Errorf("begun: %v", m)
	}

	t.Log("extended, the status goes on as long")
	extend := func(until string) answer {
		return w.do(http.MethodPost, "/v1/observations/"+first+"/extend", w.as("leader"), fields{"until": until, "reason": "同住人员发热"})
	}
	extend("2020-02-12T00:00:00+08:00").problem(http.StatusUnprocessableEntity, "invalid", "until")
	extend("2020-02-14T00:00:00+08:00").ok(http.StatusOK).conforms(doc, http.MethodPost, "/v1/observations/{id}/extend")
	if m := w.self(phone, wang); m["until"] != "2020-02-13T16:00:00.000Z" {
		t.Errorf("extended: %v", m)
	}
	people := w.do(http.MethodPost, "/v1/observations/"+first+"/people", w.as("leader"), fields{"cadre": "leader"})
	people.problem(http.StatusUnprocessableEntity, "invalid", "cadre")
	w.do(http.MethodPost, "/v1/observations/"+first+"/people", w.as("leader"), fields{"cadre": "grid", "note": "换班"}).ok(http.StatusOK).
		conforms(doc, http.MethodPost, "/v1/observations/{id}/people")

	t.Log("a later decision about the status is followed; at midnight of its end the rule releases")
	w.clock.Advance(time.Minute)
	w.do(http.MethodPut, personPath(wang, "/status"), w.as("medic"), fields{"status": "quarantine", "ground": "close_contact", "until": "2020-02-15T00:00:00+08:00"}).ok(http.StatusOK)
	w.settle()
	if o := w.observation("medic", first); o["status"] != "quarantine" || o["until"] != "2020-02-14T16:00:00.000Z" {
		t.Errorf("after another decision: %v", o)
	}
	w.until(14, 23, 59)
	w.settle()
	if o := w.observation("medic", first); o["state"] != "running" {
		t.Errorf("a minute before midnight: %v", o)
	}
	w.until(15, 0, 0)
	if n, err := w.store.LapseStatuses(t.Context()); err != nil || n != 0 {
		t.Errorf("%d statuses lapse before the observation has looked, %v", n, err)
	}
	w.settle()
	if o := w.observation("medic", first); o["state"] != "ended" || o["end"].(map[string]any)["how"] != "rule" {
		t.Errorf("at midnight: %v", o)
	}
	if m := w.self(phone, wang); m["status"] != "green" || m["ground"] != "observation_ended" {
		t.Errorf("released: %v", m)
	}

	t.Log("another status closes it; who waits three days for a decision lapses")
	second := w.observe(wang, "obs-00003", nil)
	_, err := w.store.ChangeStatus(t.Context(), wang, checkpoint.StatusChange{
		Status: checkpoint.StatusRed, Ground: "positive_test", Until: w.clock.Now().Add(24 * time.Hour).UnixMilli(), By: 1,
	})
	w.must(err)
	w.settle()
	if end := w.observation("medic", second)["end"].(map[string]any); end["how"] != "superseded" || end["ground"] != "positive_test" {
		t.Errorf("red closes it: %v", end)
	}
	third := w.observe(li, "obs-00004", nil)
	w.until(16, 9, 0)
	w.my(w.phone(li), http.MethodPost, "readings", w.readingOf(li, "reading-1", 38.0)).ok(http.StatusOK)
	w.until(17, 1, 0)
	w.settle()
	w.until(20, 0, 0)
	_, err = w.store.LapseStatuses(t.Context())
	w.must(err)
	w.settle()
	if o := w.observation("medic", third); o["state"] != "ended" || o["end"].(map[string]any)["how"] != "lapsed" {
		t.Errorf("nobody decided: %v", o)
	}
	ended := w.do(http.MethodGet, "/v1/observations?state=ended&from=2020-02-14&to=2020-02-21", w.as("leader"), nil).ok(http.StatusOK).json()["observations"].([]any)
	if len(ended) != 3 {
		t.Errorf("%d are listed as ended", len(ended))
	}
}
