package format_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog/format"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// What can not be written into an archive.
func TestWhiteSpace(t *testing.T) {
	tests := map[string]string{
		"":                                      "",
		" \t\r\n\v\f":                           "",
		";":                                     "",
		"let a := 1":                            "let a := 1\n",
		"let a := 1\r\n\r\n\r\nlet b := 2\r\n":  "let a := 1\n\nlet b := 2\n",
		"let a := 1\r\rlet b := 2\r":            "let a := 1\n\nlet b := 2\n",
		"// a\r\n/* b\r\n * c\r\n */\r\nf()":    "// a\n/* b\n * c\n */\nf()\n",
		"// a\rf() // b\r":                      "// a\nf() // b\n",
		"// a  \t\nf() /* b   \n  c */  ":       "// a\nf() /* b\n  c */\n",
		"f('a\r\nb', f'c\r\nd')":                "f('a\r\nb', f'c\r\nd')\n",
		"\tif\t(a)\t{\n\t\tf()\n\t}\t":          "if (a) {\n    f()\n}\n",
		"\ufefflet a := 1":                      "let a := 1\n",
		"\ufeff":                                "",
		"let a\v:=\f1":                          "let a := 1\n",
		"let a := '\u00e9\U0001f389' // \u00e9": "let a := '\u00e9\U0001f389' // \u00e9\n",
		"let a := '\xff\x00' // \xfe":           "let a := '\xff\x00' // \xfe\n",
		"f(\n/* a */\r\n)":                      "f(\n    /* a */\n)\n",
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			got, err := format.Source("t", []byte(src))
			if err != nil || string(got) != want {
				t.Errorf("%v\n got %q\nwant %q", err, got, want)
			}
			check(t, strings.TrimPrefix(src, "\ufeff"))
		})
	}
}

// A mistake is reported with its place in the text without the mark in front of it.
func TestErrors(t *testing.T) {
	_, err := format.Source("a.hog", []byte("\ufefflet a := := 1\nf(\n"))
	var list source.ErrorList
	if !errors.As(err, &list) || list[0].Place() != "a.hog:1:10" {
		t.Errorf("got %v", err)
	}
}

// Input that is made to exhaust something ends, with an error when it is nested too deeply.
func TestHostileInput(t *testing.T) {
	const n = 10_000
	for _, piece := range []string{
		"(", "[", "{", "{{", "- ", "not ", "a.", "a(", "x->", "x->{", "f'{", "<a>", "if(a)", "if(a){", "while(a){", "fn f(){", "try{", "case when ",
		"a?b:", "a+", "a||", "[a,", "{'a':", "a[", "interval ", "()->{", "for(;;)",
	} {
		out, err := format.Source("t", []byte(strings.Repeat(piece, n)))
		if err == nil {
			t.Errorf("%q: formatted as %.100q", piece, out)
		}
	}
	long := map[string]string{
		"statements": strings.Repeat("f(a, 'b', [1, 2]);", n), "arguments": "f(" + strings.Repeat("1, ", n) + "1)",
		"semicolons": strings.Repeat(";", 100*n), "comments": strings.Repeat("// a\n", n), "inline": strings.Repeat("/* a */", n) + "f()",
		"lines": strings.Repeat("\n", 100*n), "nested": deep("[", "]", n), "calls": deep("f(", ")", n), "blocks": deep("if (a) {", "}", n),
		"functions": deep("f(x -> {", "return 1}, 2)", n), "chain": "a" + strings.Repeat(" and a", 900), "text": "f(['" + strings.Repeat("a", 100*n) + "'])",
		"else": "if (a) {}" + strings.Repeat(" else if (a) {}", 190),
	}
	for name, src := range long {
		t.Run(name, func(t *testing.T) {
			if _, err := parser.Program(source.New("t", src)); err != nil {
				t.Fatal(err)
			}
			out, err := format.Source("t", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			if len(out) > 100*len(src)+1 {
				t.Errorf("%d bytes became %d", len(src), len(out))
			}
		})
	}
}

// deep is n numbers within brackets that are nested as deep as the parser allows.
func deep(open, end string, n int) string {
	const levels = 60
	inner := strings.Repeat("1, ", n) + "1"
	if strings.HasSuffix(open, "{") {
		inner = strings.Repeat("f(1);", n)
	}
	return strings.Repeat(open, levels) + inner + strings.Repeat(end, levels)
}

// Indents end at some depth, so that the text does not grow beyond all bounds.
func TestDeepIndent(t *testing.T) {
	out, err := format.Source("t", []byte(strings.Repeat("[\n", 40)+"1"+strings.Repeat("]", 40)))
	if err != nil {
		t.Fatal(err)
	}
	deepest := 0
	for line := range strings.Lines(string(out)) {
		deepest = max(deepest, len(line)-len(strings.TrimLeft(line, " ")))
	}
	if deepest != 100 {
		t.Errorf("indent of %d", deepest)
	}
}

func BenchmarkSource(b *testing.B) {
	src := []byte(strings.Repeat("fn f(a, b) { let x := a.b.c + 1; if (x > 3 and b) { return {'k': f'v{x}'} } return null } // c\n", 1000))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := format.Source("b", src); err != nil {
			b.Fatal(err)
		}
	}
}
