package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The commands of the README's tour, run as they stand there, lead from the
// printed login to the event in the gate's window, the person's trajectory, its
// picture and their contacts.
func TestReadmeTourWorksAsPrinted(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "<!-- tour -->")
	script := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(rest)
	if !found || script == nil {
		t.Fatal("the README has no tour")
	}
	url, password, _ := startTownForTest(t)
	text := strings.Replace(script[1], "B=http://localhost:8080", "B="+url, 1)
	text = regexp.MustCompile(`(?m)^PASSWORD=.*$`).ReplaceAllString(text, "PASSWORD="+password)
	cmd := exec.Command("bash", "-eu", "-o", "pipefail", "-c", text)
	cmd.Dir = t.TempDir()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr.String())
	}
	for _, want := range []string{
		`"decision":"pass","reason":"ok","color":"green"`, `"name_masked":"王*明"`,
		`"gate":"370126001202-g1"`, `"period":"case"`, `"stays":[{"site":"370126001202","site_name":"佟道口村"`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the answers lack %s:\n%s", want, out)
		}
	}
	if picture, err := os.ReadFile(filepath.Join(cmd.Dir, "stays.svg")); err != nil || !bytes.Contains(picture, []byte("<svg")) {
		t.Errorf("the picture: %v, %.80q", err, picture)
	}
}

// startTownForTest serves the demo town without its residents.
func startTownForTest(t *testing.T) (url, password, data string) {
	t.Helper()
	con := &console{In: strings.NewReader(""), Out: os.Stdout, Err: os.Stderr, Env: func(string) string { return "" }}
	serve := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "127.0.0.1:0", Redis: "managed", Prefix: "pg:", Data: t.TempDir(), Retention: 28}
	srv, err := serve.open(t.Context(), con, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.close)
	if err := seedTown(t.Context(), srv.store, 0, os.Stderr); err != nil {
		t.Fatal(err)
	}
	if password, err = firstLogin(t.Context(), srv.store, true); err != nil {
		t.Fatal(err)
	}
	runForTest(t, srv)
	return srv.url(), password, serve.Data
}

// runForTest serves until the test ends, which fails if the server does not end well.
func runForTest(t *testing.T, srv *server) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
