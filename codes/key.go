package codes

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"

	"filippo.io/edwards25519"
	"github.com/golang-jwt/jwt/v5"
)

// keyUse says what a key may sign; a key never signs for the other use.
type keyUse string

const (
	usePass keyUse = "pass"
	useList keyUse = "list"
	useFeed keyUse = "feed"
)

// publicKey is a checked Ed25519 key. There is no other way to make one than
// newPublicKey, and the signing method takes nothing else.
type publicKey struct {
	kid      string
	hint     hint
	use      keyUse
	header64 string
	key      ed25519.PublicKey
	used     atomic.Uint64            // passes verified before quick was there
	quick    atomic.Pointer[quickKey] // nil: not yet
}

// newPublicKey refuses a key under which signatures prove nothing or which can
// be written in two ways.
func newPublicKey(raw []byte, use keyUse) (*publicKey, error) {
	if err := checkPoint(raw); err != nil {
		return nil, err
	}
	sum := thumbprint(raw)
	kid := b64.EncodeToString(sum[:])[:kidChars]
	return &publicKey{
		kid: kid, hint: hint(sum[:2]), use: use,
		header64: encodeHeader(kid), key: bytes.Clone(raw),
	}, nil
}

// checkPoint accepts only the one encoding of a point of the prime-order group:
// with a point of low order (which crypto/ed25519 takes) one signature fits
// many messages.
func checkPoint(raw []byte) error {
	if len(raw) != ed25519.PublicKeySize {
		return fmt.Errorf("codes: an Ed25519 public key has 32 bytes, not %d", len(raw))
	}
	point, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil {
		return errors.New("codes: the public key is no point of the curve")
	}
	if !bytes.Equal(point.Bytes(), raw) {
		return errors.New("codes: the public key is not in its canonical encoding")
	}
	identity := edwards25519.NewIdentityPoint()
	if new(edwards25519.Point).MultByCofactor(point).Equal(identity) == 1 {
		return errors.New("codes: the public key is a point of low order")
	}
	if !primeOrder(point) {
		return errors.New("codes: the public key has a part of low order")
	}
	return nil
}

// primeOrder multiplies by the group order, as (order - 1) + 1 because a scalar
// is kept below the order.
func primeOrder(point *edwards25519.Point) bool {
	one, err := edwards25519.NewScalar().SetCanonicalBytes(append([]byte{1}, make([]byte, 31)...))
	if err != nil {
		return false
	}
	minusOne := edwards25519.NewScalar().Negate(one)
	sum := new(edwards25519.Point).ScalarMult(minusOne, point)
	return sum.Add(sum, point).Equal(edwards25519.NewIdentityPoint()) == 1
}

// thumbprint is that of RFC 7638 (members of RFC 8037) by SHA-256.
func thumbprint(raw []byte) [sha256.Size]byte {
	return sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + b64.EncodeToString(raw) + `"}`))
}

// passMethod is EdDSA for this package alone: it verifies with checked keys and
// is not in golang-jwt's table, so that no header can choose another.
type passMethod struct{}

var method passMethod

var _ jwt.SigningMethod = method

// Alg is the name in the header.
func (passMethod) Alg() string { return "EdDSA" }

// Verify takes a *publicKey.
func (passMethod) Verify(input string, sig []byte, key any) error {
	public, ok := key.(*publicKey)
	if !ok {
		return jwt.ErrInvalidKeyType
	}
	if !public.verify(input, sig) {
		return jwt.ErrEd25519Verification
	}
	return nil
}

// oftenUsed is after how many passes a key is prepared for more, which takes some
// milliseconds and 484 KiB. Before that, and for lists, crypto/ed25519 verifies.
const oftenUsed = 256

func (k *publicKey) verify(input string, sig []byte) bool {
	if quick := k.quick.Load(); quick != nil {
		return quick.verify(input, sig)
	}
	if k.use == usePass && k.used.Add(1) == oftenUsed {
		k.quick.Store(newQuickKey(k.key))
	}
	return ed25519.Verify(k.key, []byte(input), sig)
}

// Sign takes an ed25519.PrivateKey.
func (passMethod) Sign(input string, key any) ([]byte, error) {
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	return ed25519.Sign(private, []byte(input)), nil
}

// secret is an HMAC-SHA256 key that keeps its prepared states for reuse, as a
// scan needs two or three of them. It prints as nothing, and where package fmt
// cannot call its methods, as in a struct, there is only an address to see.
type secret struct{ *secretState }

type secretState struct {
	raw  []byte
	pool sync.Pool
}

const secretBytes = 32

func newSecret(raw []byte) secret {
	raw = bytes.Clone(raw)
	state := &secretState{raw: raw}
	state.pool.New = func() any { return &macState{Hash: hmac.New(sha256.New, raw)} }
	return secret{state}
}

type macState struct {
	hash.Hash
	message [64]byte
	sum     [sha256.Size]byte
}

// sum gives HMAC-SHA256(secret, message) for a short message that write builds.
func (s secret) sum(write func(message []byte) []byte) [sha256.Size]byte {
	state, ok := s.pool.Get().(*macState)
	if !ok {
		state = &macState{Hash: hmac.New(sha256.New, s.raw)}
	}
	defer s.pool.Put(state)
	state.Reset()
	state.Write(write(state.message[:0]))
	state.Hash.Sum(state.sum[:0])
	return state.sum
}

func (secret) String() string   { return "secret" }
func (secret) GoString() string { return "secret" }

// Format keeps the bytes out of every verb of package fmt.
func (secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("secret")) }

// passSecrets are what each pass key has besides its signing key.
type passSecrets struct{ seal, jti secret }

// passID computes the jti: whoever lacks the secret cannot tell whose it is.
func (s *passSecrets) passID(person uint64, generation uint32, kind Kind, notBefore int64) [8]byte {
	sum := s.jti.sum(func(m []byte) []byte {
		m = binary.BigEndian.AppendUint64(m, person)
		m = binary.BigEndian.AppendUint32(m, generation)
		m = append(m, byte(kind))
		return binary.BigEndian.AppendUint32(m, uint32(notBefore))
	})
	return [8]byte(sum[:8])
}

// mask is what the person's ID is XORed with in the pass with this jti.
func (s *passSecrets) mask(id [8]byte) uint64 {
	sum := s.seal.sum(func(m []byte) []byte { return append(m, id[:]...) })
	return binary.BigEndian.Uint64(sum[:8])
}
