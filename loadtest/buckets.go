package loadtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// buckets are files among which entries are divided, so that only some are in
// memory at a time.
type buckets struct {
	files []*os.File
	w     []*bufio.Writer
}

const (
	bucketHolds = 50_000 // entries, about
	mostBuckets = 256
)

// newBuckets makes as many files as so many entries take. The caller closes
// them.
func newBuckets(dir, name string, entries int64) (b *buckets, err error) {
	b = &buckets{}
	for i := range min(mostBuckets, 1+entries/bucketHolds) {
		file, err := os.OpenFile(filepath.Join(dir, name+strconv.FormatInt(i, 10)), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600) //nolint:gosec // a scratch folder
		if err != nil {
			return nil, errors.Join(fmt.Errorf("loadtest: audit: %w", err), b.close())
		}
		b.files, b.w = append(b.files, file), append(b.w, bufio.NewWriterSize(file, 16<<10))
	}
	return b, nil
}

// put adds an entry to the bucket of a hash.
func (b *buckets) put(hash uint64, e *entry) error {
	var raw [recordSize]byte
	e.put(&raw)
	if _, err := b.w[mixed(hash)%uint64(len(b.w))].Write(raw[:]); err != nil {
		return fmt.Errorf("loadtest: audit: %w", err)
	}
	return nil
}

// mixed spreads numbers that lie close together.
func mixed(n uint64) uint64 {
	n = (n ^ n>>33) * 0xff51afd7ed558ccd
	return n ^ n>>33
}

// read gives what is in a bucket.
func (b *buckets) read(i int) ([]entry, error) {
	if err := b.w[i].Flush(); err != nil {
		return nil, fmt.Errorf("loadtest: audit: %w", err)
	}
	size, err := b.files[i].Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = b.files[i].Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, fmt.Errorf("loadtest: audit: %w", err)
	}
	entries := make([]entry, size/recordSize)
	r := bufio.NewReader(b.files[i])
	for k := range entries {
		var raw [recordSize]byte
		if _, err := io.ReadFull(r, raw[:]); err != nil {
			return nil, fmt.Errorf("loadtest: audit: %w", err)
		}
		entries[k].get(&raw)
	}
	return entries, nil
}

func (b *buckets) close() error {
	var errs []error
	for _, f := range b.files {
		errs = append(errs, f.Close(), os.Remove(f.Name()))
	}
	return errors.Join(errs...)
}
