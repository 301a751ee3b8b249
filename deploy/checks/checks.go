// Package checks reads what an operator installs from deploy/ (compose files,
// Kubernetes, units of systemd, the image's file, scripts) and says what is wrong
// with it, without starting any of it. deploy/check runs it as a test.
//
// It is a module of its own, so that the program is not built with what reads these
// formats.
package checks

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// findings are what is wrong, each with where it is.
type findings []string

func (f *findings) add(where, format string, args ...any) {
	text := where + ": " + fmt.Sprintf(format, args...)
	if !slices.Contains(*f, text) {
		*f = append(*f, text)
	}
}

// all runs the checks of the files below deploy/ whose path begins with part, "" for
// every check, on the repository in root; p is the program built from it.
func all(root, part string, p *program) findings {
	var f findings
	text, err := readFiles(filepath.Join(root, "deploy"))
	if err != nil {
		f.add("deploy", "%v", err)
		return f
	}
	checkNames(text, p, &f)
	checkSecrets(text, &f)
	checkImages(text, &f)
	checkDockerfile(root, text["Dockerfile"], p, &f)
	if part == "" || strings.HasPrefix(part, "compose") {
		checkCompose(filepath.Join(root, "deploy"), p, &f)
	}
	if part == "" || strings.HasPrefix(part, "kubernetes/") {
		checkKubernetes(filepath.Join(root, "deploy"), p, &f)
	}
	return f
}

// elsewhere are parts of deploy/ that are no artefact or have checks of their own.
var elsewhere = []string{"checks", "lint", "supplytools", "pictures", "prometheus", "grafana"}

// readFiles gives the text of every artefact by its path below dir.
func readFiles(dir string) (map[string]string, error) {
	text := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(elsewhere, name) {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".md") {
			return nil
		}
		content, err := os.ReadFile(path)
		text[filepath.ToSlash(name)] = string(content)
		return err
	})
	return text, err
}
