// Package feed is the exchange with offices outside the town, the city's platform
// above all. Subscribers read what happened, each event at least once and in order
// for each person (page.go); those with the right to send decisions about statuses,
// which are applied once, in the order in which they were taken (change.go).
//
// Nothing is pushed: a subscriber that is slow, or away, costs nothing, and goes on
// from the cursor that it keeps for as long as the log does.
package feed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"sync/atomic"

	"passgate/checkpoint"
)

// b64 is how everything binary is written here: one form for each value.
var b64 = base64.RawURLEncoding.Strict()

// Feed is the exchange of one town. All that lasts is in the store: any number may work
// on one at once.
type Feed struct {
	store    *checkpoint.Store
	tokenKey []byte       // marks the tokens that were made here
	settled  atomic.Int64 // UTC ms: when SettleDue last settled
}

// New gives the exchange of a store's town.
func New(store *checkpoint.Store) *Feed {
	return &Feed{store: store, tokenKey: store.DerivedKey("tokens of subscribers")}
}

// names are how people and events are called for one subscriber: two subscribers
// cannot tell that they read of the same person, or of the same event.
type names struct {
	people cipher.Block
	events hash.Hash
}

func (f *Feed) namesFor(subscriber string) (*names, error) {
	block, err := aes.NewCipher(f.store.DerivedKey("people for subscriber " + subscriber))
	if err != nil {
		return nil, fmt.Errorf("feed: names for %s: %w", subscriber, err)
	}
	return &names{block, hmac.New(sha256.New, f.store.DerivedKey("events for subscriber "+subscriber))}, nil
}

// person is a pseudonym, 22 characters: the ID and 8 zero bytes as one block of a
// cipher, so that it can be led back here, and made up nowhere else.
func (n *names) person(id uint64) string {
	var block [aes.BlockSize]byte
	binary.BigEndian.PutUint64(block[:], id)
	n.people.Encrypt(block[:], block[:])
	return b64.EncodeToString(block[:])
}

// personOf leads a pseudonym back; false if it is none.
func (n *names) personOf(pseudonym string) (uint64, bool) {
	block, err := b64.DecodeString(pseudonym)
	if err != nil || len(block) != aes.BlockSize {
		return 0, false
	}
	n.people.Decrypt(block, block)
	return binary.BigEndian.Uint64(block), binary.BigEndian.Uint64(block[8:]) == 0
}

// event is an event's ID, 22 characters: the same whenever it is read.
func (n *names) event(kind byte, person uint64, at int64, what uint64) string {
	n.events.Reset()
	b := binary.BigEndian.AppendUint64([]byte{kind}, person)
	b = binary.BigEndian.AppendUint64(b, uint64(at)) //nolint:gosec // a time
	n.events.Write(binary.BigEndian.AppendUint64(b, what))
	return b64.EncodeToString(n.events.Sum(nil)[:16])
}
