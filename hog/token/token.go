// Package token names the pieces that Hog text is cut into.
package token

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/source"
)

// Token is one piece of text with its place.
type Token struct {
	Kind Kind
	source.Span
	// Text is the value of an identifier, string or text run with escapes
	// resolved, and the spelling of everything else.
	Text string
	// Quoted marks an identifier written in backquotes or double quotes.
	Quoted bool
}

// Kind is the class of a token. Operators and punctuation are their own
// spelling; the classes below have names.
type Kind string

// Classes of tokens that have more than one spelling.
const (
	EOF    Kind = "end of input"
	Ident  Kind = "identifier"
	Int    Kind = "integer"
	Float  Kind = "number"
	String Kind = "string"

	TemplateStart Kind = "f'"
	TemplateText  Kind = "template text"
	TemplateEnd   Kind = "end of template"

	TagOpen  Kind = "start of tag" // "<" before a name
	TagClose Kind = "closing tag"  // "</"
	TagText  Kind = "tag text"
	TagEmpty Kind = "/>"

	Let     Kind = "let"
	Fn      Kind = "fn"
	While   Kind = "while"
	Try     Kind = "try"
	Catch   Kind = "catch"
	Finally Kind = "finally"
	Throw   Kind = "throw"
	Null    Kind = "null"
	Inf     Kind = "inf"
	NaN     Kind = "nan"

	Except       Kind = "except"
	Intersect    Kind = "intersect"
	Materialized Kind = "materialized"
	Within       Kind = "within"

	// Column is a position of SQL such as #1.
	Column Kind = "#"
)

// reserved are the words that are never identifiers, in lower case.
var reserved = map[string]Kind{
	"let": Let, "fn": Fn, "fun": Fn, "while": While, "try": Try, "catch": Catch, "finally": Finally,
	"throw": Throw, "null": Null, "inf": Inf, "infinity": Inf, "nan": NaN,
	"except": Except, "intersect": Intersect, "materialized": Materialized, "within": Within,
}

// longestReserved is the length of "materialized", beyond which no word needs a look.
const longestReserved = 12

// Lookup returns the kind of an unquoted word: a reserved word in any letter
// case, or Ident.
func Lookup(word string) Kind {
	if len(word) > longestReserved {
		return Ident
	}
	if kind, ok := reserved[strings.ToLower(word)]; ok {
		return kind
	}
	return Ident
}

// Is reports whether the token is the unquoted word, in any letter case. Most
// of Hog's keywords are ordinary identifiers elsewhere.
func (t Token) Is(word string) bool {
	return t.Kind == Ident && !t.Quoted && strings.EqualFold(t.Text, word)
}

// String returns the token as it is named in errors.
func (t Token) String() string {
	switch t.Kind {
	case EOF, TemplateEnd:
		return string(t.Kind)
	case String:
		return "a string"
	case TemplateStart:
		return "a template string"
	case TemplateText, TagText:
		return "text"
	}
	return "`" + t.Text + "`"
}
