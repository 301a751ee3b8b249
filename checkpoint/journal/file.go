package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

const (
	fileName = "journal.db"
	lockName = "journal.lock"
	newMark  = ".new"
	badMark  = ".damaged-"

	// checkName is the fact that is in every file, so that a key can be tried.
	checkName = "check"

	// ownPatience bounds the wait for a process that is about to leave.
	ownPatience = 3 * time.Second
	ownPoll     = 20 * time.Millisecond
)

var buckets = []string{"owed", "aside", "kept", "meta"}

func (j *Journal) path() string { return filepath.Join(j.o.Dir, fileName) }

// own takes the folder for this process until the file is closed.
func own(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	for begin := time.Now(); ; time.Sleep(ownPoll) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			if err = f.Truncate(0); err == nil {
				_, err = fmt.Fprintf(f, "%d\n", os.Getpid())
			}
			// The number is for the message below: a full disk must not keep
			// the journal shut.
			if err != nil && !errors.Is(err, syscall.ENOSPC) && !errors.Is(err, syscall.EFBIG) {
				_ = f.Close()
				return nil, fmt.Errorf("journal: %w", err)
			}
			return f, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			_ = f.Close()
			return nil, fmt.Errorf("journal: lock %s: %w", dir, err)
		case time.Since(begin) > ownPatience:
			owner, _ := io.ReadAll(io.LimitReader(f, 32))
			_ = f.Close()
			return nil, fmt.Errorf("%w: %s belongs to process %s; stop it or name another folder", ErrInUse, dir, strings.TrimSpace(string(owner)))
		}
	}
}

// openDB opens a bbolt file, which must be whole.
func (j *Journal) openDB(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:  ownPatience,
		PageSize: pageSize,
		// The list of free pages is made anew at each opening, from pages that
		// were checked, instead of being written with each commit.
		NoFreelistSync: true,
		FreelistType:   bbolt.FreelistMapType,
		// All of it is mapped from the beginning: mapping again would wait for
		// readers.
		InitialMmapSize: int(j.o.MaxBytes),
		MaxSize:         int(j.o.MaxBytes),
		OpenFile:        j.o.openFile,
	})
	if err != nil {
		return nil, fmt.Errorf("journal: open %s: %w", path, err)
	}
	db.AllocSize = int(min(j.o.MaxBytes/64, 16<<20))
	return db, nil
}

// make fills a new file and leaves it on the disk, closed, under a name of its
// own.
func (j *Journal) make(fill func(*bbolt.DB) error) error {
	path := j.path() + newMark
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("journal: %w", err)
	}
	db, err := j.openDB(path)
	if err != nil {
		return err
	}
	err = fill(db)
	if err = errors.Join(err, db.Close()); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("journal: make %s: %w", path, err)
	}
	return nil
}

// create makes the buckets and the fact that is in every file.
func (j *Journal) create(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return j.putMeta(tx, checkName, nil)
	})
}

// replace puts the new file in the place of the old one, durably.
func (j *Journal) replace() error {
	if err := os.Rename(j.path()+newMark, j.path()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return j.syncDir()
}

func (j *Journal) syncDir() error {
	dir, err := os.Open(j.o.Dir)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// renew copies what is in the file to a new one and goes on with that. What was
// removed stays behind. If it fails, it goes on with the file that has the name.
func (j *Journal) renew() error {
	err := j.make(func(db *bbolt.DB) error { return bbolt.Compact(db, j.db, mostWeight) })
	if err != nil {
		return err
	}
	db, err := j.openDB(j.path() + newMark)
	if err != nil {
		return err
	}
	if err := os.Rename(j.path()+newMark, j.path()); err != nil {
		_ = db.Close()
		return fmt.Errorf("journal: %w", err)
	}
	j.dbMu.Lock()
	old := j.db
	j.db = db
	j.dbMu.Unlock()
	_ = old.Close() // its file has no name any more
	return j.syncDir()
}

// wasteful tells whether most of the file is free.
func (j *Journal) wasteful() bool {
	used, size := j.usage()
	return size > 4<<20 && used < size/4
}

// load reads from the file what is told of it.
func (j *Journal) load() error {
	s := state{}
	var seq, last uint64
	err := j.db.View(func(tx *bbolt.Tx) error {
		owed := tx.Bucket([]byte("owed"))
		seq = owed.Sequence()
		c := owed.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			s.owed[k[0]]++
			seq = max(seq, binary.BigEndian.Uint64(k[1:])>>8) // the bucket's own has no seal
		}
		c = tx.Bucket([]byte("aside")).Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			s.aside++
			seq = max(seq, binary.BigEndian.Uint64(k[1:])>>8)
		}
		c = tx.Bucket([]byte("kept")).Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			h, _, err := parseHeader(v)
			if err != nil {
				return err
			}
			last = h.seq
			s.kept += int64(len(v))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("journal: read %s: %w", j.path(), err)
	}
	j.lastSeq, j.lastBlock = max(j.lastSeq, seq), max(j.lastBlock, last)
	j.keep.drop(func(b *block) bool { return b.number <= last })
	s.used, s.size = j.usage()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.state.owed, j.state.aside, j.state.kept, j.state.used, j.state.size = s.owed, s.aside, s.kept, s.used, s.size
	return nil
}
