package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"passgate/checkpoint"
)

// maxFieldKey is the highest version of the field key.
const maxFieldKey = 255

// fieldKeyNames are where a version of the two keys is: variables and files.
func fieldKeyNames(version int) (fieldVar, fieldFile, indexVar, indexFile string) {
	if version == 1 {
		return "PASSGATE_FIELD_KEY", "field.key", "PASSGATE_INDEX_KEY", "index.key"
	}
	n := strconv.Itoa(version)
	return "PASSGATE_FIELD_KEY_" + n, "field-" + n + ".key", "PASSGATE_INDEX_KEY_" + n, "index-" + n + ".key"
}

// loadFieldKeys reads all versions of the field and the index key but makes none.
// field is nil if version 1 is not there; index is nil if none is.
func loadFieldKeys(dir string, env func(string) string) (field, index []byte, newer []checkpoint.FieldKey, err error) {
	read := func(variable, file string) ([]byte, error) {
		if text := env(variable); text != "" {
			return parseSecret(text, variable)
		}
		path := filepath.Join(dir, file)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return secretFile(path)
	}
	for version := 1; version <= maxFieldKey; version++ {
		fieldVar, fieldFile, indexVar, indexFile := fieldKeyNames(version)
		f, err := read(fieldVar, fieldFile)
		if err != nil {
			return nil, nil, nil, err
		}
		i, err := read(indexVar, indexFile)
		if err != nil {
			return nil, nil, nil, err
		}
		switch {
		case version == 1:
			field, index = f, i
		case f != nil && i != nil:
			newer = append(newer, checkpoint.FieldKey{Version: version, Field: f, Index: i})
		case f != nil || i != nil:
			return nil, nil, nil, fmt.Errorf("secret: of version %d there is only one of %s and %s: copy both", version, fieldFile, indexFile)
		}
	}
	return field, index, newer, nil
}

// makeFieldKey makes the two files of a new version.
func makeFieldKey(dir string, version int) error {
	_, fieldFile, _, indexFile := fieldKeyNames(version)
	for _, file := range []string{indexFile, fieldFile} {
		key := make([]byte, 32)
		rand.Read(key) //nolint:errcheck // never fails, says crypto/rand
		if err := writePrivate(filepath.Join(dir, file), []byte(hex.EncodeToString(key)+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// removeFieldKey destroys a version's files. The first index key stays: IDs are
// made with it.
func removeFieldKey(dir string, version int) error {
	_, fieldFile, _, indexFile := fieldKeyNames(version)
	files := []string{fieldFile}
	if version > 1 {
		files = append(files, indexFile)
	}
	for _, file := range files {
		if err := os.Remove(filepath.Join(dir, file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("secret: %w", err)
		}
	}
	return nil
}
