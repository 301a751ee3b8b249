package codes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	// ListType is the typ in the header of a revocation list.
	ListType = "passgate-revocations+jwt"
	// ListLife is how long a list is good if its author does not say.
	ListLife = 24 * time.Hour
	// MaxListBytes is the longest signed list that is looked at, some two
	// million entries.
	MaxListBytes = 32 << 20
)

// ErrListGap says that a delta does not continue the list it is to be merged with, so
// the full list has to be fetched.
var ErrListGap = errors.New("codes: the delta does not follow on the list")

// RevocationList is what enrolled devices get: the jtis of current and future
// passes that are revoked, among decoys (Pad).
type RevocationList struct {
	// Counter rises with each list.
	Counter uint64
	// Since is 0 in a full list; in a delta it is the Counter after which its
	// entries were added.
	Since uint64
	// IssuedAt and ExpiresAt are Unix seconds. SignList sets the first, and
	// the second to ListLife later if it is 0.
	IssuedAt, ExpiresAt int64
	// IDs are the jtis, ascending, each once. SignList brings them into order.
	IDs [][8]byte
}

// Contains reports whether a jti is in the list, by binary search.
func (l RevocationList) Contains(id [8]byte) bool {
	_, found := slices.BinarySearchFunc(l.IDs, id, compareIDs)
	return found
}

func compareIDs(a, b [8]byte) int { return bytes.Compare(a[:], b[:]) }

// listHeader and listClaims are the JWT of a list, byte for byte.
type listHeader struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

type listClaims struct {
	Counter   uint64 `json:"counter"`
	Since     uint64 `json:"since"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	IDs       string `json:"jtis"`
}

// maxCounter keeps counters exact in JavaScript.
const maxCounter = 1<<53 - 1

func (c *listClaims) wellFormed() bool {
	return c.Counter <= maxCounter && c.Since <= c.Counter && c.IssuedAt >= 0 &&
		c.IssuedAt < c.ExpiresAt && c.ExpiresAt <= math.MaxUint32
}

// SignList signs a list with the ring's key for lists. It fails with
// ErrNoSigningKey on a ring without it.
func (r *Ring) SignList(list RevocationList, now time.Time) (string, error) {
	key := r.current.Load().signer(useList, now.Unix())
	if key == nil || key.private == nil {
		return "", ErrNoSigningKey
	}
	ids := slices.Clone(list.IDs)
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	packed := make([]byte, 0, 8*len(ids))
	for _, id := range ids {
		packed = append(packed, id[:]...)
	}
	claims := listClaims{
		Counter: list.Counter, Since: list.Since, IssuedAt: now.Unix(),
		ExpiresAt: list.ExpiresAt, IDs: b64.EncodeToString(packed),
	}
	if claims.ExpiresAt == 0 {
		claims.ExpiresAt = now.Add(ListLife).Unix()
	}
	if !claims.wellFormed() || claims.ExpiresAt > now.Add(MaxListLife).Unix() {
		return "", errors.New("codes: a list needs since <= counter < 2^53 and an end within 7 days")
	}
	input, err := encodeList(key.kid, &claims)
	if err != nil {
		return "", err
	}
	sig, err := method.Sign(input, key.private)
	if err != nil {
		return "", fmt.Errorf("codes: signing the list: %w", err)
	}
	text := input + "." + b64.EncodeToString(sig)
	if len(text) > MaxListBytes {
		return "", errors.New("codes: the revocation list is over 32 MiB")
	}
	return text, nil
}

// encodeList gives the signing input.
func encodeList(kid string, claims *listClaims) (string, error) {
	header, err := json.Marshal(listHeader{Algorithm: method.Alg(), KeyID: kid, Type: ListType})
	if err != nil {
		return "", fmt.Errorf("codes: writing the list: %w", err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("codes: writing the list: %w", err)
	}
	return b64.EncodeToString(header) + "." + b64.EncodeToString(payload), nil
}

// VerifyList checks and reads a signed list. Its error is a *Refusal. A list
// that is good but past its end comes back together with the refusal expired:
// an old list is better than none.
func (v *Verifier) VerifyList(text string, now time.Time) (RevocationList, error) {
	list, refusal := v.keys.Load().readList(text)
	if refusal != nil {
		return RevocationList{}, refusal
	}
	leeway := int64(Leeway / time.Second)
	if list.IssuedAt > now.Unix()+leeway {
		return RevocationList{}, refuse(ReasonNotYetValid, "issued "+stamp(list.IssuedAt))
	}
	if now.Unix() >= list.ExpiresAt+leeway {
		return list, refuse(ReasonExpired, "good until "+stamp(list.ExpiresAt))
	}
	return list, nil
}

func (set *keySet) readList(text string) (RevocationList, *Refusal) {
	parts := strings.SplitN(text, ".", 4)
	if len(text) > MaxListBytes || len(parts) != 3 {
		return RevocationList{}, malformed("a list is a JWT of at most 32 MiB")
	}
	raw := make([][]byte, len(parts))
	for i, part := range parts {
		raw[i] = make([]byte, b64.DecodedLen(len(part)))
		if !decode64(raw[i], part) {
			return RevocationList{}, malformed("not canonical base64url")
		}
	}
	var header listHeader
	var claims listClaims
	if json.Unmarshal(raw[0], &header) != nil || json.Unmarshal(raw[1], &claims) != nil {
		return RevocationList{}, malformed("not the JSON of a list")
	}
	again, err := encodeList(header.KeyID, &claims)
	if err != nil || again != parts[0]+"."+parts[1] || !claims.wellFormed() {
		return RevocationList{}, malformed("not the header and claims of a list, byte for byte")
	}
	key, known := set.byID[header.KeyID]
	if !known || key.use != useList {
		return RevocationList{}, refuse(ReasonUnknownKey, "no key for lists with this kid")
	}
	if method.Verify(again, raw[2], key) != nil {
		return RevocationList{}, refuse(ReasonBadSignature, "not signed by key "+key.kid)
	}
	return claims.list()
}

// list unpacks the entries and refuses them out of order.
func (c *listClaims) list() (RevocationList, *Refusal) {
	packed := make([]byte, b64.DecodedLen(len(c.IDs)))
	if !decode64(packed, c.IDs) || len(packed)%8 != 0 {
		return RevocationList{}, malformed("the entries are not 8 bytes each in base64url")
	}
	list := RevocationList{Counter: c.Counter, Since: c.Since, IssuedAt: c.IssuedAt, ExpiresAt: c.ExpiresAt}
	list.IDs = make([][8]byte, 0, len(packed)/8)
	for id := range slices.Chunk(packed, 8) {
		if n := len(list.IDs); n > 0 && bytes.Compare(list.IDs[n-1][:], id) >= 0 {
			return RevocationList{}, malformed("the entries are not in order")
		}
		list.IDs = append(list.IDs, [8]byte(id))
	}
	return list, nil
}

// Merge adds a delta to a full list; a newer full list replaces it. One that is
// not newer changes nothing, so nobody can roll a device back; a delta that
// starts after the list's counter fails with ErrListGap. Entries of deltas are
// only ever added: a raised generation is never lowered, and entries of expired
// passes do no harm until the next full list.
func Merge(full, delta RevocationList) (RevocationList, error) {
	if full.Since != 0 {
		return RevocationList{}, errors.New("codes: only a full list can be merged into")
	}
	if delta.Counter < full.Counter || delta.Counter == full.Counter && delta.IssuedAt <= full.IssuedAt {
		return full, nil
	}
	if delta.Since == 0 {
		return delta, nil
	}
	if delta.Since > full.Counter {
		return RevocationList{}, ErrListGap
	}
	merged := delta
	merged.Since = 0
	merged.IDs = slices.Concat(full.IDs, delta.IDs)
	slices.SortFunc(merged.IDs, compareIDs)
	merged.IDs = slices.Compact(merged.IDs)
	return merged, nil
}
