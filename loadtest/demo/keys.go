package demo

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// checkKeys reads the published keys and verifies passes with them as any
// library for JWTs would: with the keys and nothing else from the server.
func (r *run) checkKeys(ctx context.Context) error {
	var set struct {
		Keys []struct {
			Type  string `json:"kty"`
			Curve string `json:"crv"`
			X     string `json:"x"`
			ID    string `json:"kid"`
		} `json:"keys"`
	}
	if err := r.c.into(ctx, request{method: "GET", path: "/.well-known/jwks.json", token: "-"}, &set); err != nil {
		return err
	}
	keys := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		if x, err := base64.RawURLEncoding.DecodeString(k.X); err == nil && k.Curve == "Ed25519" && len(x) == ed25519.PublicKeySize {
			keys[k.ID] = x
		}
	}
	if len(keys) == 0 {
		r.ledger.differ("keys.published", "jwks.json", "Ed25519 keys", "none")
		return nil
	}
	r.ledger.agree("keys.published")
	for _, token := range r.tokens {
		r.ledger.same("keys.verify passes", "a pass", "signed by a published key", verifyJWT(keys, token))
	}
	return nil
}

func verifyJWT(keys map[string]ed25519.PublicKey, token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return fmt.Sprintf("%d parts", len(parts))
	}
	var header struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || json.Unmarshal(text, &header) != nil || header.Algorithm != "EdDSA" {
		return "no EdDSA header"
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	key, known := keys[header.KeyID]
	switch {
	case err != nil:
		return "no base64url"
	case !known:
		return "unknown key " + header.KeyID
	case !ed25519.Verify(key, []byte(parts[0]+"."+parts[1]), sig):
		return "bad signature"
	}
	return "signed by a published key"
}
