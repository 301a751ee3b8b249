// Package codes is the pass: its format, its keys, how it is signed, verified,
// revoked, drawn and printed. It knows nothing of residents, gates or HTTP.
//
// # One pass, two forms
//
// A pass is a JWT (RFC 7519) signed with Ed25519 (RFC 8037), which any JOSE
// library verifies against the JWKS. A QR carries the same pass in a compact
// form of 150 characters, from which exactly that JWT is rebuilt; so its
// signature is checked without being told which form it came in. Both forms
// are accepted wherever a pass is, up to 512 bytes.
//
// # The JWT
//
// It is byte-exact: no white space, no other member, no other order. Anything
// else is malformed, so no two parsers can disagree about a pass.
//
//	header  {"alg":"EdDSA","kid":"KKKKKKKK"}
//	claims  {"sub":"SSSSSSSSSSS","jti":"IIIIIIIIIII","nbf":N,"exp":N,"k":"K","z":"ZZZZZZZ"}
//
//	kid  first 8 characters of the key's RFC 7638 thumbprint (SHA-256, base64url)
//	sub  64 bits, base64url without padding: the sealed person
//	jti  64 bits, base64url without padding
//	nbf  Unix seconds, decimal, 0 to 4294967295, without leading zeros
//	exp  the same, greater than nbf
//	k    a (app), p (paper) or v (visitor)
//	z    40 bits, base64url without padding
//
// All base64url is canonical: the unused bits of the last character are zero.
// There is no iat, as a pass for tomorrow is signed today.
//
// # The compact form
//
// PG1: and then base45 (RFC 9285) of 97 bytes, numbers big-endian:
//
//	offset  bytes  what
//	     0      1  version, 0x01
//	     1      2  key hint: the first two bytes of the thumbprint
//	     3      8  sub
//	    11      8  jti
//	    19      4  nbf, unsigned
//	    23      4  exp, unsigned
//	    27      1  k, as its ASCII letter
//	    28      5  z
//	    33     64  signature of the JWT: R, then S
//
// All its characters are of the QR's alphanumeric set, so a symbol of version 6
// at level M holds it. It may hold spaces, which have to be kept; it neither
// starts nor ends with one. Lower case is malformed. A ring never has two keys
// with the same hint.
//
// # What is in it, and for whom
//
// With | for concatenation, numbers big-endian and [:n] for the first n bytes:
//
//	jti  HMAC-SHA256(jti secret, person (8) | generation (4) | k (1) | nbf (4))[:8]
//	sub  person XOR HMAC-SHA256(seal secret, jti)[:8]
//	site key  HMAC-SHA256(zone secret, "passgate site " | site code)
//	z    HMAC-SHA256(site key of the home, jti)[:5]
//
// Both secrets are the key's own; the zone secret is the ring's. So two passes
// of one person have nothing in common for whoever lacks the secrets: the
// server opens sub (Ring.Open), the home site's devices recognise z
// (Pass.OfSite), nobody else learns a thing. nbf lies on a grid that all people
// share: multiples of 300 s for app passes, which live for 600 s; midnight in
// Shanghai for the others, which live for whole days. The grid is the issuer's
// rule and not checked. A paper pass stays the same for its life. As all of it
// follows from the request, nothing is stored to issue a pass, issuing again
// gives the same pass, and what is to be revoked can be enumerated
// (Ring.Enumerate).
//
// # Keys
//
// A ring is a file, keys.json, of mode 0600 in a folder of mode 0700, or the
// same JSON in PASSGATE_KEYS. Each pass key owns a signing key, a seal secret
// and a jti secret. A new key is in the JWKS for 24 h before it signs. When the
// last pass of its predecessor has expired, the next rotation retires that one:
// the private half is destroyed, the public key and the secrets stay for 60 days,
// the longest retention. The first rotation after that prunes it. Keys that are no
// canonical point of the prime-order group are refused wherever they come from. The
// private member passgate_use of a JWK says what a key is for: "pass", "revocations"
// for the list, or "feed" for pages of the feed (feed.go); the latter two never verify
// a pass. A key without it is one for passes.
//
// # The revocation list
//
// A JWT by a key for lists, as byte-exact as the pass:
//
//	header  {"alg":"EdDSA","kid":"KKKKKKKK","typ":"passgate-revocations+jwt"}
//	claims  {"counter":N,"since":N,"iat":N,"exp":N,"jtis":"..."}
//
// jtis is base64url of 8 bytes an entry, ascending, without repeats. since is 0
// in a full list; in a delta it is the counter after which its entries were
// added (Merge). Entries come in batches of many people, filled up with decoys
// to multiples of 512 (Pad).
//
// # Refusals
//
// Verify gives a reason rather than an error: malformed, not_our_pass,
// unknown_key or bad_signature. not_our_pass is for whatever the guard should
// not ask to see again: links, payment codes, other countries' passes, JWTs of
// other issuers. It knows no clock; Pass.ValidAt judges times.
//
// # Example
//
// The app pass of person 0x0400000000000007, generation 2, at home in XS-017,
// from 2026-11-24 08:00 in Shanghai, by the key of testdata/golden:
//
//	public key  {"kty":"OKP","crv":"Ed25519","x":"FwrPa6PuOfV938TCOZhHgPihttC8PXyhW-xY9bpSzA4"}
//	thumbprint  118ec0...
//	header      {"alg":"EdDSA","kid":"EY4FXiG-"}
//	claims      {"sub":"wBnnxQYq9Zw","jti":"zb4kfX0cayc","nbf":1795478400,"exp":1795479000,"k":"a","z":"HBfO1qs"}
//	JWT         eyJhbGciOiJFZERTQSIsImtpZCI6IkVZNEZYaUctIn0.
//	            eyJzdWIiOiJ3Qm5ueFFZcTladyIsImp0aSI6InpiNGtmWDBjYXljIiwibmJmIjox
//	            Nzk1NDc4NDAwLCJleHAiOjE3OTU0NzkwMDAsImsiOiJhIiwieiI6IkhCZk8xcXMifQ.
//	            jHYSNUlbY2Dau3--CdItDsl2ssOH3nop5nABwzhVZCwnoPe5_thEHPyWjk267L4O
//	            bWTfaU7eM2Glx58n9je4DA
//	bytes       01 118e c019e7c5062af59c cdbe247d7d1c6b27 6b04d380 6b04d5d8 61 1c17ced6ab
//	            8c761235495b6360dabb7fbe09d22d0ec976b2c387de7a29e67001c33855642c
//	            27a0f7b9fed8441cfc968e4dbaecbe0e6d64df694ede3361a5c79f27f637b80c
//	compact     PG1:36042IGC3%+OHJ51$JV1O+%FUQ3B:4KR0PAGMR0/FR O3U6Q-ULV-E6X6+OB:A
//	            CTVN41OUPQ5*1B0FFWOT5SGD587EQUOZZA8Q5WFK4NNEFR+T3M1J8$9 -T3$1%XC3E
//	            D34SMFCSAPF25:17C0
package codes
