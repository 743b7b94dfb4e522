package parser

import (
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/prickle-dev/prickle/hog/token"
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// keywords are the words of SQL. They are names like others, except where a
// name may follow an expression or a table without a word between.
var keywords = wordSet(`all and anti any array as asc ascending asof between both by case cast cohort collate columns cross
	cube current date day desc descending distinct else end exclude extract fill filter final first following for from full group
	grouping having hour id if ignore ilike in include inner interpolate interval is join key lambda last leading left like limit
	local minute month name natural not nulls offset on or order outer over partition pivot positional preceding prewhere qualify
	quarter range recursive replace return right rollup row rows sample second select semi sets settings step substring then ties
	time timestamp to top totals trailing trim truncate try_cast unbounded union unpivot using values week when where window with
	year yyyy zone`)

// columnAliases and tableAliases are the keywords that may be an alias without AS.
var (
	columnAliases = wordSet("asc ascending cohort date descending final id return top totals")
	tableAliases  = wordSet("date first id key")
)

// isAlias reports whether the token can be an alias without AS.
func isAlias(tok token.Token, allowed map[string]bool) bool {
	if tok.Kind != token.Ident {
		return false
	}
	word := strings.ToLower(tok.Text)
	return tok.Quoted || !keywords[word] || allowed[word]
}

// words reports whether the next tokens are these words.
func (p *parser) words(list ...string) bool {
	for i, word := range list {
		if !p.peek(i).Is(word) {
			return false
		}
	}
	return true
}

// acceptWords passes the words if they come next, all of them.
func (p *parser) acceptWords(list ...string) bool {
	if !p.words(list...) {
		return false
	}
	for range list {
		p.next()
	}
	return true
}

// oneOf passes the next token if it is one of the words, and returns the word
// in lower case.
func (p *parser) oneOf(list ...string) string {
	for _, word := range list {
		if p.acceptWords(word) {
			return word
		}
	}
	return ""
}

// clauseWords start the parts of a query, for suggestions.
var clauseWords = strings.Fields(`from where prewhere group order having qualify window limit offset union sample join left right
	inner full cross array on using by asc desc`)

// clauseHint suggests the word that was meant by a token inside of a query, by
// the name before it, which was read as an alias, or by the one after it.
func (p *parser) clauseHint() string {
	for _, tok := range []token.Token{p.tok(), p.tokens[max(p.at-1, 0)], p.peek(1)} {
		if tok.Kind != token.Ident || tok.Quoted || len(tok.Text) < 3 {
			continue
		}
		word := strings.ToLower(tok.Text)
		for _, known := range clauseWords {
			if word != known && len(known) > 2 && levenshtein.ComputeDistance(word, known) <= 1+len(known)/4 {
				return "did you mean `" + known + "` instead of `" + tok.Text + "`?"
			}
		}
	}
	return p.hint(p.tok())
}
