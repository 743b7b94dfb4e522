package ast_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

var nodeType = reflect.TypeFor[ast.Node]()

// reachable counts the nodes that the fields of a tree lead to, by their type.
func reachable(v reflect.Value, count map[string]int) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return
		}
		if v.Kind() == reflect.Pointer && v.Type().Implements(nodeType) && v.Type() != reflect.TypeFor[*ast.Name]() {
			count[v.Type().String()]++
		}
		reachable(v.Elem(), count)
	case reflect.Slice:
		for i := range v.Len() {
			item := v.Index(i)
			if item.Type() == reflect.TypeFor[ast.Catch]() {
				item = item.Addr()
			}
			reachable(item, count)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Place" {
				reachable(v.Field(i), count)
			}
		}
	}
}

// TestInspectVisitsEverything walks every text of the parser's archives in two
// ways: by Inspect, and by the fields of the nodes.
func TestInspectVisitsEverything(t *testing.T) {
	paths, err := filepath.Glob("../testdata/parse/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	seen := map[string]int{}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if ext := filepath.Ext(f.Name); ext != ".hog" && ext != ".expr" {
				continue
			}
			text := source.New(f.Name, strings.TrimSuffix(string(f.Data), "\n"))
			program, err := parser.Program(text)
			if err != nil {
				continue
			}
			want, got := map[string]int{}, map[string]int{}
			for _, s := range program.Body {
				reachable(reflect.ValueOf(s), want)
			}
			program.InspectAll(func(n ast.Node) bool {
				got[reflect.TypeOf(n).String()]++
				seen[reflect.TypeOf(n).String()]++
				checkRange(t, text, n)
				return true
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s: -fields +Inspect\n%s", path, f.Name, diff)
			}
		}
	}
	if len(seen) < 65 {
		t.Errorf("the archives hold %d kinds of nodes only: %v", len(seen), seen)
	}
}

// checkRange checks that a node lies in its text and holds the nodes in it.
func checkRange(t *testing.T, text *source.Text, n ast.Node) {
	r := n.Range()
	if r.Start < 0 || r.End < r.Start || int(r.End) > len(text.Body) {
		t.Errorf("%s: %T has the range %v", text.Name, n, r)
	}
	for _, child := range ast.Children(n) {
		c := child.Range()
		_, isBlock := child.(*ast.Block)
		if c.Start < r.Start || c.End > r.End && !isBlock {
			t.Errorf("%s: %q: %T at %v is not inside of %T at %v", text.Name, text.Body, child, c, n, r)
		}
	}
}

func TestInspectStopsWhereItIsTold(t *testing.T) {
	tree, err := parser.Expression(source.New("t", "f(a + b, (select c))"))
	if err != nil {
		t.Fatal(err)
	}
	var visited []string
	ast.Inspect(tree.Expr, func(n ast.Node) bool {
		visited = append(visited, reflect.TypeOf(n).String())
		_, isQuery := n.(*ast.Select)
		return !isQuery
	})
	want := []string{"*ast.Call", "*ast.Arithmetic", "*ast.Field", "*ast.Field", "*ast.Select"}
	if diff := cmp.Diff(want, visited); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
