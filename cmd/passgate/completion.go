package main

import (
	"embed"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed completion
var completionScripts embed.FS

// completionCmd prints a script, which asks the program itself for each word: it
// stays right when the program is replaced.
type completionCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
	Words []string `arg:"" optional:"" passthrough:"" help:"After --, the words so far, the last one unfinished: prints what it may become, nothing where it is a file or free text. This is what the script asks."`
}

// Help is shown by --help.
func (completionCmd) Help() string {
	return `Examples:

    passgate completion bash >/etc/bash_completion.d/passgate
    passgate completion zsh >/usr/local/share/zsh/site-functions/_passgate
    passgate completion fish >~/.config/fish/completions/passgate.fish
    source <(passgate completion bash)`
}

// Run prints the script, or what a word may become.
func (cmd *completionCmd) Run(con *console, app *kong.Kong) error {
	if len(cmd.Words) == 0 {
		script, err := completionScripts.ReadFile("completion/passgate." + cmd.Shell)
		if err == nil {
			_, err = con.Out.Write(script)
		}
		return err
	}
	words := cmd.Words
	if words[0] == "--" {
		words = words[1:]
	}
	p := &printer{out: con.Out}
	for _, c := range complete(app.Model, words, cmd.Shell) {
		switch help, _, _ := strings.Cut(c.help, ". "); {
		case cmd.Shell == "bash" || help == "":
			p.line("%s", c.word)
		case cmd.Shell == "zsh":
			p.line("%s:%s", strings.ReplaceAll(c.word, ":", `\:`), help)
		default:
			p.line("%s\t%s", c.word, help)
		}
	}
	return p.err
}

// candidate is what a word may become.
type candidate struct{ word, help string }

// complete gives what the last of the words may become; the first is the program.
// Bash hands --flag=value over as three words and wants the value alone.
func complete(app *kong.Application, words []string, shell string) []candidate {
	words = joinEquals(words)
	last := words[len(words)-1]
	if len(words) == 1 {
		return nil
	}
	at := wordAt{node: app.Node}
	for _, word := range words[1 : len(words)-1] {
		at.step(word)
	}
	var all []candidate
	prefix := ""
	switch name, _, given := strings.Cut(last, "="); {
	case at.value != nil:
		all = values(at.value.Value)
	case at.plain || !strings.HasPrefix(last, "-"):
		all = at.names()
	case given:
		if flag := at.flag(name); flag != nil {
			all = values(flag.Value)
		}
		prefix = name + "="
	default:
		all = at.flags()
	}
	fitting := all[:0]
	for _, c := range all {
		if strings.HasPrefix(prefix+c.word, last) {
			if shell != "bash" {
				c.word = prefix + c.word
			}
			fitting = append(fitting, c)
		}
	}
	return fitting
}

// joinEquals puts --flag = value together again.
func joinEquals(words []string) (out []string) {
	for i, word := range words {
		last := len(out) - 1
		if i > 0 && last >= 0 && strings.HasPrefix(out[last], "--") && (word == "=" || words[i-1] == "=" && strings.HasSuffix(out[last], "=")) {
			out[last] += word
			continue
		}
		out = append(out, word)
	}
	return out
}

// wordAt is where in the grammar a word stands.
type wordAt struct {
	node  *kong.Node
	value *kong.Flag // whose value comes next
	nth   int        // of the command's arguments
	plain bool       // after --: no more flags
}

// step goes past a finished word.
func (p *wordAt) step(word string) {
	switch child := p.child(word); {
	case p.value != nil:
		p.value = nil
	case p.plain:
		p.nth++
	case word == "--":
		p.plain = true
	case strings.HasPrefix(word, "-"):
		if flag := p.flag(word); flag != nil && !flag.IsBool() && !flag.IsCounter() {
			p.value = flag
		}
	case child != nil:
		p.node, p.nth = child, 0
	case p.node.Name == "help" && p.node.Parent != nil: // its words are those of another command
		*p = wordAt{node: p.node.Parent}
		p.step(word)
	default:
		p.nth++
	}
}

func (p *wordAt) child(name string) *kong.Node {
	for _, c := range p.node.Children {
		if c.Name == name || slices.Contains(c.Aliases, name) {
			return c
		}
	}
	return nil
}

// flag finds --name or -n; nil if it is another word.
func (p *wordAt) flag(word string) *kong.Flag {
	for _, level := range p.node.AllFlags(false) {
		for _, f := range level {
			if word == "--"+f.Name || f.Short != 0 && word == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}

func (p *wordAt) flags() (all []candidate) {
	for _, level := range p.node.AllFlags(true) {
		for _, f := range level {
			all = append(all, candidate{"--" + f.Name, f.Help})
		}
	}
	return all
}

// names are commands, or what an argument can be.
func (p *wordAt) names() (all []candidate) {
	node := p.node
	if node.Name == "help" && node.Parent != nil {
		node = node.Parent
	}
	for _, c := range node.Children {
		if !c.Hidden {
			all = append(all, candidate{c.Name, c.Help})
		}
	}
	if p.nth < len(node.Positional) {
		all = append(all, values(node.Positional[p.nth])...)
	}
	return all
}

// values are those of an enumeration.
func values(v *kong.Value) (all []candidate) {
	if v.Enum == "" {
		return nil
	}
	for _, one := range v.EnumSlice() {
		if one != "" {
			all = append(all, candidate{word: one})
		}
	}
	return all
}
