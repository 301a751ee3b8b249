package journal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
)

// Kinds of records.
const (
	kindOwed  = 'o'
	kindAside = 'a'
	kindKept  = 'k'
	kindMeta  = 'm'
)

const (
	magic      = "pgJ1"
	headerSize = 34
	sealSize   = 12 + 16 // nonce and tag

	// MaxValue bounds a value, in bytes.
	MaxValue = 64 << 10
	// maxSealed bounds what follows a header: a kept block that was nearly full
	// when the longest value came.
	maxSealed = blockSize + 2*MaxValue
)

var errRecord = errors.New("the record is damaged")

// header says what a record is; see the package comment.
type header struct {
	kind      byte
	partition byte
	seq       uint64
	at        int64
	floor     uint64
}

func (h *header) append(to []byte, sealed int) []byte {
	to = append(to, magic...)
	to = append(to, h.kind, h.partition)
	to = binary.BigEndian.AppendUint64(to, h.seq)
	to = binary.BigEndian.AppendUint64(to, uint64(h.at))
	to = binary.BigEndian.AppendUint64(to, h.floor)
	return binary.BigEndian.AppendUint32(to, uint32(sealed))
}

// parseHeader reads the header at the beginning of b and tells how many bytes
// follow it.
func parseHeader(b []byte) (h header, sealed int, err error) {
	if len(b) < headerSize || string(b[:4]) != magic {
		return h, 0, errRecord
	}
	h = header{
		kind: b[4], partition: b[5],
		seq:   binary.BigEndian.Uint64(b[6:]),
		at:    int64(binary.BigEndian.Uint64(b[14:])),
		floor: binary.BigEndian.Uint64(b[22:]),
	}
	sealed = int(binary.BigEndian.Uint32(b[30:]))
	if sealed < sealSize || sealed > maxSealed {
		return h, 0, errRecord
	}
	return h, sealed, nil
}

// key is where a record of this header lies in its bucket; name is that of a
// meta record.
func (h *header) key(name []byte) []byte {
	switch h.kind {
	case kindOwed, kindAside:
		return seqKey(h.partition, h.seq)
	case kindKept:
		return binary.BigEndian.AppendUint64(nil, h.seq)
	default:
		return name
	}
}

func seqKey(partition byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{partition}, seq)
}

// sealer seals records with its first key and opens them with any.
type sealer []cipher.AEAD

func newSealer(keys ...[]byte) (sealer, error) {
	s := make(sealer, 0, len(keys))
	for _, key := range keys {
		if len(key) != 32 {
			return nil, fmt.Errorf("journal: a key has %d bytes: give 32", len(key))
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("journal: key: %w", err)
		}
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, fmt.Errorf("journal: key: %w", err)
		}
		s = append(s, gcm)
	}
	return s, nil
}

// seal makes a record.
func (s sealer) seal(h header, content []byte) []byte {
	sealed := len(content) + sealSize
	record := h.append(make([]byte, 0, headerSize+sealed), sealed)
	return s[0].Seal(record, nil, content, record)
}

// open reads a record and checks all of it.
func (s sealer) open(record []byte) (h header, content []byte, err error) {
	h, sealed, err := parseHeader(record)
	if err != nil || len(record) != headerSize+sealed {
		return h, nil, errRecord
	}
	for _, gcm := range s {
		content, err = gcm.Open(nil, nil, record[headerSize:], record[:headerSize])
		if err == nil {
			return h, content, nil
		}
	}
	return h, nil, errRecord
}

// joinContent puts a reason or name before a value.
func joinContent(prefix string, value []byte) []byte {
	content := binary.AppendUvarint(make([]byte, 0, len(prefix)+len(value)+2), uint64(len(prefix)))
	content = append(content, prefix...)
	return append(content, value...)
}

func splitContent(content []byte) (prefix string, value []byte, err error) {
	n, used := binary.Uvarint(content)
	if used <= 0 || n > uint64(len(content)-used) {
		return "", nil, errRecord
	}
	return string(content[used : used+int(n)]), content[used+int(n):], nil
}

// keptValue is a value in a block.
type keptValue struct {
	partition byte
	at        int64
	value     []byte
}

func appendKept(block []byte, partition byte, at int64, value []byte) []byte {
	block = append(block, partition)
	block = binary.BigEndian.AppendUint64(block, uint64(at))
	block = binary.AppendUvarint(block, uint64(len(value)))
	return append(block, value...)
}

// eachKept walks the values of a block, which stay part of it.
func eachKept(block []byte, fn func(keptValue) error) error {
	for len(block) > 0 {
		if len(block) < 10 {
			return errRecord
		}
		v := keptValue{partition: block[0], at: int64(binary.BigEndian.Uint64(block[1:]))}
		n, used := binary.Uvarint(block[9:])
		if used <= 0 || n > uint64(len(block)-9-used) {
			return errRecord
		}
		v.value = block[9+used : 9+used+int(n)]
		if err := fn(v); err != nil {
			return err
		}
		block = block[9+used+int(n):]
	}
	return nil
}

// sameKey tells whether a record lies where it belongs.
func (h *header) sameKey(bucket string, key, content []byte) bool {
	if bucket != bucketOf(h.kind) {
		return false
	}
	var name []byte
	if h.kind == kindMeta {
		text, _, err := splitContent(content)
		if err != nil {
			return false
		}
		name = []byte(text)
	}
	return bytes.Equal(key, h.key(name))
}

// bucketOf names the bucket of a kind; none for a kind that there is not.
func bucketOf(kind byte) string {
	switch kind {
	case kindOwed:
		return "owed"
	case kindAside:
		return "aside"
	case kindKept:
		return "kept"
	case kindMeta:
		return "meta"
	}
	return ""
}
