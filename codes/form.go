package codes

import (
	"crypto/ed25519"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
)

// The JWT is byte-exact: these are all the bytes of it that never change.
const (
	headerOpen  = `{"alg":"EdDSA","kid":"`
	headerClose = `"}`

	kidChars     = 8  // base64url of 48 bits
	wordChars    = 11 // base64url of 64 bits
	zoneChars    = 7  // base64url of 40 bits
	headerBytes  = len(headerOpen) + kidChars + len(headerClose)
	headerChars  = (headerBytes*8 + 5) / 6
	sigChars     = (ed25519.SignatureSize*8 + 5) / 6
	payloadBytes = 97 // with ten digits in both times; fewer before 2001
	payloadChars = (payloadBytes*8 + 5) / 6
	inputChars   = headerChars + 1 + payloadChars
)

// b64 is base64url without padding that refuses set bits after the last byte.
// It skips CR and LF like all of encoding/base64, so decode64 looks for them.
var b64 = base64.RawURLEncoding.Strict()

// decode64 decodes s into dst, which has to have exactly the decoded size.
func decode64(dst []byte, s string) bool {
	if b64.DecodedLen(len(s)) != len(dst) || strings.ContainsAny(s, "\r\n") {
		return false
	}
	n, err := b64.Decode(dst, []byte(s))
	return err == nil && n == len(dst)
}

// appendHeader writes the JOSE header, decoded, of a pass signed by kid.
func appendHeader(dst []byte, kid string) []byte {
	dst = append(dst, headerOpen...)
	dst = append(dst, kid...)
	return append(dst, headerClose...)
}

// appendPayload writes the claims of p, decoded, in their fixed order.
func appendPayload(dst []byte, p *Pass) []byte {
	dst = append(dst, `{"sub":"`...)
	dst = b64.AppendEncode(dst, p.Subject[:])
	dst = append(dst, `","jti":"`...)
	dst = b64.AppendEncode(dst, p.ID[:])
	dst = append(dst, `","nbf":`...)
	dst = strconv.AppendInt(dst, p.NotBefore, 10)
	dst = append(dst, `,"exp":`...)
	dst = strconv.AppendInt(dst, p.ExpiresAt, 10)
	dst = append(dst, `,"k":"`...)
	dst = append(dst, byte(p.Kind))
	dst = append(dst, `","z":"`...)
	dst = b64.AppendEncode(dst, p.Zone[:])
	return append(dst, `"}`...)
}

// appendSigningInput writes what is signed: header and claims in base64url.
// header64 is the encoded header, which each key keeps ready.
func appendSigningInput(dst []byte, header64 string, p *Pass) []byte {
	var buf [payloadBytes]byte
	dst = append(dst, header64...)
	dst = append(dst, '.')
	return b64.AppendEncode(dst, appendPayload(buf[:0], p))
}

func encodeHeader(kid string) string {
	return b64.EncodeToString(appendHeader(make([]byte, 0, headerBytes), kid))
}

// parseHeader gives the kid of an encoded header if that is byte for byte ours.
func parseHeader(s string) (kid [kidChars]byte, ok bool) {
	var buf [headerBytes]byte
	if !decode64(buf[:], s) {
		return kid, false
	}
	if string(buf[:len(headerOpen)]) != headerOpen || string(buf[headerBytes-len(headerClose):]) != headerClose {
		return kid, false
	}
	copy(kid[:], buf[len(headerOpen):])
	return kid, isBase64URL(string(kid[:]))
}

// parsePayload reads encoded claims. It does not look for members: it takes the
// values from where they have to be and compares what they encode to.
func parsePayload(s string, p *Pass) bool {
	var buf, again [payloadBytes]byte
	size := b64.DecodedLen(len(s))
	if size > payloadBytes || !decode64(buf[:size], s) {
		return false
	}
	text := string(buf[:size])
	rest, ok := text, true
	take := func(before string, chars int) string {
		if !ok || !strings.HasPrefix(rest, before) || len(rest) < len(before)+chars {
			ok = false
			return ""
		}
		value := rest[len(before) : len(before)+chars]
		rest = rest[len(before)+chars:]
		return value
	}
	number := func(before string) int64 {
		digits := 0
		for i := len(before); i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
			digits++
		}
		n, err := strconv.ParseUint(take(before, digits), 10, 32)
		ok = ok && err == nil
		return int64(n)
	}
	sub := take(`{"sub":"`, wordChars)
	jti := take(`","jti":"`, wordChars)
	p.NotBefore = number(`","nbf":`)
	p.ExpiresAt = number(`,"exp":`)
	kind := take(`,"k":"`, 1)
	zone := take(`","z":"`, zoneChars)
	if !ok || rest != `"}` {
		return false
	}
	p.Kind = Kind(kind[0])
	if !decode64(p.Subject[:], sub) || !decode64(p.ID[:], jti) || !decode64(p.Zone[:], zone) {
		return false
	}
	return p.wellFormed() && string(appendPayload(again[:0], p)) == text
}

// wellFormed reports whether p's values are in their ranges, in either form.
func (p *Pass) wellFormed() bool {
	return p.Kind.Valid() && p.NotBefore >= 0 && p.NotBefore < p.ExpiresAt && p.ExpiresAt <= math.MaxUint32
}

// token is a pass as it was read: well formed, its signature not yet checked.
type token struct {
	pass Pass // without KeyID, which the key gives
	key  *publicKey
	sig  [ed25519.SignatureSize]byte
}

// readJWT reads the JWT form and finds its key; isJWS says that the text is a
// JWS of somebody's even if it is refused.
func (set *keySet) readJWT(text string, t *token) *Refusal {
	header, rest, _ := strings.Cut(text, ".")
	payload, sig, _ := strings.Cut(rest, ".")
	kid, ok := parseHeader(header)
	if !ok || !decode64(t.sig[:], sig) || !parsePayload(payload, &t.pass) {
		return set.refuseJWT(header, payload, sig)
	}
	key, known := set.byID[string(kid[:])]
	if !known {
		return refuse(ReasonUnknownKey, "no key "+string(kid[:])+" in the key set")
	}
	return t.use(key)
}

// use gives the token its key unless that key is for something else.
func (t *token) use(key *publicKey) *Refusal {
	if key.use != usePass {
		return refuse(ReasonUnknownKey, "key "+key.kid+" does not sign passes")
	}
	t.key, t.pass.KeyID = key, key.kid
	return nil
}

// jwt writes the token as a JWT.
func (t *token) jwt() string {
	buf := make([]byte, 0, inputChars+1+sigChars)
	buf = appendSigningInput(buf, t.key.header64, &t.pass)
	buf = append(buf, '.')
	return string(b64.AppendEncode(buf, t.sig[:]))
}

func isBase64URL(s string) bool {
	for i := range len(s) {
		if !base64URLByte(s[i]) {
			return false
		}
	}
	return true
}

func base64URLByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
