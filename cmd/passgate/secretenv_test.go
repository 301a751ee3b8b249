package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func secretAt(t *testing.T, mode os.FileMode, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASecretIsTakenFromTheFileThatItsVariableNames(t *testing.T) {
	t.Parallel()
	path := secretAt(t, 0o440, "redis://passgate:pw@r:6379/0\n")
	env, err := secretsFromFiles([]string{"PASSGATE_REDIS_FILE=" + path, "PASSGATE_INDEX_KEY_2_FILE=" + path, "PASSGATE_TOKEN_FILE=/none", "PASSGATE_ADDR_FILE=/none", "HOME=/h"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"PASSGATE_REDIS": "redis://passgate:pw@r:6379/0", "PASSGATE_INDEX_KEY_2": "redis://passgate:pw@r:6379/0",
		"PASSGATE_TOKEN": "", "PASSGATE_ADDR": "", "HOME": "/h",
	} {
		if got := env(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestAFileThatIsNoSecretIsRefused(t *testing.T) {
	t.Parallel()
	good := secretAt(t, 0o400, "x")
	for name, c := range map[string]struct {
		environ []string
		says    string
	}{
		"not there":        {[]string{"PASSGATE_KEYS_FILE=/none/keys"}, "PASSGATE_KEYS_FILE: stat /none/keys"},
		"for all to read":  {[]string{"PASSGATE_KEYS_FILE=" + secretAt(t, 0o604, "x")}, "chmod o= "},
		"empty":            {[]string{"PASSGATE_KEYS_FILE=" + secretAt(t, 0o600, "\n")}, "is empty"},
		"a folder":         {[]string{"PASSGATE_KEYS_FILE=" + t.TempDir()}, "is no file"},
		"too large":        {[]string{"PASSGATE_KEYS_FILE=" + secretAt(t, 0o600, strings.Repeat("x", maxSecretFile+1))}, "too large"},
		"given both ways":  {[]string{"PASSGATE_REDIS_FILE=" + good, "PASSGATE_REDIS=memory"}, "PASSGATE_REDIS and PASSGATE_REDIS_FILE are both set"},
		"of a later field": {[]string{"PASSGATE_FIELD_KEY_2_FILE=/none/keys"}, "PASSGATE_FIELD_KEY_2_FILE"},
	} {
		if _, err := secretsFromFiles(c.environ); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// The program as systemd and containers start it: the address of Redis from a file,
// before what a file of settings says, and a word to systemd when it serves.
func TestServeTakesRedisFromAFileAndTellsSystemd(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(s.home, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer notify.Close()
	config := s.file("serve.json", `{"redis": "redis://127.0.0.1:1", "addr": "127.0.0.1:0", "metrics-addr": "off", "data": "`+s.home+`/data"}`)
	cmd := program(t, "serve", "--config", config)
	cmd.Env = append(cmd.Env, "PASSGATE_REDIS_FILE="+secretAt(t, 0o400, "memory\n"), "NOTIFY_SOCKET="+notify.LocalAddr().String(), "WATCHDOG_USEC=300000")
	var log lockedText
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	next := func() string {
		buf := make([]byte, 256)
		_ = notify.SetReadDeadline(time.Now().Add(30 * time.Second))
		n, err := notify.Read(buf)
		if err != nil {
			t.Fatalf("systemd hears nothing: %v\n%s", err, log.String())
		}
		return string(buf[:n])
	}
	if got := next(); got != "READY=1" {
		t.Fatalf("first %q", got)
	}
	if got := next(); got != "WATCHDOG=1" {
		t.Fatalf("then %q", got)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	got := next()
	for got == "WATCHDOG=1" {
		got = next()
	}
	if got != "STOPPING=1" {
		t.Errorf("at the end %q", got)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
}
