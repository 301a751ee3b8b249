package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// What operators are told to do: passwords by deploy/secrets, Redis with deploy/redis.conf
// and the users made, passgate's own secrets by "keys make", all given by files. A gate
// is served, a backup made, and nobody needs more than they may.
func TestWhatDeploySecretsMakesIsEnoughToServe(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	secrets := filepath.Join(s.home, "secrets")
	addr := freePort(t)
	makeSecrets := func() map[string]string {
		out, err := exec.CommandContext(t.Context(), "../../deploy/secrets", "--redis", "redis://"+addr+"/0", secrets).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		files := map[string]string{}
		entries, _ := os.ReadDir(secrets)
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(secrets, e.Name()))
			info, _ := e.Info()
			if err != nil || info.Mode().Perm() != 0o400 {
				t.Errorf("%s: mode %v, %v", e.Name(), info.Mode(), err)
			}
			files[e.Name()] = string(text)
		}
		return files
	}
	files := makeSecrets()
	for name, text := range makeSecrets() {
		if files[name] != text {
			t.Errorf("the second time %s is another", name)
		}
	}
	if strings.Contains(files["redis.acl"], strings.TrimSpace(files["redis-password"])) {
		t.Error("the list of users holds a password")
	}
	startOperatorsRedis(t, s, secrets, addr)

	s.must(exitOK, "keys", "make", "--data", filepath.Join(s.home, "town"))
	keys := filepath.Join(s.home, "town", "keys")
	env := append(os.Environ(), asProgram+"=1", "PASSGATE_KEYS_FILE="+keys+"/keys.json", "PASSGATE_DATA="+s.home+"/data")
	for _, name := range []string{"field", "index", "session", "audit", "journal"} {
		env = append(env, "PASSGATE_"+strings.ToUpper(name)+"_KEY_FILE="+keys+"/"+name+".key")
	}
	url, code, log := serveDemo(t, append(env, "PASSGATE_REDIS_FILE="+secrets+"/redis-url"))
	var phone struct{ Token string }
	tellAt(t, url+"/v1/devices/enrol", "", map[string]any{"code": code}, &phone)
	var answer struct{ Decision string }
	tellAt(t, url+"/v1/scans", phone.Token, map[string]any{
		"id": "scan-by-the-book", "occurred_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "direction": "out",
		"walk_in": map[string]any{"name": "王小明", "id_tail": "0011", "phone": "15400000001"}, "temperature": 36.5, "temperature_method": "forehead",
	}, &answer)
	if answer.Decision == "" {
		t.Error("the gate got no decision")
	}
	if made, err := os.ReadDir(s.home + "/data/keys"); err == nil && len(made) > 0 {
		t.Errorf("the server made secrets of its own: %v", made)
	}
	passphrase := s.file("backup.pass", "four words that nobody guesses\n")
	backup := program(t, "backup", filepath.Join(s.home, "backups"), "--passphrase-file", passphrase)
	backup.Env = append(env, "PASSGATE_REDIS_FILE="+secrets+"/redis-operator-url")
	if out, err := backup.CombinedOutput(); err != nil {
		t.Errorf("backup: %v\n%s", err, out)
	}
	for _, forbidden := range []string{"NOPERM", strings.TrimSpace(files["redis-password"])} {
		if strings.Contains(log.String(), forbidden) {
			t.Errorf("%s is in the log:\n%s", forbidden, log.String())
		}
	}
}

// program is this test's binary as passgate.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// startOperatorsRedis runs a redis-server as compose.yml does, and waits for it.
func startOperatorsRedis(t *testing.T, s *shell, secrets, addr string) {
	t.Helper()
	dir := filepath.Join(s.home, "redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "redis-server", "../../deploy/redis.conf", "--port", strconv.Itoa(port(addr)), "--dir", dir,
		"--aclfile", secrets+"/redis.acl", "--include", secrets+"/redis-replica.conf")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	text, err := os.ReadFile(secrets + "/redis-admin-password")
	if err != nil {
		t.Fatal(err)
	}
	admin := redis.NewClient(&redis.Options{Addr: addr, Username: "passgate-admin", Password: strings.TrimSpace(string(text))})
	defer admin.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for admin.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			t.Fatal("redis-server with deploy/redis.conf does not answer")
		}
		time.Sleep(20 * time.Millisecond)
	}
	stranger := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	defer stranger.Close()
	if err := stranger.Ping(ctx).Err(); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("who has no password is told %v", err)
	}
}

// serveDemo runs passgate with a small town and gives its address, the code of a
// guard's phone, and its log.
func serveDemo(t *testing.T, env []string) (url, code string, log *lockedText) {
	t.Helper()
	cmd := program(t, "serve", "--demo", "--demo-residents", "50", "--addr", "127.0.0.1:0", "--metrics-addr", "off")
	cmd.Env = env
	var out lockedText
	log = &lockedText{}
	cmd.Stdout, cmd.Stderr = &out, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	shown := regexp.MustCompile(`(?s)serves on (http://\S+).*(PGE1-[A-Z2-7]{26})`)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if found := shown.FindStringSubmatch(out.String()); found != nil {
			return found[1], found[2], log
		}
		if time.Now().After(end) {
			t.Fatalf("it does not serve:\n%s%s", out.String(), log.String())
		}
	}
}
