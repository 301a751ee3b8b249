package main

import (
	"io"
	"net/http"
	"testing"
)

func TestResidentIsErased(t *testing.T) {
	t.Parallel()
	sent := ""
	server := fake(t, map[string]http.HandlerFunc{"POST /v1/residents/{id}/erase": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sent = r.PathValue("id") + " " + string(body)
		sendJSON(w, 200, map[string]any{"id": r.PathValue("id"), "kind": "erased"})
	}})
	s := signedIn(t, server)
	out, _ := s.must(0, "residents", "erase", "0400000000000007", "--reason", "request of 2020-03-02", "--server", server)
	contains(t, out, "0400000000000007 is erased")
	if want := `0400000000000007 {"reason":"request of 2020-03-02"}`; sent != want {
		t.Errorf("sent %s, want %s", sent, want)
	}
	s.must(2, "residents", "erase", "110105194912310021", "--reason", "x", "--server", server)
	s.must(2, "residents", "erase", "0400000000000007", "--server", server)
	out, _ = s.must(0, "residents", "erase", "0400000000000007", "--reason", "again", "--json", "--server", server)
	contains(t, out, `"kind":"erased"`)
}

func TestEvidenceIsNotErased(t *testing.T) {
	t.Parallel()
	server := fake(t, map[string]http.HandlerFunc{"POST /v1/residents/{id}/erase": func(w http.ResponseWriter, _ *http.Request) {
		sendProblem(w, 409, "held", "", "the record is evidence")
	}})
	_, errs := signedIn(t, server).must(1, "residents", "erase", "0400000000000007", "--reason", "x", "--server", server)
	contains(t, errs, "the record is evidence")
}
