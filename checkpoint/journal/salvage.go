package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"
)

// Damage is what was wrong with the file when it was opened.
type Damage struct {
	File   string   // where the damaged file lies now
	Faults []string // what was wrong, and where
	// Owed, Aside and Kept are the entries and blocks that were taken over.
	Owed, Aside, Kept int
}

// prepare sees to it that the file is there and whole.
func (j *Journal) prepare() error {
	if bad, err := filepath.Glob(j.path() + badMark + "*"); err == nil {
		j.state.damaged = len(bad)
	}
	file, err := os.Open(j.path())
	if errors.Is(err, fs.ErrNotExist) {
		if err := j.make(j.create); err != nil {
			return err
		}
		return j.replace()
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	found, err := examine(file, info.Size(), j.seal, nil)
	if err != nil {
		return fmt.Errorf("%w (%s)", err, j.path())
	}
	if len(found.faults) == 0 {
		return nil
	}
	return j.salvage(file, info.Size(), found)
}

// showRecord is shown a record with its content.
type showRecord func(h header, record, content []byte) error

// findings is what examine finds.
type findings struct {
	faults []string
	pages  bool // the pages themselves are whole: all faults are in records
	whole  int  // records
}

// examine goes through a file and shows every record that is whole, with the
// content opened. ErrKey says that there are records and not one can be opened.
func examine(file io.ReaderAt, size int64, keys sealer, show showRecord) (found findings, err error) {
	bad := 0
	w := &pageWalk{file: file, size: size}
	w.visit = func(bucket string, key, record []byte) error {
		h, content, err := keys.open(record)
		if err != nil {
			bad++
			return err
		}
		if !h.sameKey(bucket, key, content) {
			return errors.New("the record belongs elsewhere")
		}
		found.whole++
		if show == nil {
			return nil
		}
		return show(h, record, content)
	}
	w.walk()
	found.faults = w.faults
	if w.more > 0 {
		found.faults = append(found.faults, fmt.Sprintf("and %d more", w.more))
	}
	found.pages = len(w.faults)+w.more == bad
	if bad > 0 && found.whole == 0 {
		return found, keyError(bad)
	}
	return found, nil
}

// keyError words ErrKey.
func keyError(records int) error {
	return fmt.Errorf("%w: not one of %d records can be opened: give the key that they were written with, or move the file away to begin a new one", ErrKey, records)
}

// salvage takes what is whole in a damaged file into a new one, and keeps the
// damaged one under another name.
func (j *Journal) salvage(file io.ReaderAt, size int64, found findings) error {
	d := &Damage{Faults: found.faults}
	err := j.make(func(db *bbolt.DB) error {
		if err := j.create(db); err != nil {
			return err
		}
		t := &takeover{j: j, db: db, later: map[string]uint64{}}
		if err := t.from(file, size, found.pages); err != nil {
			return err
		}
		return t.finish(d)
	})
	if err != nil {
		return err
	}
	base := j.path() + badMark + time.Now().UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		d.File = base
		if n > 1 {
			d.File = fmt.Sprintf("%s-%d", base, n)
		}
		// A second name first: at no moment is the file without one.
		if err = os.Link(j.path(), d.File); err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("journal: keep the damaged file: %w", err)
		}
	}
	if err := j.replace(); err != nil {
		return err
	}
	j.state.damage = d
	j.state.damaged++
	j.o.Logger.Error("journal: the file was damaged; what is whole was taken over and the file is kept", "file", d.File,
		"faults", strings.Join(d.Faults, "; "), "owed", d.Owed, "aside", d.Aside, "kept_blocks", d.Kept)
	return nil
}

// takeover puts records into a new file.
type takeover struct {
	j     *Journal
	db    *bbolt.DB
	some  []taken
	bytes int
	floor [Partitions]uint64
	later map[string]uint64 // sequence of each fact
	last  uint64            // counter of the last sequence
}

type taken struct {
	header
	key, record []byte
}

// from reads the whole records, by way of the pages if they can be trusted and
// by searching the file otherwise.
func (t *takeover) from(file io.ReaderAt, size int64, pages bool) error {
	if !pages {
		return scan(file, size, t.j.seal, t.take)
	}
	var failed error
	_, err := examine(file, size, t.j.seal, func(h header, record, content []byte) error {
		if failed == nil {
			failed = t.take(h, record, content)
		}
		return nil
	})
	return errors.Join(err, failed)
}

// take takes a record over, unless it is an older version of a fact.
func (t *takeover) take(h header, record, content []byte) error {
	if h.kind != kindKept { // blocks have numbers of their own
		t.last = max(t.last, h.seq>>8)
	}
	var name []byte
	switch h.kind {
	case kindOwed:
		t.floor[h.partition] = max(t.floor[h.partition], h.floor)
	case kindMeta:
		text, _, err := splitContent(content)
		if err != nil || text == checkName || h.seq < t.later[text] {
			return nil
		}
		name, t.later[text] = []byte(text), h.seq
	}
	t.some = append(t.some, taken{h, h.key(name), bytes.Clone(record)})
	if t.bytes += len(record); t.bytes < mostWeight {
		return nil
	}
	return t.put()
}

func (t *takeover) put() error {
	err := t.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range t.some {
			if err := tx.Bucket([]byte(bucketOf(r.kind))).Put(r.key, r.record); err != nil {
				return err
			}
		}
		return nil
	})
	t.some, t.bytes = nil, 0
	return err
}

// finish leaves out what was removed from the old file and found even so.
func (t *takeover) finish(d *Damage) error {
	if err := t.put(); err != nil {
		return err
	}
	return t.db.Update(func(tx *bbolt.Tx) error {
		owed, aside := tx.Bucket([]byte("owed")), tx.Bucket([]byte("aside"))
		var gone [][]byte
		err := owed.ForEach(func(k, v []byte) error {
			if h, _, err := parseHeader(v); err != nil || h.seq < t.floor[k[0]] || aside.Get(k) != nil {
				gone = append(gone, bytes.Clone(k))
			} else {
				d.Owed++
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, k := range gone {
			if err := owed.Delete(k); err != nil {
				return err
			}
		}
		d.Aside, d.Kept = aside.Inspect().KeyN, tx.Bucket([]byte("kept")).Inspect().KeyN
		t.j.lastSeq = max(t.j.lastSeq, t.last)
		return owed.SetSequence(t.j.lastSeq)
	})
}
