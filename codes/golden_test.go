package codes

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"go/parser"
	gotoken "go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/golden anew")

// goldenTime is a moment inside the grid step that starts at 08:00 local time.
var goldenTime = time.Date(2026, 11, 24, 0, 1, 2, 0, time.UTC)

// fixedKey derives a key of a test ring from a name.
func fixedKey(name string, use keyUse, at time.Time) keyFile {
	derive := func(what string) []byte {
		sum := sha256.Sum256([]byte("passgate test " + name + " " + what))
		return sum[:]
	}
	private := ed25519.NewKeyFromSeed(derive("seed"))
	sum := thumbprint(private[32:])
	k := keyFile{
		KeyID: b64.EncodeToString(sum[:])[:kidChars], Use: use, Public: b64.EncodeToString(private[32:]),
		Private: b64.EncodeToString(private.Seed()), CreatedAt: at.Unix(), SignsFrom: at.Unix(),
	}
	if use == usePass {
		k.SealSecret, k.JTISecret = b64.EncodeToString(derive("seal")), b64.EncodeToString(derive("jti"))
	}
	return k
}

func fixedRingFile() ringFile {
	zone := sha256.Sum256([]byte("passgate test zone"))
	at := goldenTime.Add(-30 * day)
	return ringFile{Version: 1, ZoneSecret: b64.EncodeToString(zone[:]), Keys: []keyFile{
		fixedKey("one", usePass, at), fixedKey("list", useList, at),
	}}
}

func ringOf(t testing.TB, file ringFile) *Ring {
	t.Helper()
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := RingFromEnv(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// fixedRing is the ring of the golden files.
func fixedRing(t testing.TB) *Ring { return ringOf(t, fixedRingFile()) }

func signerAt(t testing.TB, ring *Ring, now time.Time) *Signer {
	t.Helper()
	signer, err := ring.Signer(now)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

var goldenRequest = Request{
	Person: 0x0400000000000007, Generation: 2, Kind: KindApp, Home: "XS-017", NotBefore: goldenTime,
}

func goldenFiles(t *testing.T) map[string]string {
	t.Helper()
	ring := fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	files := map[string]string{}
	for name, q := range map[string]Request{
		"app":     goldenRequest,
		"paper":   {Person: goldenRequest.Person, Generation: 2, Kind: KindPaper, Home: "XS-017", NotBefore: goldenTime},
		"visitor": {Person: 0xfc00000000000001, Kind: KindVisitor, NotBefore: goldenTime, Days: 3},
	} {
		pass, jwt, err := signer.Issue(q)
		if err != nil {
			t.Fatal(err)
		}
		again, compact, err := signer.IssueCompact(q)
		if err != nil || again != pass {
			t.Fatalf("issuing again: %v, %v and %v", err, again, pass)
		}
		files[name+".jwt"], files[name+".compact"] = jwt, compact
	}
	jwks, err := ring.JWKS(goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	files["jwks.json"] = string(jwks)
	list, err := ring.SignList(RevocationList{Counter: 7, IDs: [][8]byte{{2}, {1}, {2}}}, goldenTime)
	if err != nil {
		t.Fatal(err)
	}
	files["list.jwt"] = list
	return files
}

// TestGolden pins every form byte for byte: passes that are printed today have
// to be read by the program of next month.
func TestGolden(t *testing.T) {
	t.Parallel()
	files := goldenFiles(t)
	for name, got := range files {
		path := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.WriteFile(path, []byte(got+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got+"\n" != string(want) {
			t.Errorf("%s\n got %s\nwant %s", name, got, want)
		}
	}
}

// TestGoldenIsAccepted reads the files as a phone would, with the JWKS alone.
func TestGoldenIsAccepted(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "golden", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes.TrimSuffix(text, []byte("\n")))
	}
	verifier, err := VerifierFromJWKS([]byte(read("jwks.json")))
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []Kind{KindApp, KindPaper, KindVisitor} {
		jwt, compact := read(kind.String()+".jwt"), read(kind.String()+".compact")
		fromJWT, refusal := verifier.Verify(jwt)
		if refusal != nil {
			t.Fatalf("%v: %v", kind, refusal)
		}
		fromCompact, refusal := verifier.Verify(compact)
		if refusal != nil {
			t.Fatalf("%v: %v", kind, refusal)
		}
		if fromJWT != fromCompact || fromJWT.Kind != kind || fromJWT.ValidAt(goldenTime) != nil {
			t.Errorf("%v: %+v from the JWT, %+v from the compact form", kind, fromJWT, fromCompact)
		}
		if back, err := verifier.Expand(compact); err != nil || back != jwt {
			t.Errorf("%v expands to %q, %v", kind, back, err)
		}
		if back, err := verifier.Compact(jwt); err != nil || back != compact {
			t.Errorf("%v compacts to %q, %v", kind, back, err)
		}
	}
	list, err := verifier.VerifyList(read("list.jwt"), goldenTime)
	if err != nil || list.Counter != 7 || !list.Contains([8]byte{1}) || !list.Contains([8]byte{2}) || list.Contains([8]byte{3}) {
		t.Errorf("list %+v, %v", list, err)
	}
}

// TestDocExample holds the worked example of the package comment to the golden
// files.
func TestDocExample(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(gotoken.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	doc := squeeze(file.Doc.Text())
	files := goldenFiles(t)
	pass, refusal := fixedRing(t).Verifier().Verify(files["app.jwt"])
	if refusal != nil {
		t.Fatal(refusal)
	}
	ring := fixedRing(t)
	key := ring.current.Load().byID[pass.KeyID]
	var raw [compactBytes]byte
	if !decodeBase45(raw[:], files["app.compact"][4:]) {
		t.Fatal("not base45")
	}
	parts := strings.Split(files["app.jwt"], ".")
	claims, err := b64.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"JWT": files["app.jwt"], "compact form": files["app.compact"], "claims": string(claims),
		"header": string(appendHeader(nil, pass.KeyID)), "bytes": fmt.Sprintf("%x", raw),
		"public key": `"` + b64.EncodeToString(key.key) + `"`,
	} {
		if !strings.Contains(doc, squeeze(text)) {
			t.Errorf("the package comment lacks the %s of its example: %s", what, text)
		}
	}
}

// TestRFC8037 verifies the example of RFC 8037, appendix A: thumbprint, signing
// and verifying agree with the standard's own bytes.
func TestRFC8037(t *testing.T) {
	t.Parallel()
	const (
		seed  = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
		x     = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
		print = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
		input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
		sig   = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
	)
	seedRaw, publicRaw, sigRaw := make([]byte, 32), make([]byte, 32), make([]byte, 64)
	if !decode64(seedRaw, seed) || !decode64(publicRaw, x) || !decode64(sigRaw, sig) {
		t.Fatal("the example does not decode")
	}
	if sum := thumbprint(publicRaw); b64.EncodeToString(sum[:]) != print {
		t.Errorf("thumbprint %s, want %s", b64.EncodeToString(sum[:]), print)
	}
	key, err := newPublicKey(publicRaw, usePass)
	if err != nil {
		t.Fatal(err)
	}
	if err := method.Verify(input, sigRaw, key); err != nil {
		t.Error(err)
	}
	got, err := method.Sign(input, ed25519.NewKeyFromSeed(seedRaw))
	if err != nil || !bytes.Equal(got, sigRaw) {
		t.Errorf("signature %x, %v", got, err)
	}
}
