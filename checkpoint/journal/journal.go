package journal

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// Options of a journal.
type Options struct {
	// Dir is the folder, made if it is missing. It belongs to one process.
	Dir string
	// Key seals what is written: 32 bytes, for nothing else.
	Key []byte
	// MaxBytes bounds the file; 1 GiB if it is 0, at least 16 MiB.
	MaxBytes int64
	// Logger is told of trouble; slog's default if it is nil.
	Logger *slog.Logger
	// Now is the clock; time.Now if it is nil.
	Now func() time.Time

	// openFile opens the bbolt file; tests break it.
	openFile func(string, int, os.FileMode) (*os.File, error)
}

const (
	defaultMaxBytes = 1 << 30
	minMaxBytes     = 16 << 20
	// Partitions bounds the number of a partition: 0 to 255.
	Partitions = 256
)

// The errors that callers tell apart with errors.Is.
var (
	// ErrFull: the bound of the file, or of the memory for kept values, is
	// reached. It accepts again when something was paid or forgotten.
	ErrFull = errors.New("journal: full")
	// ErrBroken: the disk does not take it. It is tried again with a later call,
	// at most once a second.
	ErrBroken = errors.New("journal: the disk does not take it")
	// ErrClosed: the journal was closed.
	ErrClosed = errors.New("journal: closed")
	// ErrInUse: another process has the folder.
	ErrInUse = errors.New("journal: in use")
	// ErrKey: no record of the file can be opened with the key given.
	ErrKey = errors.New("journal: another key")
	// ErrNotOwed: there is no such entry, or it was paid.
	ErrNotOwed = errors.New("journal: not owed")
)

// Entry is a value in the journal.
type Entry struct {
	Seq       uint64 // 0 for a kept value
	At        int64  // when it came, UTC ms
	Partition int
	Value     []byte // the caller's to keep
}

// Journal is open until Close. It is safe for concurrent use.
type Journal struct {
	o    Options
	seal sealer
	lock *os.File

	dbMu sync.RWMutex // the writer alone replaces db, and reads it without
	db   *bbolt.DB    // nil when closed

	requests  chan *request
	stop      chan struct{} // closed by Close
	stopOnce  sync.Once
	done      chan struct{} // closed when the writer has ended
	closed    error         // of closing, readable after done
	keep      keeper
	lastSeq   uint64    // counter of the last sequence; the writer's
	lastBlock uint64    // number of the last block on the disk; the writer's
	failedAt  time.Time // of the last write that failed; zero if it succeeded; the writer's
	suspect   bool      // the file has to be made anew; the writer's
	crowd     int       // requests in the last commit; the writer's

	mu       sync.Mutex
	state    state
	asides   uint64 // entries that were set aside since Open
	oldAside oldAside
}

// state is what is told of a journal, kept up to date by the writer.
type state struct {
	owed       [Partitions]int
	aside      int
	kept       int64 // bytes of kept blocks on the disk
	used, size int64
	commits    uint64
	commitTime time.Duration
	slowest    time.Duration
	broken     error
	unreadable uint64
	damage     *Damage
	damaged    int
}

// Open opens the journal in a folder, or makes an empty one. It waits up to
// three seconds for a process that is about to leave the folder. A damaged file
// is put right as the package comment says, and Stats tells of it.
func Open(o Options) (*Journal, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.MaxBytes < minMaxBytes || o.MaxBytes > math.MaxInt32*64 {
		return nil, fmt.Errorf("journal: a bound of %d bytes: give at least %d (16 MiB) and at most 128 GiB", o.MaxBytes, minMaxBytes)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	keys, err := newSealer(o.Key)
	if err != nil {
		return nil, err
	}
	j := &Journal{o: o, seal: keys, requests: make(chan *request), stop: make(chan struct{}), done: make(chan struct{})}
	if j.lock, err = own(o.Dir); err != nil {
		return nil, err
	}
	if err = j.open(); err != nil {
		_ = j.lock.Close()
		return nil, err
	}
	j.keep.wake = make(chan struct{}, 1)
	go j.write()
	return j, nil
}

// open brings the file in order and reads what is in it.
func (j *Journal) open() error {
	if err := j.prepare(); err != nil {
		return err
	}
	db, err := j.openDB(j.path())
	if err != nil {
		return err
	}
	j.db = db
	if j.wasteful() {
		if err := j.renew(); err != nil { // a full disk must not keep it shut
			j.o.Logger.Warn("journal: the file is mostly empty and cannot be made smaller", "file", j.path(), "error", err)
		}
	}
	if err := j.load(); err != nil {
		_ = j.db.Close()
		return err
	}
	j.keep.next = j.lastBlock + 1
	return nil
}

// Close writes what is kept, waits for writes under way and gives up the folder.
// Calls that come later give ErrClosed.
func (j *Journal) Close() error {
	j.stopOnce.Do(func() { close(j.stop) })
	<-j.done
	return j.closed
}

// Stats is the state of a journal.
type Stats struct {
	Owed, Aside int   // entries
	OldestOwed  int64 // UTC ms; 0 if nothing is owed
	Kept        int64 // bytes of kept values on the disk
	Pending     int64 // bytes of kept values that are only in memory
	KeptLost    uint64
	Used        int64 // bytes of the file that are in use
	Size, Max   int64 // bytes of the file, and the bound
	Commits     uint64
	CommitTime  time.Duration // of all commits together
	Slowest     time.Duration // commit
	Broken      error         // why the last write failed; nil if it succeeded
	Damage      *Damage       // what this opening found; nil if the file was whole
	Damaged     int           // damaged files in the folder, until somebody moves them away
	Unreadable  uint64        // records that went bad since the file was opened
}

// Stats tells the state.
func (j *Journal) Stats() Stats {
	oldest, _ := j.OldestOwed()
	pending, lost := j.keep.counts()
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &j.state
	return Stats{
		Owed: s.count(), Aside: s.aside, OldestOwed: oldest, Kept: s.kept, Pending: pending, KeptLost: lost,
		Used: s.used, Size: s.size, Max: j.o.MaxBytes, Commits: s.commits, CommitTime: s.commitTime, Slowest: s.slowest,
		Broken: s.broken, Damage: s.damage, Damaged: s.damaged, Unreadable: s.unreadable,
	}
}

func (s *state) count() (n int) {
	for _, owed := range s.owed {
		n += owed
	}
	return n
}

// view reads the file. The function must be short and call nobody else.
func (j *Journal) view(fn func(*bbolt.Tx) error) error {
	j.dbMu.RLock()
	defer j.dbMu.RUnlock()
	if j.db == nil {
		return ErrClosed
	}
	if err := j.db.View(fn); err != nil {
		return fmt.Errorf("journal: read %s: %w", j.path(), err)
	}
	return nil
}

// unreadable notes a record that was whole when the file was opened.
func (j *Journal) unreadable(bucket string, key []byte) {
	j.mu.Lock()
	j.state.unreadable++
	j.mu.Unlock()
	j.o.Logger.Error("journal: a record went bad; it is left in the file and passed over", "file", j.path(), "bucket", bucket, "key", fmt.Sprintf("%x", key))
}
