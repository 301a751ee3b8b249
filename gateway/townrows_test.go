package gateway

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The place that passgate is built for is described fact by fact; townRows says of
// each which calls carry it and which tests show that. Tests of this package that a
// row names have to have made its calls, with success, in the same run.

// townRow is one fact.
type townRow struct {
	fact  string   // what the place does, in short
	calls []string // of the API, or "passgate …" for a command
	tests []string // of this package, or with the folder of theirs in front
}

// made remembers the calls that each test made with success.
var made = struct {
	sync.Mutex
	by map[string]map[string]bool
}{by: map[string]map[string]bool{}}

// note keeps that a test made a call.
func note(t testing.TB, method, path string) {
	name, _, _ := strings.Cut(t.Name(), "/")
	path, _, _ = strings.Cut(path, "?")
	made.Lock()
	defer made.Unlock()
	if made.by[name] == nil {
		made.by[name] = map[string]bool{}
	}
	made.by[name][method+" "+path] = true
}

// matches tells whether a call with its real path is one of a route.
func matches(call, method, pattern string) bool {
	called, path, _ := strings.Cut(call, " ")
	got, want := strings.Split(path, "/"), strings.Split(pattern, "/")
	return called == method && slices.EqualFunc(got, want, func(g, w string) bool { return g == w || strings.HasPrefix(w, ":") && g != "" })
}

// spelled is a route as the contract writes it.
func spelled(r *route) string {
	parts := strings.Split(r.path, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	return r.method + " " + strings.Join(parts, "/")
}

// routesByName are all routes as rows name them.
func routesByName() map[string]*route {
	all := map[string]*route{}
	for _, r := range (&Server{}).routes() {
		all[spelled(&r)] = &r
	}
	return all
}

func TestEveryFactOfTheTownHasItsCallsAndTests(t *testing.T) {
	t.Parallel()
	routes, tests := routesByName(), testsOfTheModule(t)
	for _, row := range townRows {
		if len(row.calls) == 0 || len(row.tests) == 0 {
			t.Errorf("%s: nothing shows it", row.fact)
		}
		for _, call := range row.calls {
			if routes[call] == nil && !strings.HasPrefix(call, "passgate ") {
				t.Errorf("%s: there is no call %s", row.fact, call)
			}
		}
		for _, test := range row.tests {
			if !tests[test] {
				t.Errorf("%s: there is no test %s", row.fact, test)
			}
		}
	}
}

// testsOfTheModule are the names of all tests, those of other packages with their
// folder in front.
func testsOfTheModule(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && slices.Contains([]string{"node_modules", ".git", "data", "dist"}, d.Name()):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".spec.ts"):
			names[strings.TrimPrefix(filepath.ToSlash(path), "../")] = true
			return nil
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				if folder == "gateway" || folder == "." {
					names[f.Name.Name] = true
				} else {
					names[folder+"."+f.Name.Name] = true
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// checkTownRows looks, when all tests have run, whether those of a row made its
// calls, and writes the table to the file that PASSGATE_TOWN_TABLE names.
func checkTownRows() error {
	if flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.list").Value.String() != "" {
		return nil // not all have run
	}
	routes, missing := routesByName(), []string{}
	var table strings.Builder
	table.WriteString("| the place | calls | tests |\n|---|---|---|\n")
	for _, row := range townRows {
		for _, call := range row.calls {
			if r := routes[call]; r != nil && !row.made(r) {
				missing = append(missing, fmt.Sprintf("%s: no test of the row made %s with success", row.fact, call))
			}
		}
		fmt.Fprintf(&table, "| %s | `%s` | %s |\n", row.fact, strings.Join(row.calls, "`, `"), strings.Join(row.tests, ", "))
	}
	if path := os.Getenv("PASSGATE_TOWN_TABLE"); path != "" {
		if err := os.WriteFile(path, []byte(table.String()), 0o600); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the town:\n%s", strings.Join(missing, "\n"))
	}
	return nil
}

// made tells whether one of the row's tests made a call.
func (row *townRow) made(r *route) bool {
	made.Lock()
	defer made.Unlock()
	for _, test := range row.tests {
		for call := range made.by[test] {
			if matches(call, r.method, r.path) {
				return true
			}
		}
	}
	return false
}
