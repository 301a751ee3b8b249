package checkpoint

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
)

// identity is what is kept of a person in the clear only inside the sealed
// blob.
type identity struct {
	Name     string `json:"n"`
	Document string `json:"i,omitempty"` // whole number; of a walk-in the last four characters
	Phone    string `json:"p,omitempty"`
	Door     string `json:"d,omitempty"`
}

const fieldKeySize = 32

// sealer encrypts identities and makes the blind indexes. It is safe for
// concurrent use.
type sealer struct {
	names keyedHash // of what has its ID from its name, for life: see FieldKey
	ring  atomic.Pointer[sealRing]
}

// sealRing are the versions of the keys that this process holds.
type sealRing struct {
	keys  map[byte]*sealKey
	write byte // the version that new blobs get
}

// sealKey is one version.
type sealKey struct {
	aead  cipher.AEAD // nil: no blob of this version is left anywhere
	index *keyedHash
}

// keyedHash makes keyed hashes. Setting up a key costs more than hashing a
// short message, so what was set up is used again.
type keyedHash struct{ pool sync.Pool }

func newKeyedHash(key []byte) *keyedHash {
	key = append([]byte(nil), key...)
	return &keyedHash{sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// sum is the first 64 bits of HMAC-SHA256(key, kind, 0, value).
func (k *keyedHash) sum(kind, value string) uint64 {
	mac := k.pool.Get().(hash.Hash) //nolint:forcetypeassert // the pool holds nothing else
	defer k.pool.Put(mac)
	mac.Reset()
	var buf [128]byte
	msg := append(buf[:0], kind...)
	msg = append(msg, 0)
	msg = append(msg, value...)
	mac.Write(msg)
	return binary.BigEndian.Uint64(mac.Sum(buf[:0]))
}

// newSealer wants different keys of 32 bytes: of each version one encrypts and
// one keys the blind indexes. The field key of version 1 is nil when that
// version was dropped.
func newSealer(fieldKey, indexKey []byte, newer ...FieldKey) (*sealer, error) {
	ring, err := newSealRing(fieldKey, indexKey, newer)
	if err != nil {
		return nil, err
	}
	s := &sealer{names: keyedHash{}}
	s.names.pool.New = ring.keys[firstVersion].index.pool.New
	s.ring.Store(ring)
	return s, nil
}

// sealOverhead is by how much a blob is longer than what it holds: version,
// nonce, tag.
const sealOverhead = 1 + 12 + 16

// bind is the additional data: a blob opens only in the record it was made for.
func bind(version byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{version}, id)
}

// seal encrypts plain for the record id. The first byte of a blob is the version
// of its key.
func (s *sealer) seal(id uint64, plain []byte) []byte {
	ring := s.ring.Load()
	blob := append(make([]byte, 0, sealOverhead+len(plain)), ring.write)
	return ring.keys[ring.write].aead.Seal(blob, nil, plain, bind(ring.write, id))
}

// open decrypts a blob of the record id.
func (s *sealer) open(id uint64, blob []byte) ([]byte, error) {
	if len(blob) == 0 {
		return nil, errors.New("checkpoint: a sealed identity is empty")
	}
	key := s.ring.Load().keys[blob[0]]
	if key == nil || key.aead == nil {
		return nil, fmt.Errorf("checkpoint: a sealed identity needs field key version %d, which is not here", blob[0])
	}
	plain, err := key.aead.Open(nil, nil, blob[1:], bind(blob[0], id))
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

// blind is a keyed hash that never changes for a value: IDs are made of it.
func (s *sealer) blind(kind, value string) uint64 { return s.names.sum(kind, value) }

// indexHash is the keyed hash under which a value is found, without being
// stored, in the blind index of a version that this process holds.
func (s *sealer) indexHash(version byte, kind, value string) uint64 {
	return s.ring.Load().keys[version].index.sum(kind, value)
}
