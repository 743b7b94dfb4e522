package compile_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/compile"
)

// FuzzCompile checks that compilation never panics, that every token has an
// offset in the text, and that every jump leads to the start of an instruction.
func FuzzCompile(f *testing.F) {
	paths, err := filepath.Glob("../testdata/*/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no archives: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(string(file.Data))
		}
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 4096 {
			return
		}
		for _, opts := range []compile.Options{{}, {Exact: true}, known} {
			b, _, err := compileText(".hog", "t", src, opts)
			if err != nil {
				continue
			}
			for i, offset := range b.Offsets {
				if offset < 0 || int(offset) > len(src) {
					t.Fatalf("%q: token %d has offset %d", src, i, offset)
				}
			}
			checkJumps(t, b, opts.Exact)
		}
	})
}

// operands is how many tokens follow an opcode.
func operands(b code.Bytecode, at int) int {
	switch b.Tokens[at].(code.Op) {
	case code.OpCallGlobal:
		return 2
	case code.OpCallable:
		return 4
	case code.OpClosure:
		return 1 + 2*int(b.Tokens[at+1].(int64))
	case code.OpGetGlobal, code.OpAnd, code.OpOr, code.OpString, code.OpInteger, code.OpFloat, code.OpGetLocal, code.OpSetLocal,
		code.OpJump, code.OpJumpIfFalse, code.OpDict, code.OpArray, code.OpTuple, code.OpJumpIfStackNotNull, code.OpTry,
		code.OpCallLocal, code.OpGetUpvalue, code.OpSetUpvalue:
		return 1
	}
	return 0
}

func checkJumps(t *testing.T, b code.Bytecode, exact bool) {
	t.Helper()
	starts := map[int]bool{len(b.Tokens): true}
	var targets []int
	for i := 2; i < len(b.Tokens); i += 1 + operands(b, i) {
		starts[i] = true
		switch b.Tokens[i] {
		case code.OpJump, code.OpJumpIfFalse, code.OpJumpIfStackNotNull:
			targets = append(targets, i+2+int(b.Tokens[i+1].(int64)))
		case code.OpTry:
			targets = append(targets, i+1+int(b.Tokens[i+1].(int64)))
		case code.OpCallable:
			targets = append(targets, i+5+int(b.Tokens[i+4].(int64)))
		}
	}
	for _, target := range targets {
		// The reference's typed catch jumps into an operand; see Options.Exact.
		if !starts[target] && !(exact && strings.Contains(tokens(b), `"type" 45`)) {
			t.Fatalf("jump to token %d, which starts no instruction\n%s\n%s", target, b.Source.Body, tokens(b))
		}
	}
}

// TestTallTree compiles the highest tree that the parser lets through.
func TestTallTree(t *testing.T) {
	src := "a"
	for range 380 {
		src = "(" + src + strings.Repeat("+a", 990) + ")"
	}
	if _, _, err := compileText(".expr", "t", src, compile.Options{}); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkProgram(b *testing.B) {
	src := strings.Repeat("let f := (a, b) -> { let x := a.b.c + 1; if (x > 3 and b) { return {'k': f'v{x}'} } return null }\n", 100)
	for i := range 100 {
		src = strings.Replace(src, "let f :=", fmt.Sprintf("let f%d :=", i), 1)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, _, err := compileText(".hog", "b", src, compile.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
