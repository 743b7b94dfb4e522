package hog_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/code"
)

var update = flag.Bool("update", false, "rewrite hog/testdata/golden; read the diff")

// TestGolden compiles and runs every program of the corpus. testdata/golden holds for each its portable bytecode, what it
// prints, and its result or its error with the call stack.
func TestGolden(t *testing.T) {
	programs, globals := corpus(t)
	clock := func() time.Time { return time.Date(2031, 8, 9, 10, 11, 12, 0, time.UTC) }
	env := hog.Env{Global: globalsOf(t, globals), Now: clock, Rand: rand.Reader}
	for name, text := range programs {
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name+".hog", text)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "golden", name+".txtar")
			got := string(txtar.Format(&txtar.Archive{Files: goldenOf(t, p, env)}))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from %s; -update rewrites it (-want +got):\n%s", path, diff)
			}
		})
	}
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if _, ok := programs[strings.TrimSuffix(filepath.Base(path), ".txtar")]; !ok {
			t.Errorf("%s: there is no such program", path)
		}
	}
}

func goldenOf(t *testing.T, p *hog.Program, env hog.Env) []txtar.File {
	t.Helper()
	var prints bytes.Buffer
	env.Print = func(line string) { prints.WriteString(line + "\n") }
	files := []txtar.File{{Name: "bytecode", Data: wrapped(p.Bytecode())}}
	v, err := p.Run(t.Context(), env)
	if prints.Len() > 0 {
		files = append(files, txtar.File{Name: "prints", Data: prints.Bytes()})
	}
	if err != nil {
		text := err.Error()
		if e, ok := err.(*hog.Error); ok { //nolint:errorlint // Run documents the type
			text = e.Error() + "\n" + e.Backtrace()
		}
		return append(files, txtar.File{Name: "error", Data: []byte(text + "\n")})
	}
	if v.IsNull() {
		return files
	}
	return append(files, txtar.File{Name: "result", Data: []byte(v.String() + "\n")})
}

// wrapped breaks bytecode into lines, for a reader of diffs.
func wrapped(bytecode []byte) []byte {
	var tokens []json.RawMessage
	if err := json.Unmarshal(bytecode, &tokens); err != nil {
		return []byte("none\n")
	}
	var out strings.Builder
	width := 0
	for _, token := range tokens {
		if width > 0 && width+1+len(token) > 110 {
			out.WriteByte('\n')
			width = 0
		}
		if width > 0 {
			out.WriteByte(' ')
			width++
		}
		out.Write(token)
		width += len(token)
	}
	return []byte(out.String() + "\n")
}

// TestCorpusIsComplete wants every opcode that the compiler emits, and every function of the library, in the corpus.
func TestCorpusIsComplete(t *testing.T) {
	programs, _ := corpus(t)
	if len(programs) < 250 {
		t.Errorf("the corpus has %d programs", len(programs))
	}
	missing := map[string]bool{}
	for op := code.Op(1); op.Valid(); op++ {
		missing[op.String()] = true
	}
	for _, f := range hog.LibraryFunctions() {
		missing[f.Name] = true
	}
	for name, text := range programs {
		p, err := hog.Compile(name, text)
		if err != nil {
			t.Fatal(err)
		}
		if name == unportable {
			continue
		}
		b, err := code.Decode(p.Bytecode())
		if err != nil {
			t.Fatal(err)
		}
		for word := range strings.FieldsSeq(b.Disassemble()) {
			delete(missing, strings.Trim(word, `"`))
		}
	}
	for name, reason := range unreachable {
		if !missing[name] {
			t.Errorf("%s is in the corpus although it is excused: %s", name, reason)
		}
		delete(missing, name)
	}
	if len(missing) > 0 {
		t.Errorf("nothing in the corpus uses %s", strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
}

// unreachable is what no program of the corpus can use, and why.
var unreachable = map[string]string{
	"DECLARE_FN":    "legacy; no compiler writes it, the tests of vm run it",
	"IN_COHORT":     "reserved; no machine runs it",
	"NOT_IN_COHORT": "reserved; no machine runs it",
	"ifNull":        "compiled to jumps",
	"multiIf":       "compiled to jumps",
}
