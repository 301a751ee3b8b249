package checks

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// own are variables of the artefacts, not of the program.
var own = []string{
	"PASSGATE_SECRETS", // compose: the folder that deploy/secrets made
	"PASSGATE_SITE",    // compose and Caddyfile: the public name
	"PASSGATE_GATEWAYS",
	"PASSGATE_TARGETS",
	"PASSGATE_VERSION",                                                          // of the image
	"PASSGATE_FUZZTIME", "PASSGATE_LONG", "PASSGATE_TEST_REDIS", "PASSGATE_BIN", // deploy/test
	"PASSGATE_TOWN_TABLE", "PASSGATE_FAULT_TABLE",
}

// ofFile are the variables that may name a file with their value.
var ofFile = regexp.MustCompile(`^PASSGATE_(REDIS|KEYS|PASSWORD|[A-Z]+_KEY(_\d+)?)_FILE$`)

// said are commands in comments: "passgate keys make".
var (
	said   = regexp.MustCompile(`"passgate ([a-z][^"\n]*)"`)
	execed = regexp.MustCompile(`(?m)^ExecStart=\S*/passgate (.*)$`)
	listed = regexp.MustCompile(`CMD \["/passgate", ([^\]]*)\]`)
)

// checkNames finds settings and flags that the program does not have.
func checkNames(text map[string]string, p *program, f *findings) {
	for name, content := range text {
		for _, v := range variableWord.FindAllString(content, -1) {
			known := p.variables[v] || slices.Contains(own, v) ||
				ofFile.MatchString(v) && p.variables[strings.TrimSuffix(v, "_FILE")]
			if !known {
				f.add(name, "passgate has no setting %s", v)
			}
		}
		for _, re := range []*regexp.Regexp{said, execed, listed} {
			for _, found := range re.FindAllStringSubmatch(content, -1) {
				words := strings.Fields(strings.NewReplacer(`"`, "", ",", " ").Replace(found[1]))
				p.checkCommand(name, words, f)
			}
		}
	}
}

// secretShapes are what no file here may hold.
var secretShapes = map[string]*regexp.Regexp{
	"a key of 32 bytes":      regexp.MustCompile(`\b[0-9a-f]{64}\b`),
	"a private key":          regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE|AGE-SECRET-KEY-1`),
	"a password in a URL":    regexp.MustCompile(`://[^/\s:@"']*:[^@\s$%/"']+@[a-z0-9]`),
	"what may be a password": regexp.MustCompile(`(?i)(password|passphrase|secret|token)["']?\s*[:=]\s*["']?[A-Za-z0-9+/]{10,}["']?\s*$`),
}

// checkSecrets finds values that belong in nobody's repository.
func checkSecrets(text map[string]string, f *findings) {
	for name, content := range text {
		for i, line := range strings.Split(content, "\n") {
			for what, shape := range secretShapes {
				if shape.MatchString(line) {
					f.add(name, "line %d holds %s", i+1, what)
				}
			}
		}
	}
}

var valkey = regexp.MustCompile(`valkey/valkey:[\w.-]+`)

// checkImages holds the store's image to one version everywhere: what one version
// has written is not always read by an older one.
func checkImages(text map[string]string, f *findings) {
	first := valkey.FindString(text["compose.yml"])
	for name, content := range text {
		for _, image := range valkey.FindAllString(content, -1) {
			if image != first {
				f.add(name, "%s, but compose.yml has %s", image, first)
			}
		}
	}
}

var goDirective = regexp.MustCompile(`(?m)^go (\S+)$`)

// checkDockerfile checks what deploy/supply container does not: that the compiler is
// the one of go.mod, that what is copied is there, and the ports.
func checkDockerfile(root, text string, p *program, f *findings) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		f.add("go.mod", "%v", err)
		return
	}
	if version := goDirective.FindStringSubmatch(string(mod)); version == nil || !strings.Contains(text, "FROM golang:"+version[1]+"-") {
		f.add("Dockerfile", "FROM golang: not the version of go.mod, %v", version)
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "FROM":
			checkPinned("Dockerfile", words[1], f)
		case "COPY":
			if strings.HasPrefix(words[1], "--from=") {
				continue
			}
			for _, source := range words[1 : len(words)-1] {
				if _, err := os.Stat(filepath.Join(root, source)); err != nil {
					f.add("Dockerfile", "COPY: %s is not there", source)
				}
			}
		case "EXPOSE":
			if want := []string{itoa(p.port), itoa(p.metrics)}; !slices.Equal(words[1:], want) {
				f.add("Dockerfile", "EXPOSE %v, but the program listens on %v", words[1:], want)
			}
		}
	}
}

// version is a tag that says one: digits and a point, as 8.1.3-bookworm or v3.5.0.
var version = regexp.MustCompile(`^v?\d+\.\d+`)

// checkPinned refuses an image that may be another tomorrow. Ours is named by whoever
// builds it.
func checkPinned(where, image string, f *findings) {
	if image == "scratch" || strings.Contains(image, "@sha256:") {
		return
	}
	repository, tag, _ := strings.Cut(path.Base(image), ":")
	if strings.HasPrefix(repository, "passgate") && tag != "" && tag != "latest" {
		return
	}
	if !version.MatchString(tag) {
		f.add(where, "image %s: pin a version by its tag", image)
	}
}
