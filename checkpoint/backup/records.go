package backup

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
	"github.com/redis/go-redis/v9"

	"passgate/checkpoint"
)

// The keys of a store in one file: after a first line come records, each the
// key, when it ends (UTC ms, 0 never) and its value as DUMP gives it, which
// carries its own checksum; numbers and lengths are unsigned varints. A record
// with an empty key ends the file, its "when" is the number of records. All of
// it is compressed with zstd and encrypted with age.
const recordsHead = "passgate records 1\n"

// maxValue bounds a value; Redis itself takes no larger argument by default.
const maxValue = 512 << 20

// record is one key.
type record struct {
	key   string
	ends  int64 // UTC ms, 0 never
	value []byte
}

// keysAtOnce is how many keys go in one round trip.
const keysAtOnce = 200

// eachKey hands the keys of a store that nobody writes to, some at a time; one
// may come twice.
func eachKey(ctx context.Context, c *redis.Client, prefix string, fn func([]record) error) error {
	for cursor := uint64(0); ; {
		names, next, err := c.Scan(ctx, cursor, checkpoint.KeyPattern(prefix), keysAtOnce).Result()
		if err != nil {
			return unreachable(err)
		}
		some, err := dump(ctx, c, names)
		if err != nil {
			return err
		}
		if err := fn(some); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// dump reads keys. Those whose time has come meanwhile are left out.
func dump(ctx context.Context, c *redis.Client, names []string) ([]record, error) {
	values, ends := make([]*redis.StringCmd, len(names)), make([]*redis.DurationCmd, len(names))
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			values[i], ends[i] = p.Dump(ctx, name), p.PExpireTime(ctx, name)
		}
		return nil
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, unreachable(err)
	}
	some := make([]record, 0, len(names))
	for i, name := range names {
		value, err := values[i].Bytes()
		if errors.Is(err, redis.Nil) {
			continue
		}
		if err != nil {
			return nil, unreachable(err)
		}
		if len(value) > maxValue {
			return nil, fmt.Errorf("backup: key %q has %d bytes, more than Redis takes back at once (%d)", name, len(value), maxValue)
		}
		some = append(some, record{name, max(0, ends[i].Val().Milliseconds()), value})
	}
	return some, nil
}

// put writes keys, in place of what there is under their names.
func put(ctx context.Context, c redis.UniversalClient, some []record) error {
	if len(some) == 0 {
		return nil
	}
	_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, r := range some {
			p.Do(ctx, "RESTORE", r.key, r.ends, r.value, "REPLACE", "ABSTTL")
		}
		return nil
	})
	if redis.HasErrorPrefix(err, "ERR DUMP payload version") || redis.HasErrorPrefix(err, "DUMP payload version") {
		return fmt.Errorf("%w: this Redis is older than the one that the backup was made with: restore to the same version or a newer one", ErrVersion)
	}
	return unreachable(err)
}

// recordWriter writes the file.
type recordWriter struct {
	age   io.WriteCloser
	zstd  *zstd.Encoder
	out   *bufio.Writer
	count int64
}

func newRecordWriter(w io.Writer, recipients []age.Recipient) (*recordWriter, error) {
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return nil, fmt.Errorf("backup: encrypt: %w", err)
	}
	packed, err := zstd.NewWriter(sealed, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("backup: compress: %w", err)
	}
	r := &recordWriter{age: sealed, zstd: packed, out: bufio.NewWriterSize(packed, 1<<16)}
	_, err = r.out.WriteString(recordsHead)
	return r, err
}

func (w *recordWriter) add(some []record) error {
	var b []byte
	for _, r := range some {
		b = binary.AppendUvarint(b[:0], uint64(len(r.key)))
		b = append(b, r.key...)
		b = binary.AppendUvarint(b, uint64(r.ends)) //nolint:gosec // not negative
		b = binary.AppendUvarint(b, uint64(len(r.value)))
		if _, err := w.out.Write(b); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		if _, err := w.out.Write(r.value); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
		w.count++
	}
	return nil
}

func (w *recordWriter) close() error {
	end := binary.AppendUvarint([]byte{0}, uint64(w.count)) //nolint:gosec // not negative
	_, err := w.out.Write(append(end, 0))
	if err = errors.Join(err, w.out.Flush(), w.zstd.Close(), w.age.Close()); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// readRecords hands the records of a file to fn, some at a time, and gives their
// number.
func readRecords(r io.Reader, identities []age.Identity, fn func([]record) error) (count int64, err error) {
	opened, err := decrypt(r, identities)
	if err != nil {
		return 0, err
	}
	unpacked, err := zstd.NewReader(opened, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return 0, broken(err)
	}
	defer unpacked.Close()
	in := bufio.NewReaderSize(unpacked, 1<<16)
	head := make([]byte, len(recordsHead))
	if _, err := io.ReadFull(in, head); err != nil || string(head) != recordsHead {
		return 0, broken(errors.New("the file of records begins otherwise"))
	}
	var some []record
	size := 0
	for {
		one, err := readRecord(in)
		if err != nil {
			return count, broken(err)
		}
		if one.key == "" {
			if one.ends != count {
				return count, broken(fmt.Errorf("%d records where %d were written", count, one.ends))
			}
			break
		}
		some, size, count = append(some, one), size+len(one.value), count+1
		if len(some) == keysAtOnce || size > 4<<20 {
			if err := fn(some); err != nil {
				return count, err
			}
			some, size = some[:0], 0
		}
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		return count, broken(errors.New("the file of records goes on after its end"))
	}
	return count, fn(some)
}

func broken(err error) error { return fmt.Errorf("%w: %w", ErrTampered, err) }

func readRecord(in *bufio.Reader) (r record, err error) {
	key, err := readBytes(in, 1<<16)
	if err != nil {
		return r, err
	}
	ends, err := binary.ReadUvarint(in)
	if err != nil {
		return r, err
	}
	r.key, r.ends = string(key), int64(ends) //nolint:gosec // a time or a count
	if r.value, err = readBytes(in, maxValue); err != nil {
		return r, err
	}
	return r, nil
}

// readBytes reads a length and so many bytes, and takes memory only for what is
// there.
func readBytes(in *bufio.Reader, most uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("a record of %d bytes", n)
	}
	if n < 1<<16 {
		b := make([]byte, n)
		_, err = io.ReadFull(in, b)
		return b, err
	}
	b, err := io.ReadAll(io.LimitReader(in, int64(n))) //nolint:gosec // at most 512 MB
	if err == nil && uint64(len(b)) != n {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// callTimeout bounds one round trip to a Redis that nobody waits for.
const callTimeout = 60 * time.Second
