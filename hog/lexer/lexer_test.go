package lexer_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// kinds prints the tokens as kind or kind=text, without the final EOF.
func kinds(tokens []token.Token) string {
	var parts []string
	for _, t := range tokens[:len(tokens)-1] {
		if string(t.Kind) == t.Text {
			parts = append(parts, t.Text)
		} else {
			parts = append(parts, string(t.Kind)+"="+t.Text)
		}
	}
	return strings.Join(parts, " ")
}

func TestScan(t *testing.T) {
	tests := map[string]string{
		"a.1.2":            "identifier=a number=.1 number=.2",
		"1.5.2":            "number=1.5 number=.2",
		"a?.5":             "identifier=a ?. integer=5",
		"a ?? b?c":         "identifier=a ?? identifier=b ? identifier=c",
		"a:=b : = c":       "identifier=a := identifier=b : = identifier=c",
		"a =~* b !~* c ~*": "identifier=a =~* identifier=b !~* identifier=c ~*",
		"Let FUN Infinity": "let=Let fn=FUN inf=Infinity",
		"a --b\n+ c":       "identifier=a + identifier=c",
		"a <b> c</b>":      "identifier=a start of tag=< identifier=b > tag text= c closing tag=</ identifier=b >",
		"a<b":              "identifier=a < identifier=b",
		"a < b":            "identifier=a < identifier=b",
		"a <b":             "identifier=a < identifier=b",
		"f'a{b}c' d":       "f' template text=a { identifier=b } template text=c end of template=' identifier=d",
		"f'{f'{'}'}'}'":    "f' { f' { string=} } end of template=' } end of template='",
		"1a 0x 0b 1e+":     "integer=1 identifier=a integer=0 identifier=x integer=0 identifier=b integer=1 identifier=e +",
		"0b11 # x\n#2 a#3": "integer=0b11 #=#2 identifier=a #=#3",
		"a <=> b::c":       "identifier=a <=> identifier=b :: identifier=c",
		"\ufeffa\u00a0b":   "identifier=a identifier=b",
		"007.5 0.5 07.5e1": "integer=007 number=.5 number=0.5 number=07.5e1",
	}
	for src, want := range tests {
		t.Run(src, func(t *testing.T) {
			tokens, errs := lexer.Scan(source.New("t", src))
			if err := errs.Err(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, kinds(tokens)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// FuzzScan checks that tokens lie in order within the text and cover it: what
// is between them is white space, comment or reported.
func FuzzScan(f *testing.F) {
	for _, src := range []string{"a.1.2", "f'a{f'b'}c'", "<a b='c'>d{e}</a>", "'x", "/*", "\\", "é", "`a``b`", "f'{"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, scan := range []func(*source.Text) ([]token.Token, source.ErrorList){lexer.Scan, lexer.ScanTemplate} {
			tokens, _ := scan(source.New("t", src))
			last := 0
			for _, tok := range tokens {
				if tok.Pos() < last || tok.Stop() < tok.Pos() || tok.Stop() > len(src) {
					t.Fatalf("%q: token %v at %d to %d after %d", src, tok, tok.Pos(), tok.Stop(), last)
				}
				last = tok.Stop()
			}
			if final := tokens[len(tokens)-1]; final.Kind != token.EOF || final.Stop() != len(src) {
				t.Fatalf("%q: ends with %v at %d", src, final, final.Stop())
			}
		}
	})
}
