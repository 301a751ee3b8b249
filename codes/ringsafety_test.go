package codes

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

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
