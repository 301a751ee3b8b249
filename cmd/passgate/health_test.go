package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealthTellsReadyFromNot(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must(exitOK, "health", "--server", newTown(t))
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the store is away", http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	_, errs := s.must(exitNo, "health", "--server", busy.URL+"/")
	contains(t, errs, "503", "the store is away")
	s.must(exitBackend, "health", "--server", "http://127.0.0.1:1")
	s.must(exitUsage, "health", "--server", "http://a b")
}
