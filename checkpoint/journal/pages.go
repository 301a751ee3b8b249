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
		w.leaf(bucket, place(page), body, low, high, depth)
		return
	}
	n := int(binary.LittleEndian.Uint16(body[10:]))
	if n == 0 || pageHeader+n*elementSize > len(body) {
		w.fault("%s: a branch of %d", place(page), n)
		return
	}
	type child struct {
		key  []byte
		page uint64
	}
	var children []child
	for i := range n {
		at := pageHeader + i*elementSize
		key, ok := part(body, at, binary.LittleEndian.Uint32(body[at:]), 0, binary.LittleEndian.Uint32(body[at+4:]))
		if !ok || !within(key, low, high) || i > 0 && bytes.Compare(children[i-1].key, key) >= 0 {
			w.fault("%s: element %d of the branch is out of place", place(page), i)
			return
		}
		children = append(children, child{key, binary.LittleEndian.Uint64(body[at+8:])})
	}
	for i, c := range children {
		end := high
		if i+1 < n {
			end = children[i+1].key
		}
		w.branch(bucket, c.page, c.key, end, depth+1)
	}
}

// part cuts size bytes out of a page, skip bytes behind an element's offset.
func part(body []byte, element int, offset, skip, size uint32) ([]byte, bool) {
	from := uint64(element) + uint64(offset) + uint64(skip)
	to := from + uint64(size)
	if to > uint64(len(body)) {
		return nil, false
	}
	return body[from:to], true
}

func within(key, low, high []byte) bool {
	return bytes.Compare(key, low) >= 0 && (high == nil || bytes.Compare(key, high) < 0)
}

// leaf goes through the elements of a leaf, or of a bucket that lies in one.
func (w *pageWalk) leaf(bucket, where string, body []byte, low, high []byte, depth int) {
	n := int(binary.LittleEndian.Uint16(body[10:]))
	if flags := binary.LittleEndian.Uint16(body[8:]); flags != leafPage || pageHeader+n*elementSize > len(body) {
		w.fault("%s: its header says kind %#x with %d elements", where, flags, n)
		return
	}
	var last []byte
	for i := range n {
		at := pageHeader + i*elementSize
		flags, offset := binary.LittleEndian.Uint32(body[at:]), binary.LittleEndian.Uint32(body[at+4:])
		keySize, valueSize := binary.LittleEndian.Uint32(body[at+8:]), binary.LittleEndian.Uint32(body[at+12:])
		key, ok := part(body, at, offset, 0, keySize)
		value, ok2 := part(body, at, offset, keySize, valueSize)
		if !ok || !ok2 || len(key) == 0 || !within(key, low, high) || i > 0 && bytes.Compare(last, key) >= 0 {
			w.fault("%s: element %d is out of place", where, i)
			continue
		}
		last = key
		switch {
		case flags == 0 && bucket != "":
			if err := w.visit(bucket, key, value); err != nil {
				w.fault("%s: element %d, %s %x: %v", where, i, bucket, key, err)
			}
		case flags == bucketElement && bucket == "" && len(value) >= 16:
			w.bucket(string(key), where, value, depth)
		default:
			w.fault("%s: element %d is of kind %d", where, i, flags)
		}
	}
}

// bucket goes through a bucket, whose leaf may lie in the value itself.
func (w *pageWalk) bucket(name, where string, value []byte, depth int) {
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		w.branch(name, root, nil, nil, depth+1)
		return
	}
	if len(value) < 16+pageHeader {
		w.fault("%s: bucket %.20q is cut off", where, name)
		return
	}
	w.leaf(name, fmt.Sprintf("%s, bucket %.20q", where, name), value[16:], nil, nil, depth+1)
}
