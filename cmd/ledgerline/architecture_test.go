package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	module = "ledgerline"
	root   = "../.." // of the repository, seen from here
)

// source is one Go file.
type source struct {
	dir  string // within the repository, "domain/subscriber"
	name string
	test bool // a test, or in a package for tests
	*ast.File
}

func (s source) String() string { return path.Join(s.dir, s.name) }

// sources returns all Go files of the repository.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	files := token.NewFileSet()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "data"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(file) != ".go":
			return nil
		}
		parsed, err := parser.ParseFile(files, file, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		test := strings.HasSuffix(d.Name(), "_test.go") || strings.HasSuffix(dir, "test")
		all = append(all, source{filepath.ToSlash(dir), d.Name(), test, parsed})
		return err
	})
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

// imported returns the paths that a file imports.
func (s source) imported() []string {
	var paths []string
	for _, i := range s.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// arrows says which folders each of the folders may import beside itself.
var arrows = map[string][]string{
	"domain":      {},
	"commands":    {"domain"},
	"projections": {"domain"},
	"adapters":    {"domain", "commands", "projections"},
	"cmd":         {"domain", "commands", "projections", "adapters"},
}

// taken is what tests of commands and projections need, and take a real one of.
var taken = regexp.MustCompile(`^adapters/(eventlog|planfiles)/`)

func TestImportsPointInwards(t *testing.T) {
	for _, s := range sources(t) {
		from, _, _ := strings.Cut(s.dir, "/")
		allowed, known := arrows[from]
		assert.True(t, known, "%v is in none of the five folders", s)
		for _, p := range s.imported() {
			inner, ours := strings.CutPrefix(p, module+"/")
			if !ours || s.test && from != "domain" && taken.MatchString(inner+"/") {
				continue
			}
			to, _, _ := strings.Cut(inner, "/")
			if to != from {
				assert.Contains(t, allowed, to, "%v imports %s", s, p)
			}
		}
	}
}

func TestAnAdapterDoesNotImportAnother(t *testing.T) {
	adapter := func(dir string) string { return strings.Join(strings.SplitN(dir+"//", "/", 3)[:2], "/") }
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.dir, "adapters/") {
			continue
		}
		for _, p := range s.imported() {
			if inner, _ := strings.CutPrefix(p, module+"/"); strings.HasPrefix(inner, "adapters/") {
				assert.Equal(t, adapter(s.dir), adapter(inner), "%v imports %s", s, p)
			}
		}
	}
}

func TestNobodyImportsACommand(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range s.imported() {
			assert.False(t, strings.HasPrefix(p, module+"/cmd"), "%v imports %s", s, p)
		}
	}
}

// impure are the functions whose answer is another each time.
var impure = map[string][]string{
	"time":                   {"Now", "Since", "Until"},
	"github.com/google/uuid": {"New", "NewString", "NewRandom", "NewUUID", "NewV6", "NewV7"},
}

func TestRulesAndFoldsTakeTimeIDsAndChanceAsArguments(t *testing.T) {
	for _, s := range sources(t) {
		rule, fold := strings.HasPrefix(s.dir+"/", "domain/"), strings.HasPrefix(s.dir, "projections/")
		if s.test || !rule && !fold {
			continue
		}
		for _, p := range s.imported() {
			assert.NotContains(t, []string{"math/rand", "math/rand/v2", "crypto/rand"}, p, "%v", s)
		}
		ast.Inspect(s.File, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					assert.NotContains(t, impure[s.importOf(x.Name)], sel.Sel.Name, "%v uses %s.%s", s, x.Name, sel.Sel.Name)
				}
			}
			return true
		})
	}
}

// importOf returns the path that a name stands for in a file; "" if none.
func (s source) importOf(name string) string {
	for i, p := range s.imported() {
		local := path.Base(p)
		if n := s.Imports[i].Name; n != nil {
			local = n.Name
		}
		if local == name {
			return p
		}
	}
	return ""
}

func TestNothingHappensBeforeMainAndNothingNeedsC(t *testing.T) {
	for _, s := range sources(t) {
		assert.NotContains(t, s.imported(), "C", "%v", s)
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			initializes := ok && f.Recv == nil && f.Name.Name == "init"
			assert.False(t, initializes && !ast.IsGenerated(s.File), "%v has an init function", s)
		}
	}
}

var storedName = regexp.MustCompile(`^[a-z]+\.[a-z_]+\.v[0-9]+$`)

func TestEveryEventHasAStoredNameOfItsOwn(t *testing.T) {
	owner := map[string]string{}
	for _, s := range sources(t) {
		if s.test || !strings.HasPrefix(s.dir, "domain/") {
			continue
		}
		for _, d := range s.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "EventType" {
				continue
			}
			name := literal(f)
			assert.Regexp(t, storedName, name, "%v: the name of an event is written out in one return", s)
			assert.Empty(t, owner[name], "%s is the name of two events, here and in %v", name, s)
			owner[name] = s.String()
		}
	}
	assert.NotEmpty(t, owner)
}

// literal returns the text that a function does nothing but return.
func literal(f *ast.FuncDecl) string {
	if len(f.Body.List) == 1 {
		if r, ok := f.Body.List[0].(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			if l, ok := r.Results[0].(*ast.BasicLit); ok {
				text, _ := strconv.Unquote(l.Value)
				return text
			}
		}
	}
	return ""
}

// topLevel is the five folders and the files that tools insist on.
var topLevel = strings.Fields(`domain commands projections adapters cmd
	go.mod go.sum README.md LICENSE NOTICE Makefile staticcheck.conf .gitignore .gitattributes .editorconfig .ci .github`)

func TestTheTopLevelHoldsNothingButTheFixedNames(t *testing.T) {
	tracked, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files").Output()
	if err != nil {
		t.Skip("this is not a git checkout, so what belongs to the project is not known")
	}
	for file := range strings.FieldsSeq(string(tracked)) {
		name, _, _ := strings.Cut(file, "/")
		assert.True(t, slices.Contains(topLevel, name), "%s", file)
	}
}
