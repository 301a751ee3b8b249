package replay

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"sort"
	"sync"
)

// blockSize is how much of a bucket is gathered before it is written.
const blockSize = 64 << 10

// spill sorts records into buckets on disk. It is one file without a name that
// goes with the process, encrypted with a key of its own.
type spill struct {
	mu      sync.Mutex
	file    *os.File
	block   cipher.Block
	size    int64
	buckets map[int64]*bucket
}

type bucket struct {
	pending []byte
	extents []extent
	records int
}

// extent is a block of a bucket in the file.
type extent struct {
	at     int64
	length int
}

// newSpill makes an empty one in a folder ("" for the system's).
func newSpill(dir string) (*spill, error) {
	file, err := os.CreateTemp(dir, "passgate-replay-*")
	if err != nil {
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("temporary file: %w", err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &spill{file: file, block: block, buckets: map[int64]*bucket{}}, nil
}

func (s *spill) close() { _ = s.file.Close() }

// add puts a record into a bucket. It is safe for concurrent use.
func (s *spill) add(number int64, record []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[number]
	if b == nil {
		b = &bucket{}
		s.buckets[number] = b
	}
	if len(b.pending)+len(record)+binary.MaxVarintLen32 > blockSize {
		if err := s.flush(b); err != nil {
			return err
		}
	}
	b.pending = binary.AppendUvarint(b.pending, uint64(len(record)))
	b.pending = append(b.pending, record...)
	b.records++
	return nil
}

func (s *spill) flush(b *bucket) error {
	s.crypt(b.pending, s.size)
	if _, err := s.file.WriteAt(b.pending, s.size); err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	b.extents = append(b.extents, extent{s.size, len(b.pending)})
	s.size += (int64(len(b.pending)) + aes.BlockSize - 1) / aes.BlockSize * aes.BlockSize
	b.pending = b.pending[:0]
	return nil
}

// crypt encrypts or decrypts what lies at an offset of the file.
func (s *spill) crypt(b []byte, at int64) {
	counter := make([]byte, aes.BlockSize)
	binary.BigEndian.PutUint64(counter[8:], uint64(at/aes.BlockSize)) //nolint:gosec // an offset
	cipher.NewCTR(s.block, counter).XORKeyStream(b, b)
}

// numbers lists the buckets in order.
func (s *spill) numbers() []int64 {
	out := make([]int64, 0, len(s.buckets))
	for n := range s.buckets {
		out = append(out, n)
	}
	sort.Slice(out, func(i, k int) bool { return out[i] < out[k] })
	return out
}

// take reads a bucket's records and forgets it. They share one piece of memory.
func (s *spill) take(number int64) ([][]byte, error) {
	s.mu.Lock()
	b := s.buckets[number]
	delete(s.buckets, number)
	s.mu.Unlock()
	if b == nil {
		return nil, nil
	}
	size := len(b.pending)
	for _, x := range b.extents {
		size += x.length
	}
	all := make([]byte, 0, size)
	for _, x := range b.extents {
		part := all[len(all) : len(all)+x.length]
		if _, err := s.file.ReadAt(part, x.at); err != nil {
			return nil, fmt.Errorf("temporary file: %w", err)
		}
		s.crypt(part, x.at)
		all = all[:len(all)+x.length]
	}
	all = append(all, b.pending...)
	records := make([][]byte, 0, b.records)
	for len(all) > 0 {
		length, n := binary.Uvarint(all)
		if n <= 0 || uint64(len(all)-n) < length {
			return nil, fmt.Errorf("temporary file: bucket %d cannot be read back", number)
		}
		end := n + int(length) //nolint:gosec // within the slice, as tested
		records = append(records, all[n:end:end])
		all = all[end:]
	}
	return records, nil
}
