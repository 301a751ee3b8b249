package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/archive"
	"passgate/checkpoint/replay"
)

// stoppedServer leaves a server's folder in which some people have passed, with
// an archive of it.
func stoppedServer(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	onStore(t, dir, func(ctx context.Context, s *checkpoint.Store, _ redis.UniversalClient) error {
		if err := s.Change(ctx, putTown); err != nil {
			return err
		}
		site := s.Registry().Sites()[0]
		var gate *checkpoint.Gate
		for _, g := range s.Registry().Gates() {
			if g.Site == site.Code {
				gate = g
			}
		}
		if err := s.Change(ctx, func(d *checkpoint.Draft) error {
			return d.PutDevice(checkpoint.Device{Code: "phone-1", Gate: gate.Code, Lane: "1", EnrolledAt: 1, TokenHash: []byte("x")})
		}); err != nil {
			return err
		}
		results, err := s.Enrol(ctx, []checkpoint.NewResident{{Name: "王小明", IDNumber: "P0000001", Site: site.Code, Door: "1-1"}})
		if err != nil {
			return err
		}
		device, _ := s.Registry().Device("phone-1")
		for i := range 10 {
			_, err := s.Scan(ctx, checkpoint.ScanRequest{
				ID: fmt.Sprintf("scan-%04d", i), Device: device.Num, OccurredAt: minuteAgo().UnixMilli() - int64(i), Who: checkpoint.ByResident,
				Person: results[0].ID, Presented: "x", Direction: []checkpoint.Direction{checkpoint.In, checkpoint.Out}[i%2], Temperature: 36_5,
			})
			if err != nil {
				return err
			}
		}
		part := checkpoint.PartitionOf(results[0].ID)
		batch, err := s.NextInLog(ctx, part, "", 0, 100)
		if err != nil {
			return err
		}
		a, err := archive.Open(filepath.Join(dir, "archive"), filepath.Join(dir, "keys"))
		if err != nil {
			return err
		}
		return a.Append(ctx, batch.Events, map[int]string{part: batch.Last})
	})
	return dir
}

func minuteAgo() time.Time { return time.Now().Add(-time.Minute) }

// onStore runs fn on the store of a server's folder, with its managed Redis.
func onStore(t *testing.T, dir string, fn func(context.Context, *checkpoint.Store, redis.UniversalClient) error) {
	t.Helper()
	secret, err := loadSecrets(filepath.Join(dir, "keys"), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	backend, err := openBackend(t.Context(), "managed", dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer backend.stop()
	client := backend.client(patient)
	defer client.Close() //nolint:errcheck // the test ends
	store, err := checkpoint.Open(t.Context(), checkpoint.Config{Client: client, FieldKey: secret.field, IndexKey: secret.index, Clock: minuteAgo})
	if err == nil {
		err = fn(t.Context(), store, client)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplayMakesTheIndexesAnewAndVerifyNamesWhatDiffers(t *testing.T) {
	t.Parallel()
	dir := stoppedServer(t)
	s := newShell(t)
	out, _ := s.must(exitNo, "replay", "--verify", "--data", dir) // nothing was projected
	contains(t, out, "compared 10 events (read 10 from the archive and 10 from logs)", "gate index: missing, person", "differences in all")
	out, _ = s.must(exitOK, "replay", "--data", dir)
	contains(t, out, "replayed 10 events", "gate index")
	out, _ = s.must(exitOK, "replay", "--verify", "--json", "--data", dir)
	var r replay.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Events != 10 || r.Differs() != 0 || r.Families[0].Digest != r.Families[0].RedisDigest {
		t.Errorf("%v, %s", err, out)
	}

	// Beside a server that runs, one may compare and nothing else.
	onStore(t, dir, func(ctx context.Context, store *checkpoint.Store, _ redis.UniversalClient) error {
		s.must(exitOK, "replay", "--verify", "--data", dir)
		_, errs := s.must(exitNo, "replay", "--data", dir)
		contains(t, errs, "stop every gateway")
		hold, err := store.HoldProjectors(ctx)
		if err != nil {
			return err
		}
		_, errs = s.must(exitNo, "replay", "--data", dir, "--redis", "unix://"+filepath.Join(dir, "redis", "redis.sock"))
		contains(t, errs, "in use")
		return hold.Release(ctx, nil)
	})
}

func TestReplayNamesADamagedFileAndReplaysTheRest(t *testing.T) {
	t.Parallel()
	dir := stoppedServer(t)
	s := newShell(t)
	s.must(exitOK, "replay", "--data", dir)
	var name string
	err := filepath.WalkDir(filepath.Join(dir, "archive"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".age") {
			name = filepath.Base(path)
			return os.WriteFile(path, []byte("not what it was"), 0o600)
		}
		return err
	})
	if err != nil || name == "" {
		t.Fatalf("no file to damage: %v", err)
	}
	out, _ := s.must(exitNo, "replay", "--data", dir)
	contains(t, out, "damaged: archive", name, "replayed 10 events") // the log has them all
	out, _ = s.must(exitNo, "replay", "--verify", "--data", dir)
	contains(t, out, "damaged: archive")
}

func TestReplayRefusesWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for args, want := range map[string]string{
		"--data " + dir:                        "no field.key",
		"--retention 3":                        "--retention 3",
		"--show 0":                             "--show 0",
		"--from /nowhere/at/all --data " + dir: "--from",
	} {
		_, errs := newShell(t).must(exitUsage, append([]string{"replay"}, strings.Fields(args)...)...)
		contains(t, errs, want)
	}
	// It makes no keys of its own.
	if found, err := os.ReadDir(dir); err != nil || len(found) != 0 {
		t.Errorf("left behind: %v, %v", found, err)
	}
}
