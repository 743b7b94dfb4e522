package ast

import "strings"

// contextual are the words that mean something at the start of a statement or
// between operands; printed as names they are quoted, so that they stay names.
var contextual = map[string]bool{
	"let": true, "fn": true, "fun": true, "while": true, "try": true, "catch": true, "finally": true, "throw": true,
	"null": true, "inf": true, "infinity": true, "nan": true, "if": true, "else": true, "for": true, "return": true,
	"case": true, "when": true, "then": true, "end": true, "interval": true, "lambda": true, "and": true, "or": true,
	"not": true, "in": true, "like": true, "ilike": true, "is": true, "as": true, "between": true, "cohort": true,
	"select": true, "with": true, "distinct": true, "array": true, "date": true, "timestamp": true, "from": true,
	"true": true, "false": true, "both": true, "leading": true, "trailing": true,
}

// Quote returns a name as it is written in source: plain when it can be, else
// in backquotes.
func Quote(name string) string {
	if isPlain(name) && !contextual[strings.ToLower(name)] {
		return name
	}
	return quoteName(name)
}

// quoteCallee is Quote for a name before "(", where most words need no quotes.
func quoteCallee(name string) string {
	switch strings.ToLower(name) {
	case "not", "and", "or", "in", "like", "ilike", "trim":
		return name
	case "cast", "try_cast", "columns":
		return quoteName(name)
	}
	return Quote(name)
}

func quoteName(name string) string {
	return "`" + strings.NewReplacer("`", "``", `\`, `\\`).Replace(name) + "`"
}

func isPlain(name string) bool {
	for i, c := range name {
		letter := c == '_' || c == '$' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

// QuoteString returns a string literal in source form.
func QuoteString(s string) string {
	return "'" + strings.NewReplacer(
		`\`, `\\`, "'", `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`, "\a", `\a`, "\v", `\v`,
	).Replace(s) + "'"
}
