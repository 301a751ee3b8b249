package checkpoint

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// FieldKey is one version of the two keys by which particulars of people are
// kept: Field encrypts them, Index keys the blind indexes of documents and phones.
// Both have 32 bytes. Version 1 is Config.FieldKey and Config.IndexKey.
//
// The index key of version 1 stays for good: the IDs of households, visitors,
// walk-ins and plates are made with it, and households' activation codes. Whoever has it and a copy of the store can
// try out, guess by guess, who is behind one of these IDs; after a rotation they
// can no longer do so for the documents and phones of residents.
type FieldKey struct {
	Version      int // 2 to 255
	Field, Index []byte
}

// firstVersion is the version that a store begins with.
const firstVersion = 1

// newSealRing checks keys and sets them up, to write with the first of them.
func newSealRing(fieldKey, indexKey []byte, newer []FieldKey) (*sealRing, error) {
	all := append([]FieldKey{{firstVersion, fieldKey, indexKey}}, newer...)
	ring := &sealRing{keys: map[byte]*sealKey{}}
	var seen [][]byte
	for i, k := range all {
		if i > 0 && (k.Version <= firstVersion || k.Version > 255 || ring.keys[byte(k.Version)] != nil) {
			return nil, fmt.Errorf("checkpoint: field key version %d: versions are different numbers from 2 to 255", k.Version)
		}
		for _, one := range []struct {
			name string
			key  []byte
		}{{"field key", k.Field}, {"index key", k.Index}} {
			switch {
			case i == 0 && one.key == nil && one.name == "field key" && len(newer) > 0:
				continue
			case len(one.key) != fieldKeySize:
				return nil, fmt.Errorf("checkpoint: the %s of version %d has %d bytes, it must have %d", one.name, k.Version, len(one.key), fieldKeySize)
			case slices.ContainsFunc(seen, func(other []byte) bool { return hmac.Equal(other, one.key) }):
				return nil, errors.New("checkpoint: the field key and the index key are the same, or those of two versions: all must differ")
			}
			seen = append(seen, one.key)
		}
		key, err := newSealKey(k)
		if err != nil {
			return nil, err
		}
		ring.keys[byte(k.Version)] = key
		if ring.write == 0 && key.aead != nil {
			ring.write = byte(k.Version)
		}
	}
	return ring, nil
}

func newSealKey(k FieldKey) (*sealKey, error) {
	key := &sealKey{index: newKeyedHash(k.Index)}
	if k.Field == nil {
		return key, nil
	}
	block, err := aes.NewCipher(k.Field)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: field key: %w", err)
	}
	if key.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
		return nil, fmt.Errorf("checkpoint: field key: %w", err)
	}
	return key, nil
}

// versions are those that the process can read, in order.
func (r *sealRing) versions() []byte {
	held := slices.Sorted(maps.Keys(r.keys))
	return slices.DeleteFunc(held, func(v byte) bool { return r.keys[v].aead == nil })
}

// indexHashes are the hashes of a value in the indexes of all versions, newest
// first. Version 1 is there even when it was dropped; its index is empty then.
func (s *sealer) indexHashes(kind, value string) map[byte]uint64 {
	hashes := map[byte]uint64{}
	for v, key := range s.ring.Load().keys {
		hashes[v] = key.index.sum(kind, value)
	}
	return hashes
}

// writeWith has new blobs sealed with a version, if this process holds it.
func (s *sealer) writeWith(version byte) bool {
	for {
		ring := s.ring.Load()
		key := ring.keys[version]
		if key == nil || key.aead == nil {
			return false
		}
		if ring.write == version || s.ring.CompareAndSwap(ring, &sealRing{ring.keys, version}) {
			return true
		}
	}
}

// LoadFieldKeys takes up the keys as they are now in their files: new versions,
// or one less. indexKey has to be the one that the store was opened with.
func (s *Store) LoadFieldKeys(fieldKey, indexKey []byte, newer []FieldKey) (changed bool, err error) {
	ring, err := newSealRing(fieldKey, indexKey, newer)
	if err != nil {
		return false, err
	}
	if ring.keys[firstVersion].index.sum("check", "index key") != s.seal.blind("check", "index key") {
		return false, errors.New("checkpoint: the index key of version 1 is another one than this process began with: it never changes")
	}
	old := s.seal.ring.Load()
	if key := ring.keys[old.write]; key == nil || key.aead == nil {
		return false, fmt.Errorf("checkpoint: field key version %d is in use, but it is gone: put it back", old.write)
	}
	ring.write = old.write
	s.seal.ring.Store(ring)
	return !slices.Equal(old.versions(), ring.versions()), nil
}

// fieldUseKnown is for how long a process may believe what it read of the keys in
// use: whatever it writes by it is written before.
const fieldUseKnown = 20 * time.Second

// fieldUse says which versions are in use. While one follows another there are
// two: index is written in the order of the list, and what the last one says is
// decisive, see Store.claim; blobs are sealed with the last.
type fieldUse struct {
	list   []byte // in the order in which they came
	since  int64  // Redis's clock, ms; 0: from the beginning
	stored string // as it is in Redis, "" if nothing is
}

func (u fieldUse) newest() byte { return u.list[len(u.list)-1] }

// String is the stored form: "1,2@1600000000000".
func (u fieldUse) String() string {
	var b strings.Builder
	for i, v := range u.list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(int(v)))
	}
	return b.String() + "@" + strconv.FormatInt(u.since, 10)
}

func parseFieldUse(text string) (u fieldUse, err error) {
	u.stored = text
	if text == "" {
		u.list = []byte{firstVersion}
		return u, nil
	}
	list, since, _ := strings.Cut(text, "@")
	for part := range strings.SplitSeq(list, ",") {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return u, fmt.Errorf("checkpoint: the field keys in use are not in their form: %q", text)
		}
		u.list = append(u.list, byte(v))
	}
	u.since, err = strconv.ParseInt(since, 10, 64)
	if err != nil || len(u.list) > 2 {
		return u, fmt.Errorf("checkpoint: the field keys in use are not in their form: %q", text)
	}
	return u, nil
}

// fieldsInUse reads which versions are in use and seals with the newest of them
// from now on. It fails when this process lacks one.
func (s *Store) fieldsInUse(ctx context.Context) (fieldUse, error) {
	return s.useOf(s.rdb.HGet(ctx, s.keys.registry("seal"), "use"))
}

func (s *Store) useOf(reply *redis.StringCmd) (fieldUse, error) {
	text, err := reply.Result()
	if err != nil && !isNil(err) {
		return fieldUse{}, unavailable(err)
	}
	use, err := parseFieldUse(text)
	if err != nil {
		return use, err
	}
	for _, v := range use.list {
		if key := s.seal.ring.Load().keys[v]; key == nil || key.aead == nil {
			return use, fmt.Errorf("%w: field key version %d is in use and this process does not hold it: copy it here", ErrUnavailable, v)
		}
	}
	s.seal.writeWith(use.newest())
	return use, nil
}

// checkKeys refuses other secrets than those the stored people were written
// with: under a wrong key nobody would be found and nobody's name be readable.
func (s *Store) checkKeys(ctx context.Context) error {
	if err := s.proveKey(ctx, firstVersion); err != nil {
		return err
	}
	stored, err := s.rdb.HGetAll(ctx, s.keys.registry("seal")).Result()
	if err != nil {
		return unavailable(err)
	}
	for field := range stored {
		number, ok := strings.CutPrefix(field, "field:")
		version, err := strconv.ParseUint(number, 10, 8)
		if !ok || err != nil {
			continue
		}
		if s.seal.ring.Load().keys[byte(version)] == nil {
			return fmt.Errorf("%w: people in it are written with field key version %d, which is not here; copy field-%d.key and index-%d.key of another gateway", ErrFormat, version, version, version)
		}
		if err := s.proveKey(ctx, byte(version)); err != nil {
			return err
		}
	}
	_, err = s.fieldsInUse(ctx)
	return err
}

// proofs are the fields of {reg}:seal by which a version is known again.
func proofs(version byte) (field, index string) {
	if version == firstVersion {
		return "field", "index"
	}
	return "field:" + strconv.Itoa(int(version)), "index:" + strconv.Itoa(int(version))
}

// indexProof is what an index key leaves in a store by which it is known again.
func indexProof(index *keyedHash) string {
	return strconv.FormatUint(index.sum("check", "index key"), 16)
}

// proveKey leaves proofs of a version in an empty store and compares them with
// those in another one.
func (s *Store) proveKey(ctx context.Context, version byte) error {
	key := s.keys.registry("seal")
	field, index := proofs(version)
	held := s.seal.ring.Load().keys[version]
	mine := indexProof(held.index)
	if err := s.rdb.HSetNX(ctx, key, index, mine).Err(); err != nil {
		return unavailable(err)
	}
	dropped, err := s.rdb.HExists(ctx, key, "use").Result() // then version 1 may be gone for good
	if err != nil {
		return unavailable(err)
	}
	if held.aead != nil && (version != firstVersion || !dropped) {
		blob := held.aead.Seal([]byte{version}, nil, []byte("field key"), bind(version, 0))
		if err := s.rdb.HSetNX(ctx, key, field, blob).Err(); err != nil {
			return unavailable(err)
		}
	}
	stored, err := s.rdb.HMGet(ctx, key, field, index).Result()
	if err != nil {
		return unavailable(err)
	}
	if stored[1] != mine {
		return fmt.Errorf("%w: the people in it were written with another index key (version %d); restore the key file that belongs to this data", ErrFormat, version)
	}
	if proof, there := stored[0].(string); there {
		if _, err := s.seal.open(0, []byte(proof)); err != nil {
			return fmt.Errorf("%w: the people in it were written with another field key (version %d); restore the key file that belongs to this data", ErrFormat, version)
		}
	}
	return nil
}
