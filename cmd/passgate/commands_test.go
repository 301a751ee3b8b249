package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// What the documents name exists: every verb and flag of `passgate …`, which is P in the
// runbook (passgate, run by its own user or in its container), every test
// and benchmark of `go test …`, every file of `npm run e2e -- …`.
func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	const root = "../.."
	documents, err := filepath.Glob(filepath.Join(root, "deploy/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, filepath.Join(root, "README.md"), filepath.Join(root, "loadtest/FIGURES.md"), filepath.Join(root, ".github/CONTRIBUTING.md"))
	con := &console{In: strings.NewReader(""), Out: io.Discard, Err: io.Discard, Env: func(string) string { return "" }}
	grammar, err := kong.New(&commandLine{}, kong.BindTo(t.Context(), (*context.Context)(nil)), kong.Bind(con), kong.NoDefaultHelp(), kong.Configuration(serverConfig))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, command := range commandsIn(string(text)) {
			found++
			if complaint := missing(t, root, grammar.Model, command); complaint != "" {
				t.Errorf("%s: %q: %s", filepath.Base(document), strings.Join(command, " "), complaint)
			}
		}
	}
	if found < 100 {
		t.Errorf("%d commands found, of more than 100", found)
	}
}

var (
	inBackticks = regexp.MustCompile("`([^`\n]+)`")
	inFence     = regexp.MustCompile("(?ms)^```(?:sh|console)\n(.*?)^```")
	ofInterest  = regexp.MustCompile(`(?:^|[|&;(=]\s*|\$ |\$\()((?:passgate|P|go test|npm run e2e) [^|;&)#<>]*)`)
	inQuotes    = regexp.MustCompile(`'([^']*)'|"([^"]*)"`)
)

// commandsIn gives the words of each command that a document names.
func commandsIn(text string) [][]string {
	var lines []string
	for _, block := range inFence.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.Split(block[1], "\n")...)
	}
	for _, span := range inBackticks.FindAllStringSubmatch(inFence.ReplaceAllString(text, ""), -1) {
		lines = append(lines, span[1])
	}
	var commands [][]string
	for _, line := range lines {
		line = regexp.MustCompile(`\b[A-Z_]+=\S+ `).ReplaceAllString(line, "")
		for _, m := range ofInterest.FindAllStringSubmatch(line, -1) {
			words := strings.Fields(inQuotes.ReplaceAllStringFunc(m[1], func(q string) string { return strings.ReplaceAll(q[1:len(q)-1], " ", "_") }))
			commands = append(commands, words)
		}
	}
	return commands
}

// missing says what of a command does not exist; "" if all does.
func missing(t *testing.T, root string, grammar *kong.Application, words []string) string {
	t.Helper()
	switch words[0] {
	case "go":
		return missingTest(t, root, words)
	case "npm":
		for _, name := range words[slices.Index(words, "--")+1:] {
			if files, _ := filepath.Glob(filepath.Join(root, "gateway/web/e2e", name+"*.spec.ts")); len(files) == 0 && !strings.HasPrefix(name, "-") {
				return "no gateway/web/e2e/" + name + "*.spec.ts"
			}
		}
		return ""
	}
	return missingVerb(grammar, words[1:])
}

// missingVerb follows the grammar along the words. Values are not looked at: the
// documents have names in their place.
func missingVerb(grammar *kong.Application, words []string) string {
	node, flags := grammar.Node, slices.Clone(grammar.Flags)
	for _, word := range words {
		name, _, _ := strings.Cut(strings.TrimLeft(word, "["), "=")
		switch {
		case strings.HasPrefix(name, "--"):
			name = strings.TrimRight(strings.TrimPrefix(name, "--"), "],.")
			if !slices.ContainsFunc(flags, func(f *kong.Flag) bool { return f.Name == name || slices.Contains(f.Aliases, name) }) {
				return "no flag --" + name
			}
		case len(node.Children) > 0 && regexp.MustCompile(`^[a-z-]+$`).MatchString(word):
			next := slices.IndexFunc(node.Children, func(c *kong.Node) bool { return c.Name == word })
			if next < 0 {
				if node.DefaultCmd != nil || node.Name == "help" {
					return ""
				}
				return "no verb " + word
			}
			node = node.Children[next]
			flags = append(flags, node.Flags...)
			if node.DefaultCmd != nil {
				flags = append(flags, node.DefaultCmd.Flags...)
			}
		}
	}
	return ""
}

// missingTest looks for the functions that -run and -bench choose.
func missingTest(t *testing.T, root string, words []string) string {
	t.Helper()
	var chosen []string
	var sources strings.Builder
	for i, word := range words {
		if (word == "-run" || word == "-bench") && words[i+1] != "xxx" && words[i+1] != "^$" {
			chosen = append(chosen, words[i+1])
		}
		if strings.HasPrefix(word, "./") {
			files, err := filepath.Glob(filepath.Join(root, word, "*_test.go"))
			if err != nil || len(files) == 0 {
				return "no tests in " + word
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				sources.Write(text)
			}
		}
	}
	names := regexp.MustCompile(`(?m)^func ((?:Test|Benchmark)\w+)\(`).FindAllStringSubmatch(sources.String(), -1)
	for _, pattern := range chosen {
		match, err := regexp.Compile(strings.Split(pattern, "/")[0])
		if err != nil {
			return err.Error()
		}
		if !slices.ContainsFunc(names, func(n []string) bool { return match.MatchString(n[1]) }) {
			return "no function that " + pattern + " chooses"
		}
	}
	return ""
}
