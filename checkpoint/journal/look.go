package journal

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// States of an entry.
const (
	StateOwed  = "owed"
	StateAside = "aside"
)

// Found is an entry in a file.
type Found struct {
	Entry
	State string // StateOwed or StateAside
	Why   string // it was set aside
}

// Looked is what else there is to say of a file.
type Looked struct {
	Blocks int      // of kept values
	Faults []string // what is damaged, and where
	// Searched tells that the pages lead nowhere: the file was searched for
	// records, so entries that were removed may be among them.
	Searched bool
}

// Look shows what is owed and what is set aside in a file, damaged ones
// included, and changes nothing. ErrInUse says that a process works on it.
func Look(path string, keys [][]byte, show func(Found) error) (Looked, error) {
	s, err := newSealer(keys...)
	if err != nil {
		return Looked{}, err
	}
	file, err := os.Open(path)
	if err != nil {
		return Looked{}, fmt.Errorf("journal: %w", err)
	}
	defer func() { _ = file.Close() }()
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return Looked{}, fmt.Errorf("%w: a process works on %s; stop it, or look at a copy of the file", ErrInUse, path)
	}
	if err != nil {
		return Looked{}, fmt.Errorf("journal: lock %s: %w", path, err)
	}
	info, err := file.Stat()
	if err != nil {
		return Looked{}, fmt.Errorf("journal: %w", err)
	}
	found, err := examine(file, info.Size(), s, nil)
	if err != nil {
		return Looked{}, fmt.Errorf("%w (%s)", err, path)
	}
	l := Looked{Faults: found.faults, Searched: !found.pages}
	var failed error
	each := func(h header, _, content []byte) error {
		if failed == nil {
			failed = l.show(h, content, show)
		}
		return nil
	}
	if l.Searched {
		err = scan(file, info.Size(), s, each)
	} else {
		_, err = examine(file, info.Size(), s, each)
	}
	return l, errors.Join(failed, err)
}

// show shows a record if it is an entry, and counts it if it is a block.
func (l *Looked) show(h header, content []byte, show func(Found) error) error {
	f := Found{Entry: Entry{Seq: h.seq, At: h.at, Partition: int(h.partition), Value: content}, State: StateOwed}
	switch h.kind {
	case kindKept:
		l.Blocks++
		return nil
	case kindAside:
		var err error
		if f.Why, f.Value, err = splitContent(content); err != nil {
			return err
		}
		f.State = StateAside
	case kindMeta:
		return nil
	}
	return show(f)
}
