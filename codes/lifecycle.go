package codes

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	// MaxAhead is how long before its start a pass may be signed.
	MaxAhead = 48 * time.Hour
	// MaxPaperDays bounds how long a paper pass lives.
	MaxPaperDays = 60
	// MaxVisitorDays bounds how long a visitor's pass lives.
	MaxVisitorDays = 14
	// MaxListLife bounds how long a revocation list may say it is good.
	MaxListLife = 7 * 24 * time.Hour
	// KeepPublic is how long a retired key stays in the JWKS: the longest
	// retention, in which late scans are still judged.
	KeepPublic = 60 * 24 * time.Hour
)

// CreateRing makes the folder dir (mode 0700) and in it a ring (mode 0600) with
// one key each for passes, lists and the feed, all signing at once. It fails with
// ErrRingExists if there is a ring.
func CreateRing(dir string, now time.Time) (*Ring, error) {
	var keys []*ringKey
	for {
		pass, err := generateKey(usePass, now.Unix(), now.Unix())
		if err != nil {
			return nil, err
		}
		list, err := generateKey(useList, now.Unix(), now.Unix())
		if err != nil {
			return nil, err
		}
		feed, err := generateKey(useFeed, now.Unix(), now.Unix())
		if err != nil {
			return nil, err
		}
		if pass.hint != list.hint && pass.hint != feed.hint && list.hint != feed.hint {
			keys = []*ringKey{pass, list, feed}
			break
		}
	}
	snap, _, err := newSnapshot(newSecret(randomBytes(secretBytes)), keys)
	if err != nil {
		return nil, err
	}
	text, err := snap.encode(false)
	if err != nil {
		return nil, err
	}
	ring, err := newRing(dir, text)
	if err != nil {
		return nil, err
	}
	if err := ring.SaveTo(dir); err != nil {
		return nil, err
	}
	return ring, nil
}

// OpenRing reads the ring in dir. It fails with ErrNoRing if there is none, and
// with the command to run if others than its owner can read it.
func OpenRing(dir string) (*Ring, error) {
	text, err := readRing(dir)
	if err != nil {
		return nil, err
	}
	return newRing(dir, text)
}

// RingFromEnv reads a whole ring, as Export writes it, from the value of
// PASSGATE_KEYS. Such a ring does not change while the process runs.
func RingFromEnv(value string) (*Ring, error) {
	if len(value) > maxRingBytes {
		return nil, errors.New("codes: the key ring is larger than 1 MiB")
	}
	return newRing("", []byte(value))
}

func newRing(dir string, text []byte) (*Ring, error) {
	snap, set, err := parseRing(text)
	if err != nil {
		return nil, err
	}
	ring := &Ring{dir: dir}
	ring.publish(snap, set)
	return ring, nil
}

func (r *Ring) publish(snap *snapshot, set *keySet) {
	r.current.Store(snap)
	r.public.Store(set)
}

// VerifyOnly gives a copy of the ring that verifies, opens and enumerates but
// cannot sign: what a gateway that only scans gets.
func (r *Ring) VerifyOnly() *Ring {
	snap := *r.current.Load()
	keys := make([]*ringKey, len(snap.keys))
	snap.byID = make(map[string]*ringKey, len(keys))
	for i, key := range snap.keys {
		bare := *key
		bare.private = nil
		keys[i], snap.byID[bare.kid] = &bare, &bare
	}
	snap.keys, snap.file = keys, nil
	ring := &Ring{}
	ring.publish(&snap, r.public.Load())
	return ring
}

// Export gives the ring with all the secrets it holds as JSON, for
// PASSGATE_KEYS. Of VerifyOnly it has no private keys.
func (r *Ring) Export() ([]byte, error) { return r.current.Load().encode(false) }

// SaveTo writes the ring into a folder that has none yet.
func (r *Ring) SaveTo(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("codes: key ring: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("codes: key ring: %w", err)
	}
	if err := checkMode(dir, info, "700"); err != nil {
		return err
	}
	unlock, err := lockRing(dir)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(filepath.Join(dir, ringFileName)); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrRingExists, dir)
	}
	text, err := r.Export()
	if err != nil {
		return err
	}
	return writeRing(dir, text)
}

// Reload reads the ring's file again and tells whether it had changed. If it
// fails the ring stays as it was. A ring that is no file's never changes.
func (r *Ring) Reload() (changed bool, err error) {
	if r.dir == "" {
		return false, nil
	}
	r.write.Lock()
	defer r.write.Unlock()
	text, err := readRing(r.dir)
	if err != nil || string(text) == string(r.current.Load().file) {
		return false, err
	}
	snap, set, err := parseRing(text)
	if err != nil {
		return false, err
	}
	r.publish(snap, set)
	return true, nil
}

// change reads the file again under lock, lets edit work on the keys, checks
// the result as if loading it, writes it and publishes it.
func (r *Ring) change(edit func(*snapshot) ([]*ringKey, error)) error {
	if r.dir == "" {
		return ErrReadOnly
	}
	r.write.Lock()
	defer r.write.Unlock()
	unlock, err := lockRing(r.dir)
	if err != nil {
		return err
	}
	defer unlock()
	text, err := readRing(r.dir)
	if err != nil {
		return err
	}
	before, _, err := parseRing(text)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(before.keys, func(k *ringKey) bool { return k.private != nil }) {
		return ErrReadOnly
	}
	keys, err := edit(before)
	if err != nil {
		return err
	}
	after, _, err := newSnapshot(before.zone, keys)
	if err != nil {
		return err
	}
	if text, err = after.encode(false); err != nil {
		return err
	}
	snap, set, err := parseRing(text)
	if err != nil {
		return err
	}
	if err := writeRing(r.dir, text); err != nil {
		return err
	}
	r.publish(snap, set)
	return nil
}

// Rotate adds a key for passes. It is in the JWKS at once and signs from
// PublishBefore later; the first of a ring signs at once.
func (r *Ring) Rotate(now time.Time) (kid string, err error) { return r.rotate(usePass, now) }

// RotateList does the same for the key of the revocation lists.
func (r *Ring) RotateList(now time.Time) (kid string, err error) { return r.rotate(useList, now) }

// RotateFeed does the same for the key of the feed.
func (r *Ring) RotateFeed(now time.Time) (kid string, err error) { return r.rotate(useFeed, now) }

// SignsFeed tells that the ring has a key for the feed, whether or not its private
// half is here.
func (r *Ring) SignsFeed() bool {
	return slices.ContainsFunc(r.current.Load().keys, func(k *ringKey) bool { return k.use == useFeed && k.retiredAt == 0 })
}

func (r *Ring) rotate(use keyUse, now time.Time) (kid string, err error) {
	for range 16 { // a new key meets the hint of an old one once in thousands
		key, err := generateKey(use, now.Unix(), ceilUnix(now.Add(PublishBefore)))
		if err != nil {
			return "", err
		}
		err = r.change(func(s *snapshot) ([]*ringKey, error) {
			if !slices.ContainsFunc(s.keys, func(k *ringKey) bool { return k.use == use }) {
				key.signsFrom = now.Unix()
			}
			return append(slices.Clone(s.keys), key), nil
		})
		if !errors.Is(err, errSameHint) {
			return key.kid, err
		}
	}
	return "", errors.New("codes: found no key with a hint of its own")
}

func ceilUnix(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// Retire destroys the private half of each key whose successor has taken over
// and whose last pass (or list) has expired, and gives their kids. The public
// key and the secrets stay, so that old passes are still judged and opened.
func (r *Ring) Retire(now time.Time) (kids []string, err error) {
	err = r.change(func(s *snapshot) ([]*ringKey, error) {
		kids = nil
		for _, key := range s.keys {
			at, superseded := s.supersededAt(key)
			if key.retiredAt == 0 && superseded && now.Unix() >= key.lastExpiry(at) {
				key.private, key.retiredAt = nil, now.Unix()
				kids = append(kids, key.kid)
			}
		}
		return s.keys, nil
	})
	if err != nil {
		return nil, err
	}
	return kids, nil
}

// lastExpiry is when nothing signed before supersededAt can be valid any more.
func (k *ringKey) lastExpiry(supersededAt int64) int64 {
	life := MaxAhead + MaxPaperDays*day
	if k.use != usePass { // a page of the feed is read at once
		life = MaxListLife
	}
	return supersededAt + int64((life+Leeway)/time.Second)
}

// Prune removes keys that were retired at least retention ago, with their
// secrets: nobody can open passes of theirs after that. KeepPublic is enough for any
// place. It gives their kids.
func (r *Ring) Prune(now time.Time, retention time.Duration) (kids []string, err error) {
	err = r.change(func(s *snapshot) ([]*ringKey, error) {
		kids = nil
		return slices.DeleteFunc(slices.Clone(s.keys), func(k *ringKey) bool {
			old := k.retiredAt != 0 && now.Unix()-k.retiredAt >= int64(retention/time.Second)
			if old {
				kids = append(kids, k.kid)
			}
			return old
		}), nil
	})
	if err != nil {
		return nil, err
	}
	return kids, nil
}
