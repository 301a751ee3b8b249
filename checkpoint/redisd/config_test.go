package redisd

import (
	"os"
	"strings"
	"testing"
)

// directives reads a redis.conf into its settings.
func directives(text string) map[string]string {
	set := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && !strings.HasPrefix(name, "#") {
			set[name] = value
		}
	}
	return set
}

func TestOwnAndManagedRedisAreSetUpAlike(t *testing.T) {
	t.Parallel()
	text, err := renderConfig(Options{Dir: "/d", Persist: true, Fsync: "always"}, "/d/redis.sock")
	if err != nil {
		t.Fatal(err)
	}
	published, err := os.ReadFile("../../deploy/redis.conf")
	if err != nil {
		t.Fatal(err)
	}
	// How it is reached differs by nature.
	place := map[string]bool{
		"bind": true, "protected-mode": true, "port": true, "unixsocket": true, "unixsocketperm": true,
		"daemonize": true, "dir": true, "pidfile": true, "loglevel": true,
	}
	managed, own := directives(text), directives(string(published))
	for name, value := range managed {
		if !place[name] && own[name] != value {
			t.Errorf("%s: managed %q, deploy/redis.conf %q", name, value, own[name])
		}
	}
	for name, value := range own {
		if !place[name] && managed[name] != value {
			t.Errorf("%s: deploy/redis.conf %q, managed %q", name, value, managed[name])
		}
	}
	if len(managed) < 15 {
		t.Fatalf("read only %d settings: %v", len(managed), managed)
	}
}
