package configs_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

var update = flag.Bool("update", false, "rewrite the want sections of testdata/*.txtar")

// TestGolden loads each archive's files. A line `path: x` of the archive's comment says what to load, "." without one; the file env holds
// variables; want is what has to come out: the project, or its mistakes.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			name, err := filepath.Abs(name)
			if err != nil {
				t.Fatal(err)
			}
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := outcome(t, archive)
			want := take(archive, "want")
			if *update {
				archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

// outcome writes the archive's files to a folder and prints what comes of loading them.
func outcome(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "shop")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path, env := ".", map[string]string{}
	for line := range strings.Lines(string(archive.Comment)) {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "path: "); ok {
			path = p
		}
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "want":
		case "env":
			for line := range strings.Lines(string(f.Data)) {
				k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				env[k] = v
			}
		default:
			name := filepath.Join(dir, f.Name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Chdir(dir)
	p, err := decode(path, options(env))
	if err != nil {
		return err.Error() + "\n"
	}
	return dumpProject(p)
}

// take removes a file from the archive and returns its text.
func take(archive *txtar.Archive, name string) string {
	for i, f := range archive.Files {
		if f.Name == name {
			archive.Files = append(archive.Files[:i:i], archive.Files[i+1:]...)
			return string(f.Data)
		}
	}
	return ""
}

func dumpProject(p *decoded) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "name %q data %q dir %q project %+v\nfiles %q\n", p.Name, p.Data, p.Dir, p.Project.Project, p.Files)
	for _, part := range p.parts {
		fmt.Fprintf(&b, "%s\n", part.title)
		dumpValue(&b, "  ", "", reflect.ValueOf(part.config).Elem())
	}
	return b.String()
}

// settings prints what the user changed about a destination.
func settings(d configs.Destination) string {
	var b strings.Builder
	if d.Warehouse {
		b.WriteString(" (the warehouse)")
	}
	if d.When.Text != "" {
		fmt.Fprintf(&b, " when %s", code(d.When))
	}
	if over := d.Batch.Over(pipeline.Batch{Events: -1, Bytes: -1, Wait: -1}); over != (pipeline.Batch{Events: -1, Bytes: -1, Wait: -1}) {
		fmt.Fprintf(&b, " batch %+v", over)
	}
	if d.Order != configs.Relaxed {
		fmt.Fprintf(&b, " order %s", d.Order)
	}
	b.WriteString(given("retry", d.Retry) + given("breaker", d.Breaker))
	return b.String()
}

// given prints the fields of a struct that are not zero.
func given(name string, v any) string {
	var fields []string
	for i, s := 0, reflect.ValueOf(v); i < s.NumField(); i++ {
		if f := s.Field(i); !f.IsZero() {
			fields = append(fields, fmt.Sprintf("%s:%v", s.Type().Field(i).Name, reflect.Indirect(f)))
		}
	}
	if fields == nil {
		return ""
	}
	return fmt.Sprintf(" %s %v", name, fields)
}

func code(c pipeline.Code) string {
	return fmt.Sprintf("code(%q at %s indent %d)", c.Text, c.Pos, c.Indent)
}

// dumpValue prints one line for each part of v that is not zero.
func dumpValue(b *bytes.Buffer, indent, name string, v reflect.Value) {
	if name != "" && !v.IsZero() {
		indent += name
	}
	switch x := v.Interface().(type) {
	case pipeline.Code:
		if x != (pipeline.Code{}) {
			fmt.Fprintf(b, "%s %s\n", indent, code(x))
		}
		return
	case pipeline.File:
		fmt.Fprintf(b, "%s file(%q path %q at %s)\n", indent, x.Name, x.Path, x.Pos)
		return
	case pipeline.Tree:
		dumpTree(b, indent, x)
		return
	case pipeline.Fields:
		dumpTree(b, indent, pipeline.Tree{Fields: x})
		return
	case pipeline.Secret, time.Duration:
		if !v.IsZero() {
			fmt.Fprintf(b, "%s %v\n", indent, x)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				dumpValue(b, indent+".", f.Name, v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			dumpValue(b, indent, "", v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			dumpValue(b, fmt.Sprintf("%s[%d]", indent, i), "", v.Index(i))
		}
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			dumpValue(b, fmt.Sprintf("%s[%q]", indent, k.String()), "", v.MapIndex(k))
		}
	default:
		if !v.IsZero() {
			fmt.Fprintf(b, "%s %#v\n", indent, v.Interface())
		}
	}
}

func dumpTree(b *bytes.Buffer, indent string, t pipeline.Tree) {
	switch {
	case t.Text != nil:
		fmt.Fprintf(b, "%s %s\n", indent, code(*t.Text))
	case t.List != nil:
		fmt.Fprintf(b, "%s list of %d\n", indent, len(t.List))
		for i, item := range t.List {
			dumpTree(b, fmt.Sprintf("%s[%d]", indent, i), item)
		}
	case t.Fields != nil:
		fmt.Fprintf(b, "%s fields of %d\n", indent, len(t.Fields))
		for _, f := range t.Fields {
			dumpTree(b, fmt.Sprintf("%s.%s(%d:%d)", indent, f.Name, f.Pos.Line, f.Pos.Col), f.Value)
		}
	case t.Pos.Line > 0:
		fmt.Fprintf(b, "%s %T(%v)\n", indent, t.Literal, t.Literal)
	}
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
