package journal

import (
	"bytes"
	"errors"
	"io"
)

// scanSize is how much of a file is searched at once.
const scanSize = 1 << 20

// scan searches a file for records, wherever they lie, and shows those that are
// whole. What cannot be read of the file is passed over. ErrKey says that there
// seem to be records and not one can be opened.
func scan(file io.ReaderAt, size int64, keys sealer, show showRecord) error {
	looked, whole := 0, 0
	buffer := make([]byte, scanSize+len(magic)-1)
	for from := int64(0); from < size; from += scanSize {
		some := buffer[:readable(file, buffer, from)]
		for at := 0; ; at++ {
			found := bytes.Index(some[at:], []byte(magic))
			if found < 0 {
				break
			}
			at += found
			record := recordAt(file, from+int64(at))
			if record == nil {
				continue
			}
			looked++
			h, content, err := keys.open(record)
			if err != nil || bucketOf(h.kind) == "" {
				continue
			}
			whole++
			if err := show(h, record, content); err != nil {
				return err
			}
		}
	}
	if looked > 0 && whole == 0 {
		return keyError(looked)
	}
	return nil
}

// readable reads what it can, with zeros in place of pages that the disk does
// not give, and tells how far the file goes.
func readable(file io.ReaderAt, buffer []byte, from int64) int {
	n, err := file.ReadAt(buffer, from)
	if err == nil || errors.Is(err, io.EOF) {
		return n
	}
	clear(buffer)
	end := 0
	for at := 0; at < len(buffer); at += pageSize {
		n, err := file.ReadAt(buffer[at:min(at+pageSize, len(buffer))], from+int64(at))
		if n > 0 || err != nil && !errors.Is(err, io.EOF) {
			end = min(at+pageSize, len(buffer))
		}
	}
	return end
}

// recordAt reads what may be a record, or gives nil.
func recordAt(file io.ReaderAt, at int64) []byte {
	head := make([]byte, headerSize)
	if _, err := file.ReadAt(head, at); err != nil {
		return nil
	}
	_, sealed, err := parseHeader(head)
	if err != nil {
		return nil
	}
	record := make([]byte, headerSize+sealed)
	if _, err := file.ReadAt(record, at); err != nil {
		return nil
	}
	return record
}
