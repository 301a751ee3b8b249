package limits

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"passgate/codes"
	"passgate/loadtest"
	"passgate/loadtest/rig"
)

// signed is a token as crypto/ed25519 takes it.
type signed struct {
	key       ed25519.PublicKey
	message   []byte
	signature []byte
}

// keySet are the server's public keys.
type keySet struct {
	verifier *codes.Verifier
	keys     map[string]ed25519.PublicKey // by kid
}

func readKeySet(jwks []byte) (*keySet, error) {
	verifier, err := codes.VerifierFromJWKS(jwks)
	if err != nil {
		return nil, fmt.Errorf("limits: public keys: %w", err)
	}
	var set struct {
		Keys []struct {
			KeyID string `json:"kid"`
			X     string `json:"x"`
		} `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, fmt.Errorf("limits: public keys: %w", err)
	}
	k := &keySet{verifier, map[string]ed25519.PublicKey{}}
	for _, key := range set.Keys {
		if k.keys[key.KeyID], err = base64.RawURLEncoding.DecodeString(key.X); err != nil {
			return nil, fmt.Errorf("limits: public keys: %w", err)
		}
	}
	return k, nil
}

// tokenOf takes the token out of a scan.
func (k *keySet) tokenOf(s *loadtest.Scan) (signed, error) {
	var body struct {
		Pass string `json:"pass"`
	}
	if err := json.Unmarshal(s.Body, &body); err != nil {
		return signed{}, fmt.Errorf("limits: scan: %w", err)
	}
	pass, refusal := k.verifier.Verify(body.Pass)
	if refusal != nil {
		return signed{}, refusal
	}
	jwt := body.Pass
	if strings.HasPrefix(jwt, "PG1:") {
		var err error
		if jwt, err = k.verifier.Expand(body.Pass); err != nil {
			return signed{}, err //nolint:wrapcheck // a refusal says what it is
		}
	}
	cut := strings.LastIndexByte(jwt, '.')
	signature, err := base64.RawURLEncoding.DecodeString(jwt[cut+1:])
	if err != nil {
		return signed{}, fmt.Errorf("limits: token: %w", err)
	}
	return signed{k.keys[pass.KeyID], []byte(jwt[:cut]), signature}, nil
}

// verifyCost is the CPU time of verifying the tokens by crypto/ed25519, one after
// the other on one thread.
func verifyCost(tokens []signed) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := rig.ThreadCPU()
	if err != nil {
		return 0, err
	}
	for _, t := range tokens {
		if !ed25519.Verify(t.key, t.message, t.signature) {
			return 0, errors.New("limits: a token that is not signed well")
		}
	}
	after, err := rig.ThreadCPU()
	return after - before, err
}
