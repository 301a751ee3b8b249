package main

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
)

func TestArchiveIsListedAndVerified(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir := filepath.Join(data, "archive")
	sh := newShell(t)
	run := func(want int, args ...string) (out, said string) {
		t.Helper()
		return sh.must(want, append(args, "--data", data)...)
	}
	if _, said := run(exitUsage, "archive", "list"); !strings.Contains(said, "there is no archive in") {
		t.Errorf("said %q", said)
	}
	a, err := archive.Open(dir, filepath.Join(data, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 2, 10, 4, 0, 0, 0, time.UTC).UnixMilli()
	for _, day := range []int64{0, 1} {
		e := checkpoint.ScanEvent{Person: 1, OccurredAt: at + day*86_400_000, Direction: checkpoint.In}
		if err := a.Append(t.Context(), []checkpoint.ScanEvent{e}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if out, _ := run(exitOK, "archive", "list"); !strings.Contains(out, "2020-02-11  kept") || !strings.Contains(out, "2020-02-10 12:00:00") {
		t.Errorf("list:\n%s", out)
	}
	if out, _ := run(exitOK, "archive", "list", "--json"); !strings.Contains(unspaced(out), `{"day":"2020-02-10","state":"kept","files":1,"events":1,`) {
		t.Errorf("list: %s", out)
	}
	if out, _ := run(exitOK, "archive", "verify"); out != "2 files with 2 events read, 0 files damaged\n" {
		t.Errorf("verify: %s", out)
	}
	if err := os.Truncate(filepath.Join(dir, "2020-02-10", "000001.ndjson.zst.age"), 200); err != nil {
		t.Fatal(err)
	}
	if out, said := run(exitNo, "archive", "verify"); out != "2 files with 1 events read, 1 files damaged\n" || !strings.Contains(said, "damaged: 2020-02-10/000001.ndjson.zst.age: ") {
		t.Errorf("verify: %s %s", out, said)
	}
	if out, _ := run(exitNo, "archive", "verify", "--json"); !strings.Contains(unspaced(out), `"damaged":[{"file":"2020-02-10/000001.ndjson.zst.age","wrong":`) {
		t.Errorf("verify: %s", out)
	}
	if err := os.Remove(filepath.Join(data, "keys", "archive", "2020-02-11.key")); err != nil {
		t.Fatal(err)
	}
	if out, _ := run(exitOK, "archive", "list"); !strings.Contains(out, "2020-02-11  no_key") {
		t.Errorf("list:\n%s", out)
	}
}

// unspaced takes the layout out of JSON.
func unspaced(text string) string { return strings.Join(strings.Fields(text), "") }

func TestServeArchivesWhereItIsTold(t *testing.T) {
	t.Parallel()
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	for _, c := range []struct {
		redis, archive string
		want           string // folder below the data's, "" for none
		refused        bool
	}{
		{"managed", "", "archive", false},
		{"managed", "off", "", false},
		{"memory", "", "", false},
		{"memory", "off", "", false},
		{"memory", "somewhere", "", true},
	} {
		data := t.TempDir()
		cmd := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: c.redis, Prefix: "pg:", Data: data, Retention: 28, Archive: c.archive}
		srv, err := cmd.open(t.Context(), con, slog.New(slog.DiscardHandler), time.Now)
		if (err != nil) != c.refused {
			t.Fatalf("%+v: %v", c, err)
		}
		if err != nil {
			continue
		}
		if (srv.archiver != nil) != (c.want != "") {
			t.Errorf("%+v: archiver %v", c, srv.archiver)
		}
		if _, err := os.Stat(filepath.Join(data, "archive", "manifest.json")); (err == nil) != (c.want != "") {
			t.Errorf("%+v: %v", c, err)
		}
		srv.close()
	}
}
