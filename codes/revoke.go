package codes

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// PadTo is the multiple to which a batch of revoked passes is filled up.
const PadTo = 512

// Revoked is one entry to be of the revocation list.
type Revoked struct {
	// ID is the jti of the pass.
	ID [8]byte
	// ExpiresAt is from when the entry can be dropped, in Unix seconds: the
	// latest possible end of the pass and the leeway.
	ExpiresAt int64
}

// Enumerate gives all passes of a person in one generation that can be valid
// between from and to, by every key of the ring that may have signed them. To
// revoke what is out, raise the generation, then enumerate the old one from now
// to now + MaxAhead. It is about 290 entries a day for app passes and 74 for
// the rest, for each key.
func (r *Ring) Enumerate(person uint64, generation uint32, from, to time.Time) []Revoked {
	leeway := int64(Leeway / time.Second)
	first := func(kind Kind) int64 {
		step, _ := gridOf(kind)
		return gridStart(kind, from.Unix()-longestLife(kind)-leeway) + step
	}
	return r.enumerate(person, generation, []Kind{KindApp, KindPaper, KindVisitor}, first, to.Unix()+leeway)
}

// EnumerateStarting gives the passes of these kinds of a person in one generation
// that begin between from, included, and to, excluded. One span after another, it
// gives each pass once.
func (r *Ring) EnumerateStarting(person uint64, generation uint32, from, to time.Time, kinds ...Kind) []Revoked {
	first := func(kind Kind) int64 {
		step, _ := gridOf(kind)
		return gridStart(kind, from.Unix()-1) + step
	}
	return r.enumerate(person, generation, kinds, first, to.Unix()-1)
}

// enumerate gives the passes that begin from first, which is on their kind's grid,
// to last, by the keys that may sign them.
func (r *Ring) enumerate(person uint64, generation uint32, kinds []Kind, first func(Kind) int64, last int64) []Revoked {
	snap := r.current.Load()
	leeway := int64(Leeway / time.Second)
	var out []Revoked
	for _, key := range snap.keys {
		if key.secrets == nil || key.signsFrom > last {
			continue
		}
		last := last
		if at, superseded := snap.supersededAt(key); superseded {
			last = min(last, at+int64(MaxAhead/time.Second))
		}
		for _, kind := range kinds {
			step, _ := gridOf(kind)
			life := longestLife(kind)
			for notBefore := max(first(kind), gridStart(kind, step)); notBefore <= min(last, math.MaxUint32); notBefore += step {
				id := key.secrets.passID(person, generation, kind, notBefore)
				out = append(out, Revoked{ID: id, ExpiresAt: notBefore + life + leeway})
			}
		}
	}
	return out
}

// longestLife is the longest life of a pass of this kind, in seconds.
func longestLife(kind Kind) int64 {
	switch kind {
	case KindPaper:
		return int64(MaxPaperDays * day / time.Second)
	case KindVisitor:
		return int64(MaxVisitorDays * day / time.Second)
	default:
		return int64(AppLife / time.Second)
	}
}

// Pad fills a batch up to a multiple of PadTo with decoys from random (as a
// rule crypto/rand.Reader), each with the expiry of an entry of the batch, and
// sorts it by jti. Put many people into a batch, pad it once when it is made,
// and keep the decoys like entries: padded again with others, two lists would
// show which are which. An empty batch stays empty.
func Pad(entries []Revoked, random io.Reader) ([]Revoked, error) {
	padded := slices.Clone(entries)
	for len(padded)%PadTo != 0 {
		var raw [16]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return nil, fmt.Errorf("codes: decoys for the revocation list: %w", err)
		}
		pick := binary.BigEndian.Uint64(raw[8:]) % uint64(len(entries))
		padded = append(padded, Revoked{ID: [8]byte(raw[:8]), ExpiresAt: entries[pick].ExpiresAt})
	}
	slices.SortFunc(padded, func(a, b Revoked) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return padded, nil
}
