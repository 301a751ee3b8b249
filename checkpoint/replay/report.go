package replay

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Report is what a replay or a comparison found.
type Report struct {
	Verify bool `json:"verify"` // compared and wrote nothing

	FromArchive  int64 `json:"from_archive"` // events read
	FromLog      int64 `json:"from_log"`
	Events       int64 `json:"events"`        // different ones
	OtherContent int64 `json:"other_content"` // events of which there were two that were not the same
	Unsettled    int64 `json:"unsettled"`     // left out: recorded too lately to compare

	Families []FamilyReport `json:"families"`
	Inside   Tally          `json:"inside"`   // people and sites whose last passage or number is wrong
	Readings Tally          `json:"readings"` // counts of temperatures that are wrong, by gate and day

	Damaged      []Damage     `json:"damaged"`     // at most 100
	DamagedAll   int          `json:"damaged_all"` // how many there are
	Differences  []Difference `json:"differences"` // the first ones
	Skipped      []string     `json:"skipped"`     // what could not be done, and why
	Reading      float64      `json:"reading_s"`   // seconds
	Seconds      float64      `json:"seconds"`     // in all
	EventsPerSec float64      `json:"events_per_s"`

	mu   sync.Mutex
	show int
}

// Tally counts what was looked at and what was wrong with it.
type Tally struct {
	Checked int64 `json:"checked"`
	Wrong   int64 `json:"wrong"`
}

// FamilyReport is what there is of one family of sets.
type FamilyReport struct {
	Name        string `json:"name"`
	Sets        int64  `json:"sets"`
	Events      int64  `json:"events"` // in all sets
	Kept        int64  `json:"kept"`   // of these, left as they were: the record of that time is not whole
	Digest      string `json:"digest"`
	RedisDigest string `json:"redis_digest,omitempty"` // of what Redis holds, when compared
	Missing     int64  `json:"missing"`
	Extra       int64  `json:"extra"`
	Differing   int64  `json:"differing"`
	Astray      int64  `json:"astray"` // there, but where no reader looks for them
}

// Difference is one thing in Redis that is not what the record says.
type Difference struct {
	What   string `json:"what"` // family, or "inside", "readings"
	Kind   string `json:"kind"` // missing, extra, differing, astray
	Person string `json:"person,omitempty"`
	Gate   string `json:"gate,omitempty"` // code, or number if the registry has none
	Site   string `json:"site,omitempty"`
	At     string `json:"at,omitempty"` // occurred_at
	Note   string `json:"note,omitempty"`
}

// Whole tells that all of the record could be read.
func (r *Report) Whole() bool { return r.DamagedAll == 0 }

// Differs counts all differences.
func (r *Report) Differs() int64 {
	n := r.Inside.Wrong + r.Readings.Wrong
	for _, f := range r.Families {
		n += f.Missing + f.Extra + f.Differing + f.Astray
	}
	return n
}

// maxDamaged bounds the damage that is named one by one.
const maxDamaged = 100

func (r *Report) damage(d Damage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.DamagedAll++; len(r.Damaged) < maxDamaged {
		r.Damaged = append(r.Damaged, d)
	}
}

func (r *Report) skip(why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.Skipped, why) {
		r.Skipped = append(r.Skipped, why)
	}
}

// differ puts differences on record and lets count note them in the tallies.
func (r *Report) differ(count func(), found ...Difference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	count()
	room := r.show - len(r.Differences)
	r.Differences = append(r.Differences, found[:max(0, min(room, len(found)))]...)
}

// count changes the report of a family.
func (r *Report) count(f checkpoint.Family, change func(*FamilyReport)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.Families[f])
}

func (r *Report) finish(began time.Time) {
	r.Seconds = time.Since(began).Seconds()
	r.EventsPerSec = float64(r.Events) / max(r.Seconds, 1e-9)
}

// digests are those of one family, bucket by bucket.
type digests struct {
	mu   sync.Mutex
	sums map[int64][]byte
}

func (d *digests) put(bucket int64, h hash.Hash) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sums == nil {
		d.sums = map[int64][]byte{}
	}
	d.sums[bucket] = h.Sum(nil)
}

// sum is the digest of all buckets; those without a member do not count.
func (d *digests) sum() string {
	all, empty := sha256.New(), sha256.New().Sum(nil)
	for _, bucket := range sortedKeys(d.sums) {
		if sum := d.sums[bucket]; !slices.Equal(sum, empty) {
			all.Write(sum)
		}
	}
	return hex.EncodeToString(all.Sum(nil))
}

// digestSet adds a set to a digest. One without members adds nothing.
func digestSet(h hash.Hash, name string, entries []checkpoint.SetEntry, b []byte) []byte {
	for i := range entries {
		b = append(b[:0], name...)
		b = append(b, 0)
		for shift := 56; shift >= 0; shift -= 8 {
			b = append(b, byte(entries[i].At>>shift))
		}
		b = append(b, byte(len(entries[i].Member)>>8), byte(len(entries[i].Member)))
		h.Write(append(b, entries[i].Member...))
	}
	return b
}
