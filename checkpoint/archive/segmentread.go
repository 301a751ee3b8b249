package archive

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"

	"passgate/checkpoint"
)

// maxLine is longer than any line that appendLine writes.
const maxLine = 16 << 10

// maxBadLines is how many damaged lines of one file are named.
const maxBadLines = 20

// decoders are kept for their buffers.
var decoders = sync.Pool{New: func() any {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8*windowSize), zstd.WithDecoderMaxMemory(64*windowSize))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
}}

// segmentReader reads one file and finds out what is wrong with it.
type segmentReader struct {
	day   int64 // of every event, as the folder says
	info  fileInfo
	wrong []string // what is wrong, a sentence each
	disk  error    // the disk failed: whether the file is good is not known
}

// read hands every good event to fn. It returns fn's error or the context's;
// what is wrong with the file itself or the disk is in wrong.
func (r *segmentReader) read(ctx context.Context, path, keyPath string, fn func(*checkpoint.ScanEvent) error) error {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		r.wrong = append(r.wrong, "the file is missing")
		return nil
	}
	if err != nil {
		r.failed(err)
		return nil
	}
	defer file.Close()
	sum := sha256.New()
	source := io.TeeReader(&diskReader{r: r, file: file}, sum)
	bounded := bufio.NewReaderSize(source, 64<<10)
	broken, err := r.decrypt(ctx, bounded, keyPath, fn)
	if err != nil {
		return err
	}
	if broken != nil && r.disk == nil {
		r.wrong = append(r.wrong, fmt.Sprintf("after %d events: %v", r.info.Events, broken))
	}
	_, _ = io.Copy(io.Discard, bounded) // the rest, for the checksum
	r.info.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// decrypt reads the events. broken is what ended the reading early.
func (r *segmentReader) decrypt(ctx context.Context, source io.Reader, keyPath string, fn func(*checkpoint.ScanEvent) error) (broken, err error) {
	key, err := loadKey(keyPath)
	if errors.Is(err, errNoKey) || errors.Is(err, errBadKey) {
		return err, nil
	}
	if err != nil {
		r.failed(err)
		return nil, nil
	}
	plain, err := age.Decrypt(source, key)
	if err != nil {
		return fmt.Errorf("cannot be decrypted: %w", err), nil
	}
	d := decoders.Get().(*zstd.Decoder) //nolint:forcetypeassert // the pool holds nothing else
	defer func() { _ = d.Reset(nil); decoders.Put(d) }()
	if err := d.Reset(plain); err != nil {
		return fmt.Errorf("cannot be decompressed: %w", err), nil
	}
	lines := bufio.NewReaderSize(d, maxLine)
	var e checkpoint.ScanEvent
	for n := 1; ; n++ {
		if n%1024 == 1 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		line, err := lines.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, nil
		case errors.Is(err, io.EOF):
			return errors.New("the last line is cut off"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d is too long", n), nil
		case err != nil:
			return err, nil
		}
		if err := parseLine(bytes.TrimSuffix(line, []byte("\n")), &e); err != nil {
			r.badLine(n, err)
			continue
		}
		if dayOf(e.OccurredAt) != r.day {
			r.badLine(n, errors.New("its occurred_at is of another day"))
			continue
		}
		r.info.count(&e)
		if err := fn(&e); err != nil {
			return nil, err
		}
	}
}

// failed notes that the disk cannot give what is on it.
func (r *segmentReader) failed(err error) {
	if r.disk == nil {
		r.disk = err
		r.wrong = append(r.wrong, fmt.Sprintf("after %d events the disk failed: %v", r.info.Events, err))
	}
}

func (r *segmentReader) badLine(n int, err error) {
	if len(r.wrong) < maxBadLines {
		r.wrong = append(r.wrong, fmt.Sprintf("line %d: %v", n, err))
	}
}

// diskReader counts and keeps a failure of the disk apart from a damaged file.
type diskReader struct {
	r    *segmentReader
	file *os.File
}

// Read reads the file.
func (d *diskReader) Read(b []byte) (int, error) {
	n, err := d.file.Read(b)
	d.r.info.Bytes += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		d.r.failed(err)
	}
	return n, err
}
