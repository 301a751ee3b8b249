package gateway

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"passgate/checkpoint"
	"passgate/codes"
)

// publicKeys are the keys that anybody can fetch.
func (w *world) publicKeys() (keys []ed25519.PublicKey, text []byte) {
	w.t.Helper()
	text = w.do(http.MethodGet, "/.well-known/jwks.json", "", nil).ok(http.StatusOK).body
	var set struct {
		Keys []struct {
			X string `json:"x"`
		} `json:"keys"`
	}
	w.must(json.Unmarshal(text, &set))
	for _, k := range set.Keys {
		key, err := base64.RawURLEncoding.DecodeString(k.X)
		w.must(err)
		keys = append(keys, key)
	}
	return keys, text
}

// Whatever a token was made for, it is taken for nothing else.
func TestTokensAreTakenForNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public, jwks := w.publicKeys()
	if len(public) == 0 {
		t.Fatal("no public keys")
	}
	claims := func() jwt.Claims {
		return session{0, jwt.RegisteredClaims{
			Issuer: sessionIssuer, Subject: "admin", Audience: jwt.ClaimStrings{sessionAudience},
			ExpiresAt: jwt.NewNumericDate(w.clock.Now().Add(time.Hour)),
		}}
	}
	forge := func(method jwt.SigningMethod, key any, header map[string]any) string {
		token := jwt.NewWithClaims(method, claims())
		for name, value := range header {
			token.Header[name] = value
		}
		text, err := token.SignedString(key)
		w.must(err)
		return text
	}
	_, mine, err := ed25519.GenerateKey(nil)
	w.must(err)
	good := w.as("admin")
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for name, token := range map[string]string{
		"HS256 with a public key":      forge(jwt.SigningMethodHS256, []byte(public[0]), nil),
		"HS256 with the served keys":   forge(jwt.SigningMethodHS256, jwks, nil),
		"HS256 with no key":            forge(jwt.SigningMethodHS256, []byte{}, nil),
		"EdDSA":                        forge(jwt.SigningMethodEdDSA, mine, nil),
		"EdDSA with its key inside":    forge(jwt.SigningMethodEdDSA, mine, map[string]any{"jwk": map[string]any{"kty": "OKP"}, "jku": "http://127.0.0.1:1/k"}),
		"another typ":                  forge(jwt.SigningMethodHS384, w.server.key, map[string]any{"typ": "at+jwt"}),
		"none, signature kept":         none + "." + parts[1] + "." + parts[2],
		"none, without signature":      none + "." + parts[1] + ".",
		"without signature":            parts[0] + "." + parts[1] + ".",
		"other claims":                 parts[0] + "." + strings.Split(w.as("tracer"), ".")[1] + "." + parts[2],
		"a pass":                       w.passJWT(),
		"a compact pass":               w.pass(w.people["wang"]),
		"a paper pass":                 w.passOf(w.people["wang"], codes.KindPaper, w.clock.Now()),
		"two tokens":                   good + " " + good,
		"a device's token, cut":        w.deviceToken("D1")[:len(w.deviceToken("D1"))-1],
		"a device's token, longer":     w.deviceToken("D1") + "A",
		"a device's hash":              devicePrefix + base64.RawURLEncoding.EncodeToString(hashToken([]byte(w.deviceToken("D1")))),
		"a device's token, upper case": strings.ToUpper(w.deviceToken("D1")),
	} {
		if got := w.do(http.MethodGet, "/v1/me", token, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d: %.100s", name, got.status, got.body)
		}
	}
	for name, text := range map[string]string{
		"a session": good, "a device's token": w.deviceToken("D1"), "the served keys": string(jwks[:min(len(jwks), 400)]),
	} {
		got := w.scan("D1", w.byPass(text)).ok(http.StatusOK).json()
		if got["decision"] != "deny" || got["person"] != nil {
			t.Errorf("%s as a pass: %v", name, got)
		}
	}
	w.do(http.MethodPost, "/v1/devices/enrol", "", fields{"code": w.deviceToken("D1")}).problem(http.StatusUnprocessableEntity, "invalid", "code")
	w.do(http.MethodGet, "/v1/me?access_token="+good, "", nil).ok(http.StatusUnauthorized) // nor is one taken from a URL
}

// A pass is good at one gate at a time: in twice without an out between is told.
func TestSamePassAtTwoGatesIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	home, mall := w.pass(w.people["wang"]), w.pass(w.people["wang"])
	if home != mall {
		t.Fatal("two passes of one moment differ: a copy would not be one")
	}
	w.scan("E1", w.byPass(home)).decided("pass", "ok")
	w.clock.Advance(time.Minute)
	got := w.scan("E2", w.byPass(mall)).ok(http.StatusOK).json()
	if flags, _ := json.Marshal(got["flags"]); !strings.Contains(string(flags), "replayed_pass") {
		t.Errorf("a copy at another gate: %v %v, flags %s", got["decision"], got["reason"], flags)
	}
	w.changeSite("ML", func(site *checkpoint.Site) { site.ReplayedPass = checkpoint.StrictDeny })
	w.clock.Advance(time.Minute)
	if got := w.scan("E1", w.byPass(mall)).ok(http.StatusOK).json(); got["decision"] != "deny" {
		t.Errorf("where that is denied: %v %v", got["decision"], got["reason"])
	}
}

func TestScreenshotOfAnAppPassLivesForTenMinutes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.changeSite("V1", func(site *checkpoint.Site) { site.AntiPassback = checkpoint.Off })
	shot := w.pass(w.people["wang"])
	for _, step := range []struct {
		after            time.Duration
		decision, reason string
	}{
		{0, "pass", "ok"}, {10 * time.Minute, "pass", "ok"}, // 60 s leeway
		{11*time.Minute + time.Second, "deny", "expired"}, {24 * time.Hour, "deny", "expired"},
	} {
		w.clock.ms.Store(testStart.Add(step.after).UnixMilli())
		got := w.scan("D1", w.byPass(shot)).ok(http.StatusOK).json()
		if got["decision"] != step.decision || step.decision == "deny" && got["reason"] != step.reason {
			t.Errorf("after %s: %v for %v, want %s for %s", step.after, got["decision"], got["reason"], step.decision, step.reason)
		}
	}
}

// What a stolen phone still has is a token that every gateway refuses at once,
// and a queue, which is kept and flagged, and lets nobody have been anywhere.
func TestStolenPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.another()
	other.watchRules()
	queued := w.newScan(w.people["wang"]).with(fields{"told": fields{"decision": "pass", "reason": "ok"}})
	w.clock.Advance(time.Hour)
	w.do(http.MethodDelete, "/v1/devices/D1", w.as("leader"), nil).ok(http.StatusNoContent)
	other.scan("D1", other.newScan(w.people["li"])).decided("deny", "device_revoked") // at once, whatever it knew
	eventually(t, "the other gateway refuses the token", func() bool {
		return other.do(http.MethodGet, "/v1/me", w.deviceToken("D1"), nil).status == http.StatusUnauthorized
	})
	for i, gate := range []*world{w, other} {
		got := gate.scan("D1", gate.newScan(w.people["wang"]).with(fields{"id": fmt.Sprintf("stolen-%d", i)})).decided("deny", "device_revoked")
		if got["person"] != nil {
			t.Errorf("a stolen phone is told of %v", got["person"])
		}
		for _, path := range []string{"/v1/revocations", "/v1/gates/G1/events", "/v1/sites/V1/inside", "/v1/permits", "/v1/shifts/current", "/v1/rules/table"} {
			gate.do(http.MethodGet, path, w.deviceToken("D1"), nil).ok(http.StatusUnauthorized)
		}
		gate.openShift("D1", gate.opening("shift-0001", "PGB1-"+strings.Repeat("A", 26))).ok(http.StatusUnauthorized)
	}
	result, _ := w.batch("D1", queued).results()[0]["result"].(map[string]any)
	if result == nil || result["decision"] != "pass" || result["person"] != nil {
		t.Fatalf("what it has queued is answered %v", result)
	}
	if flags, _ := json.Marshal(result["flags"]); !strings.Contains(string(flags), "conflict") {
		t.Errorf("flags %s, want a conflict: the server would have refused", flags)
	}
	if n := len(w.trailOf(w.people["wang"])); n != 0 {
		t.Errorf("a stolen phone put %d events into a person's record", n)
	}
	kept := w.do(http.MethodGet, "/v1/gates/G1/refusals?from=2020-02-11&to=2020-02-12", w.as("leader"), nil).ok(http.StatusOK)
	if n := strings.Count(string(kept.body), `"occurred_at"`); n < 4 {
		t.Errorf("%d of its scans are on record at the gate, want all 4: %s", n, kept.body)
	}
}
