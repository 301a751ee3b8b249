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

func TestAPurchaseOfFeverMedicineIsSeenToAtHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(func(d *checkpoint.Draft) error {
		account, _ := d.Staff("pharmacist")
		own := *account
		own.Login, own.Grid = "pharmacist-ml", "MLC"
		return firstError(d.PutStaff(own),
			d.PutSite(checkpoint.Site{Code: "PH", Name: "药店", Kind: checkpoint.Pharmacy, Grid: "MLC"}),
			d.PutSite(checkpoint.Site{Code: "P2", Name: "药店二", Kind: checkpoint.Pharmacy, Grid: "V2C"}),
			d.PutGate(checkpoint.Gate{Code: "P1", Name: "店门", Site: "PH", Open: true}), d.PutDevice(w.device("F1", "P1")))
	})
	doc, pharmacist, grid := contract(t), w.as("pharmacist-ml"), w.as("grid")
	document := newDocument()
	wang := w.enrolWith(checkpoint.NewResident{Name: "王小红", IDNumber: document, Phone: "13800138000", Site: "V1", Door: "1-101"})
	sale := fields{
		"id": "sale-0001", "site": "PH", "id_document": document, "medicines": []string{"布洛芬缓释胶囊"}, "for_whom": "本人",
		"temperature": 37.8, "symptoms": []string{"cough"}, "at": utcTime(w.clock.Now().UnixMilli()),
	}
	sell := func(token string, in fields) answer {
		t.Helper()
		got := w.do(http.MethodPost, "/v1/purchases", token, in)
		got.conforms(doc, http.MethodPost, "/v1/purchases")
		return got
	}
	sell(pharmacist, sale.with(fields{"site": "V1"})).problem(http.StatusForbidden, "out_of_scope", "")
	sell(pharmacist, sale.with(fields{"site": "P2"})).problem(http.StatusForbidden, "out_of_scope", "")
	sell(w.as("pharmacist"), sale.with(fields{"site": "V1"})).problem(http.StatusUnprocessableEntity, "invalid", "site")
	sell(w.deviceToken("D1"), sale.with(fields{"site": nil})).problem(http.StatusUnprocessableEntity, "invalid", "site") // no pharmacy's gate
	sell(pharmacist, sale.with(fields{"resident": hexID(wang)})).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	sell(pharmacist, sale.with(fields{"medicines": []string{}})).problem(http.StatusUnprocessableEntity, "invalid", "medicines")

	t.Log("the answer is the same whether the buyer is on record or not")
	known := sell(pharmacist, sale).ok(http.StatusOK)
	if again := sell(pharmacist, sale); string(again.body) != string(known.body) {
		t.Errorf("sent again: %s", again.body)
	}
	sell(pharmacist, sale.with(fields{"temperature": nil})).problem(http.StatusConflict, "other_content", "")
	stranger := sell(pharmacist, sale.with(fields{"id": "sale-0002", "id_document": newDocument()})).ok(http.StatusOK)
	shape := func(a answer) string {
		v := a.json()
		return fmt.Sprint(v.with(fields{"id": nil, "report": nil}), len(v["report"].(string)))
	}
	if shape(known) != shape(stranger) || strings.Contains(string(known.body), "王") || strings.Contains(string(known.body), "V1C") {
		t.Errorf("the pharmacist is told %s of one and %s of the other", known.body, stranger.body)
	}
	w.do(http.MethodGet, "/v1/purchases", pharmacist, nil).problem(http.StatusForbidden, "forbidden", "")

	t.Log("the report lies where the buyer lives, else at the pharmacy; what one buys in a week hangs together")
	w.clock.Advance(time.Hour)
	scanned := w.scan("F1", w.newScan(wang)).ok(http.StatusOK).json()["person"].(map[string]any)["id"]
	atGate := sale.with(fields{"id": "sale-0003", "site": nil, "id_document": nil, "resident": scanned, "scan": "scan-00000001", "at": utcTime(w.clock.Now().UnixMilli())})
	sell(w.deviceToken("F1"), atGate).ok(http.StatusOK)
	walkIn := fields{"name": "陈生", "id_tail": "1234", "phone": "13900139000"}
	sell(w.deviceToken("F1"), atGate.with(fields{"id": "sale-0004", "resident": nil, "walk_in": walkIn})).ok(http.StatusOK)
	reports := func(token, query string) []any {
		t.Helper()
		got := w.do(http.MethodGet, "/v1/purchases?"+query, token, nil).ok(http.StatusOK)
		got.conforms(doc, http.MethodGet, "/v1/purchases")
		return got.json()["purchases"].([]any)
	}
	mine := reports(grid, "node=V1C")
	if len(mine) != 2 {
		t.Fatalf("%d reports at the buyer's home", len(mine))
	}
	first, second := mine[0].(map[string]any), mine[1].(map[string]any)
	if first["repeated"] != false || second["repeated"] != true || second["earlier"].([]any)[0] != first["id"] ||
		first["buyer"].(map[string]any)["resident"].(map[string]any)["door"] != "1-101" {
		t.Errorf("reports %v", mine)
	}
	if others := reports(grid, "node=MLC"); len(others) != 2 || others[1].(map[string]any)["buyer"].(map[string]any)["phone"] != "13900139000" {
		t.Errorf("at the pharmacy's node: %v", others)
	}
	if n := len(reports(w.as("leader-a2"), "")); n != 0 {
		t.Errorf("another part of the grid sees %d", n)
	}
	new, overdue := string(alarm.PurchaseReported), string(alarm.PurchaseOverdue)
	w.wantAlarms("at once", new+" V1C", new+" MLC", new+" V1C", new+" MLC")

	t.Log("a visit within 12 hours, then an end")
	turn := func(token string, report map[string]any, what string, in fields) answer {
		t.Helper()
		got := w.do(http.MethodPost, "/v1/purchases/"+report["id"].(string)+"/"+what, token, in)
		got.conforms(doc, http.MethodPost, "/v1/purchases/{id}/"+what)
		return got
	}
	well := fields{"outcome": "well", "note": "体温 36.5"}
	turn(grid, first, "close", well).problem(http.StatusConflict, "wrong_state", "")
	turn(w.as("leader-a2"), first, "close", well).problem(http.StatusForbidden, "out_of_scope", "")
	for range 2 {
		if v := turn(grid, first, "visit", fields{"note": "体温 36.5"}).ok(http.StatusOK).json(); v["state"] != "visited" || len(v["steps"].([]any)) != 2 {
			t.Errorf("visited %v", v)
		}
	}
	w.clock.Advance(11*time.Hour + time.Minute)
	grid = w.as("grid")
	w.wantAlarms("12 hours after the first two", overdue+" MLC", new+" V1C", new+" MLC")
	turn(grid, first, "close", well).ok(http.StatusOK)
	turn(grid, first, "close", well).ok(http.StatusOK)
	turn(grid, first, "close", well.with(fields{"outcome": "fever_case"})).problem(http.StatusConflict, "wrong_state", "")
	turn(w.as("medic"), second, "visit", fields{}).ok(http.StatusOK)
	turn(w.as("medic"), second, "close", fields{"outcome": "observation", "ref": "observation/1"}).ok(http.StatusOK)
	if closed := reports(w.as("medic"), "node=V1C&state=closed"); len(closed) != 2 {
		t.Errorf("closed: %v", closed)
	}
	if reads := w.do(http.MethodGet, "/v1/audit", w.as("auditor"), nil).ok(http.StatusOK); !strings.Contains(string(reads.body), "GET /v1/purchases") {
		t.Error("the audit does not have who read the reports")
	}
}
