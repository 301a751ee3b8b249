package gateway

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// newRider is one of the people in a car, named by resident ID.
func (w *world) newRider(person uint64) fields {
	return fields{
		"id": fmt.Sprintf("rider-%08d", w.scans.Add(1)), "resident": checkpoint.FormatPersonID(person),
		"temperature": 36.5, "temperature_method": "forehead",
	}
}

// car is a good car on its way in, now, with these people.
func (w *world) car(riders ...any) fields {
	return fields{
		"vehicle": fmt.Sprintf("car-%08d", w.scans.Add(1)), "plate": "鲁A12345", "direction": "in",
		"occurred_at": utcTime(w.clock.Now().UnixMilli()), "scans": riders,
	}
}

// drive sends a car from a device.
func (w *world) drive(device string, car fields) answer {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/scans/vehicle", w.deviceToken(device), car)
}

// searchPlate gives the passages of a plate as somebody sees them.
func (w *world) searchPlate(login string, search fields) (passages []fields, truncated bool) {
	w.t.Helper()
	got := w.do(http.MethodPost, "/v1/vehicles/search", w.as(login), search).ok(http.StatusOK).json()
	list, _ := got["passages"].([]any)
	for _, v := range list {
		p, _ := v.(map[string]any)
		passages = append(passages, p)
	}
	truncated, _ = got["truncated"].(bool)
	return passages, truncated
}

func TestCarAnswersForEachOfItsPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	zhao := w.enrol("赵某", "V1", "9-9")
	riders := []any{
		w.newRider(w.people["wang"]),
		w.newRider(zhao).with(fields{"temperature": 365}),
		w.newRider(w.people["li"]), // lives in V2
		w.newRider(0).with(fields{"resident": nil, "pass": "https://example.com"}),
		w.newRider(zhao).with(fields{"resident": nil, "pass": w.pass(zhao)}),
		7,
		w.newRider(0).with(fields{"resident": nil, "walk_in": fields{"name": "孙八", "id_tail": "123X", "phone": "13800138000"}}),
		w.newRider(zhao).with(fields{"direction": "out"}),
		w.newRider(zhao).with(fields{"resident": nil}),
	}
	car := w.car(riders...).with(fields{"plate": " 鲁a·12345", "vehicle_disinfected": true})
	first := w.drive("D1", car)
	body := first.ok(http.StatusOK).json()
	if body["plate"] != "鲁A12345" || body["vehicle"] != car["vehicle"] || body["color"] != "red" {
		t.Errorf("the car: %v", body)
	}
	want := []string{
		"pass ok", "invalid temperature", "deny outsider", "deny not_our_pass", "pass ok", "bad_json ", "deny outsider",
		"unknown_field direction", "invalid pass",
	}
	check := func(results []fields, duplicate bool) {
		t.Helper()
		if len(results) != len(want) {
			t.Fatalf("%d results for %d people", len(results), len(want))
		}
		for i, r := range results {
			result, _ := r["result"].(map[string]any)
			failed, _ := r["error"].(map[string]any)
			got := ""
			switch {
			case result != nil:
				got = fmt.Sprint(result["decision"], " ", result["reason"])
				if result["duplicate"] != duplicate {
					t.Errorf("person %d: duplicate %v", i, result["duplicate"])
				}
			case failed["field"] != nil:
				got = fmt.Sprint(failed["code"], " ", failed["field"])
			default:
				got = fmt.Sprint(failed["code"], " ")
			}
			if got != want[i] {
				t.Errorf("person %d: %s, want %s: %v", i, got, want[i], r)
			}
			if rider, ok := riders[i].(fields); ok && r["id"] != rider["id"] {
				t.Errorf("person %d: id %v, want %v", i, r["id"], rider["id"])
			}
		}
	}
	check(first.results(), false)
	w.clock.Advance(time.Hour) // the answer was lost, the car is sent again late
	check(w.drive("D1", car).results(), true)

	vehicles := map[any]bool{}
	for _, person := range []uint64{w.people["wang"], w.people["li"], zhao} {
		events := w.trailOf(person)
		if len(events) != 1 {
			t.Fatalf("%d events of a person, want 1", len(events))
		}
		e, _ := events[0].(map[string]any)
		if e["plate"] != "鲁A12345" || e["direction"] != "in" {
			t.Errorf("recorded %v", e)
		}
		vehicles[e["vehicle"]] = true
	}
	if len(vehicles) != 1 || vehicles[""] {
		t.Errorf("the people of one car are recorded in %v", vehicles)
	}
}

func TestCarIsOfTheWorstColorOfItsPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	walkIn := func() fields {
		return w.newRider(0).with(fields{"resident": nil, "walk_in": fields{"name": "孙八", "id_tail": "123X", "phone": "13800138000"}})
	}
	for _, c := range []struct {
		color  string
		riders []any
	}{
		{"green", []any{w.newRider(wang), w.newRider(li)}},
		{"yellow", []any{w.newRider(wang), walkIn()}},
		{"red", []any{walkIn(), w.newRider(wang).with(fields{"pass": "PG1:BROKEN", "resident": nil}), w.newRider(li)}},
		{"red", []any{w.newRider(wang), w.newRider(li).with(fields{"temperature": 99})}},
	} {
		w.clock.Advance(time.Hour)
		car := w.car(c.riders...)
		got := w.drive("E1", car).ok(http.StatusOK).json()
		if got["color"] != c.color {
			t.Errorf("%v: %v", c.color, got)
		}
		w.clock.Advance(time.Minute) // all leave again
		w.drive("E1", w.car(w.newRider(wang), w.newRider(li), walkIn()).with(fields{"direction": "out"})).ok(http.StatusOK)
	}
}

func TestCarThatIsWrongAsAWholeIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.car(w.newRider(w.people["wang"]))
	many := make([]any, maxRiders+1)
	for i := range many {
		many[i] = w.newRider(w.people["wang"])
	}
	for name, c := range map[string]struct {
		change fields
		status int
		code   string
		field  string
	}{
		"no vehicle":          {fields{"vehicle": nil}, 422, "invalid", "vehicle"},
		"short vehicle":       {fields{"vehicle": "7"}, 422, "invalid", "vehicle"},
		"long vehicle":        {fields{"vehicle": strings.Repeat("x", 65)}, 422, "invalid", "vehicle"},
		"no plate":            {fields{"plate": nil}, 422, "invalid", "plate"},
		"plate with an O":     {fields{"plate": "鲁A1234O"}, 422, "invalid", "plate"},
		"unchecked and long":  {fields{"plate": strings.Repeat("鲁", 7), "plate_unchecked": true}, 422, "invalid", "plate"},
		"unchecked, no line":  {fields{"plate": "鲁\n1", "plate_unchecked": true}, 422, "invalid", "plate"},
		"no direction":        {fields{"direction": nil}, 422, "invalid", "direction"},
		"no time":             {fields{"occurred_at": nil}, 422, "invalid", "occurred_at"},
		"nobody":              {fields{"scans": nil}, 422, "invalid", "scans"},
		"too many people":     {fields{"scans": many}, 422, "invalid", "scans"},
		"a field not known":   {fields{"temperature": 36.5}, 400, "unknown_field", "temperature"},
		"people of no list":   {fields{"scans": 7}, 422, "invalid", "scans"},
		"gate of its own say": {fields{"gate": "G2"}, 400, "unknown_field", "gate"},
	} {
		t.Run(name, func(t *testing.T) {
			res := w.drive("D1", good.with(c.change))
			res.t = t
			res.problem(c.status, c.code, c.field)
		})
	}
	if n := len(w.trailOf(w.people["wang"])); n != 0 {
		t.Errorf("%d events are recorded, want 0", n)
	}
	w.drive("D1", good.with(fields{"plate": "鲁01·54321", "plate_unchecked": true})).ok(http.StatusOK)
	for _, r := range w.drive("D1", w.car(many[:maxRiders]...).with(fields{"plate": "无牌"})).results() {
		if r["result"] == nil {
			t.Errorf("%v", r)
		}
	}
	late := w.car(w.newRider(w.people["li"])).with(fields{"occurred_at": utcTime(w.clock.Now().Add(-time.Hour).UnixMilli())})
	failed, _ := w.drive("D1", late).results()[0]["error"].(map[string]any)
	if failed["field"] != "occurred_at" {
		t.Errorf("an old car: %v", failed)
	}
}

// What is said of the car holds for everybody in it, what is said of a person
// for that person.
func TestCarIsJudgedWithAllThatIsSaidOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, li := w.people["wang"], w.people["li"]
	w.changeSite("V1", func(site *checkpoint.Site) { site.Disinfection, site.Outings, site.OutingDays = true, 1, 1 })
	reasons := func(car fields) (got []string) {
		w.clock.Advance(time.Minute)
		car["occurred_at"] = utcTime(w.clock.Now().UnixMilli())
		for _, r := range w.drive("D1", car).results() {
			result, _ := r["result"].(map[string]any)
			got = append(got, fmt.Sprint(result["decision"], " ", result["reason"]))
		}
		return got
	}
	ambulance := w.newRider(li).with(fields{"override": fields{"reason": "medical"}})
	for _, c := range []struct {
		car  fields
		want []string
	}{
		{w.car(w.newRider(wang), ambulance), []string{"incomplete disinfection_required", "pass outsider"}},
		{w.car(w.newRider(wang)).with(fields{"vehicle_disinfected": true}), []string{"pass ok"}},
		{w.car(w.newRider(wang)).with(fields{"direction": "out"}), []string{"pass ok"}},
		{w.car(w.newRider(wang)).with(fields{"direction": "out"}), []string{"deny quota"}},
		{w.car(w.newRider(wang).with(fields{"purpose": "medical"})).with(fields{"direction": "out"}), []string{"pass ok"}},
	} {
		if got := reasons(c.car); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
	hot := fields{"temperature": 38.5, "temperature_method": "armpit"}
	for i, again := range []fields{w.newRider(wang).with(hot), w.newRider(wang).with(hot).with(fields{"remeasure_of": "another-scan"}), w.newRider(wang).with(hot)} {
		got := reasons(w.car(again).with(fields{"vehicle_disinfected": true}))
		if want := []string{"remeasure remeasure", "remeasure remeasure", "deny fever"}[i]; got[0] != want {
			t.Errorf("reading %d: %v, want %s", i, got, want)
		}
	}
}

func TestRevokedDeviceIsToldSoForEachOfACarsPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.revokeDevice("D1")
	got := w.drive("D1", w.car(w.newRider(w.people["wang"]), w.newRider(w.people["li"])))
	for _, r := range got.results() {
		if result, _ := r["result"].(map[string]any); result["reason"] != "device_revoked" {
			t.Errorf("%v", r)
		}
	}
	if got.json()["color"] != "red" {
		t.Errorf("%v", got.json()["color"])
	}
}

func TestVehicleSearchShowsWhoSatInTheCarWithinTheScope(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	wang, li := w.people["wang"], w.people["li"]
	w.drive("D1", w.car(w.newRider(wang), w.newRider(li)).with(fields{"direction": "out"})).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.drive("D2", w.car(w.newRider(li))).ok(http.StatusOK)
	w.clock.Advance(time.Minute)
	w.scan("E1", w.newScan(wang).with(fields{"plate": "鲁A12345"})).ok(http.StatusOK)
	w.scan("E1", w.newScan(li).with(fields{"plate": "鲁A54321"})).ok(http.StatusOK)
	search := fields{"plate": "鲁Ａ-12345"}
	var all []fields
	eventually(t, "all passages are found", func() bool {
		all, _ = w.searchPlate("tracer", search)
		return len(all) == 4
	})
	seen := map[string]int{}
	for _, p := range all {
		person, _ := p["person"].(map[string]any)
		seen[fmt.Sprint(p["gate"], p["site"], p["direction"], p["decision"], person["name_masked"])]++
		if p["plate"] != "鲁A12345" || p["annulled"] != false || person["id"] == "" {
			t.Errorf("%v", p)
		}
	}
	want := map[string]int{"G1V1outpass王*明": 1, "G1V1outpass李*": 1, "G2V2inpass李*": 1, "M1MLinpass王*明": 1}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("got %v, want %v", seen, want)
	}
	if all[0]["occurred_at"] != "2020-02-11T04:00:00.000Z" || all[0]["vehicle"] == "" || all[0]["vehicle"] != all[1]["vehicle"] ||
		all[2]["vehicle"] == all[0]["vehicle"] || all[3]["vehicle"] != "" {
		t.Errorf("%v", all)
	}
	for login, n := range map[string]int{"auditor": 4, "leader": 4, "admin": 4, "leader-a2": 1, "tracer-a2": 1} {
		if got, _ := w.searchPlate(login, search); len(got) != n {
			t.Errorf("%s sees %d passages, want %d", login, len(got), n)
		}
	}
	for window, n := range map[[2]string]int{
		{"2020-02-11", "2020-02-12"}: 4, {"2020-02-12", "2020-02-13"}: 0,
		{"2020-02-11T04:00:00Z", "2020-02-11T04:00:00.001Z"}:           2,
		{"2020-02-11T12:01:00+08:00", "2020-02-11T12:02:00.000+08:00"}: 1,
	} {
		if got, _ := w.searchPlate("tracer", search.with(fields{"from": window[0], "to": window[1]})); len(got) != n {
			t.Errorf("%v: %d passages, want %d", window, len(got), n)
		}
	}
	w.do(http.MethodPost, "/v1/vehicles/search", w.as("tracer"), search).conforms(contract(t), "POST", "/v1/vehicles/search")
	if logs := w.logs.String(); strings.Contains(logs, "12345") {
		t.Errorf("the log tells the plate: %s", logs)
	}
}

func TestVehicleSearchMarksWhatWasTakenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	scan := w.newScan(w.people["wang"]).with(fields{"plate": "鲁A12345"})
	w.scan("D1", scan).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/scans/annul", w.deviceToken("D1"), fields{
		"id": "annul-0001", "scan": scan["id"], "occurred_at": scan["occurred_at"], "annulled_at": scan["occurred_at"],
		"resident": scan["resident"],
	}).ok(http.StatusOK)
	eventually(t, "the passage is marked", func() bool {
		got, _ := w.searchPlate("tracer", fields{"plate": "鲁A12345"})
		return len(got) == 1 && got[0]["annulled"] == true
	})
}

func TestVehicleSearchIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.project()
	scans := make([]any, maxPassages)
	for i := range scans {
		at := utcTime(w.clock.Now().Add(-time.Duration(i) * time.Minute).UnixMilli())
		person := w.people[[]string{"wang", "li"}[i%2]]
		scans[i] = w.newScan(person).with(fields{"occurred_at": at, "plate": "鲁A12345"})
	}
	eventually(t, "all of the batch is recorded", func() bool {
		for _, r := range w.batch("E1", scans...).results() {
			if r["result"] == nil {
				return false
			}
		}
		return true
	})
	search := fields{"plate": "鲁A12345", "from": "2020-02-01", "to": "2020-02-12"}
	eventually(t, "all passages are found", func() bool {
		got, truncated := w.searchPlate("tracer", search)
		return len(got) == maxPassages && !truncated
	})
	w.drive("E1", w.car(w.newRider(w.people["wang"]))).ok(http.StatusOK)
	eventually(t, "there is one more", func() bool {
		got, truncated := w.searchPlate("tracer", search)
		return len(got) == maxPassages && truncated
	})
	for name, c := range map[string]struct {
		body  any
		code  string
		field string
	}{
		"no plate":         {fields{}, "invalid", "plate"},
		"not a plate":      {fields{"plate": "鲁A1234O"}, "invalid", "plate"},
		"a car without":    {fields{"plate": "无牌"}, "invalid", "plate"},
		"backwards":        {search.with(fields{"from": "2020-02-12", "to": "2020-02-11"}), "invalid", "to"},
		"too long":         {search.with(fields{"from": "2019-12-01"}), "invalid", "to"},
		"yesterday":        {search.with(fields{"from": "yesterday"}), "invalid", "from"},
		"field not known":  {search.with(fields{"limit": 5}), "unknown_field", "limit"},
		"unchecked, blank": {fields{"plate": " ", "plate_unchecked": true}, "invalid", "plate"},
	} {
		got := w.do(http.MethodPost, "/v1/vehicles/search", w.as("tracer"), c.body)
		got.problem(map[bool]int{true: 422, false: 400}[c.code == "invalid"], c.code, c.field)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if got, _ := w.searchPlate("tracer", fields{"plate": "abc 1", "plate_unchecked": true}); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
