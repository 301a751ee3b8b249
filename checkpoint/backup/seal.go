package backup

import (
	"archive/tar"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"
)

// Keys are the files of a server's key folder by their path in it, with slashes.
type Keys map[string][]byte

// IndexKeyFile is the one of them by which a site is known: 64 hexadecimal
// digits.
const IndexKeyFile = "index.key"

// Bounds of the keys.
const (
	maxKeyFiles = 10_000
	maxKeyFile  = 1 << 20
)

// writeKeys writes keys as an encrypted tar.
func writeKeys(w io.Writer, keys Keys, recipients []age.Recipient) error {
	sealed, err := age.Encrypt(w, recipients...)
	if err != nil {
		return fmt.Errorf("backup: encrypt: %w", err)
	}
	out := tar.NewWriter(sealed)
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		if err := out.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(keys[name])), Typeflag: tar.TypeReg}); err != nil {
			return fmt.Errorf("backup: keys: %w", err)
		}
		if _, err := out.Write(keys[name]); err != nil {
			return fmt.Errorf("backup: keys: %w", err)
		}
	}
	if err := errors.Join(out.Close(), sealed.Close()); err != nil {
		return fmt.Errorf("backup: keys: %w", err)
	}
	return nil
}

// readKeys reads them back. No error quotes one.
func readKeys(r io.Reader, identities []age.Identity) (Keys, error) {
	opened, err := decrypt(r, identities)
	if err != nil {
		return nil, err
	}
	keys, in := Keys{}, tar.NewReader(opened)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		if h.Typeflag != tar.TypeReg || !filepath.IsLocal(filepath.FromSlash(h.Name)) || strings.Contains(h.Name, `\`) ||
			h.Size > maxKeyFile || len(keys) == maxKeyFiles {
			return nil, broken(fmt.Errorf("%.80q is no key file", h.Name))
		}
		if keys[h.Name], err = io.ReadAll(in); err != nil {
			return nil, broken(err)
		}
	}
	if _, err := io.Copy(io.Discard, opened); err != nil { // up to the last authenticated block
		return nil, broken(err)
	}
	return keys, nil
}

// write writes keys into a folder that does not exist.
func (k Keys) write(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(k)) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("backup: keys: %w", err)
		}
		err := createFile(path, func(w io.Writer) error {
			_, err := w.Write(k[name])
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// decrypt opens an age file. ErrIdentity: it is for somebody else.
func decrypt(r io.Reader, identities []age.Identity) (io.Reader, error) {
	opened, err := age.Decrypt(r, identities...)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return nil, fmt.Errorf("%w: give the identity or the passphrase that belongs to it", ErrIdentity)
	case err != nil:
		return nil, broken(err)
	}
	return opened, nil
}

// indexKey is the key by which a site is known.
func (k Keys) indexKey() ([]byte, error) {
	text, ok := k[IndexKeyFile]
	if !ok {
		return nil, fmt.Errorf("backup: there is no %s among the keys", IndexKeyFile)
	}
	key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("backup: %s does not hold 64 hexadecimal digits", IndexKeyFile)
	}
	return key, nil
}
