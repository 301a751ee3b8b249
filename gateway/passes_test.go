package gateway

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/codes"
)

// issue asks for a pass.
func (w *world) issue(person uint64, pass fields, headers ...string) answer {
	w.t.Helper()
	return w.do(http.MethodPost, personPath(person, "/passes"), w.as("enroller"), pass, headers...)
}

// passScan is newScan with a pass in place of the resident.
func (w *world) passScan(token any) fields {
	return w.newScan(0).with(fields{"resident": nil, "pass": token})
}

func TestPassIsIssuedInBothFormsAndScans(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	jwks := w.do(http.MethodGet, "/.well-known/jwks.json", "", nil).ok(http.StatusOK)
	if cache := jwks.header.Get("Cache-Control"); cache != "public, max-age=300" {
		t.Errorf("Cache-Control of the keys: %q", cache)
	}
	verifier, err := codes.VerifierFromJWKS(jwks.body)
	w.must(err)
	for kind, life := range map[string]time.Duration{"app": 10 * time.Minute, "paper": 28 * 24 * time.Hour, "visitor": 24 * time.Hour} {
		got := w.issue(wang, fields{"kind": kind}).ok(http.StatusCreated)
		pass := got.json()
		token, _ := pass["token"].(string)
		compact, _ := pass["compact"].(string)
		read, refusal := verifier.Verify(token)
		same, refusal2 := verifier.Verify(compact)
		if refusal != nil || refusal2 != nil || read != same {
			t.Fatalf("%s: the served keys give %v and %v", kind, refusal, refusal2)
		}
		if read.Kind.String() != kind || pass["kind"] != kind || time.Duration(read.ExpiresAt-read.NotBefore)*time.Second != life ||
			pass["not_before"] != utcTime(read.NotBefore*1000).String() || pass["expires_at"] != utcTime(read.ExpiresAt*1000).String() {
			t.Errorf("%s: %v", kind, pass)
		}
		if person, _, ok := w.ring.Open(read); !ok || person != wang {
			t.Errorf("%s: the pass is of %x", kind, person)
		}
		if !read.OfSite(w.ring.SiteKey("V1")) || read.OfSite(w.ring.SiteKey("V2")) {
			t.Errorf("%s: the pass is not of its home", kind)
		}
		if cache := got.header.Get("Cache-Control"); cache != "no-store" {
			t.Errorf("Cache-Control of a pass: %q", cache)
		}
		w.scan("E1", w.passScan(token)).decided("pass", "ok")
	}
}

func TestPassesThatAreNotIssued(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang, now := w.people["wang"], w.clock.Now()
	refuse := func(field string, pass fields) {
		t.Helper()
		w.issue(wang, pass).problem(http.StatusUnprocessableEntity, "invalid", field)
	}
	in := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	w.issue(wang, fields{"kind": "app", "not_before": in(24 * time.Hour)}).ok(http.StatusCreated)
	refuse("not_before", fields{"kind": "app", "not_before": in(24*time.Hour + time.Second)})
	refuse("not_before", fields{"kind": "paper", "not_before": in(25 * time.Hour)})
	refuse("not_before", fields{"kind": "app", "not_before": in(-time.Hour)})
	refuse("not_before", fields{"kind": "app", "not_before": "tomorrow"})
	w.issue(wang, fields{"kind": "paper", "days": 60}).ok(http.StatusCreated)
	refuse("days", fields{"kind": "paper", "days": 61})
	refuse("days", fields{"kind": "paper", "days": 0})
	refuse("days", fields{"kind": "visitor", "days": 15})
	refuse("days", fields{"kind": "app", "days": 1})
	refuse("kind", fields{"kind": "gold"})
	w.issue(0x123, fields{"kind": "app"}).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodPost, personPath(wang, "/passes"), w.as("tracer"), fields{"kind": "app"}).problem(http.StatusForbidden, "forbidden", "")
	w.must(w.store.SetStatus(t.Context(), wang, checkpoint.StatusGone))
	refuse("id", fields{"kind": "app"})
}

func TestPictureOfAPassIsThePass(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("zbarimg"); err != nil {
		t.Fatal("zbarimg reads the picture: apt-get install zbar-tools")
	}
	w := newWorld(t)
	wang := w.people["wang"]
	paper := fields{"kind": "paper"}
	compact, _ := w.issue(wang, paper).ok(http.StatusCreated).json()["compact"].(string)
	png := w.issue(wang, paper, "Accept", "image/png").ok(http.StatusCreated)
	if png.header.Get("Content-Type") != "image/png" || png.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers of the picture: %v", png.header)
	}
	file := filepath.Join(t.TempDir(), "pass.png")
	w.must(os.WriteFile(file, png.body, 0o600))
	read, err := exec.CommandContext(t.Context(), "zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file).Output()
	w.must(err)
	scanned := strings.TrimSuffix(string(read), "\n")
	if scanned != compact {
		t.Fatalf("the picture says %q, the pass is %q", scanned, compact)
	}
	w.scan("E1", w.passScan(scanned)).decided("pass", "ok")

	svg := w.issue(wang, paper, "Accept", "image/svg+xml").ok(http.StatusCreated)
	if svg.header.Get("Content-Type") != "image/svg+xml" || !strings.HasPrefix(string(svg.body), "<svg ") {
		t.Errorf("%s: %.80s", svg.header.Get("Content-Type"), svg.body)
	}
}

func TestRevokedPassIsRefusedAtTheNextScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wang := w.people["wang"]
	pass := w.issue(wang, fields{"kind": "paper"}).ok(http.StatusCreated).json()["compact"]
	w.scan("E1", w.passScan(pass)).decided("pass", "ok")
	revoke := func(login string, body fields) answer {
		return w.do(http.MethodPost, personPath(wang, "/passes/revoke"), w.as(login), body)
	}
	revoke("medic", fields{}).problem(http.StatusUnprocessableEntity, "invalid", "reason")
	revoke("grid", fields{"reason": "lost"}).problem(http.StatusForbidden, "forbidden", "")
	if got := revoke("medic", fields{"reason": "lost"}).ok(http.StatusOK).json(); got["generation"] != 1.0 {
		t.Errorf("revoked: %v", got)
	}
	w.scan("E1", w.passScan(pass)).decided("deny", "revoked")
	again := w.issue(wang, fields{"kind": "paper"}).ok(http.StatusCreated).json()["compact"]
	if again == pass {
		t.Error("the pass issued after the revocation is the revoked one")
	}
	w.scan("E1", w.passScan(again)).decided("pass", "ok")
	if got := w.do(http.MethodGet, personPath(wang, ""), w.as("admin"), nil).json(); got["generation"] != 1.0 {
		t.Errorf("the record has generation %v", got["generation"])
	}
}

func TestGatewayThatOnlyScansIssuesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ring = w.ring.VerifyOnly()
	w.serve()
	w.issue(w.people["wang"], fields{"kind": "app"}).problem(http.StatusServiceUnavailable, "unavailable", "")
	w.do(http.MethodGet, "/v1/sites/V1/sheet", w.as("enroller"), nil).problem(http.StatusServiceUnavailable, "unavailable", "")
	w.do(http.MethodGet, "/v1/revocations", w.as("admin"), nil).problem(http.StatusServiceUnavailable, "unavailable", "")
}

func TestSheetHoldsThePassesOfASite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := w.enrol("孙七", "V1", "1-102")
	w.must(w.store.SetStatus(t.Context(), gone, checkpoint.StatusGone))
	w.enrol("𠮷野<b>", "V1", "1-9")
	got := w.do(http.MethodGet, "/v1/sites/V1/sheet?days=7", w.as("enroller"), nil).ok(http.StatusOK)
	page := string(got.body)
	if got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("Cache-Control") != "no-store" ||
		!strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'; style-src") {
		t.Errorf("headers %v", got.header)
	}
	if strings.Count(page, "<svg ") != 2 || !strings.Contains(page, "王小明") || !strings.Contains(page, "𠮷野&lt;b&gt;") ||
		strings.Contains(page, "孙七") || strings.Contains(page, "李四") || !strings.Contains(page, "2020-02-17") {
		t.Errorf("the sheet has %d passes: %.300s", strings.Count(page, "<svg "), page)
	}
	// By household, with the code that is the same on every print; the page of
	// another household, or of somebody elsewhere, is not printed with it.
	wang, err := w.store.Resident(t.Context(), w.people["wang"])
	w.must(err)
	code, err := w.store.ActivationCode(t.Context(), "V1", wang.Household)
	w.must(err)
	w.clock.Advance(time.Minute)
	w.enrol("王小红", "V1", "1-101") // enrolled after the other, printed after
	one := string(w.do(http.MethodGet, "/v1/sites/V1/sheet?resident="+checkpoint.FormatPersonID(w.people["wang"]), w.as("enroller"), nil).ok(http.StatusOK).body)
	if strings.Count(page, "PGH1-") != 2 || strings.Count(one, code) != 1 || strings.Count(one, "PGH1-") != 1 ||
		!strings.Contains(one, "王小明、王小红") || strings.Contains(one, "𠮷野") || strings.Contains(one, "/pass") {
		t.Errorf("the sheet of one household: %.300s", one)
	}
	since := w.clock.Now().UTC().Format(time.RFC3339)
	fresh := string(w.do(http.MethodGet, "/v1/sites/V1/sheet?since="+since, w.as("enroller"), nil).ok(http.StatusOK).body)
	if !strings.Contains(fresh, "王小明、王小红") || strings.Contains(fresh, "𠮷野") {
		t.Errorf("the sheet of households with somebody new: %.300s", fresh)
	}
	w.do(http.MethodGet, "/v1/sites/V1/sheet?since=today", w.as("enroller"), nil).problem(http.StatusUnprocessableEntity, "invalid", "since")
	for _, stranger := range []string{checkpoint.FormatPersonID(w.people["li"]), "0000000000000001", "wang"} {
		w.do(http.MethodGet, "/v1/sites/V1/sheet?resident="+stranger, w.as("enroller"), nil).problem(http.StatusUnprocessableEntity, "invalid", "resident")
	}
	w.serve(func(s *Server) { s.publicURL = "https://gates.example.org" })
	if page := string(w.do(http.MethodGet, "/v1/sites/V1/sheet", w.as("enroller"), nil).ok(http.StatusOK).body); !strings.Contains(page, "gates.example.org/pass") {
		t.Error("the sheet does not say where the residents' page is")
	}
	for _, days := range []string{"0", "61", "x"} {
		w.do(http.MethodGet, "/v1/sites/V1/sheet?days="+days, w.as("enroller"), nil).problem(http.StatusUnprocessableEntity, "invalid", "days")
	}
	w.do(http.MethodGet, "/v1/sites/V9/sheet", w.as("enroller"), nil).problem(http.StatusNotFound, "not_found", "")
	w.do(http.MethodGet, "/v1/sites/V1/sheet", w.as("medic"), nil).problem(http.StatusForbidden, "forbidden", "")
}
