package main

import (
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// manualFiles are told in the manual, below the folder of data.
var manualFiles = [][2]string{
	{"DATA/keys/", "Secrets and the keys that sign passes, for the server's user alone. Without them the data is unreadable: keep a copy elsewhere."},
	{"DATA/redis/", "The managed Redis: its append-only file is the town's record."},
	{"DATA/archive/", "Events by day, each day under a key of its own."},
	{"DATA/journal/", "What gates were told while Redis did not answer. Keep it until it is empty."},
	{"DATA/audit/heads.ndjson", "Signed ends of the audit, which another machine should copy."},
}

// printManual writes the grammar as a manual page in troff.
func printManual(w io.Writer, app *kong.Application) error {
	p := &printer{out: w}
	p.line(`.TH PASSGATE 1 "" "passgate %s" "User Commands"`, troff(versionText()))
	p.line(".SH NAME\npassgate \\- %s", troff(strings.ToLower(app.Help[:1])+strings.TrimSuffix(firstLine(app.Help)[1:], ".")))
	p.line(".SH SYNOPSIS\n.B passgate\n.I COMMAND\n[\\fIARGUMENTS\\fR] [\\fIFLAGS\\fR]")
	p.line(".SH DESCRIPTION")
	manualText(p, app.Help)
	p.line(".SH COMMANDS")
	for _, leaf := range app.Leaves(true) {
		p.line(".SS %s", troff(strings.TrimPrefix(leaf.Summary(), "passgate ")))
		p.line("%s", troff(leaf.Help))
		if leaf.Detail != "" {
			p.line(".PP")
			manualText(p, leaf.Detail)
		}
		for _, arg := range leaf.Positional {
			p.line(".TP\n.I %s\n%s", troff(arg.Name), troff(arg.Help))
		}
		for _, flag := range leaf.Flags {
			if !flag.Hidden {
				p.line(".TP\n.B %s\n%s", troff(flag.String()), troff(flag.Help))
			}
		}
	}
	p.line(".SH EXIT STATUS")
	for _, exit := range [][2]string{
		{"0", "done"},
		{"1", "the answer is no, or some were refused"},
		{"2", "wrong usage or bad input"},
		{"3", "server or store not reachable"},
		{"130", "interrupted"},
	} {
		p.line(".TP\n.B %s\n%s", exit[0], exit[1])
	}
	p.line(".SH ENVIRONMENT")
	p.line("Flags given on the command line come first, then these, then the file of \\-\\-config.")
	for _, e := range environment(app) {
		p.line(".TP\n.B %s\n%s", troff(e.name), troff(e.help))
	}
	p.line(".SH FILES")
	for _, f := range manualFiles {
		p.line(".TP\n.I %s\n%s", troff(f[0]), troff(f[1]))
	}
	return p.err
}

// variable is one of the environment.
type variable struct{ name, help string }

// environment are the variables of all flags, and the secrets.
func environment(app *kong.Application) (all []variable) {
	seen := map[string]bool{}
	for _, leaf := range app.Leaves(true) {
		for _, flag := range leaf.Flags {
			for _, name := range flag.Envs {
				if !seen[name] && !flag.Hidden {
					seen[name] = true
					all = append(all, variable{name, "As --" + flag.Name + " of " + strings.TrimPrefix(leaf.FullPath(), "passgate ") + "."})
				}
			}
		}
	}
	for _, s := range secretNames {
		all = append(all, variable{s.variable, "Instead of DATA/keys/" + s.file + "."})
	}
	all = append(all, variable{"PASSGATE_PASSWORD", "The password that belongs to --login."},
		variable{"PASSGATE_…_FILE", "Of secrets, PASSGATE_REDIS and PASSGATE_PASSWORD: a file that holds the value."})
	slices.SortFunc(all, func(a, b variable) int { return strings.Compare(a.name, b.name) })
	return all
}

// manualText keeps paragraphs, and lines that are set off as they are.
func manualText(p *printer, text string) {
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			p.line(".PP")
		}
		if strings.HasPrefix(paragraph, " ") {
			p.line(".nf\n%s\n.fi", troff(paragraph))
		} else {
			p.line("%s", troff(paragraph))
		}
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// troff has text stand for itself.
func troff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
