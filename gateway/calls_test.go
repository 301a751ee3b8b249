package gateway

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"passgate/checkpoint"
)

// contactsOf enrols people of V1, each with a number, and gives them as contacts that
// rank in their order.
func (w *world) contactsOf(n int) (ids []uint64, contacts []fields) {
	w.t.Helper()
	rows := make([]checkpoint.NewResident, n)
	for i := range rows {
		rows[i] = checkpoint.NewResident{
			Name: "接触者" + string(rune('一'+i)), IDNumber: newDocument(), Phone: fmt.Sprintf("139%08d", i), Site: "V1", Door: fmt.Sprint("9-", i),
		}
	}
	res, err := w.store.Enrol(w.t.Context(), rows)
	w.must(err)
	for i := range res {
		w.must(res[i].Err)
		ids = append(ids, res[i].ID)
		contacts = append(contacts, fields{
			"resident": checkpoint.FormatPersonID(res[i].ID), "hop": 1, "exposure": n - i, "kinds": []string{"venue"}, "last_met": w.in(-time.Hour), "place": "ML",
		})
	}
	return ids, contacts
}

// met is that an answer under a case named people as contacts.
func (w *world) met(code string, contacts ...fields) {
	w.t.Helper()
	ids := make([]uint64, len(contacts))
	for i := range contacts {
		id, err := checkpoint.ParsePersonID(contacts[i]["resident"].(string))
		w.must(err)
		ids[i] = id
	}
	w.must(w.store.NoteMet(w.t.Context(), code, ids))
}

// callsOfWang opens a case about Wang with these contacts.
func (w *world) callsOfWang(contacts []fields) (code string) {
	w.t.Helper()
	code = w.openCase(fields{"person": w.personID("wang"), "grid": "XS"})["code"].(string)
	w.met(code, contacts...)
	got := w.staffCall("tracer", http.MethodPost, "/v1/cases/"+code+"/contacts", "/v1/cases/{code}/contacts", fields{"index": w.personID("wang"), "contacts": contacts})
	if body := got.ok(http.StatusOK).json(); body["added"] != float64(len(contacts)) || body["already"] != 0.0 {
		w.t.Fatalf("added %v", body)
	}
	return code
}

// callers adds tracers of the whole town.
func (w *world) callers(n int) (logins []string) {
	w.t.Helper()
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("tracer")
		for i := range n {
			st := *old
			st.Num, st.Login = 0, fmt.Sprint("caller-", i)
			logins = append(logins, st.Login)
			if err := d.PutStaff(st); err != nil {
				return err
			}
		}
		return nil
	})
	return logins
}

// next asks for the next call; "" if there is none.
func (w *world) next(login, code string) string {
	w.t.Helper()
	id, _ := w.do(http.MethodPost, "/v1/cases/"+code+"/contacts/next", w.as(login), nil).ok(http.StatusOK).json().in("call")["id"].(string)
	return id
}

// again sends until it is answered: on a busy machine it may have to be sent again, which
// is safe.
func (w *world) again(login, path string, body any) answer {
	for {
		if got := w.do(http.MethodPost, path, w.as(login), body); got.status != http.StatusServiceUnavailable {
			return got.ok(http.StatusOK)
		}
	}
}

func (w *world) finish(login, id string, more fields) answer {
	w.t.Helper()
	body := fields{"id": fmt.Sprintf("outcome-%08d", w.scans.Add(1)), "outcome": "called"}.with(more)
	return w.staffCall(login, http.MethodPost, "/v1/calls/"+id+"/outcome", "/v1/calls/{id}/outcome", body)
}

// 200 contacts, five callers at once, each of whom drops one without a word: when
// their time is over others call them. Nobody is called twice, nobody is left.
func TestFiveCallersCallEverybodyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, contacts := w.contactsOf(200)
	code, logins := w.callsOfWang(contacts), w.callers(5)
	var mu sync.Mutex
	called, dropped := map[string]int{}, map[string]bool{}
	round := func(drop bool) {
		var all sync.WaitGroup
		for _, login := range logins {
			all.Go(func() {
				for n := 0; ; n++ {
					id, _ := w.again(login, "/v1/cases/"+code+"/contacts/next", nil).json().in("call")["id"].(string)
					if id == "" {
						return
					}
					mu.Lock()
					if drop && n == 20 { // this one has gone home
						dropped[id] = true
						mu.Unlock()
						return
					}
					called[id]++
					mu.Unlock()
					w.again(login, "/v1/calls/"+id+"/outcome", fields{"id": "outcome-" + id, "outcome": "called"})
				}
			})
		}
		all.Wait()
	}
	round(true)
	if len(called) != 100 || len(dropped) != 5 {
		t.Fatalf("%d called, %d dropped", len(called), len(dropped))
	}
	for id := range dropped {
		if called[id] != 0 {
			t.Errorf("%s was called while another one had it", id)
		}
	}
	w.clock.Advance(31 * time.Minute)
	round(false)
	for id, n := range called {
		if n != 1 {
			t.Errorf("%s was called %d times", id, n)
		}
	}
	body := w.staffCall("leader", http.MethodGet, "/v1/cases/"+code+"/contacts?state=called&limit=1000", "/v1/cases/{code}/contacts", nil).json()
	if len(called) != 200 || body.in("counts")["called"] != 200.0 || len(body.list("contacts")) != 200 {
		t.Errorf("%d called, counts %v", len(called), body["counts"])
	}
}

func TestANumberIsForWhoHasTheCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids, contacts := w.contactsOf(2)
	code := w.callsOfWang(contacts)
	w.callers(1)
	id := w.next("tracer", code)
	if again := w.next("tracer", code); again != id {
		t.Errorf("again %s, not %s", again, id)
	}
	path, pattern := "/v1/calls/"+id+"/phone", "/v1/calls/{id}/phone"
	hand := w.staffCall("tracer", http.MethodGet, "/v1/calls/mine", "/v1/calls/mine", nil).ok(http.StatusOK)
	for _, secret := range []string{"13900000000", "接触者一"} {
		if bytes.Contains(hand.body, []byte(secret)) {
			t.Errorf("%s is shown before it is asked for", secret)
		}
	}
	for _, login := range []string{"caller-0", "leader"} {
		w.staffCall(login, http.MethodPost, path, pattern, nil).problem(http.StatusForbidden, "forbidden", "")
	}
	w.do(http.MethodPost, path, w.as("tracer-a2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, path, w.as("tracer"), nil, headerReason, "x").problem(http.StatusUnprocessableEntity, "invalid", headerReason)
	for n := 1.0; n <= 2; n++ {
		if got := w.staffCall("tracer", http.MethodPost, path, pattern, nil).ok(http.StatusOK).json(); got["phone"] != "13900000000" || got["name"] != "接触者一" || got["shown"] != n {
			t.Errorf("shown %v", got)
		}
	}
	shown := 0
	w.must(w.store.AuditRecords(t.Context(), 1, 1<<40, func(r *checkpoint.AuditRecord) error {
		if r.Action == "POST /v1/calls/:id/phone" && r.Outcome == "answered" {
			shown++
			if r.Case != code || r.Reason != "核实行程" || r.Actor != "tracer" || r.Subject != checkpoint.FormatPersonID(ids[0]) {
				t.Errorf("on record: %+v", r.AuditEntry)
			}
		}
		return nil
	}))
	who, err := w.store.Resident(t.Context(), ids[0])
	w.must(err)
	read, err := w.store.Readers(t.Context(), who)
	w.must(err)
	if told := slices.IndexFunc(read, func(e checkpoint.AuditEntry) bool { return e.Action == "POST /v1/calls/:id/phone" }); shown != 2 || told < 0 {
		t.Errorf("%d on record, the person is told: %v", shown, told >= 0)
	}

	w.clock.Advance(31 * time.Minute) // the lease is over, and another one takes it
	if taken := w.next("caller-0", code); taken != id {
		t.Errorf("caller-0 has %s", taken)
	}
	w.do(http.MethodPost, path, w.as("tracer"), nil).problem(http.StatusForbidden, "forbidden", "")
	w.finish("tracer", id, nil).problem(http.StatusForbidden, "forbidden", "")
}

func TestWhatBecomesOfCalls(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids, contacts := w.contactsOf(3)
	far := w.enrolWith(checkpoint.NewResident{Name: "远方", IDNumber: newDocument(), Phone: "13700000001", Site: "V2", Door: "1"})
	w.foundHeads()
	code := w.callsOfWang(contacts)
	next := func() string { return w.next("tracer", code) }

	first := next()
	for try := range 3 {
		got := w.finish("tracer", first, fields{"outcome": "unreachable"}).ok(http.StatusOK)
		want := map[bool]string{false: "again", true: "visit"}[try == 2]
		if got.json()["state"] != want {
			t.Fatalf("try %d: %v", try, got.json()["state"])
		}
		if try < 2 {
			w.clock.Advance(121 * time.Minute)
			if id := next(); id != first {
				t.Fatalf("after two hours %s comes, not %s", id, first)
			}
		}
	}
	visits := w.staffCall("cadre-v1c", http.MethodGet, "/v1/calls/visits", "/v1/calls/visits", nil).rows("visits")
	if len(visits) != 1 || fields(visits[0]).in("client")["phone"] != "13900000000" {
		t.Errorf("visits %v", visits)
	}
	w.finish("cadre-v1c", first, fields{"note": "在家"}).ok(http.StatusOK)

	second := next()
	w.finish("tracer", second, fields{"outcome": "refused"}).problem(http.StatusUnprocessableEntity, "invalid", "note")
	w.finish("tracer", second, fields{"outcome": "refused", "note": "挂断"}).ok(http.StatusOK)
	w.finish("tracer", second, nil).problem(http.StatusForbidden, "forbidden", "")
	given := w.staffCall("leader", http.MethodPost, "/v1/calls/"+second+"/assign", "/v1/calls/{id}/assign", fields{"login": "tracer"}).ok(http.StatusOK)
	if given.json()["owner"] != "tracer" || next() != second {
		t.Errorf("given to the tracer: %s", given.body)
	}
	order := fields{
		"id": "order-0001", "outcome": "ordered", "order": fields{"status": "quarantine", "until": w.in(14 * 24 * time.Hour)},
		"answers": fields{"symptoms": []string{"fever", "cough"}, "onset": "2020-02-10", "place_now": "家中", "travels_on": ""},
	}
	told := w.finish("tracer", second, order).ok(http.StatusOK)
	if again := w.finish("tracer", second, order).ok(http.StatusOK); string(again.body) != string(told.body) {
		t.Errorf("again %s", again.body)
	}
	w.finish("tracer", second, order.with(fields{"note": "另"})).problem(http.StatusConflict, "other_content", "")
	proposal := w.do(http.MethodPost, "/v1/status-proposals/"+told.json()["proposal"].(string)+"/approve", w.as("medic"), fields{}).ok(http.StatusOK).json()
	if who, err := w.store.Resident(t.Context(), ids[1]); err != nil || who.Status != checkpoint.StatusQuarantine || proposal["case"] != code {
		t.Errorf("%v after %v, %v", who.Status, proposal, err)
	}

	w.staffCall("tracer", http.MethodPost, "/v1/calls/"+next()+"/transfer", "/v1/calls/{id}/transfer", fields{"to": "县城街道", "note": "已离开"}).ok(http.StatusOK)

	// Somebody of A2, added by a tracer of A1: A2's people get the task, and no other.
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("tracer-a2")
		st := *old
		st.Num, st.Login, st.Grid = 0, "tracer-a1", "A1"
		return d.PutStaff(st)
	})
	more := fields{"index": w.personID("wang"), "contacts": []fields{{"resident": checkpoint.FormatPersonID(far), "hop": 2, "exposure": 5}, contacts[0]}}
	w.staffCall("tracer-a1", http.MethodPost, "/v1/cases/"+code+"/contacts", "/v1/cases/{code}/contacts", more).problem(http.StatusUnprocessableEntity, "invalid", "contacts") // a stranger to the case
	w.met(code, fields{"resident": checkpoint.FormatPersonID(far)})
	w.staffCall("tracer-a1", http.MethodPost, "/v1/cases/"+code+"/contacts", "/v1/cases/{code}/contacts", more).ok(http.StatusOK)
	list := w.staffCall("tracer-a1", http.MethodGet, "/v1/cases/"+code+"/contacts?state=elsewhere", "/v1/cases/{code}/contacts", nil).rows("contacts")
	if len(list) != 1 || fields(list[0]).in("person")["name_masked"] != "" {
		t.Fatalf("elsewhere %v", list)
	}
	id := list[0]["id"].(string)
	move := func(login, to string) answer {
		return w.staffCall(login, http.MethodPost, "/v1/calls/"+id+"/transfer", "/v1/calls/{id}/transfer", fields{"to": to})
	}
	for _, own := range []string{"A1", " A1", "A1 ", "\u3000A1"} { // nobody draws somebody from elsewhere into their own part
		move("tracer-a1", own).problem(http.StatusForbidden, "out_of_scope", "")
	}
	move("tracer-a1", "A2").ok(http.StatusOK)
	if got := w.next("tracer-a1", code); got != "" {
		t.Errorf("tracer-a1 calls %s", got)
	}
	if got := w.next("tracer-a2", code); got != id {
		t.Errorf("tracer-a2 calls %q, not %s", got, id)
	}
	w.clock.Advance(3 * time.Hour)
	if due, err := w.server.office.CallsDue(t.Context()); err != nil || len(due) != 1 || due[0].Node != "A2" {
		t.Errorf("due %+v, %v", due, err)
	}

	w.do(http.MethodPost, "/v1/cases/"+code+"/close", w.as("leader"), fields{"outcome": "resolved"}).ok(http.StatusOK)
	w.do(http.MethodPost, "/v1/cases/"+code+"/contacts/next", w.as("tracer-a2"), nil).problem(http.StatusConflict, "case_closed", "")
	w.must(w.server.office.SettleCalls(t.Context()))
	if due, err := w.server.office.CallsDue(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("due under a closed case %+v, %v", due, err)
	}
}

// The line list has the case's people, and nobody who was erased.
func TestTheLineListIsTheCasesPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids, contacts := w.contactsOf(5)
	code := w.callsOfWang(contacts[:4])
	w.finish("tracer", w.next("tracer", code), fields{"answers": fields{"symptoms": []string{"cough"}, "onset": "", "place_now": "家中", "travels_on": ""}}).ok(http.StatusOK)
	path, pattern := "/v1/cases/"+code+"/line-list", "/v1/cases/{code}/line-list"
	rows := func() [][]string {
		w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", mimeCSV, headerReason, "?").problem(http.StatusUnprocessableEntity, "invalid", "Trace-Reason")
		got := w.do(http.MethodGet, path, w.as("tracer"), nil, "Accept", mimeCSV, headerReason, "county").ok(http.StatusOK)
		got.conforms(contract(t), http.MethodGet, pattern)
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(got.body), "\ufeff"))).ReadAll()
		w.must(err)
		return lines
	}
	lines := rows()
	if len(lines) != 5 || !slices.Equal(lines[0], lineColumns) {
		t.Fatalf("list %q", lines)
	}
	for i, line := range lines[1:] {
		who, err := w.store.Resident(t.Context(), ids[i])
		w.must(err)
		sex, age := sexAndAge(who.IDNumber, w.clock.Now())
		want := []string{fmt.Sprint(i + 1), who.Name, sex, age, who.IDNumber, who.Phone, "一村 " + who.Door, "密切接触（同场所）"}
		if !slices.Equal(line[:8], want) || line[9] != "商场" {
			t.Errorf("row %q, want %q", line, want)
		}
		read, err := w.store.Readers(t.Context(), who)
		w.must(err)
		if read[0].Action != "GET /v1/cases/:code/line-list" || read[0].Case != code {
			t.Errorf("the person is told of %+v", read[0])
		}
	}
	if lines[1][11] != "已联系；咳嗽；现在家中" || lines[1][13] != "某某" {
		t.Errorf("called: %q", lines[1])
	}
	book, err := excelize.OpenReader(bytes.NewReader(w.do(http.MethodGet, path, w.as("leader"), nil, "Accept", mimeXLSX).ok(http.StatusOK).body))
	w.must(err)
	cells, err := book.GetRows(book.GetSheetName(0))
	w.must(err)
	if len(cells) != 5 || cells[1][1] != lines[1][1] || cells[4][4] != lines[4][4] {
		t.Errorf("workbook %q", cells)
	}
	w.do(http.MethodGet, path, w.as("medic"), nil).problem(http.StatusForbidden, "forbidden", "")

	moved := w.do(http.MethodPost, personPath(ids[3], "/move"), w.as("enroller"), fields{"site": "V2", "door": "9-99"}).ok(http.StatusOK).json()
	for _, id := range []any{checkpoint.FormatPersonID(ids[3]), moved["id"]} { // under either ID it is the same task
		again := fields{"index": w.personID("wang"), "contacts": []fields{contacts[3].with(fields{"resident": id})}}
		if got := w.do(http.MethodPost, "/v1/cases/"+code+"/contacts", w.as("tracer"), again).ok(http.StatusOK).json(); got["added"] != 0.0 || got["already"] != 1.0 {
			t.Errorf("who moved is added again: %v", got)
		}
	}

	w.do(http.MethodPost, personPath(ids[0], "/erase"), w.as("admin"), fields{"reason": "本人申请"}).ok(http.StatusOK)
	if left := rows(); len(left) != 4 || left[1][1] != lines[2][1] {
		t.Errorf("after an erasure %q", left)
	}
	counts := w.do(http.MethodGet, "/v1/cases/"+code+"/contacts", w.as("tracer"), nil).json()
	if counts["total"] != 3.0 {
		t.Errorf("after an erasure %v", counts["total"])
	}
}

func TestAThousandContactsFitIntoOneCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, contacts := w.contactsOf(1)
	many := make([]fields, 1001)
	for i := range many {
		many[i] = contacts[0].with(fields{"resident": checkpoint.FormatPersonID(uint64(i + 1)), "place": "商场一层东侧超市生鲜柜台旁"})
	}
	path, body := "/v1/cases/"+w.kase+"/contacts", fields{"index": w.personID("wang"), "contacts": many}
	w.do(http.MethodPost, path, w.as("tracer"), body).problem(http.StatusUnprocessableEntity, "invalid", "index")
	w.do(http.MethodPost, "/v1/cases/"+w.kase+"/people", w.as("medic"), fields{"people": []string{w.personID("wang")}}).ok(http.StatusOK)
	w.do(http.MethodPost, path, w.as("tracer"), body).problem(http.StatusUnprocessableEntity, "invalid", "contacts") // one too many
}
