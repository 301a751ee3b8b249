package gateway

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// outgoing are the ways in which a program calls others, by import path. nil: any
// use of the package.
var outgoing = map[string][]string{
	"net/http":                    {"Client", "DefaultClient", "DefaultTransport", "Transport", "Get", "Head", "Post", "PostForm", "NewRequest", "NewRequestWithContext"},
	"net":                         {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer"},
	"crypto/tls":                  {"Dial", "DialWithDialer", "Dialer", "Client"},
	"github.com/valyala/fasthttp": {"Client", "HostClient", "PipelineClient", "LBClient", "Do", "DoTimeout", "Get", "GetTimeout", "Post", "Dial", "DialTimeout"},
	"github.com/gofiber/fiber/v2": {"Client", "AcquireClient", "AcquireAgent", "Get", "Post", "Put", "Patch", "Delete", "Head"},
	"passgate/gateway/outbound":   nil, // calls receivers of alarms, for the duty alone
	"net/rpc":                     nil,
	"net/smtp":                    nil,
	"net/http/httputil":           nil,
	"os/exec":                     nil,
	"plugin":                      nil,
	"golang.org/x/net/websocket":  nil,
	"github.com/dlclark/regexp2":  nil, // backtracks
	"github.com/gofiber/fiber/v2/middleware/proxy": nil,
}

// TestNothingCallsOut shows that no request can make this server send one: there
// is no code for it. What calls the receivers of alarms is package outbound, by the
// hand of whoever has that duty and not at a request: nothing here uses it. Redis is
// reached through its client only; its server is started, and an archive's
// certificates are fetched, outside of what answers requests. Traces go to the one
// collector that the operator named, from a queue, whatever a request says.
func TestNothingCallsOut(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, dir := range []string{".", "../checkpoint", "../codes"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && slices.Contains([]string{"redisd", "outbound", "testdata", "node_modules"}, d.Name()) {
				return filepath.SkipDir // starts a redis-server for the operator; calls out, for the duty
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || slices.Contains([]string{"tracing.go", "tracingsend.go"}, path) {
				return nil
			}
			seen++
			for _, call := range callsOut(t, path) {
				t.Errorf("%s calls out: %s", path, call)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 100 {
		t.Errorf("only %d files were looked at", seen)
	}
}

// callsOut lists what a file uses of outgoing.
func callsOut(t *testing.T, path string) (calls []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{} // by the name that the file uses
	for _, imp := range file.Imports {
		pkg, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		members, listed := outgoing[pkg]
		if !listed {
			continue
		}
		if members == nil {
			calls = append(calls, pkg)
			continue
		}
		name := strings.TrimSuffix(pkg, "/v2")
		name = name[strings.LastIndex(name, "/")+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = members
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(names[pkg.Name], sel.Sel.Name) {
			calls = append(calls, pkg.Name+"."+sel.Sel.Name)
		}
		return true
	})
	return calls
}
