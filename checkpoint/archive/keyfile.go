package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
)

// Why a key cannot be had.
var (
	errNoKey  = errors.New("its key is not in the key folder")
	errBadKey = errors.New("its key file is damaged, restore it from a copy")
)

// loadKey reads an identity file of one key, as "age-keygen" writes it.
func loadKey(path string) (*age.X25519Identity, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", errNoKey, filepath.Base(path))
	}
	if err != nil {
		return nil, fmt.Errorf("archive: key: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		id, err := age.ParseX25519Identity(line)
		if err != nil { // without the cause, which may quote the key
			return nil, fmt.Errorf("%w: %s", errBadKey, filepath.Base(path))
		}
		return id, nil
	}
	return nil, fmt.Errorf("%w: %s", errBadKey, filepath.Base(path))
}

// keyToWrite gives a shelf's key, a new one for a shelf without files. It makes
// none for files whose key was lost: if that came back, what is written now
// could not be read.
func (a *Archive) keyToWrite(s *shelf) (*age.X25519Identity, error) {
	if len(s.Files) == 0 {
		return ensureKey(a.keyPath(s.Key))
	}
	key, err := loadKey(a.keyPath(s.Key))
	if errors.Is(err, errNoKey) {
		return nil, fmt.Errorf("archive: the key of %s is lost: restore %s from a copy, or move %s away to give its %d files up",
			s.Name, a.keyPath(s.Key), filepath.Join(a.dir, s.Name), len(s.Files))
	}
	return key, err
}

// ensureKey reads a key or makes it. A new one is on the disk before it is used.
func ensureKey(path string) (*age.X25519Identity, error) {
	id, err := loadKey(path)
	if !errors.Is(err, errNoKey) {
		return id, err
	}
	if id, err = age.GenerateX25519Identity(); err != nil {
		return nil, fmt.Errorf("archive: make a key: %w", err)
	}
	text := fmt.Sprintf("# created: %s\n# public key: %s\n%s\n", time.Now().UTC().Format(time.RFC3339), id.Recipient(), id)
	return id, writeFile(path, []byte(text))
}
