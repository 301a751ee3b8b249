package checkpoint

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"sync"
)

// identity is what is kept of a person in the clear only inside the sealed
// blob.
type identity struct {
	Name     string `json:"n"`
	Document string `json:"i,omitempty"` // whole number; of a walk-in the last four characters
	Phone    string `json:"p,omitempty"`
	Door     string `json:"d,omitempty"`
}

// sealVersion is the first byte of a sealed blob. Another key or form gets
// another number, so that old blobs stay readable while they are rewritten.
const sealVersion = 1

const fieldKeySize = 32

// sealer encrypts identities and makes the blind indexes. It is safe for
// concurrent use.
type sealer struct {
	aead cipher.AEAD
	macs sync.Pool // of hash.Hash, keyed: setting up a key costs more than a short message
}

// newSealer wants two different keys of 32 bytes: one encrypts, one keys the
// blind indexes.
func newSealer(fieldKey, indexKey []byte) (*sealer, error) {
	for name, key := range map[string][]byte{"field key": fieldKey, "index key": indexKey} {
		if len(key) != fieldKeySize {
			return nil, fmt.Errorf("checkpoint: the %s has %d bytes, it must have %d", name, len(key), fieldKeySize)
		}
	}
	if hmac.Equal(fieldKey, indexKey) {
		return nil, errors.New("checkpoint: the field key and the index key are the same, they must differ")
	}
	block, err := aes.NewCipher(fieldKey)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: field key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: field key: %w", err)
	}
	indexKey = append([]byte(nil), indexKey...)
	s := &sealer{aead: aead}
	s.macs.New = func() any { return hmac.New(sha256.New, indexKey) }
	return s, nil
}

// sealOverhead is by how much a blob is longer than what it holds: version,
// nonce, tag.
const sealOverhead = 1 + 12 + 16

// bind is the additional data: a blob opens only in the record it was made for.
func bind(id uint64) []byte { return binary.BigEndian.AppendUint64([]byte{sealVersion}, id) }

// seal encrypts plain for the record id.
func (s *sealer) seal(id uint64, plain []byte) []byte {
	blob := append(make([]byte, 0, sealOverhead+len(plain)), sealVersion)
	return s.aead.Seal(blob, nil, plain, bind(id))
}

// open decrypts a blob of the record id.
func (s *sealer) open(id uint64, blob []byte) ([]byte, error) {
	if len(blob) == 0 || blob[0] != sealVersion {
		return nil, errors.New("checkpoint: a sealed identity has a form that this version does not know")
	}
	plain, err := s.aead.Open(nil, nil, blob[1:], bind(id))
	if err != nil {
		return nil, fmt.Errorf("checkpoint: a sealed identity does not open (another field key, or not this person's): %w", err)
	}
	return plain, nil
}

// sealIdentity is seal for an identity.
func (s *sealer) sealIdentity(id uint64, who identity) []byte {
	plain, err := json.Marshal(who)
	if err != nil {
		panic("checkpoint: four strings cannot fail to encode: " + err.Error())
	}
	return s.seal(id, plain)
}

// openIdentity reads what sealIdentity wrote.
func (s *sealer) openIdentity(id uint64, blob []byte) (identity, error) {
	var who identity
	plain, err := s.open(id, blob)
	if err != nil {
		return who, err
	}
	if err := json.Unmarshal(plain, &who); err != nil {
		return who, fmt.Errorf("checkpoint: a sealed identity is not in its form: %w", err)
	}
	return who, nil
}

// blind is the keyed hash under which a value is found without being stored:
// the first 64 bits of HMAC-SHA256(index key, kind, 0, value).
func (s *sealer) blind(kind, value string) uint64 {
	mac := s.macs.Get().(hash.Hash) //nolint:forcetypeassert // the pool holds nothing else
	defer s.macs.Put(mac)
	mac.Reset()
	var buf [128]byte
	msg := append(buf[:0], kind...)
	msg = append(msg, 0)
	msg = append(msg, value...)
	mac.Write(msg)
	return binary.BigEndian.Uint64(mac.Sum(buf[:0]))
}
