package redisd

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed redis.conf.tmpl sentinel.conf.tmpl
var configFiles embed.FS

var configTemplates = template.Must(template.ParseFS(configFiles, "*.tmpl"))

// configFields are the values of the template; paths are already quoted.
type configFields struct {
	TCP       tcpFields
	Socket    string
	Dir       string
	PIDFile   string
	MaxMemory string
	Persist   bool
	Fsync     string
	Users     string // lines, "" for one user who may do everything
}

// tcpFields are those of tcpOptions.
type tcpFields struct {
	Host               string
	Port               int
	Announce, Bus      int
	Cluster, Group     bool
	NodeTimeout        int64 // ms
	MasterPort, Quorum int
	Sentinel           string // name of the master
	DownAfter          int64  // ms
	FailoverTime       int64  // ms
}

func (t tcpOptions) fields() tcpFields {
	f := tcpFields{
		Host: t.host, Port: t.port, Announce: t.announce, Bus: t.bus, Cluster: t.cluster, Group: t.group,
		NodeTimeout: t.nodeTimeout.Milliseconds(), MasterPort: t.masterPort,
	}
	if w := t.sentinel; w != nil {
		f.Sentinel, f.MasterPort, f.Quorum = w.name, w.masterPort, w.quorum
		f.DownAfter, f.FailoverTime = w.downAfter.Milliseconds(), w.failoverTime.Milliseconds()
	}
	return f
}

// renderConfig gives the text of redis.conf for these options.
func renderConfig(o Options, socket string) (string, error) {
	var b strings.Builder
	name := "redis.conf"
	if o.tcp.sentinel != nil {
		name = "sentinel.conf"
	}
	users := ""
	if o.Restricted {
		secret, err := makeOperator(o.Dir)
		if err != nil {
			return "", err
		}
		users = restrictions(secret)
	}
	err := configTemplates.ExecuteTemplate(&b, name+".tmpl", configFields{
		TCP:       o.tcp.fields(),
		Socket:    quote(socket),
		Dir:       quote(o.Dir),
		PIDFile:   quote(filepath.Join(o.Dir, "redis.pid")),
		MaxMemory: o.MaxMemory,
		Persist:   o.Persist,
		Fsync:     o.Fsync,
		Users:     users,
	})
	if err != nil {
		return "", fmt.Errorf("redisd: render %s: %w", name, err)
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
	if _, err := os.Stat(path); err == nil && o.tcp.sentinel != nil {
		return path, nil // what a sentinel has learned is in its file
	}
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
