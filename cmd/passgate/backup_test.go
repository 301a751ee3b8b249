package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"passgate/checkpoint/backup"
)

// serveOn runs a server on a folder of data that is there.
func serveOn(t *testing.T, dir string) (server string) {
	t.Helper()
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	cmd := &ServeCmd{Addr: "127.0.0.1:0", MetricsAddr: "off", Redis: "managed", Prefix: "t:", Data: dir, Retention: 28}
	srv, err := cmd.open(t.Context(), con, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
		srv.close()
	})
	return srv.url()
}

// backupOnRecord is when the newest backup was taken, as a running server's store has it.
func backupOnRecord(t *testing.T, data string) time.Time {
	t.Helper()
	b, err := openRunning(data)
	if err != nil {
		t.Fatal(err)
	}
	defer b.stop()
	client := b.client(patient)
	defer func() { _ = client.Close() }()
	at, err := client.HGet(t.Context(), "t:{reg}:backup", "v").Int64()
	if err != nil {
		t.Fatal(err)
	}
	return time.UnixMilli(at)
}

// TestATownIsBackedUpWhileItRunsAndLivesOnElsewhere: with the machine gone, the
// backup alone makes the town again, with its passes, phones, sessions and trails.
func TestATownIsBackedUpWhileItRunsAndLivesOnElsewhere(t *testing.T) {
	t.Parallel()
	server, dir := newTownIn(t)
	s := newShell(t)
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(exitOK, "login", "--login", "boss", "--server", server)
	delete(s.env, "PASSGATE_PASSWORD")
	path := s.file("people.csv", "姓名,身份证号,手机号,村居,门牌\r\n王小明,"+idNumber(1)+",13800000000,V1,1-101\r\n")
	s.must(exitOK, "residents", "import", path, "--server", server)
	list := s.home + "/export.csv"
	s.must(exitOK, "residents", "export", "--csv", list, "--server", server)
	person := strings.Split(strings.Split(s.read(list), "\n")[1], ",")[0]
	issued, _ := s.must(exitOK, "pass", "issue", "--resident", person, "--kind", "paper", "--server", server)
	pass := strings.TrimSpace(issued[strings.Index(issued, "eyJ"):])
	boss, err := serverFlags{Server: server}.open(t.Context(), &console{Env: func(string) string { return "" }, ConfigDir: func() (string, error) { return s.home, nil }, Err: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	phone := gatePhone(t, boss, "V1-g1")
	at := time.Now()
	if got := scan(t, phone, "scan-0001", pass, "out"); got != "pass ok" {
		t.Fatalf("scan: %s", got)
	}

	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	out, _ := s.must(exitOK, "backup", s.home+"/backups", "--data", dir, "--prefix", "t:", "--recipient", id.Recipient().String(), "--json")
	var made struct {
		Dir, Site string
		Events    int
		Digests   map[string]string
	}
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Events != 1 || made.Site == "" {
		t.Fatalf("%v, %s", err, out)
	}
	scan(t, phone, "scan-0002", pass, "in") // goes on, and is not in it
	if at := backupOnRecord(t, dir); time.Since(at) > time.Minute {
		t.Errorf("the service says that its newest backup was taken at %s", at)
	}

	keys := s.file("restore.txt", id.String()+"\n")
	there := filepath.Join(s.home, "d")
	text, errs := s.must(exitOK, "restore", s.home+"/backups", "--identity", keys, "--data", there, "--site", made.Site)
	contains(t, text, made.Digests["trail"], made.Digests["gate index"], "these digests are those of the backup", made.Site)
	contains(t, errs, "checking files", "restoring")
	s.must(exitOK, "replay", "--verify", "--data", there, "--prefix", "t:")

	elsewhere := serveOn(t, there)
	phone.base = elsewhere
	if got := scan(t, phone, "scan-0003", pass, "in"); got != "pass ok" {
		t.Errorf("the pass and the phone from before: %s", got)
	}
	s.env["PASSGATE_PASSWORD"] = "secret of the test"
	s.must(exitOK, "login", "--login", "boss", "--server", elsewhere)
	leader(t, elsewhere).must(exitOK, "case", "open", "--kind", "confirmed", "--person", person, "--title", "首例", "--onset", at.Format(time.RFC3339), "--server", elsewhere)
	s.must(exitOK, "case", "use", "C1", "--reason", "找接触者", "--server", elsewhere)
	_, errs = s.must(exitOK, "trace", "person", person, "--from", at.Add(-time.Minute).Format(time.RFC3339), "--server", elsewhere)
	contains(t, errs, "2 events")
	_, errs = s.must(exitNo, "restore", s.home+"/backups", "--identity", keys, "--data", there)
	contains(t, errs, "not empty")
}

func TestBackupAndRestoreRefuseWhatCannotBeRight(t *testing.T) {
	t.Parallel()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	short, open, fit := s.file("short", "abc\n"), s.file("open", "a long enough passphrase\n"), s.file("fit", "a long enough passphrase\n")
	if err := os.Chmod(open, 0o644); err != nil { //nolint:gosec // that is the mistake
		t.Fatal(err)
	}
	public := id.Recipient().String()
	for args, want := range map[string]string{
		"backup B":                                                          "--recipient age1",
		"backup B --recipient age1nonsense":                                 "no age recipient",
		"backup B --recipient " + id.String():                               "secret key",
		"backup B --passphrase-file " + short:                               "16 characters",
		"backup B --passphrase-file " + open:                                "chmod o=",
		"backup B --passphrase-file /nowhere":                               "no such file",
		"backup B --keep 0 --recipient " + public:                           "--keep 0",
		"backup B --retention 3 --recipient " + public:                      "--retention 3",
		"backup B --recipient " + public + " --passphrase-file " + fit:      "not both",
		"backup B --recipient " + public + " --data " + s.home + "/nowhere": "no field.key",
		"restore B":                                         "--identity",
		"restore B --identity " + fit:                       "no identity",
		"restore B --passphrase-file " + fit:                "not a backup",
		"restore B --redis memory --passphrase-file " + fit: "nothing is kept",
	} {
		code, _, errs := s.run(strings.Fields(strings.ReplaceAll(args, " B", " "+s.home+"/none"))...)
		if code != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: exit code %d, %s", args, code, errs)
		}
		if strings.Contains(errs, id.String()) {
			t.Errorf("%s: the secret key is in the answer", args)
		}
	}
	if _, err := os.Stat(s.home + "/nowhere"); !os.IsNotExist(err) {
		t.Error("a folder of data was made")
	}
}

func TestSecretsOfTheEnvironmentAreBackedUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"field.key": "of the file", "passes.lock": "", ".half": "", "archive/2020-02-10.key": "a day"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := map[string]string{"PASSGATE_FIELD_KEY": "of the environment", "PASSGATE_KEYS": "{}"}
	got, err := keyFiles(dir, func(name string) string { return env[name] })
	want := backup.Keys{"field.key": []byte("of the environment\n"), "keys.json": []byte("{}\n"), "archive/2020-02-10.key": []byte("a day")}
	if err != nil || len(got) != len(want) {
		t.Fatalf("%v, %q", err, got)
	}
	for name := range want {
		if string(got[name]) != string(want[name]) {
			t.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
	}
}
