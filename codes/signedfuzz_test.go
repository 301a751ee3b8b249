package codes

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// The fuzzers of this file sign what they make up with a key of the ring, so
// that what is tried gets past the signature: only the form is left to refuse.

// sign gives a JWT of any header and payload.
func (k *ringKey) sign(t testing.TB, header, payload []byte) string {
	t.Helper()
	input := b64.EncodeToString(header) + "." + b64.EncodeToString(payload)
	sig, err := method.Sign(input, k.private)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(sig)
}

func passKey(ring *Ring) *ringKey { return ring.current.Load().signer(usePass, goldenTime.Unix()) }

// FuzzSignedJWT: of all headers and payloads that our key may have signed, only
// those are a pass that the issuer would have written byte for byte; and what
// is accepted, another library reads in the same way.
func FuzzSignedJWT(f *testing.F) {
	ring, golden, _ := goldenTokens(f)
	key := passKey(ring)
	pass, refusal := ring.Verifier().Verify(golden)
	if refusal != nil {
		f.Fatal(refusal)
	}
	header, payload := appendHeader(nil, key.kid), appendPayload(nil, &pass)
	f.Add(header, payload)
	f.Add(bytes.Replace(header, []byte(`{`), []byte(`{ `), 1), payload)
	f.Add(bytes.Replace(header, []byte(`EdDSA`), []byte(`none`), 1), payload)
	f.Add(bytes.Replace(header, []byte(`"kid"`), []byte(`"crit":["b64"],"kid"`), 1), payload)
	f.Add(header, bytes.Replace(payload, []byte(`"k":"a"`), []byte(`"k":"a","k":"p"`), 1))
	f.Add(header, bytes.Replace(payload, []byte(`"nbf":`), []byte(`"nbf":0`), 1))
	f.Add(header, []byte(`{"sub":"AAAAAAAAAAA","jti":"AAAAAAAAAAA","nbf":0,"exp":4294967295,"k":"v","z":"AAAAAAA"}`))
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, header, payload []byte) {
		text := key.sign(t, header, payload)
		pass, refusal := verifier.Verify(text)
		if refusal != nil {
			if refusal.Reason == ReasonBadSignature {
				t.Fatalf("the signature is good: %v", refusal)
			}
			return
		}
		if !bytes.Equal(header, appendHeader(nil, key.kid)) || !bytes.Equal(payload, appendPayload(nil, &pass)) {
			t.Fatalf("accepted %s %s, which no issuer writes", header, payload)
		}
		checkAccepted(t, verifier, text, &pass)
		var claims struct {
			Kind string `json:"k"`
			Zone string `json:"z"`
			jwt.RegisteredClaims
		}
		_, err := jwt.ParseWithClaims(text, &claims, func(*jwt.Token) (any, error) { return key.key, nil }, jwt.WithoutClaimsValidation())
		if err != nil || claims.NotBefore.Unix() != pass.NotBefore || claims.ExpiresAt.Unix() != pass.ExpiresAt ||
			claims.Kind != string(rune(pass.Kind)) || claims.Subject != b64.EncodeToString(pass.Subject[:]) {
			t.Fatalf("%s is read as %+v by another library (%v), here as %+v", payload, claims, err, pass)
		}
	})
}

// checkAccepted holds an accepted pass to what every one is.
func checkAccepted(t *testing.T, verifier *Verifier, text string, pass *Pass) {
	t.Helper()
	if !pass.wellFormed() || len(text) > MaxTokenBytes {
		t.Fatalf("accepted %+v of %d bytes", pass, len(text))
	}
	middle := time.Unix((pass.NotBefore+pass.ExpiresAt)/2, 0)
	if refusal := pass.ValidAt(middle); refusal != nil {
		t.Fatalf("%+v is not valid in its own middle: %v", pass, refusal)
	}
	other, err := verifier.Compact(text)
	if err != nil {
		other, err = verifier.Expand(text)
	}
	if err != nil {
		t.Fatalf("%q has no other form: %v", text, err)
	}
	if same, refusal := verifier.Verify(other); refusal != nil || same != *pass {
		t.Fatalf("%q says %+v, its other form %+v (%v)", text, pass, same, refusal)
	}
}

// FuzzSignedCompact: of all values that our key may have signed, those in their
// ranges are a pass, and no others.
func FuzzSignedCompact(f *testing.F) {
	ring, _, golden := goldenTokens(f)
	key := passKey(ring)
	pass, refusal := ring.Verifier().Verify(golden)
	if refusal != nil {
		f.Fatal(refusal)
	}
	add := func(p Pass, version byte) {
		f.Add(version, uint16(key.hint[0])<<8|uint16(key.hint[1]), p.Subject[:], p.ID[:], uint32(p.NotBefore), uint32(p.ExpiresAt), byte(p.Kind), p.Zone[:])
	}
	add(pass, compactVersion)
	add(pass, 2)
	add(Pass{ExpiresAt: 1, Kind: KindPaper}, compactVersion)
	add(Pass{NotBefore: 7, ExpiresAt: 7, Kind: KindVisitor}, compactVersion)
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, version byte, hint uint16, sub, jti []byte, nbf, exp uint32, kind byte, zone []byte) {
		p := Pass{KeyID: key.kid, NotBefore: int64(nbf), ExpiresAt: int64(exp), Kind: Kind(kind)}
		copy(p.Subject[:], sub)
		copy(p.ID[:], jti)
		copy(p.Zone[:], zone)
		sig, err := method.Sign(string(appendSigningInput(nil, key.header64, &p)), key.private)
		if err != nil {
			t.Fatal(err)
		}
		raw := binary.BigEndian.AppendUint16([]byte{version}, hint)
		raw = append(append(raw, p.Subject[:]...), p.ID[:]...)
		raw = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(raw, nbf), exp)
		raw = append(append(append(raw, kind), p.Zone[:]...), sig...)
		text := string(appendBase45([]byte(compactPrefix), raw))
		got, refusal := verifier.Verify(text)
		good := version == compactVersion && hint == uint16(key.hint[0])<<8|uint16(key.hint[1]) && p.wellFormed()
		if (refusal == nil) != good || good && got != p {
			t.Fatalf("version %d, hint %04x, %+v: got %+v, %v", version, hint, p, got, refusal)
		}
		if refusal == nil {
			checkAccepted(t, verifier, text, &got)
		}
	})
}

// FuzzSignedList: of all headers and claims that the key for lists may have
// signed, only a list is one, in order, and only as SignList writes it.
func FuzzSignedList(f *testing.F) {
	ring := fixedRing(f)
	key := ring.current.Load().signer(useList, goldenTime.Unix())
	header := `{"alg":"EdDSA","kid":"` + key.kid + `","typ":"` + ListType + `"}`
	claims := func(ids string) string {
		return `{"counter":7,"since":0,"iat":1795478462,"exp":1795564862,"jtis":"` + ids + `"}`
	}
	f.Add([]byte(header), []byte(claims("")))
	f.Add([]byte(header), []byte(claims("AAAAAAAAAAEAAAAAAAAAAg")))
	f.Add([]byte(header), []byte(claims("AAAAAAAAAAIAAAAAAAAAAQ")))
	f.Add([]byte(header), []byte(`{"counter":7,"counter":8,"since":0,"iat":1795478462,"exp":1795564862,"jtis":""}`))
	f.Add([]byte(`{"alg":"EdDSA","kid":"`+passKey(ring).kid+`","typ":"`+ListType+`"}`), []byte(claims("")))
	verifier := ring.Verifier()
	f.Fuzz(func(t *testing.T, head, payload []byte) {
		list, err := verifier.VerifyList(key.sign(t, head, payload), goldenTime.Add(time.Minute))
		if err != nil {
			return
		}
		packed := make([]byte, 0, 8*len(list.IDs))
		for i, id := range list.IDs {
			if i > 0 && compareIDs(list.IDs[i-1], id) >= 0 || !list.Contains(id) {
				t.Fatalf("%x out of order in %x", id, list.IDs)
			}
			packed = append(packed, id[:]...)
		}
		again, err := json.Marshal(listClaims{list.Counter, list.Since, list.IssuedAt, list.ExpiresAt, b64.EncodeToString(packed)})
		if err != nil || string(head) != header || !bytes.Equal(again, payload) {
			t.Fatalf("accepted %s %s, which nobody writes", head, payload)
		}
	})
}

// FuzzJWKS: a set that is taken has each key under its own thumbprint, and none
// that is private or weak.
func FuzzJWKS(f *testing.F) {
	good, err := fixedRing(f).JWKS(goldenTime)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"kty"`), []byte(`"d":"AA","kty"`), 1))
	f.Add(bytes.Replace(good, []byte(`"x":"`), []byte(`"x":"AAAA`), 1))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","kid":"AAAAAAAA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA"},{"kty":"EC"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		verifier, err := VerifierFromJWKS(text)
		if err != nil {
			return
		}
		for kid, key := range verifier.keys.Load().byID {
			same, err := newPublicKey(key.key, key.use)
			if err != nil || same.kid != kid || same.hint != key.hint {
				t.Fatalf("%s: key %s is not one: %v", text, kid, err)
			}
		}
	})
}

// FuzzRingFile: a ring that is taken is written and read again as the same.
func FuzzRingFile(f *testing.F) {
	good, err := json.Marshal(fixedRingFile())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(append(bytes.Clone(good), '{'))
	f.Add(bytes.Replace(good, []byte(`"version":1`), []byte(`"version":1,"extra":2`), 1))
	f.Add(bytes.Replace(good, []byte(`"use":"pass"`), []byte(`"use":"list"`), 1))
	f.Fuzz(func(t *testing.T, text []byte) {
		ring, _, err := parseRing(text)
		if err != nil {
			return
		}
		once, err := ring.encode(false)
		if err != nil {
			t.Fatal(err)
		}
		same, _, err := parseRing(once)
		if err != nil {
			t.Fatalf("%s was read and is refused once written: %v", text, err)
		}
		if twice, err := same.encode(false); err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("written %s, then %s (%v)", once, twice, err)
		}
	})
}
