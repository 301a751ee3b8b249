package archive

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Names in the archive's folder.
const (
	manifestName = "manifest.json"
	previousName = "manifest.previous.json"
	lockName     = "lock"
	evidenceName = "evidence"
)

// formatVersion counts changes of the layout.
const formatVersion = 1

// manifest is the truth about what is archived.
type manifest struct {
	Format    int           `json:"format"`
	Archive   string        `json:"archive"` // name of this archive, random, for life
	Written   int64         `json:"written"` // how often the manifest was written
	At        time.Time     `json:"at"`      // last time
	Logs      map[int]mark  `json:"logs"`    // by partition
	Shelves   []*shelf      `json:"shelves"`
	Destroyed []destruction `json:"destroyed,omitempty"` // days, latest last
	Gaps      []Gap         `json:"gaps,omitempty"`      // what neither log nor archive had, latest last
	Doomed    *doomed       `json:"doomed,omitempty"`    // what is being removed right now
}

// Most entries of the lists that only remember.
const (
	maxDestroyed = 400
	maxGaps      = 200
)

// mark is how far a partition's log is archived.
type mark struct {
	Cursor  string `json:"cursor"`  // ID of the last entry that is, "" if none
	Entries int64  `json:"entries"` // how many there were up to it
}

// shelf holds the segments of one day under one key: DIR/2020-02-10 with
// 2020-02-10.key, or the evidence of a day that was destroyed,
// DIR/evidence/2020-02-10.1 with evidence-2020-02-10.1.key.
type shelf struct {
	Name  string     `json:"name"` // folder below the archive's
	Key   string     `json:"key"`  // file in the key folder
	Next  int        `json:"next"` // number of the next segment
	Files []fileInfo `json:"files"`

	day int64
}

// destruction is the end of a day.
type destruction struct {
	Day string    `json:"day"`
	At  time.Time `json:"at"`
}

// Gap is a part of a partition's log that was gone before it was archived.
type Gap struct {
	Partition int       `json:"partition"`
	After     string    `json:"after"` // ID of the last entry before it, "" for the log's beginning
	UpTo      string    `json:"up_to"` // ID of the last entry in it
	Noticed   time.Time `json:"noticed"`
}

// doomed is what goes when the manifest that no longer lists it is durable. A
// crash in between is completed by whoever works on the archive next.
type doomed struct {
	Keys    []string `json:"keys,omitempty"`
	Files   []string `json:"files,omitempty"`
	Folders []string `json:"folders,omitempty"` // that are empty then
}

var errManifest = errors.New("archive: the manifest is damaged")

// sealed is the file: the manifest and the checksum of its bytes.
type sealed struct {
	Manifest json.RawMessage `json:"manifest"`
	SHA256   string          `json:"sha256"`
}

func newManifest() *manifest {
	return &manifest{Format: formatVersion, Archive: rand.Text(), Logs: map[int]mark{}}
}

func (m *manifest) encode() ([]byte, error) {
	inner, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("archive: manifest: %w", err)
	}
	sum := sha256.Sum256(inner)
	return fmt.Appendf(nil, "{\"manifest\":%s,\n\"sha256\":\"%s\"}\n", inner, hex.EncodeToString(sum[:])), nil
}

func decodeManifest(text []byte) (*manifest, error) {
	var s sealed
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%w: %w", errManifest, err)
	}
	if sum := sha256.Sum256(s.Manifest); hex.EncodeToString(sum[:]) != s.SHA256 {
		return nil, fmt.Errorf("%w: its checksum does not match", errManifest)
	}
	m := &manifest{}
	dec := json.NewDecoder(bytes.NewReader(s.Manifest))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("%w: %w", errManifest, err)
	}
	if m.Format != formatVersion {
		return nil, fmt.Errorf("archive: the manifest has format %d, this program reads %d", m.Format, formatVersion)
	}
	if m.Logs == nil {
		m.Logs = map[int]mark{}
	}
	return m, m.check()
}

// check looks at the names, which become paths.
func (m *manifest) check() error {
	for _, s := range m.Shelves {
		if s == nil {
			return fmt.Errorf("%w: a shelf is missing", errManifest)
		}
		day, key, ok := parseShelf(s.Name)
		if !ok || s.Key != key {
			return fmt.Errorf("%w: %q with %q is no shelf", errManifest, s.Name, s.Key)
		}
		s.day = day
		for _, f := range s.Files {
			if n, ok := parseSegment(f.Name); !ok || n >= s.Next {
				return fmt.Errorf("%w: %q is no segment of %s", errManifest, f.Name, s.Name)
			}
		}
	}
	if m.Doomed == nil {
		return nil
	}
	for _, path := range slices.Concat(m.Doomed.Keys, m.Doomed.Files, m.Doomed.Folders) {
		if !filepath.IsLocal(path) {
			return fmt.Errorf("%w: %q is no path in the archive", errManifest, path)
		}
	}
	return nil
}

// readManifest reads one of the two files; fs.ErrNotExist if it is not there.
func (a *Archive) readManifest(name string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(a.dir, name))
	if err != nil {
		return nil, err //nolint:wrapcheck // callers look for fs.ErrNotExist
	}
	return decodeManifest(text)
}

// commit writes the manifest and keeps the one before. The caller has the lock.
func (a *Archive) commit(m *manifest) error {
	if err := a.step("commit"); err != nil {
		return err
	}
	m.Written++
	m.At = time.Now().UTC()
	m.Destroyed = m.Destroyed[max(0, len(m.Destroyed)-maxDestroyed):]
	m.Gaps = m.Gaps[max(0, len(m.Gaps)-maxGaps):]
	text, err := m.encode()
	if err != nil {
		return err
	}
	path, previous := filepath.Join(a.dir, manifestName), filepath.Join(a.dir, previousName)
	if err := removeFile(previous); err != nil {
		return err
	}
	if err := os.Link(path, previous); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("archive: keep the manifest before: %w", err)
	}
	if err := writeFile(path, text); err != nil {
		return err
	}
	return a.step("committed")
}

// remove commits a manifest that no longer lists what is doomed, removes that,
// and commits again. The manifest is written twice before anything goes: after
// that, the one before does not list it either.
func (a *Archive) remove(m *manifest, d doomed) error {
	m.Doomed = &d
	for range 2 {
		if err := a.commit(m); err != nil {
			return err
		}
	}
	return a.finishRemoval(m)
}

// finishRemoval removes what is doomed.
func (a *Archive) finishRemoval(m *manifest) error {
	if m.Doomed == nil {
		return nil
	}
	for _, key := range m.Doomed.Keys {
		if err := destroyFile(a.keyPath(key)); err != nil {
			return err
		}
		if err := a.step("key destroyed"); err != nil {
			return err
		}
	}
	for _, file := range m.Doomed.Files {
		if err := removeFile(a.path(file)); err != nil {
			return err
		}
		if err := a.step("file removed"); err != nil {
			return err
		}
	}
	for _, folder := range m.Doomed.Folders {
		_ = os.Remove(a.path(folder)) // stays if there is something in it
	}
	m.Doomed = nil
	return a.commit(m)
}

// shelf gives the shelf of that name, nil if there is none.
func (m *manifest) shelf(name string) *shelf {
	for _, s := range m.Shelves {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// put gives the shelf of that name, a new one if there is none.
func (m *manifest) put(name string) *shelf {
	if s := m.shelf(name); s != nil {
		return s
	}
	day, key, _ := parseShelf(name)
	s := &shelf{Name: name, Key: key, Next: 1, day: day}
	m.Shelves = append(m.Shelves, s)
	return s
}

// ofDay gives the shelves that hold events of a day.
func (m *manifest) ofDay(day int64) (shelves []*shelf) {
	for _, s := range m.Shelves {
		if s.day == day {
			shelves = append(shelves, s)
		}
	}
	return shelves
}
