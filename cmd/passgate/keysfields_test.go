package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passgate/checkpoint"
)

// The field key is changed beside a running server, which takes the new one up by
// itself, and the old one is destroyed. Afterwards a server without it finds
// everybody, and one with the old key only is refused.
func TestFieldKeyIsChangedBesideARunningServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	ctx, stop := context.WithCancel(t.Context())
	srv, done := serveForTest(t, ctx, dir)
	row := checkpoint.NewResident{Name: "王小明", IDNumber: "H12345678", Phone: "13812345678", Site: "V1", Door: "1-1"}
	if err := srv.store.Change(ctx, func(d *checkpoint.Draft) error {
		if err := d.PutGridNode(checkpoint.GridNode{ID: "XS", Name: "许商", Level: 1}); err != nil {
			return err
		}
		return d.PutSite(checkpoint.Site{Code: "V1", Name: "佟道口村", Kind: checkpoint.Village, Grid: "XS"})
	}); err != nil {
		t.Fatal(err)
	}
	if res, err := srv.store.Enrol(ctx, []checkpoint.NewResident{row}); err != nil || res[0].Err != nil {
		t.Fatal(err, res)
	}

	s := newShell(t)
	run := func(code int, args ...string) string {
		t.Helper()
		out, errs := s.must(code, append(append([]string{"keys", "fields"}, args...), "--data", dir, "--prefix", "t:")...)
		return out + errs
	}
	flags := fieldStoreFlags{dataFlag: dataFlag{Data: dir}, Redis: "managed", Prefix: "t:", barrier: time.Second}
	soon := func(cmd interface {
		Run(ctx context.Context, con *console) error
	},
	) string {
		t.Helper()
		said := &lockedText{}
		if err := cmd.Run(ctx, &console{Out: said, Err: said, Env: func(string) string { return "" }}); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		return said.String()
	}
	contains(t, run(0, "list"), "1        in use", "1 identities")
	contains(t, run(1, "drop", "1"), "version 1 is in use")
	contains(t, soon(&keysFieldsRotateCmd{fieldStoreFlags: flags, Wait: time.Minute}), "version 2 is in use", "records were sealed anew", "waiting until every gateway has heard")
	if _, err := srv.store.FindByDocument(ctx, row.IDNumber); err != nil {
		t.Errorf("the running server after the change: %v", err)
	}
	var listed struct{ Versions []fieldVersion }
	if err := json.Unmarshal([]byte(run(0, "list", "--json")), &listed); err != nil || len(listed.Versions) != 2 ||
		listed.Versions[1].Sealed[checkpoint.SealedIdentities] != 1 || len(listed.Versions[1].HeldBy) != 1 {
		t.Errorf("listed: %+v, %v", listed, err)
	}
	for _, name := range []string{"field-2.key", "index-2.key"} {
		if info, err := os.Stat(filepath.Join(keys, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	contains(t, soon(&keysFieldsDropCmd{fieldStoreFlags: flags, Version: 1}), "version 1 is destroyed here")
	if _, err := os.Stat(filepath.Join(keys, "field.key")); err == nil {
		t.Error("the dropped key is still there")
	}
	if _, err := os.Stat(filepath.Join(keys, "index.key")); err != nil {
		t.Errorf("the first index key, by which IDs are made: %v", err)
	}
	contains(t, run(0, "list"), "2        in use")
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}

	ctx, stop = context.WithCancel(t.Context())
	srv, done = serveForTest(t, ctx, dir)
	if id, err := srv.store.FindByPhone(ctx, row.Phone); err != nil || len(id) != 1 {
		t.Errorf("a server without the old key: %v, %v", id, err)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(keys, "field-2.key"), filepath.Join(keys, "field-2.away")); err != nil {
		t.Fatal(err)
	}
	_, errs := s.must(1, "serve", "--data", dir, "--prefix", "t:", "--addr", "127.0.0.1:0", "--metrics-addr", "off")
	contains(t, errs, "only one of field-2.key and index-2.key")
	if err := os.Rename(filepath.Join(keys, "index-2.key"), filepath.Join(keys, "index-2.away")); err != nil {
		t.Fatal(err)
	}
	_, errs = s.must(1, "serve", "--data", dir, "--prefix", "t:", "--addr", "127.0.0.1:0", "--metrics-addr", "off")
	contains(t, errs, "field key version 2, which is not here")
}

// serveForTest runs a server with a Redis of its own.
func serveForTest(t *testing.T, ctx context.Context, dir string) (*server, chan error) {
	t.Helper()
	cmd := ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "t:", Data: dir, Retention: 28, AuditKeep: 1095, LogKeep: 36, Archive: "off"}
	logs := &lockedText{}
	con := &console{In: strings.NewReader(""), Out: logs, Err: logs, Env: func(string) string { return "" }}
	srv, err := cmd.open(ctx, con, slog.New(slog.NewTextHandler(logs, nil)), wallClock)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := srv.run(ctx)
		srv.close()
		done <- err
	}()
	return srv, done
}
