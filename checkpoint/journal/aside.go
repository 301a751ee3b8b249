package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"go.etcd.io/bbolt"
)

// maxWhy bounds the reason of an entry that is set aside, in bytes.
const maxWhy = 1024

// SetAside takes an entry that was refused for good out of what is owed and
// keeps it with the reason. One that is set aside already keeps its first reason;
// one that is neither gives ErrNotOwed.
func (j *Journal) SetAside(seq uint64, why string) error {
	why = strings.ToValidUTF8(why[:min(len(why), maxWhy)], "")
	missing := false
	err := j.update(MaxValue+2*pageSize, func(tx *bbolt.Tx, c *change) error {
		owed, aside := tx.Bucket([]byte("owed")), tx.Bucket([]byte("aside"))
		key := seqKey(byte(seq), seq)
		record := owed.Get(key)
		if record == nil {
			missing = aside.Get(key) == nil
			return nil
		}
		h, value, err := j.seal.open(record)
		if err != nil { // nobody can send it, but nobody shall lose it
			missing = true
			return nil
		}
		h.kind, h.floor = kindAside, 0
		if err := aside.Put(key, j.seal.seal(h, joinContent(why, value))); err != nil {
			return err
		}
		c.owed[byte(seq)]--
		c.aside++
		return owed.Delete(key)
	})
	if err != nil {
		return err
	}
	if missing {
		return fmt.Errorf("%w: %d", ErrNotOwed, seq)
	}
	j.mu.Lock()
	j.asides++
	j.mu.Unlock()
	j.o.Logger.Warn("journal: an entry was refused for good and is set aside", "seq", seq)
	return nil
}

// readAtOnce is how many records are read between two calls of a function.
const readAtOnce = 256

// Aside shows what is set aside, by partition and sequence, with the reasons. It
// ends with the first error of the function.
func (j *Journal) Aside(fn func(e Entry, why string) error) error {
	type found struct {
		entry Entry
		why   string
	}
	var after []byte
	for {
		var some []found
		err := j.view(func(tx *bbolt.Tx) error {
			c := tx.Bucket([]byte("aside")).Cursor()
			k, v := c.Seek(after)
			if after != nil && bytes.Equal(k, after) {
				k, v = c.Next()
			}
			for n := 0; k != nil && n < readAtOnce; k, v = c.Next() {
				n++
				after = bytes.Clone(k)
				h, content, err := j.seal.open(v)
				why, value, wrong := splitContent(content)
				if errors.Join(err, wrong) != nil || !h.sameKey("aside", k, content) {
					j.unreadable("aside", k)
					continue
				}
				some = append(some, found{Entry{Seq: h.seq, At: h.at, Partition: int(h.partition), Value: value}, why})
			}
			if k == nil {
				after = nil
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, f := range some {
			if err := fn(f.entry, f.why); err != nil {
				return err
			}
		}
		if after == nil {
			return nil
		}
	}
}

// ForgetAside removes what came before a time (UTC ms) and was set aside, such
// as at the end of retention. It looks only if there may be something to remove.
func (j *Journal) ForgetAside(before int64) error {
	changes, due := j.asideDue(before)
	if !due {
		return nil
	}
	seqs, oldest, err := j.asideBefore(before)
	for err == nil && len(seqs) > 0 {
		some := seqs[:min(len(seqs), paidAtOnce)]
		seqs = seqs[len(some):]
		err = j.update(len(some)*pageSize, func(tx *bbolt.Tx, c *change) error {
			aside := tx.Bucket([]byte("aside"))
			for _, seq := range some {
				key := seqKey(byte(seq), seq)
				if aside.Get(key) == nil {
					continue
				}
				if err := aside.Delete(key); err != nil {
					return err
				}
				c.aside--
			}
			return nil
		})
	}
	if err == nil {
		j.mu.Lock()
		j.oldAside = oldAside{known: true, changes: changes, at: oldest}
		j.mu.Unlock()
	}
	return err
}

// oldAside is when the oldest entry came that was set aside, as it was found after so
// many had been.
type oldAside struct {
	known   bool
	changes uint64
	at      int64 // UTC ms; the end of time if there is none
}

// asideDue tells whether something that is set aside may have come before a time, and
// how many were so far.
func (j *Journal) asideDue(before int64) (changes uint64, due bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	o := j.oldAside
	return j.asides, j.state.aside > 0 && (!o.known || o.changes != j.asides || o.at < before)
}

// asideBefore lists what came before a time and is set aside, and when the oldest of
// the others came. The headers say that: nothing is opened.
func (j *Journal) asideBefore(before int64) (seqs []uint64, oldest int64, err error) {
	oldest = math.MaxInt64
	err = j.view(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("aside")).ForEach(func(k, v []byte) error {
			h, _, err := parseHeader(v)
			switch {
			case err != nil: // went bad; Aside tells of it
			case h.at < before:
				seqs = append(seqs, binary.BigEndian.Uint64(k[1:]))
			default:
				oldest = min(oldest, h.at)
			}
			return nil
		})
	})
	return seqs, oldest, err
}

// maxName bounds the name of a fact, in bytes.
const maxName = 128

// Meta reads a fact; nil if it was never set.
func (j *Journal) Meta(key string) (value []byte, err error) {
	err = j.view(func(tx *bbolt.Tx) error {
		record := tx.Bucket([]byte("meta")).Get([]byte(key))
		if record == nil {
			return nil
		}
		h, content, err := j.seal.open(record)
		if err == nil && h.sameKey("meta", []byte(key), content) {
			_, value, err = splitContent(content)
		}
		return err
	})
	return value, err
}

// SetMeta writes a fact. It is on the disk when the call returns.
func (j *Journal) SetMeta(key string, v []byte) error {
	if key == "" || key == checkName || len(key) > maxName || len(v) > MaxValue {
		return fmt.Errorf("journal: fact %.20q of %d bytes: give a name of 1 to %d bytes and a value of at most %d", key, len(v), maxName, MaxValue)
	}
	return j.update(len(v)+pageSize, func(tx *bbolt.Tx, _ *change) error {
		return j.putMeta(tx, key, v)
	})
}

// putMeta writes a fact. Its sequence tells which of two in a damaged file is
// the later.
func (j *Journal) putMeta(tx *bbolt.Tx, key string, v []byte) error {
	j.lastSeq++
	h := header{kind: kindMeta, seq: j.lastSeq << 8, at: j.o.Now().UnixMilli()}
	return tx.Bucket([]byte("meta")).Put([]byte(key), j.seal.seal(h, joinContent(key, v)))
}
