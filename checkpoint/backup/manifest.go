package backup

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"passgate/checkpoint"
)

// Names in a backup's folder.
const (
	manifestName = "manifest.json"
	keysName     = "keys.tar.age"
	recordsName  = "redis.zst.age"
	archiveName  = "archive"
	auditName    = "audit"
)

// formatVersion counts changes of a backup's layout.
const formatVersion = 1

// maxManifest bounds the manifest: 150 bytes a file of the archive.
const maxManifest = 64 << 20

// Manifest is what a backup says of itself, in the clear: nothing in it is about
// a person.
type Manifest struct {
	Format int    `json:"format"` // of the backup
	Name   string `json:"name"`   // of its folder
	Site   string `json:"site"`   // whose it is: SiteID
	// Version is the passgate that made it, StoreFormat the layout of its data, which a
	// newer program carries forward when it opens what it has restored.
	Version     string `json:"version"`
	StoreFormat int    `json:"store_format"`
	Redis       string `json:"redis"` // version of the server that wrote the values
	Prefix      string `json:"prefix"`
	// TakenAt: every scan acknowledged before is in it.
	TakenAt time.Time `json:"taken_at"`
	// DestroyBy: until when it may be kept.
	DestroyBy     time.Time `json:"destroy_by"`
	RetentionDays int       `json:"retention_days"`
	Masters       int       `json:"masters"` // each was copied at one moment
	Keys          int64     `json:"keys"`
	Events        int64     `json:"events"` // in archive and logs together
	// Damaged counts what could not be read of the record when it was made.
	Damaged int    `json:"damaged"`
	Archive string `json:"archive,omitempty"` // name of the archive, "" if there is none
	// Logs are the last entries of the partitions' logs.
	Logs []string `json:"logs"`
	// Digests of the indexes, by family: see package replay.
	Digests map[string]string `json:"digests"`
	Files   []File            `json:"files"`
	// MAC is HMAC-SHA256 over all of this with an empty MAC.
	MAC string `json:"mac"`
}

// File is one file of a backup.
type File struct {
	Path   string `json:"path"` // below the backup's folder, with slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// SiteID names a site by the key of its blind indexes, which it keeps for life.
func SiteID(indexKey []byte) string {
	mac := hmac.New(sha256.New, indexKey)
	mac.Write([]byte("passgate site of a backup"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

// macOf is the MAC of a manifest, under a key made from that of the blind indexes.
func (m *Manifest) macOf(indexKey []byte) (string, error) {
	key, err := hkdf.Key(sha256.New, indexKey, nil, "passgate manifest of a backup 1", sha256.Size)
	if err != nil {
		return "", fmt.Errorf("backup: key of the manifest: %w", err)
	}
	bare := *m
	bare.MAC = ""
	text, err := json.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("backup: manifest: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil)), nil
}

// seal gives the bytes of the file.
func (m *Manifest) seal(indexKey []byte) (_ []byte, err error) {
	if m.MAC, err = m.macOf(indexKey); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("backup: manifest: %w", err)
	}
	return append(text, '\n'), nil
}

// verify checks the MAC.
func (m *Manifest) verify(indexKey []byte) error {
	want, err := m.macOf(indexKey)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(want), []byte(m.MAC)) {
		return fmt.Errorf("%w: %s is not what the site's keys have signed", ErrTampered, manifestName)
	}
	return nil
}

// ReadManifest reads the manifest of the backup in a folder. It is not verified:
// that takes the site's keys. Errors: ErrNotOne, ErrVersion, ErrTampered.
func ReadManifest(dir string) (*Manifest, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: there is no %s", ErrNotOne, dir)
	case err != nil:
		return nil, fmt.Errorf("backup: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%w: %s is a file: name the folder", ErrNotOne, dir)
	}
	path := filepath.Join(dir, manifestName)
	info, err = os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s has no %s: it is another folder, or a backup that was never completed", ErrNotOne, dir, manifestName)
	case err != nil:
		return nil, fmt.Errorf("backup: %w", err)
	case info.Size() > maxManifest:
		return nil, fmt.Errorf("%w: %s is larger than any", ErrNotOne, path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the folder
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	return parseManifest(text)
}

func parseManifest(text []byte) (*Manifest, error) {
	var version struct {
		Format  *int   `json:"format"`
		Version string `json:"version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return nil, fmt.Errorf("%w: %s is no JSON: %w", ErrTampered, manifestName, err)
	}
	switch {
	case version.Format == nil:
		return nil, fmt.Errorf("%w: its %s is of something else", ErrNotOne, manifestName)
	case *version.Format > formatVersion:
		return nil, fmt.Errorf("%w: format %d of passgate %.40q, this one knows up to %d: restore with that version or a newer one",
			ErrVersion, *version.Format, version.Version, formatVersion)
	}
	m := &Manifest{}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(m); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrTampered, manifestName, err)
	}
	return m, m.check()
}

// check looks at what is used before anything is verified.
func (m *Manifest) check() error {
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || strings.Contains(f.Path, `\`) || f.Path == manifestName || f.Bytes < 0 {
			return fmt.Errorf("%w: %.80q is no file of a backup", ErrTampered, f.Path)
		}
	}
	switch {
	case m.StoreFormat > checkpoint.DataFormat:
		return fmt.Errorf("%w: its data has format %d, this program knows up to %d: restore with passgate %.40q or a newer one",
			ErrVersion, m.StoreFormat, checkpoint.DataFormat, m.Version)
	case m.StoreFormat < checkpoint.OldestFormat:
		return fmt.Errorf("%w: its data has format %d, this program carries forward from %d: restore with passgate %.40q, then change over, one release after the other",
			ErrVersion, m.StoreFormat, checkpoint.OldestFormat, m.Version)
	}
	return nil
}

// nameOf is the name of a backup taken at a time.
func nameOf(at time.Time) string { return namePrefix + at.UTC().Format(nameTime) }

const (
	namePrefix = "passgate-"
	nameTime   = "20060102T150405Z"
)

func isName(name string) bool {
	text, ok := strings.CutPrefix(name, namePrefix)
	if !ok {
		return false
	}
	_, err := time.Parse(nameTime, text)
	return err == nil
}

// Find gives the folder of the backup that dir is, or of the newest complete one
// in it. Errors: ErrNotOne.
func Find(dir string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, manifestName)); err == nil {
		return dir, nil
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: there is no %s", ErrNotOne, dir)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s cannot be read as a folder: %w", ErrNotOne, dir, err)
	}
	for i := len(entries) - 1; i >= 0; i-- { // in order of names, so of times
		one := filepath.Join(dir, entries[i].Name())
		if _, err := os.Stat(filepath.Join(one, manifestName)); err == nil && isName(entries[i].Name()) {
			return one, nil
		}
	}
	return "", fmt.Errorf("%w: %s has no %s and no complete backup in it", ErrNotOne, dir, manifestName)
}
