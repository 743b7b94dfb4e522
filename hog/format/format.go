package format

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// byteOrderMark is what some editors put in front of UTF-8 text. It is no part of Hog.
const byteOrderMark = "\ufeff"

// Source returns the program in canonical layout. The name is shown in errors; those of syntax are a source.ErrorList.
func Source(name string, src []byte) ([]byte, error) {
	text := source.New(name, strings.TrimPrefix(string(src), byteOrderMark))
	program, err := parser.Program(text)
	if err != nil {
		return nil, err
	}
	tokens, _ := lexer.Scan(text)
	want := content(program, tokens)
	// A semicolon can be needed for a reason that lies beyond its neighbours, when names are spelt as keywords.
	for _, drop := range []bool{true, false} {
		out := source.New(name, layout(program, tokens, drop))
		if again, err := parser.Program(out); err == nil {
			tokens, _ := lexer.Scan(out)
			if slices.Equal(content(again, tokens), want) {
				return []byte(out.Body), nil
			}
		}
	}
	return nil, fmt.Errorf("%s: no layout is found that keeps the meaning of this program; it stays as it is", name)
}

// content is what formatting must not change: the tree, then the comments without the white space around their lines.
func content(program *ast.Program, tokens []token.Token) []string {
	list := []string{program.Print()}
	for _, c := range lexer.Comments(program.Source, tokens) {
		var lines []string
		for line := range strings.SplitSeq(program.Source.Body[c.Pos():c.Stop()], "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
		list = append(list, strings.Join(lines, "\n"))
	}
	return list
}

// layout writes the program anew.
func layout(program *ast.Program, tokens []token.Token, dropSemicolons bool) string {
	f := newBuilder(program, tokens, dropSemicolons)
	var p printer
	f.statements(program.Body, "", func(blank bool, d doc) {
		if len(p.out) > 0 {
			p.newLine(0, blank)
		}
		p.print(d)
	})
	if len(p.out) == 0 {
		return ""
	}
	return string(p.aligned()) + "\n"
}
