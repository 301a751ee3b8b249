package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// bbolt's file: pages with a header of 16 bytes (number, flags, count of
// elements, pages that follow it as one), numbers little-endian. Page 0 and 1
// are metas, of which the later one counts.
const (
	pageHeader    = 16
	elementSize   = 16
	branchPage    = 0x01
	leafPage      = 0x02
	bucketElement = 0x01
	boltMagic     = 0xED0CDAED
	boltVersion   = 2
	metaSize      = 64

	bucketSize = 16

	// maxCounter is more entries than any gateway makes.
	maxCounter = 1 << 48

	maxDepth  = 32
	maxFaults = 20
)

// pageWalk reads a bbolt file by plain reads and believes nothing: whatever
// bbolt would follow is checked, so that it can be trusted with the file.
type pageWalk struct {
	file   io.ReaderAt
	size   int64
	pages  uint64 // that the file has by its meta
	seen   map[uint64]bool
	faults []string
	more   int // faults beyond those
	visit  func(bucket string, key, value []byte) error
}

func (w *pageWalk) fault(format string, args ...any) {
	if len(w.faults) == maxFaults {
		w.more++
		return
	}
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// place says where a page is.
func place(page uint64) string { return fmt.Sprintf("page %d (byte %d)", page, page*pageSize) }

// walk goes through all pages that the file leads to.
func (w *pageWalk) walk() {
	root, ok := w.metas()
	if !ok {
		return
	}
	w.seen = map[uint64]bool{0: true, 1: true}
	w.branch("", root, nil, nil, 0)
}

// metas reads both metas and gives the root of the later one.
func (w *pageWalk) metas() (root uint64, ok bool) {
	var newest uint64
	for page := range uint64(2) {
		b := make([]byte, pageHeader+metaSize)
		if _, err := w.file.ReadAt(b, int64(page*pageSize)); err != nil {
			w.fault("%s: the meta cannot be read: %v", place(page), noEOF(err))
			continue
		}
		m := b[pageHeader:]
		sum := fnv.New64a()
		sum.Write(m[:metaSize-8])
		switch {
		case binary.LittleEndian.Uint32(m) != boltMagic, binary.LittleEndian.Uint32(m[4:]) != boltVersion,
			binary.LittleEndian.Uint32(m[8:]) != pageSize, binary.LittleEndian.Uint64(m[metaSize-8:]) != sum.Sum64():
			w.fault("%s: the meta is damaged", place(page))
			continue
		}
		if txid := binary.LittleEndian.Uint64(m[48:]); !ok || txid > newest {
			newest, ok = txid, true
			root, w.pages = binary.LittleEndian.Uint64(m[16:]), binary.LittleEndian.Uint64(m[40:])
		}
	}
	if ok && w.pages > uint64(w.size)/pageSize {
		w.fault("the file ends at byte %d, but %d bytes were written: the end is cut off", w.size, w.pages*pageSize)
	}
	return root, ok
}

// noEOF words an end that came too early.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file ends before it")
	}
	return err
}

// read reads a page with those that follow it as one.
func (w *pageWalk) read(page uint64) ([]byte, bool) {
	if page >= w.pages || w.seen[page] {
		w.fault("%s is led to, but it is behind the end or belongs elsewhere", place(page))
		return nil, false
	}
	head := make([]byte, pageHeader)
	if _, err := w.file.ReadAt(head, int64(page*pageSize)); err != nil {
		w.fault("%s cannot be read: %v", place(page), noEOF(err))
		return nil, false
	}
	overflow := uint64(binary.LittleEndian.Uint32(head[12:]))
	if number := binary.LittleEndian.Uint64(head); number != page || page+overflow >= w.pages || overflow > maxSealed/pageSize+2 {
		w.fault("%s: its header says page %d and %d more", place(page), number, overflow)
		return nil, false
	}
	for p := page; p <= page+overflow; p++ {
		if w.seen[p] {
			w.fault("%s runs into page %d, which belongs elsewhere", place(page), p)
			return nil, false
		}
		w.seen[p] = true
	}
	body := make([]byte, (1+overflow)*pageSize)
	if _, err := w.file.ReadAt(body, int64(page*pageSize)); err != nil {
		w.fault("%s cannot be read: %v", place(page), noEOF(err))
		return nil, false
	}
	return body, true
}

// branch goes through a page and what it leads to; its keys lie in [low, high).
func (w *pageWalk) branch(bucket string, page uint64, low, high []byte, depth int) {
	body, ok := w.read(page)
	if !ok {
		return
	}
	if depth > maxDepth {
		w.fault("%s lies deeper than a file of this size can have it", place(page))
		return
	}
	if binary.LittleEndian.Uint16(body[8:]) != branchPage {
		if binary.LittleEndian.Uint16(body[10:]) == 0 {
			w.fault("%s: its header says that it is empty", place(page))
		}
		w.leaf(bucket, place(page), body, low, high, depth)
		return
	}
	n := int(binary.LittleEndian.Uint16(body[10:]))
	end := pageHeader + n*elementSize // keys follow the elements without gaps
	if n == 0 || end > len(body) {
		w.fault("%s: its header says a branch of %d elements", place(page), n)
		return
	}
	type child struct {
		key  []byte
		page uint64
	}
	var children []child
	for i := range n {
		at := pageHeader + i*elementSize
		key, ok := part(body, at, binary.LittleEndian.Uint32(body[at:]), binary.LittleEndian.Uint32(body[at+4:]), &end)
		if !ok || !within(key, low, high) || i > 0 && bytes.Compare(children[i-1].key, key) >= 0 {
			w.fault("%s: element %d of the branch is out of place", place(page), i)
			return
		}
		children = append(children, child{key, binary.LittleEndian.Uint64(body[at+8:])})
	}
	for i, c := range children {
		next := high
		if i+1 < n {
			next = children[i+1].key
		}
		w.branch(bucket, c.page, c.key, next, depth+1)
	}
}

// part cuts out what an element points to, which has to begin where that of the
// one before ended.
func part(body []byte, element int, offset, size uint32, end *int) ([]byte, bool) {
	from := uint64(element) + uint64(offset)
	to := from + uint64(size)
	if from != uint64(*end) || to > uint64(len(body)) {
		return nil, false
	}
	*end = int(to)
	return body[from:to], true
}

func within(key, low, high []byte) bool {
	return bytes.Compare(key, low) >= 0 && (high == nil || bytes.Compare(key, high) < 0)
}

// leaf goes through the elements of a leaf and tells where the last one ends. In
// a bucket that lies in a leaf, it may be empty.
func (w *pageWalk) leaf(bucket, where string, body []byte, low, high []byte, depth int) (end int) {
	n := int(binary.LittleEndian.Uint16(body[10:]))
	end = pageHeader + n*elementSize
	if flags := binary.LittleEndian.Uint16(body[8:]); flags != leafPage || end > len(body) {
		w.fault("%s: its header says kind %#x with %d elements", where, flags, n)
		return end
	}
	var last []byte
	for i := range n {
		at := pageHeader + i*elementSize
		flags, offset := binary.LittleEndian.Uint32(body[at:]), binary.LittleEndian.Uint32(body[at+4:])
		keySize, valueSize := binary.LittleEndian.Uint32(body[at+8:]), binary.LittleEndian.Uint32(body[at+12:])
		key, ok := part(body, at, offset, keySize, &end)
		if !ok || len(key) == 0 || !within(key, low, high) || i > 0 && bytes.Compare(last, key) >= 0 {
			w.fault("%s: element %d is out of place", where, i)
			return end
		}
		value, ok := part(body, at, offset+keySize, valueSize, &end)
		if !ok {
			w.fault("%s: the value of element %d is out of place", where, i)
			return end
		}
		last = key
		switch {
		case flags == 0 && bucket != "":
			if err := w.visit(bucket, key, value); err != nil {
				w.fault("%s: element %d, %s %x: %v", where, i, bucket, key, err)
			}
		case flags == bucketElement && bucket == "" && len(value) >= bucketSize:
			w.bucket(string(key), where, value, depth)
		default:
			w.fault("%s: element %d is of kind %d", where, i, flags)
		}
	}
	return end
}

// bucket goes through a bucket: the number of its root page and its sequence. A
// small one has no page, but lies here.
func (w *pageWalk) bucket(name, where string, value []byte, depth int) {
	if seq := binary.LittleEndian.Uint64(value[8:]); seq > maxCounter {
		w.fault("%s: the sequence of bucket %.20q is %d", where, name, seq)
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		if len(value) != bucketSize {
			w.fault("%s: bucket %.20q has %d bytes", where, name, len(value))
		}
		w.branch(name, root, nil, nil, depth+1)
		return
	}
	where = fmt.Sprintf("%s, bucket %.20q", where, name)
	if len(value) < bucketSize+pageHeader {
		w.fault("%s: it is cut off", where)
		return
	}
	if end := w.leaf(name, where, value[bucketSize:], nil, nil, depth+1); end != len(value)-bucketSize {
		w.fault("%s: it has %d bytes, but its elements end at %d", where, len(value)-bucketSize, end)
	}
}
