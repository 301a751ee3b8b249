package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What a demo prints for a first look has to open both sides of the gate.
func TestTheDemosCodesOpenPhoneShiftAndPass(t *testing.T) {
	t.Parallel()
	srv, _ := openForTest(t, ServeCmd{Addr: "127.0.0.1:0", Demo: true, DemoPeople: 400})
	if err := seedTown(t.Context(), srv.store, 400, io.Discard); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- srv.gateway.Serve(srv.listener) }()
	t.Cleanup(func() {
		cancel()
		_ = srv.gateway.Shutdown(context.Background())
		<-served
	})
	show, err := prepareTour(ctx, srv.store, 400)
	if err != nil || show == nil {
		t.Fatalf("no tour: %v", err)
	}
	text := strings.Join(show.lines(srv.url()), "\n")
	one := func(pattern string) string {
		t.Helper()
		found := regexp.MustCompile(pattern).FindString(text)
		if found == "" {
			t.Fatalf("no %s in\n%s", pattern, text)
		}
		return found
	}
	var phone struct{ Token string }
	tell(t, srv, "/v1/devices/enrol", "", map[string]any{"code": one(`PGE1-[A-Z2-7]{26}`)}, &phone)
	var shift struct {
		Shift struct{ Person struct{ Name string } }
	}
	tell(t, srv, "/v1/shifts", phone.Token, map[string]any{
		"id": "shift-of-the-tour", "badge": one(`PGB1-[A-Z2-7]{26}`), "opened_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	}, &shift)
	if shift.Shift.Person.Name != "演示值守" {
		t.Errorf("the badge is that of %q", shift.Shift.Person.Name)
	}
	var family struct {
		Household struct{ Members []struct{ Name string } }
	}
	tell(t, srv, "/v1/activate", "", map[string]any{"code": one(`PGH1(-[0-9A-Z]{4}){3}`), "tail": show.tail}, &family)
	if !strings.Contains(fmt.Sprint(family.Household.Members), show.family) {
		t.Errorf("%q is not among %v", show.family, family.Household.Members)
	}
}

// tell posts JSON and reads the answer, which has to be good.
func tell(t *testing.T, srv *server, path, token string, in, out any) {
	t.Helper()
	tellAt(t, srv.url()+path, token, in, out)
}

func tellAt(t *testing.T, url, token string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		t.Fatalf("%s: %d %s %v", url, res.StatusCode, answer, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatal(err)
	}
}
