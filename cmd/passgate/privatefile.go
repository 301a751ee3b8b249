package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// privateFile is a file of mode 0600 that appears under its name when it is
// complete, and not at all otherwise. What it holds is about people.
type privateFile struct {
	*bufio.Writer
	file *os.File
	path string
}

func createPrivate(path string) (*privateFile, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &privateFile{bufio.NewWriter(file), file, path}, nil
}

// keep completes the file.
func (p *privateFile) keep() error {
	err := p.Flush()
	if err == nil {
		err = p.file.Sync()
	}
	if closing := p.file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		_ = os.Remove(p.file.Name())
		return fmt.Errorf("write %s: %w", p.path, err)
	}
	return nil
}

// drop gives the file up. After keep it does nothing.
func (p *privateFile) drop() {
	if p.file.Close() == nil {
		_ = os.Remove(p.file.Name())
	}
}

// writePrivate writes a whole file.
func writePrivate(path string, content []byte) error {
	file, err := createPrivate(path)
	if err != nil {
		return err
	}
	defer file.drop()
	if _, err := file.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return file.keep()
}
