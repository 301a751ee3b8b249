package codes

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Verifier checks tokens against public keys: a ring's, which it follows
// through every change, or those of a JWKS. It is safe for concurrent use.
type Verifier struct {
	keys *atomic.Pointer[keySet]
}

// Verify checks form and signature of a token in either form. It knows no
// clock: Pass.ValidAt does. It keeps nothing of text, which may point into a
// buffer that is used again. It never fails: what is not good is refused with
// malformed, not_our_pass, unknown_key or bad_signature.
func (v *Verifier) Verify(text string) (Pass, *Refusal) {
	var t token
	if refusal := v.keys.Load().read(text, &t); refusal != nil {
		return Pass{}, refusal
	}
	var buf [inputChars]byte
	input := appendSigningInput(buf[:0], t.key.header64, &t.pass)
	if method.Verify(string(input), t.sig[:], t.key) != nil {
		return Pass{}, refuse(ReasonBadSignature, "not signed by key "+t.key.kid)
	}
	return t.pass, nil
}

// Expand turns the compact form into the JWT. It needs the key for its kid, and
// does not check the signature. Its error is a *Refusal.
func (v *Verifier) Expand(compact string) (string, error) {
	t, err := v.convert(compact, true)
	if err != nil {
		return "", err
	}
	return t.jwt(), nil
}

// Compact turns a JWT into the compact form, under the same conditions.
func (v *Verifier) Compact(jwt string) (string, error) {
	t, err := v.convert(jwt, false)
	if err != nil {
		return "", err
	}
	return t.compact(), nil
}

func (v *Verifier) convert(text string, compact bool) (*token, error) {
	var t token
	if refusal := v.keys.Load().read(text, &t); refusal != nil {
		return nil, refusal
	}
	if strings.HasPrefix(text, compactPrefix) != compact {
		return nil, malformed("the pass is in that form already")
	}
	return &t, nil
}

// jwk is a key of the JWKS. Purpose is a private member: a key marked
// "revocations" verifies lists, one marked "feed" pages of the feed, and neither a pass.
type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
	Purpose   string `json:"passgate_use"`
}

const (
	purposePass = "pass"
	purposeList = "revocations"
	purposeFeed = "feed"
)

// JWKS gives the public keys as a JSON Web Key Set (RFC 7517): those that sign,
// those that will, and the retired ones until KeepPublic after their end.
func (r *Ring) JWKS(now time.Time) ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, key := range r.current.Load().keys {
		if key.retiredAt != 0 && now.Unix()-key.retiredAt >= int64(KeepPublic/time.Second) {
			continue
		}
		purpose := map[keyUse]string{usePass: purposePass, useList: purposeList, useFeed: purposeFeed}[key.use]
		set.Keys = append(set.Keys, jwk{
			Type: "OKP", Curve: "Ed25519", X: b64.EncodeToString(key.key), KeyID: key.kid,
			Algorithm: method.Alg(), Use: "sig", Purpose: purpose,
		})
	}
	return json.Marshal(set)
}

// VerifierFromJWKS gives a verifier for the keys of a JWKS. Keys of other types
// are passed over, as RFC 7517 asks; a bad Ed25519 key, one whose kid is not
// its thumbprint, a private key, or two keys with one hint refuse the set.
func VerifierFromJWKS(text []byte) (*Verifier, error) {
	if len(text) > maxRingBytes {
		return nil, errors.New("codes: the JWKS is larger than 1 MiB")
	}
	var file struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("codes: reading the JWKS: %w", err)
	}
	var keys []*publicKey
	for i, raw := range file.Keys {
		key, err := parseJWK(raw)
		if err != nil {
			return nil, fmt.Errorf("codes: key %d of the JWKS: %w", i+1, err)
		}
		if key != nil {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("codes: the JWKS has no Ed25519 key")
	}
	set, err := newKeySet(keys)
	if err != nil {
		return nil, err
	}
	v := &Verifier{keys: new(atomic.Pointer[keySet])}
	v.keys.Store(set)
	return v, nil
}

// parseJWK gives nil for a key that is none of this package's business.
func parseJWK(raw []byte) (*publicKey, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	text := func(name string) string {
		var s string
		_ = json.Unmarshal(members[name], &s) // not a string: as good as missing
		return s
	}
	if text("kty") != "OKP" || text("crv") != "Ed25519" {
		return nil, nil
	}
	if members["d"] != nil {
		return nil, errors.New("it is a private key")
	}
	if members["alg"] != nil && text("alg") != method.Alg() || members["use"] != nil && text("use") != "sig" {
		return nil, errors.New("it is not for EdDSA signatures")
	}
	x := make([]byte, ed25519.PublicKeySize)
	if !decode64(x, text("x")) {
		return nil, errors.New("x is not 32 bytes in base64url")
	}
	use := usePass
	switch purpose := text("passgate_use"); {
	case purpose == purposeList:
		use = useList
	case purpose == purposeFeed:
		use = useFeed
	case members["passgate_use"] != nil && purpose != purposePass:
		return nil, errors.New("its passgate_use is unknown")
	}
	key, err := newPublicKey(x, use)
	if err != nil {
		return nil, err
	}
	if key.kid != text("kid") {
		return nil, errors.New("its kid is not the thumbprint of the key")
	}
	return key, nil
}
