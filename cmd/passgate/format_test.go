package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// oldTown is what a release left behind, and what it answered: see
// testdata/format2/make.go.
type oldTown struct {
	SavedAt  time.Time         `json:"saved_at"`
	Accounts map[string]string `json:"accounts"`
	Case     string            `json:"case"`
	Asked    []struct {
		As, Path string
		Answer   any
	} `json:"asked"`
	Scans  []oldScan `json:"scans"`
	Probes []oldScan `json:"probes"`

	base     string // of the server that has the data now
	now      func() time.Time
	sessions map[string]string
}

type oldScan struct {
	Token        string
	Body, Answer map[string]any
}

// TestDataOfAnOlderReleaseAnswersAsBefore opens what an older release left behind and
// asks it what that one was asked.
func TestDataOfAnOlderReleaseAnswersAsBefore(t *testing.T) {
	t.Parallel()
	town := openOldTown(t, "testdata/format2")
	for login, password := range town.Accounts {
		var session struct{ Token string }
		town.call(t, "", http.MethodPost, "/v1/login", map[string]string{"login": login, "password": password}, &session)
		town.sessions[login] = session.Token
	}
	for _, q := range town.Asked {
		var got any
		town.call(t, town.sessions[q.As], http.MethodGet, q.Path, nil, &got)
		same(t, q.Path, settled(got), settled(q.Answer))
	}
	for _, s := range town.Scans { // the answer that it was given, and told so
		var got map[string]any
		town.call(t, s.Token, http.MethodPost, "/v1/scans", s.Body, &got)
		if got["duplicate"] != true {
			t.Errorf("%s was forgotten", s.Body["id"])
		}
		for _, of := range []map[string]any{got, s.Answer} {
			delete(of, "duplicate")
			delete(of, "text") // words may be put better
		}
		same(t, fmt.Sprint(s.Body["id"], " again"), got, s.Answer)
	}
	for i, s := range town.Probes { // new ones are judged as they were
		var got map[string]any
		s.Body["id"], s.Body["occurred_at"] = fmt.Sprintf("probe-%06d", i), town.now().UTC().Format("2006-01-02T15:04:05.000Z")
		town.call(t, s.Token, http.MethodPost, "/v1/scans", s.Body, &got)
		for _, of := range []map[string]any{got, s.Answer} {
			delete(of, "id")
			delete(of, "occurred_at")
			delete(of, "recorded_at")
			delete(of, "text")
		}
		same(t, fmt.Sprintf("probe %d", i), got, s.Answer)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		t.Errorf("%s:\n got %.1500s\nwant %.1500s", what, g, w)
	}
}

// settled is an answer without what is of the moment when it was asked for.
func settled(answer any) any {
	switch v := answer.(type) {
	case map[string]any:
		for _, name := range []string{"as_of", "asked"} {
			delete(v, name)
		}
		if _, counted := v["inside"]; counted {
			delete(v, "at")
		}
		if _, aCase := v["caps"]; aCase {
			delete(v, "period_to")
			delete(v, "period_from")
		}
		for name := range v {
			v[name] = settled(v[name])
		}
	case []any:
		for i := range v {
			v[i] = settled(v[i])
		}
	}
	return answer
}

// openOldTown unpacks the data and serves it, at the time when it was saved.
func openOldTown(t *testing.T, from string) *oldTown {
	t.Helper()
	town := &oldTown{sessions: map[string]string{}}
	unzip(t, filepath.Join(from, "answers.json.gz"), func(r io.Reader) error { return json.NewDecoder(r).Decode(town) })
	dir, err := os.MkdirTemp("", "pgt") // short: a socket lies in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	unzip(t, filepath.Join(from, "data.tar.gz"), func(r io.Reader) error { return untar(r, dir) })
	began := time.Now()
	town.now = func() time.Time { return town.SavedAt.Add(time.Since(began)) }
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "pg:", Data: dir, Retention: 28, Archive: "off"}
	srv, err := cmd.open(t.Context(), con, slog.New(slog.DiscardHandler), town.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.close)
	runForTest(t, srv)
	format, err := srv.store.Format(t.Context())
	if err != nil || format.Version != checkpoint.DataFormat || format.ReadableFrom != 2 || format.By != programName() {
		t.Errorf("opened, the data has format %+v, %v", format, err)
	}
	town.base = srv.url()
	return town
}

func (town *oldTown) call(t *testing.T, token, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, town.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Trace-Case": town.Case, "Trace-Reason": "drill", "Authorization": "Bearer " + token} {
		if token != "" || name != "Authorization" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", res.StatusCode, text)
	}
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
}

func unzip(t *testing.T, path string, read func(io.Reader) error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := read(zip); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// untar writes the files into a folder.
func untar(r io.Reader, dir string) error {
	files := tar.NewReader(r)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%q leads out of the folder", header.Name)
		}
		path := filepath.Join(dir, header.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, files) //nolint:gosec // our own file
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
}
