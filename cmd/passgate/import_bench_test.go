package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/gateway/workbook"
	"passgate/loadtest/town"
)

const (
	benchPeople   = 100_000
	benchPipeline = 1000
	benchSample   = 200
)

// BenchmarkImport imports the demo town's residents by the program's own verb,
// over HTTP into a Redis that syncs every write to disk, and then writes the
// same rows to the same Redis as bare hashes. The ratio says what enrolling costs
// (checks, encryption, indexes, HTTP) above storing.
func BenchmarkImport(b *testing.B) {
	people := make([]town.Resident, 0, benchPeople)
	for r := range town.Residents(demoSeed, benchPeople) {
		people = append(people, r)
	}
	file := filepath.Join(b.TempDir(), "town.csv")
	writeTown(b, file, people)
	var imported, raw time.Duration
	for b.Loop() {
		i, r := importOnce(b, file, people)
		imported += i
		raw += r
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op") // mostly building up and tearing down
	b.ReportMetric(imported.Seconds()/n, "import-s")
	b.ReportMetric(raw.Seconds()/n, "raw-s")
	b.ReportMetric(imported.Seconds()/raw.Seconds(), "ratio")
	b.ReportMetric(benchPeople*n/imported.Seconds(), "rows/s")
}

func csvFields(r town.Resident) []string {
	return []string{r.Name, r.IDNumber, r.Phone, r.Site, r.Door, r.Grid}
}

func writeTown(b *testing.B, path string, people []town.Resident) {
	b.Helper()
	var text bytes.Buffer
	rows := csv.NewWriter(&text)
	err := rows.Write(workbook.ColumnNames[:])
	for _, r := range people {
		err = errors.Join(err, rows.Write(csvFields(r)))
	}
	rows.Flush()
	if err = errors.Join(err, rows.Error(), os.WriteFile(path, text.Bytes(), 0o600)); err != nil {
		b.Fatal(err)
	}
}

// importOnce measures both on a server of its own.
func importOnce(b *testing.B, file string, people []town.Resident) (imported, raw time.Duration) {
	b.Helper()
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "pg:", Data: b.TempDir(), Retention: 28}
	srv, err := cmd.open(b.Context(), con, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer srv.close()
	if err = srv.store.Change(b.Context(), putTown); err != nil {
		b.Fatal(err)
	}
	password, err := firstLogin(b.Context(), srv.store, false)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			b.Errorf("server: %v", err)
		}
	}()

	imported = importByVerb(b, srv.url(), password, file)
	findSome(b, srv.store, people)
	options := srv.backend.options
	options.PoolSize = 1
	client := redis.NewUniversalClient(&options)
	defer client.Close() //nolint:errcheck // what counts was answered
	settle(b, client)
	return imported, storeBare(b, client, people)
}

// importByVerb gives the time of the whole command, reading the file included.
func importByVerb(b *testing.B, server, password, file string) time.Duration {
	b.Helper()
	home := b.TempDir()
	verb := func(args ...string) []byte {
		var out, errs bytes.Buffer
		con := &console{
			In: strings.NewReader(""), Out: &out, Err: &errs,
			Env:       func(name string) string { return map[string]string{"PASSGATE_PASSWORD": password}[name] },
			ConfigDir: func() (string, error) { return home, nil },
		}
		if code := run(b.Context(), append(args, "--server", server), con); code != 0 {
			b.Fatalf("passgate %s: exit code %d\n%s%s", strings.Join(args, " "), code, &out, &errs)
		}
		return out.Bytes()
	}
	verb("login", "--login", adminLogin)
	began := time.Now()
	out := verb("residents", "import", file, "--json")
	took := time.Since(began)
	var got importSummary
	if err := json.Unmarshal(out, &got); err != nil {
		b.Fatal(err)
	}
	if got.Created != benchPeople || got.Rows != benchPeople || !got.Complete {
		b.Fatalf("summary %+v", got)
	}
	return took
}

// findSome looks people up as a search does, each a person of their own.
func findSome(b *testing.B, store *checkpoint.Store, people []town.Resident) {
	b.Helper()
	found := map[uint64]bool{}
	for _, i := range rand.Perm(len(people))[:benchSample] {
		person, err := store.FindByDocument(b.Context(), people[i].IDNumber)
		if err != nil {
			b.Fatalf("resident %d: %v", i, err)
		}
		found[person] = true
	}
	if len(found) != benchSample {
		b.Fatalf("%d documents lead to %d people", benchSample, len(found))
	}
}

// settle makes sure that Redis syncs every write, and lets it finish rewriting
// its file: the import pays for that, the bare rows shall not.
func settle(b *testing.B, client redis.UniversalClient) {
	b.Helper()
	policy, err := client.ConfigGet(b.Context(), "append*").Result()
	if err != nil || policy["appendonly"] != "yes" || policy["appendfsync"] != "always" {
		b.Fatalf("%v: Redis keeps its file by %v", err, policy)
	}
	for {
		info, err := client.Info(b.Context(), "persistence").Result()
		if err != nil {
			b.Fatal(err)
		}
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// storeBare writes the rows as hashes on one connection.
func storeBare(b *testing.B, client redis.UniversalClient, people []town.Resident) time.Duration {
	b.Helper()
	began := time.Now()
	for at := 0; at < len(people); at += benchPipeline {
		pipe := client.Pipeline()
		for i, r := range people[at:min(at+benchPipeline, len(people))] {
			hash := make([]any, 0, 2*len(workbook.ColumnNames))
			for column, value := range csvFields(r) {
				hash = append(hash, workbook.ColumnNames[column], value)
			}
			pipe.HSet(b.Context(), "raw:"+strconv.Itoa(at+i), hash...)
		}
		if _, err := pipe.Exec(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(began)
}
