package checks

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// program is what the artefacts start, as its own help describes it.
type program struct {
	variables     map[string]bool            // PASSGATE_…
	flags         map[string]map[string]bool // by verb
	port, metrics int                        // where it listens unless told otherwise
}

// verbs are those that artefacts use or name.
var verbs = []string{"serve", "backup", "restore", "health", "keys make", "archive verify", "replay", "help"}

var (
	variableWord = regexp.MustCompile(`PASSGATE_[A-Z0-9_]*[A-Z0-9]`)
	flagWord     = regexp.MustCompile(`(?m)^ +(?:-\w, +)?--(?:\[no-\])?([a-z][a-z0-9-]*)`)
	addrDefault  = regexp.MustCompile(`--addr="[^"]*:(\d+)"`)
	metricsAddr  = regexp.MustCompile(`--metrics-addr="[^"]*:(\d+)"`)
)

// askProgram reads the help of the program in path.
func askProgram(path string) (*program, error) {
	p := &program{variables: map[string]bool{}, flags: map[string]map[string]bool{}}
	for _, verb := range verbs {
		out, err := exec.Command(path, append(strings.Fields(verb), "--help")...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s --help: %w", path, verb, err)
		}
		for _, name := range variableWord.FindAllString(string(out), -1) {
			p.variables[name] = true
		}
		p.flags[verb] = map[string]bool{}
		for _, found := range flagWord.FindAllStringSubmatch(string(out), -1) {
			p.flags[verb][found[1]] = true
		}
		if verb == "serve" {
			p.port, p.metrics = number(addrDefault, string(out)), number(metricsAddr, string(out))
		}
	}
	if p.port == 0 || p.metrics == 0 || len(p.variables) < 20 {
		return nil, fmt.Errorf("%s serve --help: cannot be read: ports %d and %d, %d variables", path, p.port, p.metrics, len(p.variables))
	}
	return p, nil
}

func number(re *regexp.Regexp, text string) (n int) {
	if found := re.FindStringSubmatch(text); found != nil {
		_, _ = fmt.Sscan(found[1], &n)
	}
	return n
}

// checkCommand checks the words behind the program's name.
func (p *program) checkCommand(where string, words []string, f *findings) {
	verb := ""
	for n := min(2, len(words)); n > 0 && verb == ""; n-- {
		if v := strings.Join(words[:n], " "); p.flags[v] != nil {
			verb = v
		}
	}
	if verb == "" {
		f.add(where, "passgate %s: no verb of %s", strings.Join(words, " "), strings.Join(verbs, ", "))
		return
	}
	for _, word := range words {
		if name, is := strings.CutPrefix(word, "--"); is {
			name, _, _ = strings.Cut(name, "=")
			if !p.flags[verb][name] {
				f.add(where, "passgate %s has no flag --%s", verb, name)
			}
		}
	}
}
