package gateway

import (
	"hash/maphash"
	"sync"
)

// triesAMinute is how often one address may bring a secret to this gateway in a
// minute, good or not. It only keeps a flood away from Redis: what is right and
// wrong is counted there, by tries far fewer.
const triesAMinute = 300

// doorstep counts them. Addresses that strangers choose share its counters, so
// its memory does not grow.
type doorstep struct {
	mu     sync.Mutex
	minute int64
	seed   maphash.Seed
	tries  [1 << 16]uint16
}

// admit tells whether an address may try once more at a time (UTC ms).
func (d *doorstep) admit(address string, now int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if minute := now / 60_000; minute != d.minute {
		d.minute, d.seed = minute, maphash.MakeSeed() // who shares a counter changes
		clear(d.tries[:])
	}
	n := &d.tries[uint16(maphash.String(d.seed, address))] //nolint:gosec // 16 bits are meant
	if *n >= triesAMinute {
		return failure(codeTooMany, "too many tries from this address: wait a minute")
	}
	*n++
	return nil
}
