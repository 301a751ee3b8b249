package codes

import (
	"crypto/hmac"
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// forge signs any header and any claims with a key of the ring.
func forge(t testing.TB, ring *Ring, use keyUse, header, claims string) string {
	t.Helper()
	key := ring.current.Load().signer(use, goldenTime.Unix())
	input := b64.EncodeToString([]byte(header)) + "." + b64.EncodeToString([]byte(claims))
	sig, err := method.Sign(input, key.private)
	if err != nil {
		t.Fatal(err)
	}
	return input + "." + b64.EncodeToString(sig)
}

const (
	goodHeader = `{"alg":"EdDSA","kid":"EY4FXiG-"}`
	goodClaims = `{"sub":"wBnnxQYq9Zw","jti":"zb4kfX0cayc","nbf":1795478400,"exp":1795479000,"k":"a","z":"HBfO1qs"}`
)

func goldenTokens(t testing.TB) (ring *Ring, jwt, compact string) {
	t.Helper()
	ring = fixedRing(t)
	signer := signerAt(t, ring, goldenTime)
	_, jwt, err := signer.Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	_, compact, err = signer.IssueCompact(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	return ring, jwt, compact
}

// malleable adds the group order to S, which gives a second signature of the
// same message to verifiers that do not look.
func malleable(t testing.TB, sig []byte) []byte {
	t.Helper()
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := slices.Clone(sig[32:])
	slices.Reverse(s)
	sum := new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	return append(slices.Clone(sig[:32]), sum...)
}

type refusedToken struct {
	name, token string
	want        Reason
}

// refusedJWTs are JWTs, each signed by the right key unless it says otherwise.
func refusedJWTs(t testing.TB) []refusedToken {
	ring, jwt, _ := goldenTokens(t)
	part := strings.Split(jwt, ".")
	sig, err := b64.DecodeString(part[2])
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, ring.current.Load().byID["EY4FXiG-"].key)
	confused := b64.EncodeToString([]byte(`{"alg":"HS256","kid":"EY4FXiG-"}`)) + "." + part[1]
	mac.Write([]byte(confused))
	other := ringOf(t, ringFile{
		Version: 1, ZoneSecret: b64.EncodeToString(make([]byte, 32)),
		Keys: []keyFile{fixedKey("other", usePass, goldenTime.Add(-day))},
	})
	_, unknown, err := signerAt(t, other, goldenTime).Issue(goldenRequest)
	if err != nil {
		t.Fatal(err)
	}
	header := func(h string) string { return forge(t, ring, usePass, h, goodClaims) }
	claims := func(old, replacement string) string {
		return forge(t, ring, usePass, goodHeader, strings.Replace(goodClaims, old, replacement, 1))
	}
	// Of a length at which a decoder that skips line ends notices nothing.
	early := claims("1795478400", "999999999")
	return []refusedToken{
		{"alg none", b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + part[1] + ".", ReasonMalformed},
		{"alg none, signature kept", header(`{"alg":"none","kid":"EY4FXiG-"}`), ReasonMalformed},
		{"alg in lower case", header(`{"alg":"eddsa","kid":"EY4FXiG-"}`), ReasonMalformed},
		{"alg Ed25519", header(`{"alg":"Ed25519","kid":"EY4FXiG-"}`), ReasonMalformed},
		{"HS256 with the public key", confused + "." + b64.EncodeToString(mac.Sum(nil)), ReasonMalformed},
		{"jwk in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","jwk":{"kty":"OKP"}}`), ReasonMalformed},
		{"jku in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","jku":"https://e.example/k"}`), ReasonMalformed},
		{"x5u in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","x5u":"https://e.example/c"}`), ReasonMalformed},
		{"x5c in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","x5c":["AA"]}`), ReasonMalformed},
		{"crit in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","crit":["exp"]}`), ReasonMalformed},
		{"typ in the header", header(`{"alg":"EdDSA","kid":"EY4FXiG-","typ":"JWT"}`), ReasonMalformed},
		{"no kid", header(`{"alg":"EdDSA"}`), ReasonMalformed},
		{"kid is no string", header(`{"alg":"EdDSA","kid":12345678}`), ReasonMalformed},
		{"kid is a path", header(`{"alg":"EdDSA","kid":"../../ab"}`), ReasonMalformed},
		{"kid before alg", header(`{"kid":"EY4FXiG-","alg":"EdDSA"}`), ReasonMalformed},
		{"kid twice", header(`{"alg":"EdDSA","kid":"EY4FXiG-","kid":"EY4FXiG-"}`), ReasonMalformed},
		{"space in the header", header(`{"alg":"EdDSA", "kid":"EY4FXiG-"}`), ReasonMalformed},
		{"escape in the header", header(`{"alg":"EdDSA","kid":"\u0045Y4FXiG-"}`), ReasonMalformed},
		{"kid of the list key", forge(t, ring, useList, `{"alg":"EdDSA","kid":"80UNAWZF"}`, goodClaims), ReasonUnknownKey},
		{"kid of the list key, signed by the pass key", header(`{"alg":"EdDSA","kid":"80UNAWZF"}`), ReasonUnknownKey},
		{"kid of the pass key, signed by the list key", forge(t, ring, useList, goodHeader, goodClaims), ReasonBadSignature},
		{"key of another ring", unknown, ReasonUnknownKey},
		{"member twice", claims(`"k":"a"`, `"k":"a","k":"a"`), ReasonMalformed},
		{"member more", claims(`}`, `,"iat":1795478400}`), ReasonMalformed},
		{"member less", claims(`,"z":"HBfO1qs"`, ``), ReasonMalformed},
		{"members swapped", claims(`"nbf":1795478400,"exp":1795479000`, `"exp":1795479000,"nbf":1795478400`), ReasonMalformed},
		{"member in capitals", claims(`"sub"`, `"SUB"`), ReasonMalformed},
		{"space in the claims", claims(`,`, `, `), ReasonMalformed},
		{"line end after the claims", claims(`}`, "}\n"), ReasonMalformed},
		{"number with exponent", claims(`1795478400`, `1e9`), ReasonMalformed},
		{"number with leading zero", claims(`1795478400`, `01795478400`), ReasonMalformed},
		{"number 01", claims(`1795478400`, `01`), ReasonMalformed},
		{"negative number", claims(`1795478400`, `-1`), ReasonMalformed},
		{"number with fraction", claims(`1795478400`, `1795478400.0`), ReasonMalformed},
		{"number as text", claims(`1795478400`, `"1795478400"`), ReasonMalformed},
		{"number over 32 bits", claims(`1795479000`, `4294967296`), ReasonMalformed},
		{"no number", claims(`1795478400`, ``), ReasonMalformed},
		{"ends before it begins", claims(`1795479000`, `1795478400`), ReasonMalformed},
		{"unknown kind", claims(`"k":"a"`, `"k":"x"`), ReasonMalformed},
		{"kind of two letters", claims(`"k":"a"`, `"k":"ap"`), ReasonMalformed},
		{"sub too long", claims(`wBnnxQYq9Zw`, `wBnnxQYq9ZwA`), ReasonMalformed},
		{"trailing bits in sub", claims(`wBnnxQYq9Zw`, `wBnnxQYq9Zx`), ReasonMalformed},
		{"line end in sub", claims(`wBnnxQYq9Zw`, "wBnnxQYq9Z\n"), ReasonMalformed},
		{"trailing bits in z", claims(`HBfO1qs`, `HBfO1qt`), ReasonMalformed},
		{"standard base64 in z", claims(`HBfO1qs`, `HBf+1qs`), ReasonMalformed},
		{"padding", jwt + "==", ReasonMalformed},
		{"trailing bits in the signature", jwt[:len(jwt)-1] + "B", ReasonMalformed},
		{"line end in the signature", jwt[:len(jwt)-2] + "\n" + jwt[len(jwt)-2:], ReasonMalformed},
		{"line end in claims of 96 bytes", strings.Replace(early, ".", ".\n", 1), ReasonMalformed},
		{"line end after it", jwt + "\n", ReasonMalformed},
		{"space before it", " " + jwt, ReasonMalformed},
		{"no signature", part[0] + "." + part[1] + ".", ReasonMalformed},
		{"two parts", part[0] + "." + part[1], ReasonMalformed},
		{"four parts", jwt + ".AAAA", ReasonMalformed},
		{"signature of 32 bytes", part[0] + "." + part[1] + "." + part[2][:43], ReasonMalformed},
		{"signature of zeros", part[0] + "." + part[1] + "." + strings.Repeat("A", 86), ReasonBadSignature},
		{"malleable signature", part[0] + "." + part[1] + "." + b64.EncodeToString(malleable(t, sig)), ReasonBadSignature},
		{"other claims, same signature", part[0] + "." + b64.EncodeToString([]byte(strings.Replace(goodClaims, "9000", "9001", 1))) + "." + part[2], ReasonBadSignature},
		{"JWT of another issuer", forge(t, other, usePass, `{"alg":"RS256","typ":"JWT","kid":"x"}`, `{"iss":"https://e.example","exp":1}`), ReasonNotOurPass},
		{"EdDSA JWT of another issuer", forge(t, other, usePass, `{"alg":"EdDSA","kid":"abcdefgh"}`, `{"iss":"e","k":1}`), ReasonNotOurPass},
		{"JWS without JSON", forge(t, other, usePass, `{"alg":"EdDSA"}`, `Example of Ed25519 signing`), ReasonNotOurPass},
		{"JOSE header is a list", b64.EncodeToString([]byte(`["alg"]`)) + "." + part[1] + "." + part[2], ReasonMalformed},
		{"three words with dots", "abcd.abcd.abcd", ReasonMalformed},
	}
}

// refusedTexts are no JWTs.
func refusedTexts(t testing.TB) []refusedToken {
	_, jwt, compact := goldenTokens(t)
	last := len(compact) - 1
	body := func(change func(raw []byte)) string {
		raw := make([]byte, compactBytes)
		if !decodeBase45(raw, compact[4:]) {
			t.Fatal("not base45")
		}
		change(raw)
		return string(appendBase45([]byte(compactPrefix), raw))
	}
	return []refusedToken{
		{"empty", "", ReasonMalformed},
		{"over 512 bytes", jwt + strings.Repeat(" ", 512), ReasonMalformed},
		{"link over 512 bytes", "http://example.com/" + strings.Repeat("a", 512), ReasonMalformed},
		{"a megabyte", strings.Repeat("A.", 1<<19), ReasonMalformed},
		{"half a JWT", jwt[:100], ReasonMalformed},
		{"not UTF-8", "\xff\xfe\x00", ReasonMalformed},
		{"NUL", "\x00", ReasonMalformed},
		{"lower case", strings.ToLower(compact), ReasonMalformed},
		{"lower case after the prefix", "PG1:" + strings.ToLower(compact[4:]), ReasonMalformed},
		{"prefix alone", "PG1:", ReasonMalformed},
		{"prefix of a later version", "PG2:" + compact[4:], ReasonMalformed},
		{"one character less", compact[:last], ReasonMalformed},
		{"one character more", compact + "0", ReasonMalformed},
		{"space for the last character", compact[:last] + " ", ReasonMalformed},
		{"no base45 character", compact[:20] + "_" + compact[21:], ReasonMalformed},
		{"group over 65535", "PG1::::" + compact[7:], ReasonMalformed},
		{"last group over 255", compact[:last] + ":", ReasonMalformed},
		{"layout version 0", body(func(raw []byte) { raw[0] = 0 }), ReasonMalformed},
		{"layout version 2", body(func(raw []byte) { raw[0] = 2 }), ReasonMalformed},
		{"unknown hint", body(func(raw []byte) { raw[1] ^= 1 }), ReasonUnknownKey},
		{"hint of the list key", body(func(raw []byte) { copy(raw[1:], []byte{0xf3, 0x45}) }), ReasonUnknownKey},
		{"unknown kind, compact", body(func(raw []byte) { raw[27] = 'x' }), ReasonMalformed},
		{"ends before it begins, compact", body(func(raw []byte) { copy(raw[23:27], raw[19:23]) }), ReasonMalformed},
		{"kind changed", body(func(raw []byte) { raw[27] = 'p' }), ReasonBadSignature},
		{"end changed", body(func(raw []byte) { raw[26]++ }), ReasonBadSignature},
		{"malleable signature, compact", body(func(raw []byte) { copy(raw[33:], malleable(t, raw[33:])) }), ReasonBadSignature},
		{"WeChat payment", "weixin://wxpay/bizpayurl?pr=abc", ReasonNotOurPass},
		{"WeChat money", "wxp://f2f0abcdefghijklmnop", ReasonNotOurPass},
		{"WeChat card", "https://u.wechat.com/abc", ReasonNotOurPass},
		{"Alipay", "HTTPS://QR.ALIPAY.COM/FKX0123456789", ReasonNotOurPass},
		{"link", "http://example.com/", ReasonNotOurPass},
		{"link with dots", "http://www.example.com/a.b", ReasonNotOurPass},
		{"EU pass", "HC1:6BF+70790T9WJWG.FKY*4GO0.O1CV2 O5 N2FBBRW1*70HS8WY04AC", ReasonNotOurPass},
		{"SMART Health Card", "shc:/5676295953265460346029254077280433602870286471674522", ReasonNotOurPass},
		{"SMART Health Card in capitals", "SHC:/567629595326546034602925", ReasonNotOurPass},
		{"Wi-Fi", "WIFI:T:WPA;S:net;P:secret;;", ReasonNotOurPass},
		{"visiting card", "BEGIN:VCARD\r\nFN:A\r\nEND:VCARD", ReasonNotOurPass},
		{"bar code of a product", "6901234567892", ReasonNotOurPass},
		{"words", "张三 2栋", ReasonNotOurPass},
		{"JSON", `{"name":"x"}`, ReasonNotOurPass},
	}
}
