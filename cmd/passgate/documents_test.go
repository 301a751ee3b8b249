package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// asProgram makes this test's binary the program itself, for shells that call it.
const asProgram = "PASSGATE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// programOnPath gives a folder in which `passgate` is this test's binary.
func programOnPath(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", asProgram, self)
	if err := os.WriteFile(filepath.Join(dir, "passgate"), []byte(script), 0o700); err != nil { //nolint:gosec // it has to be executed
		t.Fatal(err)
	}
	return dir
}

// The consoles in the documents for each reader are run, one document after the
// other from top to bottom against a town of its own, and show what happens. In
// what is shown … stands for anything, on a line of its own for any lines.
func TestDocumentsShowWhatHappens(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"VILLAGE.md", "SUBDISTRICT.md", "CITY.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("../../deploy", name))
			if err != nil {
				t.Fatal(err)
			}
			steps := consoles(string(text))
			if len(steps) == 0 {
				t.Fatal("no console to run")
			}
			for i, got := range play(t, steps) {
				if !asShown(steps[i].shown, got) {
					t.Errorf("$ %s\nshown:\n%s\nprinted:\n%s", steps[i].command, steps[i].shown, got)
				}
			}
		})
	}
}

// step is a command of a console, and what is shown below it.
type step struct{ command, shown string }

// consoles gives the steps of all ```console blocks. A line that ends in a
// backslash, and what is between <<END and END, belongs to the command.
func consoles(text string) []step {
	var steps []step
	for _, block := range regexp.MustCompile("(?ms)^```console\n(.*?)^```").FindAllStringSubmatch(text, -1) {
		open, end := false, ""
		for _, line := range strings.SplitAfter(block[1], "\n") {
			command, begins := strings.CutPrefix(line, "$ ")
			switch last := len(steps) - 1; {
			case open:
				steps[last].command += line
				open = strings.HasSuffix(line, "\\\n") || end != "" && line != end
			case begins:
				steps = append(steps, step{command: command})
				if strings.Contains(line, "<<'END'") {
					end = "END\n"
				}
				open = strings.HasSuffix(line, "\\\n") || end != ""
			case last >= 0:
				steps[last].shown += line
			}
			if !open {
				end = ""
			}
		}
	}
	return steps
}

// play runs the commands in one shell, and gives what each printed.
func play(t *testing.T, steps []step) []string {
	t.Helper()
	url, password, data := startTownForTest(t)
	const mark = "\x1e"
	var script strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&script, "printf '%s'\n%s", mark, s.command)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", "exec 2>&1\n"+script.String())
	cmd.Dir = t.TempDir()
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "PASSGATE_SERVER="+url, "PASSGATE_PASSWORD="+password, "PASSGATE_DATA="+data,
		"PATH="+programOnPath(t)+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
	var out bytes.Buffer
	cmd.Stdout = &out
	_ = cmd.Run() // the last command's exit code; what it printed is compared
	text := strings.NewReplacer(url, "http://localhost:8080", cmd.Dir, "/home/me", home, "/home/me", data, "/var/lib/passgate").Replace(out.String())
	printed := strings.Split(text, mark)[1:]
	if len(printed) != len(steps) {
		t.Fatalf("%d of %d commands ran:\n%s", len(printed), len(steps), text)
	}
	return printed
}

// asShown compares what a command printed with what a document shows.
func asShown(shown, printed string) bool {
	pattern := regexp.QuoteMeta(strings.TrimRight(shown, "\n"))
	pattern = regexp.MustCompile(`(?m)^…$\n?`).ReplaceAllString(pattern, `(?s:.*)`)
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	return regexp.MustCompile(`^` + pattern + `\s*$`).MatchString(strings.TrimRight(printed, "\n"))
}
