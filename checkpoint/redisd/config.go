package redisd

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed redis.conf.tmpl
var configText string

var configTemplate = template.Must(template.New("redis.conf").Parse(configText))

// configFields are the values of the template; paths are already quoted.
type configFields struct {
	Cluster   bool
	Port      int
	Socket    string
	Dir       string
	PIDFile   string
	MaxMemory string
	Persist   bool
	Fsync     string
}

// renderConfig gives the text of redis.conf for these options.
func renderConfig(o Options, socket string) (string, error) {
	var b strings.Builder
	err := configTemplate.Execute(&b, configFields{
		Cluster:   o.clusterPort != 0,
		Port:      o.clusterPort,
		Socket:    quote(socket),
		Dir:       quote(o.Dir),
		PIDFile:   quote(filepath.Join(o.Dir, "redis.pid")),
		MaxMemory: o.MaxMemory,
		Persist:   o.Persist,
		Fsync:     o.Fsync,
	})
	if err != nil {
		return "", fmt.Errorf("redisd: render redis.conf: %w", err)
	}
	return b.String(), nil
}

// writeConfig puts redis.conf in place and returns its path.
func writeConfig(o Options, socket string) (string, error) {
	text, err := renderConfig(o, socket)
	if err != nil {
		return "", err
	}
	path := filepath.Join(o.Dir, "redis.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("redisd: write configuration: %w", err)
	}
	return path, nil
}

// quote writes a value so that redis.conf reads it back byte for byte: a path
// may hold spaces, quotes or even line breaks.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
