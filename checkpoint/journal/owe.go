package journal

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"
)

// Owe writes a value that is owed to a partition. When it returns without an
// error, the value is on the disk and survives a power cut. It waits no longer
// than the context lasts. After an error, that of the context included, the value
// may have been written even so, and is then owed: whoever made it repeats it
// under the same identity, so it is the same to the receiver.
func (j *Journal) Owe(ctx context.Context, partition int, value []byte) (seq uint64, err error) {
	if err := checkValue(partition, value); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("journal: owe: %w", err)
	}
	if err := j.full(); err != nil {
		return 0, err
	}
	value = bytes.Clone(value) // the writer may read it when the caller has gone
	at := j.o.Now().UnixMilli()
	written := new(uint64)
	done, err := j.ask(ctx.Done(), len(value)+pageSize, func(tx *bbolt.Tx, c *change) error {
		seq, err := j.putOwed(tx, byte(partition), at, value)
		*written = seq
		c.owed[partition]++
		return err
	})
	if err != nil {
		return 0, err
	}
	select { // done is nil if the context ended first
	case err := <-done:
		if err != nil {
			return 0, err
		}
		return *written, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("journal: owe: %w", ctx.Err())
	}
}

func checkValue(partition int, value []byte) error {
	if partition < 0 || partition >= Partitions {
		return fmt.Errorf("journal: partition %d: give one of 0 to %d", partition, Partitions-1)
	}
	if len(value) > MaxValue {
		return fmt.Errorf("journal: a value of %d bytes: at most %d fit", len(value), MaxValue)
	}
	return nil
}

// putOwed gives a value the next sequence and writes it.
func (j *Journal) putOwed(tx *bbolt.Tx, partition byte, at int64, value []byte) (seq uint64, err error) {
	j.lastSeq++
	seq = j.lastSeq<<8 | uint64(partition)
	h := header{kind: kindOwed, partition: partition, seq: seq, at: at, floor: seq}
	owed := tx.Bucket([]byte("owed"))
	if k, _ := owed.Cursor().Seek([]byte{partition}); k != nil && k[0] == partition {
		h.floor = binary.BigEndian.Uint64(k[1:])
	}
	return seq, owed.Put(h.key(nil), j.seal.seal(h, value))
}

// Owed reads what is owed to a partition behind a sequence (0: from the oldest),
// oldest first, at most limit entries.
func (j *Journal) Owed(partition int, after uint64, limit int) ([]Entry, error) {
	if partition < 0 || partition >= Partitions || limit <= 0 {
		return nil, nil
	}
	var entries []Entry
	err := j.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte("owed")).Cursor()
		from := seqKey(byte(partition), after)
		k, v := c.Seek(from)
		if bytes.Equal(k, from) {
			k, v = c.Next()
		}
		for ; k != nil && k[0] == byte(partition) && len(entries) < limit; k, v = c.Next() {
			h, value, err := j.seal.open(v)
			if err != nil || !h.sameKey("owed", k, value) {
				j.unreadable("owed", k)
				continue
			}
			entries = append(entries, Entry{Seq: h.seq, At: h.at, Partition: partition, Value: value})
		}
		return nil
	})
	return entries, err
}

// OwedPartitions lists the partitions that are owed something, in order.
func (j *Journal) OwedPartitions() []int {
	j.mu.Lock()
	defer j.mu.Unlock()
	var partitions []int
	for p, n := range j.state.owed {
		if n > 0 {
			partitions = append(partitions, p)
		}
	}
	return partitions
}

// OwedCount is the number of entries that are owed.
func (j *Journal) OwedCount() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.state.count()
}

// OldestOwed tells when the oldest entry that is owed came, in UTC ms.
func (j *Journal) OldestOwed() (at int64, ok bool) {
	partitions := j.OwedPartitions()
	if len(partitions) == 0 {
		return 0, false
	}
	err := j.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte("owed")).Cursor()
		for _, p := range partitions {
			k, v := c.Seek([]byte{byte(p)})
			if h, _, err := parseHeader(v); err == nil && k[0] == byte(p) && (!ok || h.at < at) {
				at, ok = h.at, true
			}
		}
		return nil
	})
	return at, ok && err == nil
}

// paidAtOnce is how many entries one commit removes for a call: each may touch a
// page of its own.
const paidAtOnce = 128

// Paid removes entries that are recorded. Those that are gone already do not
// matter. After an error some may be removed.
func (j *Journal) Paid(seqs ...uint64) error {
	for len(seqs) > 0 {
		some := seqs[:min(len(seqs), paidAtOnce)]
		seqs = seqs[len(some):]
		err := j.update(len(some)*pageSize, func(tx *bbolt.Tx, c *change) error {
			owed := tx.Bucket([]byte("owed"))
			for _, seq := range some {
				key := seqKey(byte(seq), seq)
				if owed.Get(key) == nil {
					continue
				}
				if err := owed.Delete(key); err != nil {
					return err
				}
				c.owed[byte(seq)]--
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
