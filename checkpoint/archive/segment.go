package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"passgate/checkpoint"
)

// suffix ends the name of every segment.
const suffix = ".ndjson.zst.age"

// windowSize bounds the memory of compressing and of reading.
const windowSize = 1 << 20

// segmentName is the name of segment n of a shelf.
func segmentName(n int) string { return fmt.Sprintf("%06d%s", n, suffix) }

// parseSegment reads the number back.
func parseSegment(name string) (n int, ok bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(name, suffix))
	return n, err == nil && n > 0 && segmentName(n) == name
}

// fileInfo is what the manifest says of a segment.
type fileInfo struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the file as it lies on the disk
	Bytes  int64  `json:"bytes"`
	Events int64  `json:"events"`
	First  int64  `json:"first"` // earliest occurred_at, UTC ms
	Last   int64  `json:"last"`  // latest
	// Damaged: it was found so and is not put together with others.
	Damaged bool `json:"damaged,omitempty"`
}

// segmentWriter writes a segment under a temporary name; keep completes it.
type segmentWriter struct {
	shelf, path string
	file        *os.File
	sum         hash.Hash
	age         io.WriteCloser
	zstd        *zstd.Encoder
	line        []byte
	info        fileInfo
}

// encoders are kept for their tables, which cost more than a small segment.
var encoders = sync.Pool{New: func() any {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(windowSize))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
}}

func createSegment(shelf, path string, key *age.X25519Identity) (*segmentWriter, error) {
	file, err := os.OpenFile(path+tempMark, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	w := &segmentWriter{shelf: shelf, path: path, file: file, sum: sha256.New(), info: fileInfo{Name: filepath.Base(path)}}
	if w.age, err = age.Encrypt(io.MultiWriter(w, w.sum), key.Recipient()); err != nil {
		w.drop()
		return nil, fmt.Errorf("archive: write %s: %w", path, err)
	}
	w.zstd = encoders.Get().(*zstd.Encoder) //nolint:forcetypeassert // the pool holds nothing else
	w.zstd.Reset(w.age)
	return w, nil
}

// Write counts what goes to the disk.
func (w *segmentWriter) Write(b []byte) (int, error) {
	n, err := w.file.Write(b)
	w.info.Bytes += int64(n)
	return n, err
}

func (w *segmentWriter) add(e *checkpoint.ScanEvent) error {
	w.line = appendLine(w.line[:0], e)
	if _, err := w.zstd.Write(w.line); err != nil {
		return fmt.Errorf("archive: write %s: %w", w.path, err)
	}
	w.info.count(e)
	return nil
}

// count takes an event into the figures.
func (f *fileInfo) count(e *checkpoint.ScanEvent) {
	if f.Events == 0 || e.OccurredAt < f.First {
		f.First = e.OccurredAt
	}
	f.Last = max(f.Last, e.OccurredAt)
	f.Events++
}

// finish puts everything on the disk, still under the temporary name.
func (w *segmentWriter) finish() error {
	err := errors.Join(w.zstd.Close(), w.age.Close(), w.file.Sync(), w.file.Close())
	if err != nil {
		return fmt.Errorf("archive: write %s: %w", w.path, err)
	}
	w.zstd.Reset(nil)
	encoders.Put(w.zstd)
	w.zstd = nil
	w.info.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	return nil
}

// keep gives the segment its name. It is not in the manifest yet.
func (w *segmentWriter) keep() (fileInfo, error) {
	if err := os.Rename(w.path+tempMark, w.path); err != nil {
		return fileInfo{}, fmt.Errorf("archive: %w", err)
	}
	return w.info, syncDir(filepath.Dir(w.path))
}

// drop gives the segment up, under either name.
func (w *segmentWriter) drop() {
	_ = w.file.Close()
	_ = os.Remove(w.path + tempMark)
	_ = os.Remove(w.path)
}
