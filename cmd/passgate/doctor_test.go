package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
	"passgate/checkpoint/journal"
	"passgate/checkpoint/redisd"
	"passgate/checkpoint/redisd/testca"
	"passgate/cmd/passgate/doctor"
)

// subject is a deployment to be examined: a Redis and files of its own.
type subject struct {
	*shell
	data, root string
	args       []string
	now        checkpoint.Clock
	server     *redisd.Server
	redis      *redis.Client
}

// newSubject is in good health: a Redis as deploy/redis.conf advises, with data, all
// secrets, and a machine that is set up for it.
func newSubject(t *testing.T) *subject {
	t.Helper()
	dir := dirOnDisk(t)
	p := &subject{shell: newShell(t), data: filepath.Join(dir, "d"), root: healthyMachine(t)}
	var err error
	p.server, err = redisd.Start(t.Context(), redisd.Options{Dir: filepath.Join(dir, "r"), Persist: true, MaxMemory: "256mb"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.server.Kill(); _ = p.server.Stop(t.Context()) })
	p.redis = redis.NewClient(&redis.Options{Network: "unix", Addr: p.server.Socket()})
	t.Cleanup(func() { _ = p.redis.Close() })
	p.must(exitOK, "keys", "make", "--data", p.data)
	secret, err := loadSecrets(filepath.Join(p.data, "keys"), p.console(nil).Env)
	if err != nil {
		t.Fatal(err)
	}
	client := checkpoint.Connect(checkpoint.Tune(&redis.UniversalOptions{Addrs: []string{p.server.Socket()}}))
	defer client.Close()
	if _, err := checkpoint.Open(t.Context(), checkpoint.Config{Client: client, Prefix: "pg:", FieldKey: secret.field, IndexKey: secret.index}); err != nil {
		t.Fatal(err)
	}
	p.args = p.settings()
	return p
}

func (p *subject) settings() []string {
	return []string{"--redis", p.server.URL(), "--data", p.data, "--addr", "127.0.0.1:0", "--metrics-addr", "off", "--archive", filepath.Join(p.data, "archive")}
}

// another shares the Redis, and has files of its own.
func (p *subject) another(t *testing.T) *subject {
	t.Helper()
	q := &subject{shell: newShell(t), data: filepath.Join(dirOnDisk(t), "d"), root: healthyMachine(t), server: p.server}
	q.ok(os.MkdirAll(q.data, 0o700))
	q.ok(os.CopyFS(filepath.Join(q.data, "keys"), os.DirFS(filepath.Join(p.data, "keys"))))
	for _, path := range []string{"", "*"} {
		found, err := filepath.Glob(filepath.Join(q.data, "keys", path))
		q.ok(err)
		for _, f := range found {
			info, err := os.Stat(f)
			q.ok(err)
			q.ok(os.Chmod(f, info.Mode().Perm()&^0o077))
		}
	}
	q.args = q.settings()
	return q
}

// dirOnDisk is on a disk: a folder in memory is a finding.
func dirOnDisk(t *testing.T) string {
	t.Helper()
	base := os.TempDir()
	if at := doctor.LookAtFolder("data", base); len(at.Check()) > 0 {
		base = "/var/tmp"
	}
	dir, err := os.MkdirTemp(base, "pgd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// healthyMachine is what the kernel of one would say.
func healthyMachine(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	kernelSays(t, root, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never")
	kernelSays(t, root, "proc/sys/vm/overcommit_memory", "1")
	kernelSays(t, root, "proc/self/limits", "Max open files            1024                 65536                files")
	kernelSays(t, root, "proc/self/cgroup", "0::/system.slice/passgate.service")
	kernelSays(t, root, "sys/fs/cgroup/system.slice/passgate.service/memory.max", "max")
	return root
}

func kernelSays(t *testing.T, root, file, text string) {
	t.Helper()
	path := filepath.Join(root, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *subject) console(out *bytes.Buffer) *console {
	return &console{In: p.in, Out: out, Err: out, Env: func(name string) string { return p.env[name] }}
}

// examine gives the findings, whose codes have to be these.
func (p *subject) examine(codes ...string) []doctor.Finding {
	p.t.Helper()
	var line commandLine
	var out bytes.Buffer
	con := p.console(&out)
	parser, err := grammar(p.t.Context(), con, &line)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := parser.Parse(append([]string{"doctor", "--json"}, p.args...)); err != nil {
		p.t.Fatal(err)
	}
	line.Doctor.root, line.Doctor.now = p.root, p.now
	code := report(p.t.Context(), con, line.Doctor.Run(p.t.Context(), con))
	var said struct {
		Findings         []doctor.Finding
		Errors, Warnings int
	}
	if err := json.Unmarshal(out.Bytes(), &said); err != nil {
		p.t.Fatalf("exit code %d: %s", code, out.String())
	}
	var got []string
	for _, f := range said.Findings {
		got = append(got, f.Code)
		if f.Where == "" || f.What == "" || f.Why == "" || f.Do == "" {
			p.t.Errorf("%s does not say all: %+v", f.Code, f)
		}
	}
	slices.Sort(got)
	slices.Sort(codes)
	if !slices.Equal(got, codes) {
		p.t.Errorf("found %v, want %v\n%s", got, codes, out.String())
	}
	want := exitOK
	if said.Errors+said.Warnings > 0 {
		want = exitNo
	}
	if code != want {
		p.t.Errorf("exit code %d, want %d", code, want)
	}
	p.noSecret(out.String())
	return said.Findings
}

// noSecret looks for what is in the folder of secrets and in URLs.
func (p *subject) noSecret(text string) {
	p.t.Helper()
	files, _ := filepath.Glob(filepath.Join(p.data, "keys", "*.key"))
	for _, file := range files {
		if secret := strings.TrimSpace(p.read(file)); secret != "" && strings.Contains(text, secret) {
			p.t.Errorf("%s is printed", file)
		}
	}
	if strings.Contains(text, "password-of-redis") {
		p.t.Error("the password is printed")
	}
}

// set changes a setting of Redis.
func (p *subject) set(name, value string) {
	p.t.Helper()
	if err := p.redis.ConfigSet(p.t.Context(), name, value).Err(); err != nil {
		p.t.Fatalf("%s %s: %v", name, value, err)
	}
}

// key finds the one key whose name ends so.
func (p *subject) key(suffix string) string {
	p.t.Helper()
	keys, err := p.redis.Keys(p.t.Context(), "*"+suffix).Result()
	if err != nil || len(keys) != 1 {
		p.t.Fatalf("%s: %v, %v", suffix, keys, err)
	}
	return keys[0]
}

func (p *subject) put(key, field, value string) {
	p.t.Helper()
	if err := p.redis.HSet(p.t.Context(), key, field, value).Err(); err != nil {
		p.t.Fatal(err)
	}
}

// ring changes the file of the keys that sign.
func (p *subject) ring(change func(keys []map[string]any) []map[string]any) {
	p.t.Helper()
	path := filepath.Join(p.data, "keys", "keys.json")
	file := map[string]any{}
	var keys struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(p.read(path)), &file); err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(p.read(path)), &keys); err != nil {
		p.t.Fatal(err)
	}
	file["keys"] = change(keys.Keys)
	text, err := json.Marshal(file)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *subject) ok(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *subject) with(args ...string) { p.args = append(p.args, args...) }

// doctorCase spoils one thing of a deployment in good health; the findings are that.
type doctorCase struct {
	spoil func(p *subject)
	finds []string
}

func examineCases(t *testing.T, cases map[string]doctorCase, healthy func(t *testing.T) *subject) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := healthy(t)
			c.spoil(p)
			p.examine(c.finds...)
		})
	}
}

// Each case has a Redis of its own.
func TestDoctorFindsWhatIsWrongOfRedisAndNothingElse(t *testing.T) {
	t.Parallel()
	examineCases(t, map[string]doctorCase{
		"eviction":             {func(p *subject) { p.set("maxmemory-policy", "allkeys-lru") }, []string{"redis-evicts"}},
		"no file":              {func(p *subject) { p.set("appendonly", "no") }, []string{"redis-no-aof"}},
		"fsync by the second":  {func(p *subject) { p.set("appendfsync", "everysec") }, []string{"redis-fsync"}},
		"no fsync in rewrites": {func(p *subject) { p.set("no-appendfsync-on-rewrite", "yes") }, []string{"redis-fsync-rewrite"}},
		"no limit of memory":   {func(p *subject) { p.set("maxmemory", "0") }, []string{"redis-memory-limit"}},
		"no memory left":       {func(p *subject) { p.set("maxmemory", "1mb") }, []string{"redis-memory-full"}},
		"small listpacks":      {func(p *subject) { p.set("hash-max-listpack-value", "64") }, []string{"redis-listpack"}},
		"endless scripts":      {func(p *subject) { p.set("lua-time-limit", "0") }, []string{"redis-script-limit"}},
		"other software":       {func(p *subject) { p.ok(p.redis.Set(p.t.Context(), "session:4711", "x", 0).Err()) }, []string{"redis-strangers"}},
		"open to all":          {(*subject).openToAll, []string{"redis-open"}},
		"rewrite fails":        {(*subject).failRewrite, []string{"redis-aof-failing"}},
		"Redis is down":        {func(p *subject) { p.ok(p.server.Kill()) }, []string{"redis-down"}},
		"settings are hidden":  {(*subject).hideSettings, []string{"redis-config-hidden"}},
		"field key of another": {func(p *subject) { p.put(p.key(":seal"), "field:2", "sealed") }, []string{"field-key-missing"}},
		"data of the future":   {func(p *subject) { p.put(p.key(":meta"), "format", "99"); p.put(p.key(":format"), "version", "99") }, []string{"format-newer"}},
	}, newSubject)
}

// Redis stays as it is; the files and settings are each case's own.
func TestDoctorFindsWhatIsWrongBesideRedisAndNothingElse(t *testing.T) {
	t.Parallel()
	ca := testca.New(t)
	certificate := func(pair testca.Pair) []string {
		return []string{"--addr", "0.0.0.0:0", "--tls-cert", pair.Cert, "--tls-key", pair.Key, "--public-url", "https://gates.example.org", "--ca", ca.File}
	}
	const day = 24 * time.Hour
	good := ca.Issue("good", 60*day, "gates.example.org")
	shared := newSubject(t)
	examineCases(t, map[string]doctorCase{
		"nothing":             {func(*subject) {}, nil},
		"nothing is kept":     {func(p *subject) { p.args = p.args[2:]; p.with("--redis", "memory", "--archive", "off") }, []string{"redis-memory-only"}},
		"clock is off":        {func(p *subject) { p.now = func() time.Time { return time.Now().Add(5 * time.Second) } }, []string{"clock-off"}},
		"key for all to read": {func(p *subject) { p.ok(os.Chmod(filepath.Join(p.data, "keys/field.key"), 0o644)) }, []string{"keys-mode"}},
		"key is gone":         {func(p *subject) { p.ok(os.Remove(filepath.Join(p.data, "keys/session.key"))) }, []string{"keys-missing"}},
		"two keys, one hint":  {func(p *subject) { p.ring(twice) }, []string{"keys-unusable"}},
		"old key":             {func(p *subject) { p.ring(older(200 * day)) }, []string{"key-old"}},
		"key signs too early": {func(p *subject) {
			p.ring(older(2 * day))
			p.must(exitOK, "keys", "rotate", "--data", p.data)
			p.ring(signNow)
		}, []string{"key-too-new"}},
		"another town's keys": {func(p *subject) {
			p.ok(os.WriteFile(filepath.Join(p.data, "keys/index.key"), []byte(strings.Repeat("ab", 32)), 0o600))
		}, []string{"keys-foreign"}},
		"no archive":            {func(p *subject) { p.with("--archive", "off") }, []string{"archive-off"}},
		"journal in memory":     {func(p *subject) { p.with("--journal", "/dev/shm/passgate-doctor-test", "--journal-max", "16") }, []string{"disk-memory"}},
		"no room for journal":   {func(p *subject) { p.with("--journal-max", "1048576") }, []string{"disk-room"}},
		"journal owes":          {func(p *subject) { p.journal(false) }, []string{"journal-owed"}},
		"journal has set aside": {func(p *subject) { p.journal(true) }, []string{"journal-aside"}},
		"no TLS":                {func(p *subject) { p.with("--addr", "0.0.0.0:0") }, []string{"tls-none"}},
		"good certificate":      {func(p *subject) { p.with(certificate(good)...) }, nil},
		"certificate is over":   {func(p *subject) { p.with(certificate(ca.Issue("over", -time.Hour, "gates.example.org"))...) }, []string{"tls-expired"}},
		"certificate ends":      {func(p *subject) { p.with(certificate(ca.Issue("ends", 5*day, "gates.example.org"))...) }, []string{"tls-expiring"}},
		"for another host":      {func(p *subject) { p.with(certificate(ca.Issue("other", 60*day, "other.example.org"))...) }, []string{"tls-host"}},
		"another key":           {func(p *subject) { p.with(certificate(testca.Pair{Cert: good.Cert, Key: ca.Issue("k", 60*day).Key})...) }, []string{"tls-key"}},
		"nobody vouches":        {func(p *subject) { p.with(certificate(good)[:8]...) }, []string{"tls-chain"}},
		"residents by http":     {func(p *subject) { p.with("--public-url", "http://gates.example.org") }, []string{"public-url-http"}},
		"few files":             {func(p *subject) { kernelSays(p.t, p.root, "proc/self/limits", "Max open files 1024 4096 files") }, []string{"files-limit"}},
		"little memory":         {func(p *subject) { kernelSays(p.t, p.root, "sys/fs/cgroup/system.slice/memory.max", "536870912") }, []string{"memory-limit"}},
		"memory is known": {func(p *subject) {
			kernelSays(p.t, p.root, "sys/fs/cgroup/memory.max", "536870912")
			p.env["GOMEMLIMIT"] = "400MiB"
		}, nil},
		"server is not there": {func(p *subject) { p.with("--server", "http://127.0.0.1:1") }, []string{"server-down"}},
		"server is not ready": {func(p *subject) { p.with("--server", p.notReady()) }, []string{"server-not-ready"}},
		"no backup":           {func(p *subject) { p.with("--backups", p.t.TempDir()) }, []string{"backup-none"}},
	}, shared.another)
}

// openToAll listens for everybody.
func (p *subject) openToAll() {
	_, number, _ := strings.Cut(freePort(p.t), ":")
	p.set("port", number)
	p.set("protected-mode", "no")
	p.set("bind", "* -::*")
}

// failRewrite has a rewrite of the file fail: there is a file where its folder was.
func (p *subject) failRewrite() {
	dir, err := p.redis.ConfigGet(p.t.Context(), "dir").Result()
	p.ok(err)
	folder := filepath.Join(dir["dir"], "appendonlydir")
	p.ok(os.RemoveAll(folder))
	p.ok(os.WriteFile(folder, nil, 0o600))
	if err := p.redis.BgRewriteAOF(p.t.Context()).Err(); err == nil {
		p.t.Fatal("the rewrite did not fail")
	}
}

// hideSettings has passgate sign in as somebody who may not ask for settings.
func (p *subject) hideSettings() {
	p.ok(p.redis.Do(p.t.Context(), "ACL", "SETUSER", "passgate", "on", ">password-of-redis", "~*", "+@all", "-config").Err())
	p.with("--redis", "unix://passgate:password-of-redis@"+p.server.Socket())
}

// twice has the first key in the ring a second time.
func twice(keys []map[string]any) []map[string]any { return append(keys, keys[0]) }

// older makes the keys for passes older.
func older(by time.Duration) func(keys []map[string]any) []map[string]any {
	return func(keys []map[string]any) []map[string]any {
		for _, k := range keys {
			if k["use"] == "pass" {
				k["created_at"], k["signs_from"] = k["created_at"].(float64)-by.Seconds(), k["signs_from"].(float64)-by.Seconds()
			}
		}
		return keys
	}
}

// signNow has every key sign from when it was made.
func signNow(keys []map[string]any) []map[string]any {
	for _, k := range keys {
		k["signs_from"] = k["created_at"]
	}
	return keys
}

// journal leaves an entry in the journal: owed, or set aside.
func (p *subject) journal(aside bool) {
	key, err := parseSecret(p.read(filepath.Join(p.data, "keys/journal.key")), "")
	p.ok(err)
	j, err := journal.Open(journal.Options{Dir: filepath.Join(p.data, "journal"), Key: key, MaxBytes: 16 << 20})
	p.ok(err)
	seq, err := j.Owe(p.t.Context(), 3, []byte("scan"))
	p.ok(err)
	if aside {
		p.ok(j.SetAside(seq, "no such gate"))
	}
	p.ok(j.Close())
}

// notReady is a server whose store is away.
func (p *subject) notReady() string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the store is away", http.StatusServiceUnavailable)
	}))
	p.t.Cleanup(server.Close)
	return server.URL
}

// Beside a running server with a Redis of its own there is nothing to change, and what
// a bad kernel does to that Redis is found. Nothing is changed by looking.
func TestDoctorBesideARunningServer(t *testing.T) {
	t.Parallel()
	url, data := newTownIn(t)
	p := &subject{shell: newShell(t), data: data, root: healthyMachine(t)}
	p.args = []string{"--data", data, "--prefix", "t:", "--addr", "127.0.0.1:0", "--metrics-addr", "off", "--server", url}
	before := listing(t, filepath.Join(data, "keys"))
	p.examine()
	if after := listing(t, filepath.Join(data, "keys")); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	kernelSays(t, p.root, "sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never")
	kernelSays(t, p.root, "proc/sys/vm/overcommit_memory", "0")
	p.examine("machine-hugepages", "machine-overcommit")
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(e.Name() + info.Mode().String() + info.ModTime().String() + "\n")
	}
	return b.String()
}

// Of a cluster every master is asked, and what all have in common is said once.
func TestDoctorAsksAllMastersOfACluster(t *testing.T) {
	t.Parallel()
	cluster, err := redisd.StartCluster(t.Context(), redisd.ClusterOptions{Dir: dirOnDisk(t), Masters: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cluster.Stop() })
	p := newSubject(t)
	for _, addr := range cluster.Addrs() {
		p.redis = redis.NewClient(&redis.Options{Addr: addr})
		for name, value := range map[string]string{"appendonly": "yes", "appendfsync": "always", "maxmemory": "256mb", "protected-mode": "yes", "cluster-require-full-coverage": "yes"} {
			p.set(name, value)
		}
		_ = p.redis.Close()
	}
	p.with("--redis", "cluster://"+strings.Join(cluster.Addrs(), ","))
	found := p.examine("redis-coverage")
	for _, addr := range cluster.Addrs() {
		if len(found) == 1 && !strings.Contains(found[0].Where, addr) {
			t.Errorf("%s is not named: %s", addr, found[0].Where)
		}
	}
}

// Settings that serve refuses are refused here, too.
func TestDoctorRefusesWhatServeRefuses(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, args := range [][]string{{"--retention", "3"}, {"--tls-cert", "x"}, {"--redis", "mysql://x"}, {"--config", s.file("c.json", `{"adress": ":80"}`)}} {
		_, errs := s.must(exitUsage, append([]string{"doctor", "--data", s.home}, args...)...)
		contains(t, errs, "passgate: ")
	}
}
