package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"passgate/checkpoint"
)

// Archive is a folder of events. It is safe for concurrent use, also by several
// processes on one file system: a lock file keeps writers and readers apart. A
// function that is handed an event must not call the Archive again.
type Archive struct {
	dir, keys string
	crowd     int                     // small segments of a day that are too many
	hook      func(step string) error // tests fail or end the process here

	mu      sync.Mutex
	notices []string
}

const (
	dayMs = 86_400_000
	// lastDay is the last one with a year of four digits.
	lastDay = 2_932_896
)

func dayOf(ms int64) int64 { return ms / dayMs }

// DayName is the name of a UTC day, such as 2020-02-10.
func DayName(day int64) string { return checkpoint.Day(day).String() }

// ParseDay reads the name of a UTC day.
func ParseDay(name string) (int64, error) {
	day, err := checkpoint.ParseDay(name)
	if err != nil || day < 0 {
		return 0, &checkpoint.FieldError{Field: "day", Why: fmt.Sprintf("%.20q is no day: give one like 2020-02-10", name)}
	}
	return int64(day), nil
}

// evidenceShelf names the nth evidence of a day.
func evidenceShelf(day int64, n int) string {
	return evidenceName + "/" + DayName(day) + "." + strconv.Itoa(n)
}

// parseShelf reads the name of a shelf and tells its day and key file.
func parseShelf(name string) (day int64, key string, ok bool) {
	text, evidence := strings.CutPrefix(name, evidenceName+"/")
	key = text + ".key"
	if evidence {
		var number string
		if text, number, ok = strings.Cut(text, "."); !ok {
			return 0, "", false
		}
		if n, err := strconv.Atoi(number); err != nil || n < 1 || strconv.Itoa(n) != number {
			return 0, "", false
		}
		key = evidenceName + "-" + key
	}
	day, err := ParseDay(text)
	return day, key, err == nil
}

func (a *Archive) keyPath(name string) string { return filepath.Join(a.keys, name) }
func (a *Archive) path(name string) string    { return filepath.Join(a.dir, filepath.FromSlash(name)) }

// step is where a test may end the work.
func (a *Archive) step(name string) error {
	if a.hook == nil {
		return nil
	}
	return a.hook(name)
}

// Open opens the archive in dir, or makes an empty one there. The keys of its
// days lie in keyDir/archive, away from dir: who copies the archive has no keys.
// A manifest that is missing or damaged is made anew from the files; Notices
// tells of that and of whatever else was out of order.
func Open(dir, keyDir string) (*Archive, error) {
	a := &Archive{dir: dir, keys: filepath.Join(keyDir, "archive"), crowd: mostSmall}
	return a, a.open()
}

func (a *Archive) open() error {
	for _, folder := range []string{a.dir, a.keys} {
		if err := makeDir(folder); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return a.tidy(ctx, m)
}

// openTimeout bounds the wait for a process that works on the archive.
const openTimeout = time.Minute

// Notices tells what was out of order since the last call, a sentence each.
func (a *Archive) Notices() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.notices
	a.notices = nil
	return out
}

func (a *Archive) notice(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.notices = append(a.notices, fmt.Sprintf(format, args...))
}

// load reads the manifest as it is on the disk now, makes it anew if it has to,
// and completes a removal that was cut off. The caller has the lock for itself.
func (a *Archive) load(ctx context.Context) (*manifest, error) {
	m, err := a.readManifest(manifestName)
	switch {
	case err == nil:
		return m, a.finishRemoval(m)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errManifest):
		return a.rebuild(ctx, err)
	}
	return nil, fmt.Errorf("archive: %w", err)
}

// current is the manifest as it is on the disk, made anew if it has to.
func (a *Archive) current(ctx context.Context) (*manifest, error) {
	m, err := a.readManifest(manifestName)
	if err == nil {
		return m, nil
	}
	unlock, m, err := a.lockToWrite(ctx)
	if err != nil {
		return nil, err
	}
	unlock()
	return m, nil
}

// Days lists the UTC days (ms / 86,400,000) of which there are events, evidence
// included, in order; none if the folder cannot be read.
func (a *Archive) Days() []int64 {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	m, err := a.current(ctx)
	if err != nil {
		a.notice("the archive cannot be read: %v", err)
		return nil
	}
	days := map[int64]bool{}
	for _, s := range m.Shelves {
		days[s.day] = true
	}
	return slices.Sorted(maps.Keys(days))
}

// exists tells whether there is a file or folder of that path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
