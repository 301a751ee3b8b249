package gateway

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// newPermit is a good request for a single use of V1 in the next hour, by a
// visitor whom nobody knows.
func (w *world) newPermit() fields {
	return fields{
		"id": fmt.Sprintf("permit-%06d", w.scans.Add(1)), "visitor": fields{"name": "孙八", "id_number": newDocument()},
		"site": "V1", "host": checkpoint.FormatPersonID(w.people["wang"]), "ground": "family",
		"until": utcTime(w.clock.Now().Add(time.Hour).UnixMilli()),
	}
}

// permit issues a permit as an enroller.
func (w *world) permit(ask fields) fields {
	w.t.Helper()
	return w.do(http.MethodPost, "/v1/permits", w.as("enroller"), ask).ok(http.StatusCreated).json()
}

// at reads a member of objects in objects: "pass.compact".
func (f fields) at(path string) any {
	var v any = map[string]any(f)
	for _, name := range strings.Split(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

func permitPath(permit fields, rest string) string {
	return fmt.Sprintf("/v1/permits/%.0f%s", permit["number"], rest)
}

// scanVisitor is a scan of a permit's visitor.
func (w *world) scanVisitor(permit fields) fields {
	return w.newScan(0).with(fields{"resident": permit.at("person.id")})
}

func TestPermitLetsItsVisitorInByPassAndByDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := w.newPermit().with(fields{"plate": "鲁A·12345", "purpose": "看望母亲", "entries": 2})
	permit := w.permit(ask)
	for field, want := range map[string]any{
		"state": "in_force", "site": "V1", "person.name_masked": "孙*", "host.name_masked": "王*明", "ground": "family", "entries": 2.0,
		"entries_left": 2.0, "plate": "鲁A12345", "purpose": "看望母亲", "issued_by": "enroller", "device": "", "withdrawn_at": nil,
		"from": "2020-02-11T04:00:00.000Z", "until": "2020-02-11T05:00:00.000Z", "duplicate": false, "pass.kind": "visitor",
		"pass.not_before": "2020-02-10T16:00:00.000Z", "pass.expires_at": "2020-02-11T16:00:00.000Z",
	} {
		if got := permit.at(field); got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	compact, _ := permit.at("pass.compact").(string)
	picture, err := codes.QRSVG(compact)
	if w.must(err); permit.at("pass.qr_svg") != string(picture) {
		t.Errorf("the picture is %.80v", permit.at("pass.qr_svg"))
	}
	got := w.scan("D1", w.passScan(compact)).decided("pass", "ok")
	if got.at("permit.number") != permit["number"] || got.at("permit.until") != permit["until"] || got.at("permit.entries_left") != 1.0 {
		t.Errorf("the answer tells of the permit %v", got["permit"])
	}
	if got.at("person.kind") != "visitor" || got.at("person.home") != "" {
		t.Errorf("the answer tells of the person %v", got["person"])
	}
	byDocument := w.newScan(0).with(fields{"resident": nil, "id_document": ask["visitor"].(fields)["id_number"]})
	w.scan("D1", byDocument).decided("pass", "ok")
	w.clock.Advance(time.Second)
	again := w.scan("D1", w.passScan(permit.at("pass.token"))).decided("deny", "permit_used")
	if _, there := again["permit"]; there {
		t.Errorf("a refusal tells of the permit %v", again["permit"])
	}
	if left := w.do(http.MethodGet, permitPath(permit, ""), w.as("grid"), nil).ok(http.StatusOK).json()["entries_left"]; left != 0.0 {
		t.Errorf("%v entries are left", left)
	}
	if logs := w.logs.String(); strings.Contains(logs, "孙") || !strings.Contains(logs, "permit issued") {
		t.Errorf("the log has %s", logs)
	}
}

// Two gateways, two connections to one Redis.
func TestSingleUsePermitFiftyTimesAtOnceAtTwoGateways(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	permit := w.permit(w.newPermit())
	gateways := []*world{w, w.another()}
	type result struct{ decision, reason string }
	results := make([]result, 50)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range results {
		scan, gateway := w.passScan(permit.at("pass.compact")), gateways[i%2]
		done.Go(func() {
			start.Wait()
			got := gateway.scan("D1", scan)
			if got.status != http.StatusOK {
				t.Errorf("status %d: %.200s", got.status, got.body)
				return
			}
			answer := got.json()
			results[i].decision, _ = answer["decision"].(string)
			results[i].reason, _ = answer["reason"].(string)
		})
	}
	start.Done()
	done.Wait()
	counts := map[result]int{}
	for _, r := range results {
		counts[r]++
	}
	if len(counts) != 2 || counts[result{"pass", "ok"}] != 1 || counts[result{"deny", "permit_used"}] != 49 {
		t.Errorf("the answers are %v", counts)
	}
}

func TestPermitIsListedWithdrawnAndOverstayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leader := w.as("leader")
	numbers := func(path string) (out []any) {
		t.Helper()
		list := w.do(http.MethodGet, path, leader, nil).ok(http.StatusOK).json()
		if list["truncated"] != false {
			t.Errorf("%s is truncated", path)
		}
		permits, _ := list["permits"].([]any)
		for _, p := range permits {
			out = append(out, fields(p.(map[string]any))["number"])
		}
		return out
	}
	want := func(path string, permits ...fields) {
		t.Helper()
		var which []any
		for _, p := range permits {
			which = append(which, p["number"])
		}
		if got := numbers(path); !slices.Equal(got, which) {
			t.Errorf("%s lists %v, want %v", path, got, which)
		}
	}
	in := func(d time.Duration) utcTime { return utcTime(w.clock.Now().Add(d).UnixMilli()) }
	stays := w.permit(w.newPermit().with(fields{"entries": 0}))
	if stays["entries"] != 0.0 || stays["entries_left"] != nil {
		t.Errorf("without a limit: %v", stays)
	}
	coming := w.permit(w.newPermit().with(fields{"from": in(time.Hour), "until": in(2 * time.Hour)}))
	other := w.permit(w.newPermit().with(fields{"site": "V2", "host": checkpoint.FormatPersonID(w.people["li"]), "until": in(3 * time.Hour)}))
	got := w.scan("D1", w.scanVisitor(stays)).decided("pass", "ok")
	if got.at("permit.entries_left") != nil {
		t.Errorf("the answer tells of the permit %v", got["permit"])
	}
	want("/v1/permits", other, coming, stays)
	want("/v1/permits?site=V1", coming, stays)
	want("/v1/permits?site=V1&state=in_force", stays)
	want("/v1/permits?state=coming", coming)
	want("/v1/permits?person="+stays.at("person.id").(string), stays)
	want("/v1/permits?host="+checkpoint.FormatPersonID(w.people["li"]), other)

	w.clock.Advance(30 * time.Minute)
	withdrawn := w.do(http.MethodPost, permitPath(stays, "/withdraw"), leader, nil).ok(http.StatusOK).json()
	if withdrawn["state"] != "overstayed" || withdrawn["withdrawn_by"] != "leader" || withdrawn["withdrawn_at"] != "2020-02-11T04:30:00.000Z" || withdrawn["until"] != stays["until"] {
		t.Errorf("withdrawn: %v", withdrawn)
	}
	if shown := w.do(http.MethodGet, permitPath(stays, ""), leader, nil).ok(http.StatusOK).json(); shown["pass"] != nil {
		t.Errorf("a pass for a permit that is over: %v", shown["pass"])
	}
	want("/v1/permits/overstayed", stays)
	want("/v1/permits/overstayed?site=V2")
	want("/v1/permits?state=ended")
	w.scan("D1", w.scanVisitor(stays)).decided("deny", "permit_expired")
	exit := w.scan("D1", w.scanVisitor(stays).with(fields{"direction": "out"})).decided("pass", "ok")
	if flags, _ := exit["flags"].([]any); !slices.Contains(flags, any("overstayed")) {
		t.Errorf("flags of the late exit: %v", flags)
	}
	want("/v1/permits/overstayed")
	want("/v1/permits?state=ended", stays)
	w.do(http.MethodGet, "/v1/permits?state=lost", leader, nil).problem(http.StatusUnprocessableEntity, "invalid", "state")
	w.do(http.MethodGet, "/v1/permits?host=me", leader, nil).problem(http.StatusUnprocessableEntity, "invalid", "host")
	w.do(http.MethodGet, "/v1/permits/0129", leader, nil).problem(http.StatusUnprocessableEntity, "invalid", "id")
	w.do(http.MethodGet, "/v1/permits/129000", leader, nil).problem(http.StatusNotFound, "not_found", "")
}

func TestPermitIsSafeToAskForAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ask := w.newPermit()
	first := w.permit(ask)
	again := w.do(http.MethodPost, "/v1/permits", w.as("enroller"), ask).ok(http.StatusOK).json()
	if again["duplicate"] != true || again["number"] != first["number"] || again.at("pass.compact") != first.at("pass.compact") {
		t.Errorf("again: %v, first %v", again, first)
	}
	w.do(http.MethodPost, "/v1/permits", w.as("enroller"), ask.with(fields{"entries": 2})).problem(http.StatusConflict, "other_content", "")
}

func TestDeviceIssuesForItsOwnSiteInTheNameOfWhoIsOnShift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	device := w.deviceToken("D1")
	byD1 := func(ask fields) answer { return w.do(http.MethodPost, "/v1/permits", device, ask) }
	byD1(w.newPermit()).problem(http.StatusConflict, "no_shift", "") // in nobody's name
	badge := sha256.Sum256([]byte("badge of the grid member"))
	w.change(func(d *checkpoint.Draft) error {
		old, _ := d.Staff("grid")
		holder := *old
		holder.BadgeHash = badge[:]
		return d.PutStaff(holder)
	})
	dev, _ := w.store.Registry().Device("D1")
	_, err := w.store.OpenShift(t.Context(), checkpoint.ShiftRequest{ID: "shift-0001", Device: dev.Num, BadgeHash: badge[:], OpenedAt: w.clock.Now().UnixMilli()})
	w.must(err)
	permit := byD1(w.newPermit().with(fields{"site": nil})).ok(http.StatusCreated).json()
	if permit["site"] != "V1" || permit["issued_by"] != "grid" || permit["device"] != "D1" || permit["pass"] == nil {
		t.Errorf("with somebody on shift: %v", permit)
	}
	// Whoever lives elsewhere in the town has passes of their own: no gate gets one of them.
	li := byD1(w.newPermit().with(fields{"visitor": nil, "person": w.personID("li")})).ok(http.StatusCreated).json()
	if again := w.do(http.MethodGet, permitPath(li, ""), w.as("leader"), nil).ok(http.StatusOK).json(); li["pass"] != nil || again["pass"] != nil {
		t.Errorf("a pass of a resident: %v, %v", li["pass"], again["pass"])
	}
	who, err := w.store.Resident(t.Context(), w.people["li"])
	w.must(err)
	read, err := w.store.Readers(t.Context(), who)
	w.must(err)
	if len(read) == 0 || read[len(read)-1].Action != "POST /v1/permits" || read[len(read)-1].Actor != "grid" {
		t.Errorf("they are told of %+v", read)
	}
	list := w.do(http.MethodGet, "/v1/permits", device, nil).ok(http.StatusOK).json()
	if permits, _ := list["permits"].([]any); len(permits) != 2 {
		t.Errorf("the device sees %v", list)
	}
	elsewhere := w.newPermit().with(fields{"site": "V2", "host": checkpoint.FormatPersonID(w.people["li"])})
	byD1(elsewhere).problem(http.StatusForbidden, "out_of_scope", "")
	for path, token := range map[string]string{permitPath(permit, ""): w.deviceToken("D2"), "/v1/permits?site=V1": w.deviceToken("D2")} {
		w.do(http.MethodGet, path, token, nil).problem(http.StatusForbidden, "out_of_scope", "")
	}
	w.do(http.MethodPost, permitPath(permit, "/withdraw"), w.deviceToken("D2"), nil).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodPost, permitPath(permit, "/withdraw"), device, nil).ok(http.StatusOK)
	if got := w.do(http.MethodGet, permitPath(permit, ""), device, nil).ok(http.StatusOK).json(); got["withdrawn_by"] != "grid" {
		t.Errorf("withdrawn by %v", got["withdrawn_by"])
	}
	for range permitTries - 4 {
		byD1(w.newPermit().with(fields{"id": "short"})).problem(http.StatusUnprocessableEntity, "invalid", "id")
	}
	byD1(w.newPermit()).problem(http.StatusTooManyRequests, "too_many", "")
	w.clock.Advance(time.Minute)
	byD1(w.newPermit()).ok(http.StatusCreated)
}

func TestPermitsOfTheirSubtreeOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, leader, enroller := w.permit(w.newPermit()), w.as("leader-a2"), w.as("enroller-a2")
	mine := w.permit(w.newPermit().with(fields{"site": "V2", "host": checkpoint.FormatPersonID(w.people["li"])}))
	w.do(http.MethodPost, "/v1/permits", enroller, w.newPermit()).problem(http.StatusForbidden, "out_of_scope", "")
	for _, ask := range []struct{ method, path string }{
		{"GET", permitPath(theirs, "")}, {"POST", permitPath(theirs, "/withdraw")}, {"GET", "/v1/permits?site=V1"}, {"GET", "/v1/permits/overstayed?site=V1"},
	} {
		w.do(ask.method, ask.path, leader, nil).problem(http.StatusForbidden, "out_of_scope", "")
	}
	list := w.do(http.MethodGet, "/v1/permits", leader, nil).ok(http.StatusOK).json()
	if permits, _ := list["permits"].([]any); len(permits) != 1 || fields(permits[0].(map[string]any))["number"] != mine["number"] {
		t.Errorf("the leader of another area sees %v", list)
	}
	wang := personPath(w.people["wang"], "/exemption")
	w.do(http.MethodPut, wang, enroller, fields{"ground": "work", "until": mine["until"]}).problem(http.StatusForbidden, "out_of_scope", "")
	w.do(http.MethodDelete, wang, enroller, nil).problem(http.StatusForbidden, "out_of_scope", "")
}

// The pass covers the permit's local days, as far as a pass may; one that
// begins later than a pass is issued has none yet.
func TestPassOfAPermitCoversItsDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := func(day, hour int) utcTime { // local time of February 2020
		return utcTime(time.Date(2020, 2, day, hour, 0, 0, 0, w.store.Zone()).UnixMilli())
	}
	for name, test := range map[string]struct {
		from, until any
		first, last any
	}{
		"today":            {nil, at(11, 20), at(11, 0), at(12, 0)},
		"until midnight":   {nil, at(12, 0), at(11, 0), at(12, 0)},
		"over midnight":    {at(11, 20), at(12, 8), at(11, 0), at(13, 0)},
		"tomorrow":         {at(12, 8), at(12, 20), at(12, 0), at(13, 0)},
		"longer than most": {nil, at(28, 8), at(11, 0), at(25, 0)},
		"too far ahead":    {at(12, 13), at(12, 20), nil, nil},
	} {
		permit := w.permit(w.newPermit().with(fields{"from": test.from, "until": test.until}))
		for field, want := range map[string]any{"pass.not_before": test.first, "pass.expires_at": test.last} {
			if ms, is := want.(utcTime); is {
				want = ms.String()
			}
			if got := permit.at(field); got != want {
				t.Errorf("%s: %s is %v, want %v", name, field, got, want)
			}
		}
		if name != "too far ahead" {
			continue
		}
		w.clock.Advance(2 * time.Hour)
		if got := w.do(http.MethodGet, permitPath(permit, ""), w.as("grid"), nil).ok(http.StatusOK).json(); got.at("pass.not_before") != at(12, 0).String() {
			t.Errorf("a day before, the pass begins %v", got.at("pass.not_before"))
		}
		w.clock.Advance(-2 * time.Hour)
	}
}

func TestPermitsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for field, bent := range map[string]fields{
		"until":             {"until": "tomorrow"},
		"from":              {"from": "now"},
		"host":              {"host": "王"},
		"person":            {"visitor": nil, "person": "1"},
		"plate":             {"plate": "鲁A1234O"},
		"visitor":           {"person": checkpoint.FormatPersonID(w.people["li"])},
		"visitor.name":      {"visitor": fields{"name": " ", "phone": "13800138000"}},
		"visitor.id_number": {"visitor": fields{"name": "孙八"}},
		"ground":            {"ground": "fun"},
		"site":              {"site": "ML"},
		"entries":           {"entries": 201},
	} {
		w.do(http.MethodPost, "/v1/permits", w.as("enroller"), w.newPermit().with(bent)).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	unknown := w.newPermit().with(fields{"visitor": nil, "person": "0000000000000001"})
	w.do(http.MethodPost, "/v1/permits", w.as("enroller"), unknown).problem(http.StatusNotFound, "not_found", "")
	w.permit(w.newPermit().with(fields{"plate": "鲁05-12345", "plate_unchecked": true}))
}

func TestExemptionFreesFromTheLimitOfOutings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeSite("V1", func(s *checkpoint.Site) { s.Outings, s.OutingDays = 1, 2 })
	path, medic := personPath(w.people["wang"], "/exemption"), w.as("medic")
	leave := func(purpose string) answer {
		w.clock.Advance(time.Minute)
		return w.scan("D1", w.newScan(w.people["wang"]).with(fields{"direction": "out", "purpose": purpose}))
	}
	leave("").decided("pass", "ok")
	leave("supplies").decided("deny", "quota")
	leave("medical").decided("pass", "ok")
	until := utcTime(w.clock.Now().Add(24 * time.Hour).UnixMilli())
	got := w.do(http.MethodPut, path, medic, fields{"ground": "medical", "until": until}).ok(http.StatusOK).json()
	if got["resident"] != checkpoint.FormatPersonID(w.people["wang"]) || got["site"] != "V1" || got["until"] != until.String() || got["issued_by"] != "medic" {
		t.Errorf("exempt: %v", got)
	}
	leave("supplies").decided("pass", "ok")
	w.do(http.MethodDelete, path, medic, nil).ok(http.StatusNoContent)
	w.do(http.MethodDelete, path, medic, nil).ok(http.StatusNoContent)
	leave("supplies").decided("deny", "quota")
	w.do(http.MethodPut, path, medic, fields{"ground": "fun", "until": until}).problem(http.StatusUnprocessableEntity, "invalid", "ground")
	w.do(http.MethodPut, path, medic, fields{"ground": "work", "until": utcTime(w.clock.Now().Add(91 * 24 * time.Hour).UnixMilli())}).
		problem(http.StatusUnprocessableEntity, "invalid", "until")
}

func TestPermitAnswersAreAsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doc, admin := contract(t), w.as("admin")
	ask := w.newPermit()
	permit := w.permit(ask)
	path := permitPath(permit, "")
	wang := personPath(w.people["wang"], "/exemption")
	w.do("POST", "/v1/permits", admin, w.newPermit()).ok(http.StatusCreated).conforms(doc, "POST", "/v1/permits")
	w.scan("D1", w.scanVisitor(permit)).ok(http.StatusOK).conforms(doc, "POST", "/v1/scans")
	for _, step := range []struct {
		method, path, url string
		body              any
	}{
		{"POST", "/v1/permits", "/v1/permits", w.newPermit().with(fields{"ground": "official", "host": nil, "entries": 0})},
		{"POST", "/v1/permits", "/v1/permits", fields{}},
		{"GET", "/v1/permits", "/v1/permits", nil},
		{"GET", "/v1/permits/overstayed", "/v1/permits/overstayed", nil},
		{"GET", "/v1/permits/{id}", path, nil},
		{"POST", "/v1/permits/{id}/withdraw", path + "/withdraw", nil},
		{"GET", "/v1/permits/{id}", path, nil},
		{"PUT", "/v1/residents/{id}/exemption", wang, fields{"ground": "work", "until": utcTime(w.clock.Now().Add(time.Hour).UnixMilli())}},
		{"PUT", "/v1/residents/{id}/exemption", wang, fields{}},
		{"DELETE", "/v1/residents/{id}/exemption", wang, nil},
	} {
		w.do(step.method, step.url, admin, step.body).conforms(doc, step.method, step.path)
	}
}

// A gateway without a signing key issues the permit all the same.
func TestPermitWithoutAPassWhereNoKeySigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ring = w.ring.VerifyOnly()
	w.serve()
	if permit := w.permit(w.newPermit()); permit["pass"] != nil {
		t.Errorf("a pass without a key: %v", permit["pass"])
	}
}
