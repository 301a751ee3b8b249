package loadtest

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync"
	"time"
)

// A ledger is a file of records of 40 bytes, big-endian. The words of a scan are
// one byte each; a record of its own says what a byte means before it is used.
//
//	scan  1 | outcome | decision | reason | kind | marks | 0 0 | device 4 |
//	      latency in µs 4 | person 8 | occurred_at in ms 8 | FNV-1a of the ID 8
//	word  2 | number | length | up to 37 bytes
const (
	recordSize = 40
	recordScan = 1
	recordWord = 2
	longWord   = recordSize - 3
	mostWords  = 255
)

// Marks of a scan.
const (
	markIn = 1 << iota
	markDuplicate
	markDegraded
)

// Ledger is a file of every send and its outcome. It is safe for concurrent use.
type Ledger struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	words map[string]byte
}

// CreateLedger makes a ledger in a new file.
func CreateLedger(path string) (*Ledger, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the caller's choice
	if err != nil {
		return nil, fmt.Errorf("loadtest: ledger: %w", err)
	}
	return &Ledger{file: file, w: bufio.NewWriterSize(file, 256<<10), words: map[string]byte{}}, nil
}

// Close writes out what is left.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.w.Flush(), l.file.Close()); err != nil {
		return fmt.Errorf("loadtest: ledger: %w", err)
	}
	return nil
}

// add notes what became of a scan.
func (l *Ledger) add(s *Scan, o outcome, a *Answer, latency time.Duration) error {
	e := entry{
		outcome: o, device: uint32(s.Device), person: s.Person, at: s.OccurredAt, id: hashOf(s.ID), // #nosec G115 -- an index
		latency: uint32(min(latency, longest).Microseconds()), in: s.Direction == "in", duplicate: a.Duplicate, degraded: a.Degraded, // #nosec G115 -- an hour fits
	}
	if o == acknowledged {
		e.person = a.Person
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	for _, word := range []struct {
		to   *byte
		text string
	}{{&e.decision, a.Decision}, {&e.reason, a.Reason}, {&e.kind, s.Kind}} {
		*word.to, err = l.word(word.text)
		if err != nil {
			return err
		}
	}
	var b [recordSize]byte
	e.put(&b)
	return l.write(&b)
}

// word is the number of a word.
func (l *Ledger) word(text string) (byte, error) {
	n, known := l.words[text]
	if known {
		return n, nil
	}
	if len(text) > longWord || len(l.words) == mostWords {
		return 0, fmt.Errorf("loadtest: ledger: %d words, and %q is another", len(l.words), text)
	}
	n = byte(len(l.words))
	l.words[text] = n
	b := [recordSize]byte{recordWord, n, byte(len(text))}
	copy(b[3:], text)
	return n, l.write(&b)
}

func (l *Ledger) write(b *[recordSize]byte) error {
	if _, err := l.w.Write(b[:]); err != nil {
		return fmt.Errorf("loadtest: ledger: %w", err)
	}
	return nil
}

// entry is a scan of a ledger.
type entry struct {
	outcome                outcome
	decision, reason, kind byte // words
	in                     bool
	duplicate, degraded    bool
	device, latency        uint32
	person, id             uint64
	at                     int64
	// What the audit found so far: how often it is in the window of its gate.
	faults fault
	inGate byte
}

func (e *entry) put(b *[recordSize]byte) {
	marks := byte(bit(e.in)*markIn | bit(e.duplicate)*markDuplicate | bit(e.degraded)*markDegraded) // #nosec G115 -- three bits
	copy(b[:], []byte{recordScan, byte(e.outcome), e.decision, e.reason, e.kind, marks, byte(e.faults), e.inGate})
	binary.BigEndian.PutUint32(b[8:], e.device)
	binary.BigEndian.PutUint32(b[12:], e.latency)
	binary.BigEndian.PutUint64(b[16:], e.person)
	binary.BigEndian.PutUint64(b[24:], uint64(e.at)) // #nosec G115 -- a time of our days
	binary.BigEndian.PutUint64(b[32:], e.id)
}

func (e *entry) get(b *[recordSize]byte) {
	*e = entry{
		outcome: outcome(b[1]), decision: b[2], reason: b[3], kind: b[4],
		in: b[5]&markIn != 0, duplicate: b[5]&markDuplicate != 0, degraded: b[5]&markDegraded != 0,
		faults: fault(b[6]), inGate: b[7],
		device: binary.BigEndian.Uint32(b[8:]), latency: binary.BigEndian.Uint32(b[12:]),
		person: binary.BigEndian.Uint64(b[16:]), at: int64(binary.BigEndian.Uint64(b[24:])), // #nosec G115 -- as it was put
		id: binary.BigEndian.Uint64(b[32:]),
	}
}

func hashOf(id string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id) // cannot fail
	return h.Sum64()
}

// readLedger hands every scan of a ledger to do, with its words changed to those
// of to, a ledger in memory.
func readLedger(path string, to *vocabulary, do func(*entry) error) error {
	file, err := os.Open(path) //nolint:gosec // the caller's choice
	if err != nil {
		return fmt.Errorf("loadtest: ledger: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	r := bufio.NewReaderSize(file, 256<<10)
	var words [mostWords + 1]byte
	var b [recordSize]byte
	var e entry
	for {
		switch _, err := io.ReadFull(r, b[:]); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("loadtest: ledger %s: %w", path, err)
		case b[0] == recordWord && int(b[2]) <= longWord:
			if words[b[1]], err = to.number(string(b[3 : 3+b[2]])); err != nil {
				return err
			}
			continue
		case b[0] != recordScan:
			return fmt.Errorf("loadtest: %s is no ledger", path)
		}
		e.get(&b)
		e.decision, e.reason, e.kind = words[e.decision], words[e.reason], words[e.kind]
		if err := do(&e); err != nil {
			return err
		}
	}
}

// vocabulary numbers the words of several ledgers.
type vocabulary struct {
	words   []string
	numbers map[string]byte
}

func (v *vocabulary) number(word string) (byte, error) {
	if n, known := v.numbers[word]; known {
		return n, nil
	}
	if len(v.words) == mostWords {
		return 0, fmt.Errorf("loadtest: ledger: too many words, %q is another", word)
	}
	if v.numbers == nil {
		v.numbers = map[string]byte{}
	}
	n := byte(len(v.words))
	v.numbers[word], v.words = n, append(v.words, word)
	return n, nil
}
