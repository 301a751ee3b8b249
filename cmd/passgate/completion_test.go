package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type completion struct{ words, offered []string }

const fewCompletions = 3

// completions are what a shell offers for the last of some words. The file a.csv is
// there; "" stands for a word that has not begun.
var completions = []completion{
	{[]string{"tra"}, []string{"trace"}},
	{[]string{"trace", "gate", "--direction", ""}, []string{"in", "out"}},
	{[]string{"residents", "import", "a."}, nil}, // a file
	{[]string{"trace", "c"}, []string{"contacts", "crowd"}},
	{[]string{"help", "trace", "p"}, []string{"person"}},
	{[]string{"trace", "gate", "--direc"}, []string{"--direction"}},
	{[]string{"serve", "--log-format", "t"}, []string{"text"}},
	{[]string{"serve", "--demo", "--log-f"}, []string{"--log-format"}},
	{[]string{"doctor", "--standby-past-limit", ""}, []string{"enter", "refuse"}},
	{[]string{"completion", ""}, []string{"bash", "fish", "zsh"}},
	{[]string{"pass", "verify", "--jwks", "tra"}, nil},  // a file, too, and no command
	{[]string{"pass", "expand", "--", "--passes"}, nil}, // no flag
}

func TestCompletionByTheShells(t *testing.T) {
	t.Parallel()
	dir := programOnPath(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(shell); err != nil && shell != "bash" {
				t.Fatalf("%s is not installed: apt-get install %s", shell, shell)
			}
			cases := completions
			if shell != "bash" {
				cases = cases[:fewCompletions] // what there is to offer is the same; each takes a process or two
			}
			for i, got := range offers(t, shell, dir, cases) {
				slices.Sort(got)
				if !slices.Equal(got, cases[i].offered) {
					t.Errorf("%s: offered %q, want %q", strings.Join(cases[i].words, " "), got, cases[i].offered)
				}
			}
		})
	}
}

// offers has a shell load its script and complete all lines; files are left out.
func offers(t *testing.T, shell, bin string, cases []completion) [][]string {
	t.Helper()
	script := map[string]string{
		"bash": "source <(passgate completion bash)\n",
		"zsh": "compdef() { :; }; source <(passgate completion zsh)\n" +
			"_files() { :; }; _describe() { local one; for one in ${(P)2}; do print -r -- ${one%%:*}; done; }\n",
		"fish": "passgate completion fish | source\n",
	}[shell]
	const mark = "\x1e"
	for _, c := range cases {
		words := append([]string{"passgate"}, c.words...)
		quoted := "'" + strings.Join(words, "' '") + "'"
		script += "printf '" + mark + "'\n"
		switch shell {
		case "bash":
			script += fmt.Sprintf("COMP_WORDS=(%s); COMP_CWORD=%d; _passgate passgate; printf '%%s\\n' \"${COMPREPLY[@]}\"\n", quoted, len(words)-1)
		case "zsh":
			script += fmt.Sprintf("words=(%s); CURRENT=%d; _passgate\n", quoted, len(words))
		case "fish":
			script += "complete -C '" + strings.Join(words, " ") + "' | string split -f1 \\t\n"
		}
	}
	script += "exit 0\n"
	cmd := exec.CommandContext(t.Context(), shell, map[string][]string{"bash": {"--norc"}, "zsh": {"-f"}, "fish": {"--no-config"}}[shell]...)
	cmd.Dir, cmd.Stdin = t.TempDir(), strings.NewReader(script)
	if err := os.WriteFile(filepath.Join(cmd.Dir, "a.csv"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "LC_ALL=C.UTF-8", "HOME="+cmd.Dir)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("%v: %s", err, errs.String())
	}
	var all [][]string
	for _, text := range strings.Split(string(out), mark)[1:] {
		all = append(all, slices.DeleteFunc(strings.Fields(text), func(w string) bool { return w == "a.csv" }))
	}
	if len(all) != len(cases) {
		t.Fatalf("%d of %d were completed: %s", len(all), len(cases), out)
	}
	return all
}

// What comes behind = is a word of its own in bash and part of one elsewhere.
func TestCompletionBehindAnEqualsSign(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, c := range []struct{ shell, words, offered string }{
		{"bash", "serve --log-format = te", "text\n"},
		{"bash", "serve --log-format =", "json\ntext\n"},
		{"fish", "serve --log-format=te", "--log-format=text\n"},
		{"zsh", "serve --log-format=te", "--log-format=text\n"},
	} {
		out, _ := s.must(exitOK, append([]string{"completion", c.shell, "--", "passgate"}, strings.Fields(c.words)...)...)
		if out != c.offered {
			t.Errorf("%s, %s: offered %q", c.shell, c.words, out)
		}
	}
}

// The manual page names every command and says what troff takes without complaint.
func TestManualPage(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	page, _ := s.must(exitOK, "help", "--man")
	contains(t, page, ".TH PASSGATE 1", ".SS trace gate", ".SS doctor", ".SH EXIT STATUS", "PASSGATE_FIELD_KEY", ".SH FILES")
	if _, err := exec.LookPath("groff"); err != nil {
		t.Fatal("groff is not installed: apt-get install groff-base")
	}
	cmd := exec.CommandContext(t.Context(), "groff", "-man", "-ww", "-K", "utf8", "-Tutf8")
	cmd.Stdin = strings.NewReader(page)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(out), "PASSGATE(1)")
	for line := range strings.Lines(errs.String()) {
		if !strings.Contains(line, "can't find special character") { // Han, which older releases have no widths for
			t.Error(line)
		}
	}
}
