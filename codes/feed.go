package codes

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// FeedType is the typ in the header of a feed page's signature.
	FeedType = "passgate-feed+jws"
	// maxDetached bounds a detached signature: a cursor is about 1 KiB of it.
	maxDetached = 8 << 10
)

// FeedClaims are what the signature of a page of the feed says beside the body.
type FeedClaims struct {
	Audience string // the subscriber's name
	Cursor   string // behind the page
	IssuedAt int64  // Unix seconds
}

// feedHeader is the protected header of a page's signature, byte for byte.
type feedHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
	Audience  string `json:"aud"`
	IssuedAt  int64  `json:"iat"`
	Cursor    string `json:"cursor"`
}

// SignFeed signs a page of the feed with the ring's key for it and gives the
// detached JWS (RFC 7515, appendix F): header and signature with two dots between.
// It fails with ErrNoSigningKey on a ring without such a key.
func (r *Ring) SignFeed(body []byte, audience, cursor string, now time.Time) (string, error) {
	key := r.current.Load().signer(useFeed, now.Unix())
	if key == nil || key.private == nil {
		return "", ErrNoSigningKey
	}
	header, err := json.Marshal(feedHeader{method.Alg(), key.kid, FeedType, audience, now.Unix(), cursor})
	if err != nil {
		return "", fmt.Errorf("codes: signing the feed: %w", err)
	}
	head := b64.EncodeToString(header)
	return head + ".." + b64.EncodeToString(ed25519.Sign(key.private, detachedInput(head, body))), nil
}

// VerifyFeed checks the signature of a page. Its error is a *Refusal.
func (v *Verifier) VerifyFeed(detached string, body []byte) (FeedClaims, error) {
	head, sig, header, err := readDetached(detached)
	if err != nil {
		return FeedClaims{}, malformed(err.Error())
	}
	var h feedHeader
	if json.Unmarshal(header, &h) != nil || h.Algorithm != method.Alg() || h.Type != FeedType {
		return FeedClaims{}, malformed("not the header of a page of the feed")
	}
	key, known := v.keys.Load().byID[h.KeyID]
	if !known || key.use != useFeed {
		return FeedClaims{}, refuse(ReasonUnknownKey, "no key for the feed with this kid")
	}
	if !ed25519.Verify(key.key, detachedInput(head, body), sig) {
		return FeedClaims{}, refuse(ReasonBadSignature, "not signed by key "+key.kid)
	}
	return FeedClaims{h.Audience, h.Cursor, h.IssuedAt}, nil
}

// PartnerKey is the public key of somebody else who signs what they send.
type PartnerKey struct{ public *publicKey }

// ParsePartnerKey reads 32 bytes in base64url, the x of an Ed25519 JWK. A key
// under which signatures prove nothing is refused.
func ParsePartnerKey(text string) (PartnerKey, error) {
	raw := make([]byte, ed25519.PublicKeySize)
	if !decode64(raw, text) {
		return PartnerKey{}, errors.New("codes: a public key is 32 bytes in base64url without padding, 43 characters")
	}
	public, err := newPublicKey(raw, "")
	return PartnerKey{public}, err
}

// Verify checks a detached JWS over a body. The algorithm is pinned; of other
// members of the header only kid and typ may be there, and say nothing.
func (k PartnerKey) Verify(detached string, body []byte) error {
	head, sig, header, err := readDetached(detached)
	if err != nil {
		return err
	}
	var h struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Type      string `json:"typ"`
	}
	strict := json.NewDecoder(bytes.NewReader(header))
	strict.DisallowUnknownFields()
	switch {
	case strict.Decode(&h) != nil || strict.More():
		return errors.New("codes: the header of the signature must have alg, and beside it kid and typ only")
	case h.Algorithm != method.Alg():
		return errors.New("codes: alg must be EdDSA")
	case !ed25519.Verify(k.public.key, detachedInput(head, body), sig):
		return fmt.Errorf("codes: the body is not signed by key %s", k.public.kid)
	}
	return nil
}

// readDetached takes a detached JWS apart.
func readDetached(text string) (head string, sig, header []byte, err error) {
	parts := strings.SplitN(text, ".", 4)
	if len(text) > maxDetached || len(parts) != 3 || parts[1] != "" {
		return "", nil, nil, errors.New("codes: a detached JWS is a header, two dots and a signature")
	}
	header, sig = make([]byte, b64.DecodedLen(len(parts[0]))), make([]byte, ed25519.SignatureSize)
	if !decode64(header, parts[0]) || !decode64(sig, parts[2]) {
		return "", nil, nil, errors.New("codes: the signature is not canonical base64url")
	}
	return parts[0], sig, header, nil
}

// detachedInput is what is signed: the payload is there in base64url, as in any JWS.
func detachedInput(head string, body []byte) []byte {
	input := make([]byte, 0, len(head)+1+b64.EncodedLen(len(body)))
	return b64.AppendEncode(append(append(input, head...), '.'), body)
}
