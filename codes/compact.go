package codes

import (
	"crypto/ed25519"
	"encoding/binary"
	"strings"
)

// The compact form: a prefix, then base45 of the layout in the package comment.
const (
	compactPrefix  = "PG1:"
	compactVersion = 0x01
	compactBytes   = 1 + 2 + 8 + 8 + 4 + 4 + 1 + 5 + ed25519.SignatureSize
	compactChars   = len(compactPrefix) + compactBytes/2*3 + compactBytes%2*2
)

// hint is the first two bytes of a key's thumbprint; a ring holds no two keys
// with the same one.
type hint [2]byte

// compact writes the token in the form for QR codes.
func (t *token) compact() string {
	var raw [compactBytes]byte
	b := append(raw[:0], compactVersion)
	b = append(b, t.key.hint[:]...)
	b = append(b, t.pass.Subject[:]...)
	b = append(b, t.pass.ID[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(t.pass.NotBefore))
	b = binary.BigEndian.AppendUint32(b, uint32(t.pass.ExpiresAt))
	b = append(b, byte(t.pass.Kind))
	b = append(b, t.pass.Zone[:]...)
	b = append(b, t.sig[:]...)
	out := make([]byte, 0, compactChars)
	return string(appendBase45(append(out, compactPrefix...), b))
}

// readCompact reads the compact form and finds its key.
func (set *keySet) readCompact(text string, t *token) *Refusal {
	var raw [compactBytes]byte
	if len(text) != compactChars {
		return malformed("a compact pass has 150 characters")
	}
	if !decodeBase45(raw[:], text[len(compactPrefix):]) {
		return malformed("not base45")
	}
	if raw[0] != compactVersion {
		return malformed("unknown version of the compact form")
	}
	b := raw[1:]
	take := func(n int) []byte {
		field := b[:n]
		b = b[n:]
		return field
	}
	h := hint(take(2))
	p := &t.pass
	p.Subject = [8]byte(take(8))
	p.ID = [8]byte(take(8))
	p.NotBefore = int64(binary.BigEndian.Uint32(take(4)))
	p.ExpiresAt = int64(binary.BigEndian.Uint32(take(4)))
	p.Kind = Kind(take(1)[0])
	p.Zone = [5]byte(take(5))
	copy(t.sig[:], b)
	if !p.wellFormed() {
		return malformed("kind or times out of range")
	}
	key, known := set.byHint[h]
	if !known {
		return refuse(ReasonUnknownKey, "no key with this hint in the key set")
	}
	return t.use(key)
}

const base45Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

// base45Values maps a byte to its value, or to 45 if it has none.
var base45Values = func() (values [256]uint8) {
	for i := range values {
		v := strings.IndexByte(base45Alphabet, byte(i))
		if v < 0 {
			v = len(base45Alphabet)
		}
		values[i] = uint8(v)
	}
	return values
}()

// appendBase45 writes src as RFC 9285 says: two bytes give three characters,
// the least significant first; a last single byte gives two.
func appendBase45(dst, src []byte) []byte {
	for ; len(src) >= 2; src = src[2:] {
		n := uint(src[0])<<8 | uint(src[1])
		dst = append(dst, base45Alphabet[n%45], base45Alphabet[n/45%45], base45Alphabet[n/45/45])
	}
	if len(src) == 1 {
		n := uint(src[0])
		dst = append(dst, base45Alphabet[n%45], base45Alphabet[n/45])
	}
	return dst
}

// decodeBase45 fills dst from s, whose length has to be exactly right. Each
// group is bounded, so one sequence of bytes has one text.
func decodeBase45(dst []byte, s string) bool {
	if len(s) != len(dst)/2*3+len(dst)%2*2 {
		return false
	}
	for len(s) > 0 {
		group := min(3, len(s))
		n, weight := uint(0), uint(1)
		for i := range group {
			v := uint(base45Values[s[i]])
			if v == uint(len(base45Alphabet)) {
				return false
			}
			n += v * weight
			weight *= 45
		}
		s = s[group:]
		if group == 2 {
			if n > 0xff {
				return false
			}
			dst[0] = byte(n)
			return true
		}
		if n > 0xffff {
			return false
		}
		dst[0], dst[1] = byte(n>>8), byte(n)
		dst = dst[2:]
	}
	return true
}
