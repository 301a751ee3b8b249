// Command supplytools lists the licences in CycloneDX files and refuses those
// that may not be in what is given away.
//
//	go -C deploy/supplytools run . FILE.cdx.json…
//
// It prints one line for each component and ends with 1 if one of them has no
// licence, one that is not allowed, or a choice of which none is.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// allowed are licences that ask for no more than their text.
var allowed = []string{
	"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "Unlicense", "Zlib",
}

// texts are licences that were read by a person because the detector takes them
// for others, by the SHA-256 of the file: another text is looked at again.
var texts = map[string]string{
	"911f8f5782931320f5b8d1160a76365b83aea6447ee6c04fa6d5591467db9dad": "BSD-3-Clause", // of Go, golang.org/x and filippo.io/hpke
}

// bill is what is used of a CycloneDX file.
type bill struct {
	Format     string      `json:"bomFormat"`
	Components []component `json:"components"`
}

type component struct {
	Name     string   `json:"name"`
	Version  string   `json:"version"`
	Licences []choice `json:"licenses"`
}

// choice is a licence, or an expression of several.
type choice struct {
	License struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"license"`
	Expression string `json:"expression"`
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: supplytools FILE.cdx.json...")
		os.Exit(2)
	}
	bad := 0
	for _, path := range os.Args[1:] {
		n, err := list(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, "supplytools:", err)
			os.Exit(2)
		}
		bad += n
	}
	if bad > 0 {
		fmt.Printf("%d components have no licence that is allowed: %s\n", bad, strings.Join(allowed, ", "))
		os.Exit(1)
	}
}

// list prints the components of one file and counts those that are refused.
func list(path string) (bad int, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var b bill
	if err := json.Unmarshal(text, &b); err != nil || b.Format != "CycloneDX" {
		return 0, fmt.Errorf("%s is no CycloneDX file: %w", path, err)
	}
	if len(b.Components) == 0 {
		return 0, fmt.Errorf("%s has no components", path)
	}
	count := map[string]int{}
	for _, c := range b.Components {
		names := c.licences()
		if known, ok := texts[c.text()]; ok {
			names = []string{known}
		}
		word := "ok"
		if !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(allowed, n) }) {
			word = "REFUSED"
			bad++
		}
		text := strings.Join(names, " or ")
		if text == "" {
			text = "no licence found"
		}
		count[text]++
		fmt.Printf("%-8s %-28s %s %s\n", word, text, c.Name, c.Version)
	}
	for _, name := range slices.Sorted(maps.Keys(count)) {
		fmt.Printf("%6d  %s\n", count[name], name)
	}
	return bad, nil
}

// text is the SHA-256 of the component's licence file, "" if it is not here.
func (c *component) text() string {
	folder := filepath.Join(goEnv("GOMODCACHE"), filepath.FromSlash(c.Name)+"@"+c.Version)
	if c.Name == "std" {
		folder = goEnv("GOROOT")
	}
	text, err := os.ReadFile(filepath.Join(folder, "LICENSE"))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// goEnv asks the go command for one of its settings, once.
func goEnv(name string) string {
	if value, ok := settings[name]; ok {
		return value
	}
	value, err := exec.Command("go", "env", name).Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "supplytools: go env:", err)
		os.Exit(2)
	}
	settings[name] = strings.TrimSpace(string(value))
	return settings[name]
}

var settings = map[string]string{}

// licences are those of which one may choose. Of licences that hold together
// (AND) all have to be allowed; then they count as the first of them.
func (c *component) licences() (names []string) {
	for _, l := range c.Licences {
		text := l.Expression
		if text == "" {
			text = l.License.ID
		}
		if text == "" {
			text = l.License.Name
		}
		for _, one := range strings.Split(strings.Trim(text, "()"), " OR ") {
			parts := strings.Split(strings.Trim(one, "() "), " AND ")
			if i := slices.IndexFunc(parts, func(p string) bool { return !slices.Contains(allowed, p) }); i >= 0 {
				parts = parts[i:]
			}
			if parts[0] != "" {
				names = append(names, parts[0])
			}
		}
	}
	return names
}
