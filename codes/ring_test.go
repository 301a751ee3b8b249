package codes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func newRingDir(t testing.TB) (string, *Ring) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "keys")
	ring, err := CreateRing(dir, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	return dir, ring
}

func issueAt(t testing.TB, ring *Ring, now time.Time) (Pass, string) {
	t.Helper()
	q := goldenRequest
	q.NotBefore = now
	pass, jwt, err := signerAt(t, ring, now).Issue(q)
	if err != nil {
		t.Fatal(err)
	}
	return pass, jwt
}

func TestRingOnDisk(t *testing.T) {
	t.Parallel()
	dir, ring := newRingDir(t)
	_, jwt := issueAt(t, ring, goldenTime)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "keys.json"): 0o600, filepath.Join(dir, "keys.lock"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	again, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	pass, refusal := again.Verifier().Verify(jwt)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if person, generation, ok := again.Open(pass); !ok || person != goldenRequest.Person || generation != 2 {
		t.Errorf("opened as %x, %d, %v", person, generation, ok)
	}
	if string(again.SiteKey("XS-017")) != string(ring.SiteKey("XS-017")) {
		t.Error("the site key changed on disk")
	}
	if _, err := CreateRing(dir, goldenTime); !errors.Is(err, ErrRingExists) {
		t.Errorf("a second ring in the folder: %v", err)
	}
	if _, err := OpenRing(t.TempDir() + "/none"); !errors.Is(err, ErrNoRing) {
		t.Errorf("no folder: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestRingReadableByOthersIsRefused(t *testing.T) {
	t.Parallel()
	dir, ring := newRingDir(t)
	file := filepath.Join(dir, "keys.json")
	for path, modes := range map[string][3]os.FileMode{dir: {0o755, 0o710, 0o700}, file: {0o644, 0o620, 0o600}} {
		for _, mode := range modes[:2] {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("run: chmod %o %s", modes[2], path)
			if _, err := OpenRing(dir); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("mode %o: %v, want %q", mode, err, want)
			}
			if _, err := ring.Reload(); err == nil {
				t.Errorf("mode %o: reloaded", mode)
			}
		}
		if err := os.Chmod(path, modes[2]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenRing(dir); err != nil {
		t.Error(err)
	}
}

// TestRotation walks a key through its life: published, signing, superseded,
// retired, pruned.
func TestRotation(t *testing.T) {
	t.Parallel()
	dir, ring := newRingDir(t)
	now := goldenTime
	first := signerAt(t, ring, now).KeyID()
	oldPass, oldToken := issueAt(t, ring, now)
	follower, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	verifier := follower.Verifier()
	second, err := ring.Rotate(now)
	if err != nil {
		t.Fatal(err)
	}
	if jwks, err := ring.JWKS(now); err != nil || !strings.Contains(string(jwks), `"`+second+`"`) {
		t.Errorf("the new key is not published: %s, %v", jwks, err)
	}
	if kid := signerAt(t, ring, now.Add(24*time.Hour-time.Second)).KeyID(); kid != first {
		t.Error("the new key signs before its day is over")
	}
	switched := now.Add(24 * time.Hour)
	if kid := signerAt(t, ring, switched).KeyID(); kid != second {
		t.Error("the new key does not sign after its day")
	}
	_, newToken := issueAt(t, ring, switched)
	if _, refusal := verifier.Verify(newToken); refusal == nil || refusal.Reason != ReasonUnknownKey {
		t.Errorf("before reloading: %v", refusal)
	}
	if changed, err := follower.Reload(); !changed || err != nil {
		t.Errorf("reload: %v, %v", changed, err)
	}
	if changed, err := follower.Reload(); changed || err != nil {
		t.Errorf("reload again: %v, %v", changed, err)
	}
	if _, refusal := verifier.Verify(newToken); refusal != nil {
		t.Errorf("after reloading: %v", refusal)
	}
	end := switched.Add(MaxAhead + MaxPaperDays*day + Leeway)
	if kids, err := ring.Retire(end.Add(-time.Second)); err != nil || len(kids) != 0 {
		t.Errorf("retired with a pass still valid: %v, %v", kids, err)
	}
	if kids, err := ring.Retire(end); err != nil || len(kids) != 1 || kids[0] != first {
		t.Errorf("retired %v, %v", kids, err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "keys.json")); err != nil || strings.Count(string(text), `"private"`) != 3 {
		t.Errorf("the private half of a retired key is still in the file, %v", err)
	}
	if _, refusal := ring.Verifier().Verify(oldToken); refusal != nil {
		t.Errorf("a retired key verifies no more: %v", refusal)
	}
	if person, _, ok := ring.Open(oldPass); !ok || person != goldenRequest.Person {
		t.Error("a retired key opens no more")
	}
	if kids, err := ring.Prune(end.Add(28*day-time.Second), 28*day); err != nil || len(kids) != 0 {
		t.Errorf("pruned early: %v, %v", kids, err)
	}
	if kids, err := ring.Prune(end.Add(28*day), 28*day); err != nil || len(kids) != 1 || kids[0] != first {
		t.Errorf("pruned %v, %v", kids, err)
	}
	if _, _, ok := ring.Open(oldPass); ok {
		t.Error("a pruned key still opens")
	}
	if _, refusal := ring.Verifier().Verify(oldToken); refusal == nil || refusal.Reason != ReasonUnknownKey {
		t.Errorf("after pruning: %v", refusal)
	}
}

// TestRotationOfTwoProcesses: each adds to what the other wrote.
func TestRotationOfTwoProcesses(t *testing.T) {
	t.Parallel()
	dir, _ := newRingDir(t)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		ring, err := OpenRing(dir)
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			<-start
			for range 5 {
				if _, err := ring.Rotate(goldenTime); err != nil {
					t.Error(err)
				}
			}
		})
	}
	close(start)
	wg.Wait()
	ring, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(ring.List()); n != 3+8*5 {
		t.Errorf("%d keys after 40 rotations of a ring of 3", n)
	}
}

// TestRingWhileInUse rotates and reloads under readers; -race looks on.
func TestRingWhileInUse(t *testing.T) {
	t.Parallel()
	dir, ring := newRingDir(t)
	_, jwt := issueAt(t, ring, goldenTime)
	verifier := ring.Verifier()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				pass, refusal := verifier.Verify(jwt)
				if refusal != nil {
					t.Error(refusal)
					return
				}
				if _, _, ok := ring.Open(pass); !ok {
					t.Error("not opened")
					return
				}
			}
		})
	}
	other, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := other.Rotate(goldenTime); err != nil {
			t.Error(err)
		}
		if changed, err := ring.Reload(); !changed || err != nil {
			t.Errorf("reload: %v, %v", changed, err)
		}
	}
	close(stop)
	wg.Wait()
}

func TestBrokenFileLeavesTheRing(t *testing.T) {
	t.Parallel()
	dir, ring := newRingDir(t)
	_, jwt := issueAt(t, ring, goldenTime)
	file := filepath.Join(dir, "keys.json")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", string(whole[:len(whole)/2]), string(whole) + "{}"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if changed, err := ring.Reload(); changed || err == nil {
			t.Errorf("%d bytes: %v, %v", len(text), changed, err)
		}
		if _, err := ring.Rotate(goldenTime); err == nil {
			t.Errorf("%d bytes: rotated", len(text))
		}
	}
	if _, refusal := ring.Verifier().Verify(jwt); refusal != nil {
		t.Errorf("the ring no longer verifies: %v", refusal)
	}
}
