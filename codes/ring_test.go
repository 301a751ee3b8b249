package codes

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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
	if text, err := os.ReadFile(filepath.Join(dir, "keys.json")); err != nil || strings.Count(string(text), `"private"`) != 2 {
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
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			ring, err := OpenRing(dir)
			if err == nil {
				_, err = ring.Rotate(goldenTime)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ring, err := OpenRing(dir)
	if err != nil || len(ring.List()) != 10 {
		t.Errorf("%d keys, %v", len(ring.List()), err)
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

func TestVerifyOnlyRing(t *testing.T) {
	t.Parallel()
	full := fixedRing(t)
	pass, jwt := issueAt(t, full, goldenTime)
	text, err := full.VerifyOnly().Export()
	if err != nil || strings.Contains(string(text), `"private"`) {
		t.Fatalf("the export holds a private key, or %v", err)
	}
	ring, err := RingFromEnv(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Ring{ring, full.VerifyOnly()} {
		if _, err := r.Signer(goldenTime); !errors.Is(err, ErrNoSigningKey) {
			t.Errorf("signer: %v", err)
		}
		if _, err := r.SignList(RevocationList{}, goldenTime); !errors.Is(err, ErrNoSigningKey) {
			t.Errorf("list: %v", err)
		}
		if _, refusal := r.Verifier().Verify(jwt); refusal != nil {
			t.Error(refusal)
		}
		if _, _, ok := r.Open(pass); !ok {
			t.Error("does not open")
		}
		if _, err := r.Rotate(goldenTime); !errors.Is(err, ErrReadOnly) {
			t.Errorf("rotated: %v", err)
		}
		if string(r.SiteKey("X")) != string(full.SiteKey("X")) {
			t.Error("another site key")
		}
	}
	dir := filepath.Join(t.TempDir(), "gateway")
	if err := ring.SaveTo(dir); err != nil {
		t.Fatal(err)
	}
	saved, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := saved.Rotate(goldenTime); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a gateway that only scans rotated: %v", err)
	}
}

func TestBadRingsAreRefused(t *testing.T) {
	t.Parallel()
	private := fixedRingFile().Keys[0].Private
	for name, change := range map[string]func(f *ringFile){
		"version":           func(f *ringFile) { f.Version = 2 },
		"no keys":           func(f *ringFile) { f.Keys = nil },
		"no pass key":       func(f *ringFile) { f.Keys = f.Keys[1:] },
		"zone secret":       func(f *ringFile) { f.ZoneSecret = "AA" },
		"seal secret":       func(f *ringFile) { f.Keys[0].SealSecret = "" },
		"jti secret":        func(f *ringFile) { f.Keys[0].JTISecret = f.Keys[0].JTISecret[1:] },
		"use":               func(f *ringFile) { f.Keys[0].Use = "both" },
		"kid":               func(f *ringFile) { f.Keys[0].KeyID = "AAAAAAAA" },
		"public key":        func(f *ringFile) { f.Keys[0].Public = b64.EncodeToString(badPoints()[0]) },
		"private key":       func(f *ringFile) { f.Keys[0].Private = f.Keys[1].Private },
		"private key, cut":  func(f *ringFile) { f.Keys[0].Private = private[:20] },
		"list with secrets": func(f *ringFile) { f.Keys[1].SealSecret = f.Keys[0].SealSecret },
		"same key twice":    func(f *ringFile) { f.Keys = append(f.Keys, f.Keys[0]) },
	} {
		file := fixedRingFile()
		change(&file)
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = RingFromEnv(string(text))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), private[:10]) {
			t.Errorf("%s: the error quotes a secret: %v", name, err)
		}
	}
	if _, err := RingFromEnv(`{"version":1,"colour":"red"}`); err == nil {
		t.Error("an unknown member was accepted")
	}
}

// TestSameHintIsRefused finds two keys whose thumbprints begin alike.
func TestSameHintIsRefused(t *testing.T) {
	t.Parallel()
	seen := map[hint]keyFile{}
	for i := 0; ; i++ {
		k := fixedKey(fmt.Sprint("hint ", i), usePass, goldenTime)
		h := hintOf(t, k)
		other, met := seen[h]
		seen[h] = k
		if !met {
			continue
		}
		file := fixedRingFile()
		file.Keys = append(file.Keys, k)
		ringOf(t, file) // alone it is good
		file.Keys = append(file.Keys, other)
		text, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := RingFromEnv(string(text)); !errors.Is(err, errSameHint) {
			t.Errorf("two keys with one hint: %v", err)
		}
		return
	}
}

func hintOf(t *testing.T, k keyFile) hint {
	t.Helper()
	raw, err := b64.DecodeString(k.KeyID)
	if err != nil {
		t.Fatal(err)
	}
	return hint(raw[:2])
}

// TestSecretsAreNotPrinted looks for every secret of a ring in whatever a
// program might log by mistake.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	ring := fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	var out strings.Builder
	for _, v := range []any{ring, signer, *signer, signer.zone, ring.List(), ring.List()[0], ring.Verifier(), struct{ R *Ring }{ring}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %d\n", v, v, v, v, v)
		text, err := json.Marshal(v)
		fmt.Fprintf(&out, "%s %v\n", text, err)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
	}
	file := fixedRingFile()
	secrets := []string{file.ZoneSecret}
	for _, k := range file.Keys {
		secrets = append(secrets, k.Private, k.SealSecret, k.JTISecret)
	}
	for _, s := range secrets {
		if s == "" {
			continue
		}
		raw := make([]byte, 32)
		if !decode64(raw, s) {
			t.Fatal(s)
		}
		for _, form := range []string{s, fmt.Sprintf("%x", raw), fmt.Sprint(raw)[1:60], fmt.Sprintf("%#v", raw)[8:60]} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%q is printed", form)
			}
		}
	}
	if !strings.Contains(out.String(), file.Keys[0].KeyID) {
		t.Error("the control: the kid is not printed either")
	}
}
