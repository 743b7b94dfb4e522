package format

import (
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/token"
)

// sift returns the tokens without the semicolons that are not needed.
func (f *builder) sift(drop bool) []token.Token {
	kept := make([]token.Token, 0, len(f.scanned))
	after := f.afterSemicolons()
	var open []token.Token
	for i, tok := range f.scanned {
		switch tok.Kind {
		case "(", "[", "{":
			open = append(open, tok)
		case ")", "]", "}":
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case ";":
			inHead := len(open) > 0 && open[len(open)-1].Kind == "("
			sealed := len(open) > 0 && f.sealed[open[len(open)-1].Pos()]
			if !inHead && !f.empty[tok.Pos()] && (sealed || len(kept) == 0 || !f.separates(kept[len(kept)-1], after[i], drop)) {
				continue
			}
		}
		kept = append(kept, tok)
	}
	return kept
}

// afterSemicolons returns, for each token, the first at or after it that is no semicolon.
func (f *builder) afterSemicolons() []token.Token {
	list := slices.Clone(f.scanned)
	for i := len(list) - 2; i >= 0; i-- {
		if list[i].Kind == ";" {
			list[i] = list[i+1]
		}
	}
	return list
}

// separates reports whether a semicolon is needed between two tokens that end and begin a statement. It says yes
// whenever there can be doubt: newer versions of the language may join what today's do not.
func (f *builder) separates(before, after token.Token, drop bool) bool {
	switch {
	case before.Kind == "{", before.Kind == ";", after.Kind == "}", after.Kind == token.EOF:
		return false
	case !drop:
		return true
	case before.Kind == "}" && f.closers[before.Pos()]:
		return false
	case before.Kind == token.Ident && !before.Quoted && prefixWords[strings.ToLower(before.Text)]:
		return true
	}
	switch after.Kind {
	case token.Let, token.Fn, token.While, token.Try, token.Throw, token.Int, token.Null, token.Inf, token.NaN, token.String:
		return false
	case token.Float:
		return strings.HasPrefix(after.Text, ".")
	case token.TemplateStart:
		return false
	case token.Ident:
		if after.Is("else") && f.stops[after.Pos()] {
			return false
		}
		return !after.Quoted && infixWords[strings.ToLower(after.Text)]
	}
	return true
}

// prefixWords are the words that can begin something with what follows them.
var prefixWords = map[string]bool{
	"return": true, "not": true, "if": true, "for": true, "else": true, "case": true, "when": true, "then": true, "interval": true,
	"date": true, "timestamp": true, "lambda": true, "trim": true, "in": true, "like": true, "ilike": true, "between": true,
	"is": true, "as": true, "and": true, "or": true, "cohort": true, "distinct": true, "select": true, "with": true, "from": true,
}

// infixWords are the words that can go on with what is before them.
var infixWords = map[string]bool{
	"and": true, "or": true, "in": true, "like": true, "ilike": true, "between": true, "not": true, "is": true, "as": true,
	"else": true, "over": true, "filter": true, "within": true, "ignore": true, "respect": true,
}
