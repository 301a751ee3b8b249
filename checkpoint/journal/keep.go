package journal

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	flushEvery = 50 * time.Millisecond
	// blockSize is when a block of kept values is full, in bytes.
	blockSize = 64 << 10
	// maxPending bounds kept values that are not written yet, in bytes.
	maxPending = 8 << 20
	// blocksAtOnce is how many blocks go into one commit.
	blocksAtOnce = 8
)

// keeper collects kept values for the writer. Its lock is never held while
// anything waits for a disk.
type keeper struct {
	wake chan struct{} // the first value is there

	mu      sync.Mutex
	closed  bool
	open    block   // being filled
	full    []block // to be written, oldest first
	next    uint64  // number of the open block
	pending int64   // bytes in all of them
	lost    uint64
}

// block is some kept values.
type block struct {
	number         uint64
	oldest, newest int64 // UTC ms
	data           []byte
}

// Keep remembers a value of a partition for the window that Forget leaves. It
// copies the value, waits for nothing and is written within 100 ms. ErrFull says
// that the disk has been too slow for too long: the value is not kept, which
// Stats counts.
func (j *Journal) Keep(partition int, value []byte) error {
	if err := checkValue(partition, value); err != nil {
		return err
	}
	at := j.o.Now().UnixMilli()
	k := &j.keep
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return ErrClosed
	}
	if k.pending+int64(len(value)) > maxPending {
		k.lost++
		return ErrFull
	}
	b := &k.open
	if len(b.data) == 0 {
		b.oldest, b.newest = at, at
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
	before := len(b.data)
	b.data = appendKept(b.data, byte(partition), at, value)
	b.oldest, b.newest = min(b.oldest, at), max(b.newest, at)
	k.pending += int64(len(b.data) - before)
	if len(b.data) >= blockSize {
		k.cut()
	}
	return nil
}

// cut ends the open block. The lock is held.
func (k *keeper) cut() {
	if len(k.open.data) == 0 {
		return
	}
	k.open.number = k.next
	k.next++
	k.full = append(k.full, k.open)
	k.open = block{data: make([]byte, 0, blockSize+blockSize/8)}
}

// take ends the open block and gives the oldest ones.
func (k *keeper) take(most int) []block {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cut()
	return slices.Clone(k.full[:min(len(k.full), most)])
}

// written drops blocks that are on the disk.
func (k *keeper) written(blocks []block) {
	if len(blocks) > 0 {
		last := blocks[len(blocks)-1].number
		k.drop(func(b *block) bool { return b.number <= last })
	}
}

func (k *keeper) drop(which func(*block) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.full = slices.DeleteFunc(k.full, func(b block) bool {
		if which(&b) {
			k.pending -= int64(len(b.data))
			return true
		}
		return false
	})
}

// close refuses what comes from now on.
func (k *keeper) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
}

func (k *keeper) waiting() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pending > 0
}

func (k *keeper) counts() (pending int64, lost uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pending, k.lost
}

// blocksToWrite gives the oldest blocks if the file has room for them.
func (j *Journal) blocksToWrite() []block {
	j.mu.Lock()
	bound := j.o.MaxBytes - j.reserve()
	room := j.state.kept < bound/2 && j.state.used < bound
	j.mu.Unlock()
	if !room {
		return nil
	}
	return j.keep.take(blocksAtOnce)
}

func (j *Journal) putBlocks(tx *bbolt.Tx, c *change, blocks []block) error {
	kept := tx.Bucket([]byte("kept"))
	for _, b := range blocks {
		h := header{kind: kindKept, seq: b.number, at: b.oldest, floor: uint64(b.newest)}
		record := j.seal.seal(h, b.data)
		if err := kept.Put(h.key(nil), record); err != nil {
			return err
		}
		c.kept += int64(len(record))
	}
	return nil
}

// Kept shows what is kept of a partition and came at a time (UTC ms) or later,
// in the order in which it came, what is not written yet included. AllPartitions
// shows those of all in one pass. It ends with the first error of the function.
func (j *Journal) Kept(partition int, since int64, fn func(Entry) error) error {
	pending := j.keep.take(maxPending)
	end := j.lastKept(pending)
	show := func(b block) error {
		return eachKept(b.data, func(v keptValue) error {
			if v.at < since || partition != AllPartitions && int(v.partition) != partition {
				return nil
			}
			return fn(Entry{At: v.at, Partition: int(v.partition), Value: slices.Clone(v.value)})
		})
	}
	for number := uint64(0); number < end; {
		blocks, next, err := j.readBlocks(number, end, since)
		if err != nil {
			return err
		}
		for _, b := range blocks {
			if err := show(b); err != nil {
				return err
			}
		}
		number = next
	}
	for _, b := range pending {
		if err := show(b); err != nil {
			return err
		}
	}
	return nil
}

// AllPartitions stands for all partitions in Kept.
const AllPartitions = -1

// lastKept is the number behind the blocks that are on the disk, if pending are
// the ones that are not.
func (j *Journal) lastKept(pending []block) uint64 {
	if len(pending) > 0 {
		return pending[0].number
	}
	j.keep.mu.Lock()
	defer j.keep.mu.Unlock()
	return j.keep.next
}

// readBlocks reads some blocks of the disk, from a number up to another, and
// tells where to go on.
func (j *Journal) readBlocks(from, end uint64, since int64) (blocks []block, next uint64, err error) {
	next = end
	err = j.view(func(tx *bbolt.Tx) error {
		c := tx.Bucket([]byte("kept")).Cursor()
		k, v := c.Seek(binary.BigEndian.AppendUint64(nil, from))
		for ; k != nil; k, v = c.Next() {
			number := binary.BigEndian.Uint64(k)
			if number >= end {
				return nil
			}
			if len(blocks) >= 2*blocksAtOnce {
				next = number
				return nil
			}
			h, _, err := parseHeader(v)
			if err == nil && int64(h.floor) < since {
				continue
			}
			h, data, err := j.seal.open(v)
			if err != nil || !h.sameKey("kept", k, data) {
				j.unreadable("kept", k)
				continue
			}
			blocks = append(blocks, block{number, h.at, int64(h.floor), data})
		}
		return nil
	})
	return blocks, next, err
}

// Forget drops what is kept and came before a time (UTC ms). A value that shares
// a block with a later one stays until that goes, too.
func (j *Journal) Forget(before int64) error {
	j.keep.drop(func(b *block) bool { return b.newest < before })
	for {
		if some, err := j.forgettable(before); err != nil || !some {
			return err // without a sync for nothing
		}
		err := j.update(forgetAtOnce*pageSize, func(tx *bbolt.Tx, c *change) error {
			cursor := tx.Bucket([]byte("kept")).Cursor()
			for range forgetAtOnce {
				k, v := cursor.First()
				if k == nil || !isOlder(v, before) {
					break
				}
				c.kept -= int64(len(v))
				if err := cursor.Delete(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// forgetAtOnce is how many blocks one commit drops.
const forgetAtOnce = 256

// isOlder tells whether all of a block came before a time. One that cannot be
// read does not hold up the others.
func isOlder(record []byte, before int64) bool {
	h, _, err := parseHeader(record)
	return err != nil || int64(h.floor) < before
}

// forgettable tells whether the first block on the disk may go.
func (j *Journal) forgettable(before int64) (some bool, err error) {
	err = j.view(func(tx *bbolt.Tx) error {
		k, v := tx.Bucket([]byte("kept")).Cursor().First()
		some = k != nil && isOlder(v, before)
		return nil
	})
	return some, err
}
