package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"passgate/codes"
)

func goldenFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "codes", "testdata", "golden", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimRight(string(text), "\n")
}

// goldenTime lies in the validity of the golden app pass.
const goldenTime = "2026-11-24T08:05:00+08:00"

func TestVerifyTakesBothFormsAndSaysOneLineEach(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	jwks := s.file("jwks.json", goldenFile(t, "jwks.json"))
	jwt, compact := goldenFile(t, "app.jwt"), goldenFile(t, "app.compact")
	out, errs := s.must(0, "pass", "verify", "--jwks", jwks, "--at", goldenTime, jwt, compact)
	if want := "ok\twBnnxQYq9Zw\nok\twBnnxQYq9Zw\n"; out != want || errs != "" {
		t.Errorf("got %q and %q, want %q", out, errs, want)
	}
	broken := strings.Replace(jwt, "jHYS", "jHYT", 1)
	s.in = strings.NewReader(compact + "\r\n" + broken + "\n\nhttps://example.org/\n" + jwt)
	out, _ = s.must(1, "pass", "verify", "--jwks", jwks, "--at", "2026-11-24 08:05")
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	for i, want := range []string{"ok\twBnnxQYq9Zw", "bad_signature\t", "malformed\t", "not_our_pass\t", "ok\twBnnxQYq9Zw"} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) || strings.Count(lines[i], "\t") != 1 {
			t.Fatalf("line %d: want %q in\n%s", i+1, want, out)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines for 5 lines", len(lines))
	}
}

func TestVerifyJudgesTheTimeWithLeeway(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	jwks := s.file("jwks.json", goldenFile(t, "jwks.json"))
	for at, want := range map[string]string{
		"2026-11-24T07:58:59+08:00": "not_yet_valid", "2026-11-24 07:59:00": "ok", "1795479059": "ok", "2026-11-24T00:11:01Z": "expired", "2026-11-24": "not_yet_valid",
	} {
		_, out, errs := s.run("pass", "verify", "--jwks", jwks, "--at", at, goldenFile(t, "app.jwt"))
		if !strings.HasPrefix(out, want+"\t") {
			t.Errorf("at %s: %q %s, want %s", at, out, errs, want)
		}
	}
	out, _ := s.must(1, "pass", "verify", "--json", "--jwks", jwks, "--at", goldenTime, goldenFile(t, "app.jwt"), "a,b")
	var first, second verdict
	decoder := json.NewDecoder(strings.NewReader(out))
	if err := decoder.Decode(&first); err != nil || !first.OK || first.Kind != "app" || first.KeyID != "EY4FXiG-" || first.ExpiresAt != 1795479000 {
		t.Errorf("%+v, %v", first, err)
	}
	if err := decoder.Decode(&second); err != nil || second.OK || second.Reason != "not_our_pass" {
		t.Errorf("%+v, %v: an argument with a comma is one argument", second, err)
	}
}

func TestVerifyKeepsLittleOfAnEndlessLine(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	jwks := s.file("jwks.json", goldenFile(t, "jwks.json"))
	s.in = io.MultiReader(io.LimitReader(zeros{}, 64<<20), strings.NewReader("\n"+goldenFile(t, "app.jwt")+"\n"))
	out, _ := s.must(1, "pass", "verify", "--jwks", jwks, "--at", goldenTime)
	if !strings.HasPrefix(out, "malformed\t") || !strings.HasSuffix(out, "\nok\twBnnxQYq9Zw\n") {
		t.Errorf("got %q", out)
	}
	line, err := readLine(bufio.NewReader(io.LimitReader(zeros{}, 8<<20)))
	if err != nil || len(line) > 2*codes.MaxTokenBytes {
		t.Errorf("%d bytes of a line were kept, %v", len(line), err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func FuzzVerifyStandardInput(f *testing.F) {
	jwks := filepath.Join(f.TempDir(), "jwks.json")
	if err := os.WriteFile(jwks, []byte(goldenFile(f, "jwks.json")), 0o600); err != nil {
		f.Fatal(err)
	}
	jwt, compact := goldenFile(f, "app.jwt"), goldenFile(f, "app.compact")
	f.Add([]byte(jwt + "\n" + compact))
	f.Add([]byte("\x00\xff\n\r\n" + strings.Repeat("a", 600)))
	f.Add([]byte(compact + "\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		var out, errs bytes.Buffer
		con := &console{In: bytes.NewReader(input), Out: &out, Err: &errs}
		verify := passVerifyCmd{keySource: keySource{jwks}, At: goldenTime}
		code := report(t.Context(), con, verify.Run(t.Context(), con))
		lines := bytes.Count(input, []byte("\n"))
		if len(input) > 0 && input[len(input)-1] != '\n' {
			lines++
		}
		if got := bytes.Count(out.Bytes(), []byte("\n")); got != lines || bytes.Count(out.Bytes(), []byte("\t")) != lines {
			t.Fatalf("%d lines of output for %d of input: %q", got, lines, out.Bytes())
		}
		good := bytes.Count(out.Bytes(), []byte("ok\t"))
		if want := map[bool]int{true: exitOK, false: exitNo}[good == lines]; code != want || errs.Len() > 0 {
			t.Fatalf("exit code %d, want %d; %s", code, want, errs.Bytes())
		}
		if good > bytes.Count(input, []byte(jwt))+bytes.Count(input, []byte(compact)) {
			t.Fatalf("ok for what is no pass: %q", input)
		}
	})
}

func TestExpandAndCompactAreInverse(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	jwks := s.file("jwks.json", goldenFile(t, "jwks.json"))
	jwt, compact := goldenFile(t, "paper.jwt"), goldenFile(t, "paper.compact")
	if out, _ := s.must(0, "pass", "expand", "--jwks", jwks, compact); out != jwt+"\n" {
		t.Errorf("expand gave %q", out)
	}
	s.in = strings.NewReader(jwt + "\nrubbish\n")
	out, errs := s.must(1, "pass", "compact", "--jwks", jwks)
	if out != compact+"\n" {
		t.Errorf("compact gave %q", out)
	}
	contains(t, errs, "pass 2: malformed")
}

func TestKeysOfAFolder(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	data := s.home + "/data"
	ring, err := codes.CreateRing(data+"/keys", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ring.Signer(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	_, token, err := signer.Issue(codes.Request{Person: 7, Kind: codes.KindApp, NotBefore: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	set, _ := s.must(0, "keys", "jwks", "--data", data)
	if strings.Contains(set, `"d"`) {
		t.Error("a private key was printed")
	}
	s.must(0, "pass", "verify", "--jwks", s.file("jwks.json", set), token)
	compact, _ := s.must(0, "pass", "compact", "--data", data, token)
	back, _ := s.must(0, "pass", "expand", "--data", data, strings.TrimSuffix(compact, "\n"))
	if back != token+"\n" {
		t.Errorf("%q became %q", token, back)
	}

	out, _ := s.must(0, "keys", "rotate", "--data", data, "--json")
	var rotated struct {
		KeyID     string    `json:"kid"`
		SignsFrom time.Time `json:"signs_from"`
	}
	if err := json.Unmarshal([]byte(out), &rotated); err != nil || time.Until(rotated.SignsFrom) < 23*time.Hour {
		t.Fatalf("%s: %v: a new key is published a day before it signs", out, err)
	}
	list, _ := s.must(0, "keys", "list", "--data", data)
	contains(t, list, rotated.KeyID, "published", "can sign", signer.KeyID())
	set, _ = s.must(0, "keys", "jwks", "--data", data)
	contains(t, set, rotated.KeyID, signer.KeyID())
}

// Each key is there until nobody can show a pass of it any more, whenever that occurred.
func TestRotationRemovesWhatIsOver(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	data, day := t.TempDir(), 24*time.Hour
	ago := func(days int) time.Time { return time.Now().Add(-time.Duration(days) * day) }
	ring, err := codes.CreateRing(filepath.Join(data, "keys"), ago(400))
	var retired []string
	var second, third string
	if err == nil {
		second, err = ring.Rotate(ago(300))
	}
	if err == nil {
		retired, err = ring.Retire(ago(61))
	}
	if err == nil {
		third, err = ring.Rotate(ago(120))
	}
	if err != nil || len(retired) != 1 {
		t.Fatal(retired, err)
	}
	out, _ := s.must(0, "keys", "rotate", "--data", data)
	contains(t, out, "retired "+second, "removed "+retired[0])
	list, _ := s.must(0, "keys", "list", "--data", data)
	contains(t, list, second, third)
	if strings.Contains(list, retired[0]) || strings.Contains(out, third) {
		t.Errorf("rotated:\n%s\nthen there are\n%s", out, list)
	}
	if out, _ := s.must(0, "keys", "rotate", "--data", data, "--list", "--json"); !strings.Contains(out, `"pruned": []`) && !strings.Contains(out, `"pruned":[]`) {
		t.Errorf("nothing is over, and it says %s", out)
	}
}

func TestIssueDrawsAQRThatAnotherDecoderReads(t *testing.T) {
	t.Parallel()
	compact := goldenFile(t, "paper.compact")
	server := fake(t, map[string]http.HandlerFunc{"POST /v1/residents/{id}/passes": func(w http.ResponseWriter, r *http.Request) {
		var ask map[string]any
		if json.NewDecoder(r.Body).Decode(&ask) != nil || ask["kind"] != "paper" || ask["days"] != 7.0 || r.PathValue("id") != "0400000000000007" {
			sendProblem(w, 422, "invalid", "kind", "not as the test wants it")
			return
		}
		sendJSON(w, 201, map[string]any{"kind": "paper", "token": goldenFile(t, "paper.jwt"), "compact": compact, "not_before": "2026-11-23T16:00:00.000Z", "expires_at": "2026-12-21T16:00:00.000Z"})
	}})
	s := signedIn(t, server)
	png := s.home + "/pass.png"
	issue := []string{"pass", "issue", "--server", server, "--resident", "0400000000000007", "--kind", "paper", "--days", "7"}
	out, _ := s.must(0, append(issue, "--png", png)...)
	contains(t, out, "2026-11-24 00:00:00", compact, goldenFile(t, "paper.jwt"))
	if info, err := os.Stat(png); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: the picture is as good as the pass", info, err)
	}
	if read := decodeQR(t, png); read != compact {
		t.Errorf("the picture says %q, want %q", read, compact)
	}
	svg, _ := s.must(0, append(issue, "--svg", "-", "--json")...)
	contains(t, svg, "<svg")
	if strings.Contains(svg, "expires_at") {
		t.Error("text in the picture")
	}
	shown, _ := s.must(0, append(issue, "--terminal")...)
	contains(t, shown, "▀", "█")
}

// decodeQR reads a picture with ZBar.
func decodeQR(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "zbarimg", "-q", "--raw", path).Output()
	if err != nil {
		t.Fatalf("zbarimg: %v", err)
	}
	return strings.TrimSuffix(string(out), "\n")
}
