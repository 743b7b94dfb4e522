package format_test

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/format"
	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// corpus returns every Hog program of the repository that parses, by its place.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	programs := map[string]string{}
	for _, root := range []string{"../testdata", "../../configs/examples", "../../test"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			switch filepath.Ext(path) {
			case ".hog":
				programs[path] = string(data)
			case ".txtar":
				for _, f := range txtar.Parse(data).Files {
					if ext := filepath.Ext(f.Name); ext == ".hog" || ext == ".expr" {
						programs[path+"/"+f.Name] = string(f.Data)
					}
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, src := range programs {
		if _, err := parser.Program(source.New(name, src)); err != nil {
			delete(programs, name)
		}
	}
	if len(programs) < 300 {
		t.Fatalf("only %d programs found", len(programs))
	}
	return programs
}

// check formats a program that parses and checks all that must hold of the result.
func check(t *testing.T, src string) string {
	t.Helper()
	before, err := parser.Program(source.New("source", src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	out, err := format.Source("source", []byte(src))
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	after, err := parser.Program(source.New("formatted", string(out)))
	if err != nil {
		t.Fatalf("%v\nsource:\n%s\nformatted:\n%s", err, src, out)
	}
	for what, of := range map[string]func(*ast.Program) any{
		"tree":     func(p *ast.Program) any { return p.Print() },
		"bytecode": bytecode,
		"comments": func(p *ast.Program) any { return comments(p.Source) },
	} {
		if diff := cmp.Diff(of(before), of(after)); diff != "" {
			t.Fatalf("%s differs, -source +formatted\n%s\nsource:\n%s\nformatted:\n%s", what, diff, src, out)
		}
	}
	again, err := format.Source("formatted", out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(out), string(again)); diff != "" {
		t.Fatalf("formatting again changes it:\n%s\nsource:\n%s\nformatted:\n%s", diff, src, out)
	}
	return string(out)
}

// bytecode is what the reference's compiler makes of the program, or nothing when it does not compile.
func bytecode(p *ast.Program) any {
	b, _, err := compile.Program(p, compile.Options{Exact: true})
	if err != nil {
		return nil
	}
	return fmt.Sprintf("%#v", b.Tokens) // NaN is no NaN to a comparison
}

// comments are the texts of all comments without the white space around their lines.
func comments(text *source.Text) []string {
	list := []string{}
	tokens, _ := lexer.Scan(text)
	for _, c := range lexer.Comments(text, tokens) {
		lines := strings.Split(text.Body[c.Pos():c.Stop()], "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(line)
		}
		list = append(list, strings.Join(lines, "\n"))
	}
	return list
}

func TestCorpus(t *testing.T) {
	for name, src := range corpus(t) {
		t.Run(name, func(t *testing.T) { check(t, src) })
	}
}

// mutate writes a program's tokens with other white space between them: what between returns for each gap and its text.
// Gaps in templates and tags stay, where white space is text.
func mutate(src string, between func(i int, gap string) string) string {
	tokens, _ := lexer.Scan(source.New("source", src))
	var b strings.Builder
	depth, last := 0, 0
	for i, tok := range tokens {
		gap := src[last:tok.Pos()]
		if depth == 0 {
			gap = between(i, gap)
		}
		b.WriteString(gap + src[tok.Pos():tok.Stop()])
		last = tok.Stop()
		switch {
		case tok.Kind == token.TemplateStart, tok.Kind == token.TagOpen:
			depth++
		case tok.Kind == token.TemplateEnd, tok.Kind == token.TagEmpty, i > 1 && tokens[i-2].Kind == token.TagClose:
			depth--
		}
	}
	return b.String()
}

// oneLine joins the lines of a gap; a comment up to the end of its line becomes one with an end.
func oneLine(_ int, gap string) string {
	if strings.TrimSpace(gap) != "" {
		return " /* comment */ "
	}
	if gap == "" {
		return ""
	}
	return " "
}

// commentsAnywhere are what random mutations put between two tokens.
var commentsAnywhere = []string{
	"", "", "", "", " ", " ", "\n", "\n\n\n", "\t", "\r\n", " // c%\n", "\n// c%\n", "\n\n# c%\n\n", "/* c% */", " /* c% */ ", "\n/* c% */\n",
	"\n/* c%\n * d\n */", " /* c%\nd */\n", "-- c%\n", "/* c% */ // c%\n", "\n/* c% */ /* d% */",
}

func TestMutations(t *testing.T) {
	forms := map[string]func(r *rand.Rand) func(int, string) string{
		"one line":         func(*rand.Rand) func(int, string) string { return oneLine },
		"one token a line": func(*rand.Rand) func(int, string) string { return func(_ int, gap string) string { return gap + "\n" } },
		"few comments": func(r *rand.Rand) func(int, string) string {
			return func(_ int, gap string) string {
				if r.IntN(10) > 0 {
					return gap
				}
				return gap + strings.ReplaceAll(commentsAnywhere[r.IntN(len(commentsAnywhere))], "%", string(rune('a'+r.IntN(26))))
			}
		},
		"many comments": func(r *rand.Rand) func(int, string) string {
			return func(_ int, gap string) string {
				return gap + strings.ReplaceAll(commentsAnywhere[r.IntN(len(commentsAnywhere))], "%", string(rune('a'+r.IntN(26))))
			}
		},
	}
	programs := corpus(t)
	names := slices.Sorted(maps.Keys(programs))
	for form, between := range forms {
		t.Run(form, func(t *testing.T) {
			n := 0
			for _, name := range names {
				// Each program has its own random numbers, whatever else is in the corpus.
				h := fnv.New64()
				_, _ = h.Write([]byte(name))
				src := mutate(programs[name], between(rand.New(rand.NewPCG(1, h.Sum64()))))
				if _, err := parser.Program(source.New(name, src)); err == nil {
					n++
					check(t, src)
				}
			}
			if n < len(names)*3/4 {
				t.Errorf("only %d of %d mutations parse", n, len(names))
			}
		})
	}
}
