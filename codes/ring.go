package codes

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// PublishBefore is how long a new key is in the JWKS before it signs, so that
// every phone that was connected in that time knows it.
const PublishBefore = 24 * time.Hour

// Errors of a ring.
var (
	// ErrNoSigningKey: the ring holds no private key that may sign now, as on
	// a gateway that only scans.
	ErrNoSigningKey = errors.New("codes: the ring holds no key that may sign now")
	// ErrRingExists: CreateRing and SaveTo never overwrite a ring.
	ErrRingExists = errors.New("codes: there is a key ring in this folder already")
	// ErrNoRing: OpenRing found no ring in the folder.
	ErrNoRing = errors.New("codes: no key ring in this folder")
	// ErrReadOnly: a ring from the environment or without its private keys
	// cannot be changed.
	ErrReadOnly = errors.New("codes: this key ring cannot be changed from here")
)

// Ring is a key ring: pass keys, each with its secrets, keys for lists and for the
// feed, and the secret of the site keys. It is safe for concurrent use; a change makes a new
// snapshot, and whoever reads sees one snapshot or the other.
type Ring struct {
	dir     string     // "" if the ring is not a file's
	write   sync.Mutex // held while the file or the snapshot is changed
	current atomic.Pointer[snapshot]
	public  atomic.Pointer[keySet] // the same keys, as verifiers need them
}

// snapshot is one state of a ring and never changes.
type snapshot struct {
	zone secret
	keys []*ringKey // by creation, then kid
	byID map[string]*ringKey
	file []byte // what it was read from
}

// ringKey is one key with all the ring knows of it. Times are Unix seconds.
type ringKey struct {
	*publicKey
	private   ed25519.PrivateKey // nil on a gateway that only scans, or retired
	secrets   *passSecrets       // nil for other keys
	createdAt int64
	signsFrom int64
	retiredAt int64 // 0 while not retired
}

// keySet is what verifying needs: public keys by their two names.
type keySet struct {
	byID   map[string]*publicKey
	byHint map[hint]*publicKey
}

// newKeySet refuses keys that the compact form could not tell apart.
func newKeySet(keys []*publicKey) (*keySet, error) {
	set := &keySet{byID: make(map[string]*publicKey, len(keys)), byHint: make(map[hint]*publicKey, len(keys))}
	for _, key := range keys {
		if other, taken := set.byHint[key.hint]; taken {
			return nil, fmt.Errorf("codes: keys %s and %s have the same hint: %w", other.kid, key.kid, errSameHint)
		}
		set.byID[key.kid], set.byHint[key.hint] = key, key
	}
	return set, nil
}

var errSameHint = errors.New("a compact pass could not tell them apart")

// newSnapshot sorts the keys and checks them together.
func newSnapshot(zone secret, keys []*ringKey) (*snapshot, *keySet, error) {
	slices.SortFunc(keys, func(a, b *ringKey) int {
		return cmp.Or(cmp.Compare(a.createdAt, b.createdAt), cmp.Compare(a.kid, b.kid))
	})
	snap := &snapshot{zone: zone, keys: keys, byID: make(map[string]*ringKey, len(keys))}
	public := make([]*publicKey, len(keys))
	for i, key := range keys {
		snap.byID[key.kid] = key
		public[i] = key.publicKey
	}
	set, err := newKeySet(public)
	return snap, set, err
}

// signer gives the key of this use that signs at now: of those whose time has
// come the latest, whether or not its private half is here.
func (s *snapshot) signer(use keyUse, now int64) *ringKey {
	var found *ringKey
	for _, key := range s.keys {
		if key.use == use && key.retiredAt == 0 && key.signsFrom <= now && (found == nil || key.signsFrom >= found.signsFrom) {
			found = key
		}
	}
	return found
}

// supersededAt is when the next key of the same use takes over from key, in
// Unix seconds, or ok = false if none is there yet.
func (s *snapshot) supersededAt(key *ringKey) (at int64, ok bool) {
	after := false
	for _, other := range s.keys {
		if other == key {
			after = true
			continue
		}
		later := other.signsFrom > key.signsFrom || other.signsFrom == key.signsFrom && after
		if other.use == key.use && later && (!ok || other.signsFrom < at) {
			at, ok = other.signsFrom, true
		}
	}
	return at, ok
}

// generateKey makes a key with fresh secrets.
func generateKey(use keyUse, createdAt, signsFrom int64) (*ringKey, error) {
	seed := randomBytes(ed25519.SeedSize)
	key := &ringKey{private: ed25519.NewKeyFromSeed(seed), createdAt: createdAt, signsFrom: signsFrom}
	if use == usePass {
		key.secrets = &passSecrets{seal: newSecret(randomBytes(secretBytes)), jti: newSecret(randomBytes(secretBytes))}
	}
	var err error
	key.publicKey, err = newPublicKey(key.private[ed25519.SeedSize:], use)
	return key, err
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it would end the process
	return b
}

// KeyInfo describes a key without any secret.
type KeyInfo struct {
	// KeyID is the kid.
	KeyID string `json:"kid"`
	// Use is "pass", "list" or "feed"; a key signs nothing of another.
	Use string `json:"use"`
	// CreatedAt is when the key came into the ring and the JWKS, UTC.
	CreatedAt time.Time `json:"created_at"`
	// SignsFrom is from when it signs, UTC.
	SignsFrom time.Time `json:"signs_from"`
	// RetiredAt is when its private half was destroyed, or the zero time.
	RetiredAt time.Time `json:"retired_at,omitzero"`
	// CanSign says that the private half is in this ring.
	CanSign bool `json:"can_sign"`
}

// LogValue gives the kid and the use, which is all that a log needs.
func (k KeyInfo) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kid", k.KeyID), slog.String("use", k.Use))
}

// List gives the keys of the ring, oldest first, without secrets.
func (r *Ring) List() []KeyInfo {
	keys := r.current.Load().keys
	infos := make([]KeyInfo, len(keys))
	for i, key := range keys {
		infos[i] = KeyInfo{
			KeyID: key.kid, Use: string(key.use), CanSign: key.private != nil,
			CreatedAt: time.Unix(key.createdAt, 0).UTC(), SignsFrom: time.Unix(key.signsFrom, 0).UTC(),
		}
		if key.retiredAt != 0 {
			infos[i].RetiredAt = time.Unix(key.retiredAt, 0).UTC()
		}
	}
	return infos
}

// String tells how many keys there are, and nothing of them.
func (r *Ring) String() string { return fmt.Sprintf("key ring of %d keys", len(r.current.Load().keys)) }

// GoString is String.
func (r *Ring) GoString() string { return r.String() }

// LogValue is String.
func (r *Ring) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalJSON refuses: only Export writes secrets.
func (r *Ring) MarshalJSON() ([]byte, error) {
	return nil, errors.New("codes: a key ring is written by Export only")
}

// Verifier gives a verifier that follows every change of the ring.
func (r *Ring) Verifier() *Verifier { return &Verifier{keys: &r.public} }

// SiteKey gives the 32-byte key by which a site's own devices tell a pass of
// theirs from others (Pass.OfSite). It belongs to the ring rather than to a
// signing key, so it outlives rotation. site is the site's code; "" has a key
// too, for people without a home, and is given to nobody.
func (r *Ring) SiteKey(site string) []byte {
	zone := r.current.Load().zone
	return zone.site(site)
}

func (s secret) site(site string) []byte {
	mac := hmac.New(sha256.New, s.raw)
	mac.Write([]byte("passgate site "))
	mac.Write([]byte(site))
	return mac.Sum(nil)
}

// zoneOf is the z of the pass with this jti for a home with this site key.
func zoneOf(siteKey []byte, id [8]byte) [5]byte {
	mac := hmac.New(sha256.New, siteKey)
	mac.Write(id[:])
	return [5]byte(mac.Sum(nil)[:5])
}

// OfSite reports whether the pass's holder lives at the site with this key
// (Ring.SiteKey); one pass in 2^40 is wrongly taken for one.
func (p Pass) OfSite(siteKey []byte) bool {
	zone := zoneOf(siteKey, p.ID)
	return hmac.Equal(zone[:], p.Zone[:])
}

// Open unseals the person and finds the generation by trying them from 0 to
// MaxGeneration. It works with every key still in the ring, retired ones too;
// ok is false if the key is not there or the pass is none that it issued.
// Open checks no signature: p has to come from Verify.
func (r *Ring) Open(p Pass) (person uint64, generation uint32, ok bool) {
	key := r.current.Load().byID[p.KeyID]
	if key == nil || key.secrets == nil {
		return 0, 0, false
	}
	person = binary.BigEndian.Uint64(p.Subject[:]) ^ key.secrets.mask(p.ID)
	for generation = range uint32(MaxGeneration + 1) {
		id := key.secrets.passID(person, generation, p.Kind, p.NotBefore)
		if bytes.Equal(id[:], p.ID[:]) {
			return person, generation, true
		}
	}
	return 0, 0, false
}
