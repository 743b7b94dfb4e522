package repl

import (
	"maps"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// keywords are the words of the language that are worth completing.
var keywords = []string{
	"and", "between", "catch", "else", "false", "for", "ilike", "in", "let", "like", "not", "null", "or", "return", "throw", "true", "try", "while",
}

// Complete returns where the word before the end of a line begins, and what it can become, sorted: the names of
// properties behind a dot, of functions behind :doc, and all names and keywords elsewhere. Inside of a string or a
// comment there is nothing to complete.
func (s *Shell) Complete(line string) (start int, words []string) {
	if trimmed := strings.TrimLeft(line, " "); strings.HasPrefix(trimmed, ":") {
		return s.completeCommand(line, len(line)-len(trimmed))
	}
	start = len(line)
	for start > 0 && isNameByte(line[start-1]) {
		start--
	}
	if inText(line, start) {
		return start, nil
	}
	if path, ok := pathBefore(line[:start]); ok {
		return start, matching(s.properties(path), line[start:])
	}
	return start, matching(s.words(), line[start:])
}

func (s *Shell) completeCommand(line string, from int) (int, []string) {
	name, argument, hasArgument := strings.Cut(line[from:], " ")
	switch {
	case !hasArgument:
		var names []string
		for _, c := range commands() {
			names = append(names, c.name)
		}
		return from, matching(names, name)
	case name == ":doc":
		var names []string
		for _, f := range hog.LibraryFunctions() {
			names = append(names, f.Name)
		}
		return len(line) - len(argument), matching(names, argument)
	case name == ":type":
		start, words := s.Complete(argument)
		return len(line) - len(argument) + start, words
	}
	return len(line), nil
}

func isNameByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// inText reports whether the place is in a string, a template's text or a comment: no token ends or begins there.
func inText(line string, at int) bool {
	text := source.New("", line[:at]+"x")
	tokens, _ := lexer.Scan(text)
	return !slices.ContainsFunc(tokens, func(t token.Token) bool { return t.Pos() == at && t.Kind == token.Ident })
}

// pathBefore is the names before a final dot: event and properties for "event.properties.".
func pathBefore(text string) ([]string, bool) {
	var path []string
	for {
		rest, found := strings.CutSuffix(text, ".")
		if !found {
			return path, len(path) > 0
		}
		rest = strings.TrimSuffix(rest, "?")
		start := len(rest)
		for start > 0 && isNameByte(rest[start-1]) {
			start--
		}
		if start == len(rest) {
			return nil, true // a dot behind something else, of which nothing is known
		}
		path = slices.Insert(path, 0, rest[start:])
		text = rest[:start]
	}
}

// words are all names that an expression can begin with, and the keywords.
func (s *Shell) words() []string {
	words := slices.Clone(keywords)
	words = slices.AppendSeq(words, maps.Keys(s.config.Globals))
	for _, v := range s.session.Variables() {
		words = append(words, v.Name)
	}
	for name := range s.config.Async {
		words = append(words, name+"(")
	}
	for name := range s.config.Env.Functions {
		words = append(words, name+"(")
	}
	for _, f := range hog.LibraryFunctions() {
		if !f.Async() {
			words = append(words, f.Name+"(")
		}
	}
	return words
}

// properties are the names below a path.
func (s *Shell) properties(path []string) []string {
	if len(path) == 0 {
		return nil
	}
	v, ok := s.config.Globals[path[0]]
	for _, variable := range s.session.Variables() {
		if variable.Name == path[0] {
			v, ok = variable.Value, true
		}
	}
	for _, name := range path[1:] {
		d, isDict := v.AsDict()
		if !ok || !isDict {
			return nil
		}
		v, ok = d.Get(hog.String(name))
	}
	if !ok {
		return nil
	}
	return fields(v)
}

// fields are the names that can follow a dot.
func fields(v hog.Value) (names []string) {
	switch v.Kind() {
	case hog.KindDict:
		d, _ := v.AsDict()
		for i := range d.Len() {
			key, _ := d.At(i)
			if name, ok := key.AsString(); ok && isName(name) {
				names = append(names, name)
			}
		}
	case hog.KindError:
		names = []string{"message", "payload", "type"}
	case hog.KindDate:
		names = []string{"day", "month", "year"}
	case hog.KindDateTime:
		names = []string{"dt", "zone"}
	case hog.KindArray, hog.KindTuple:
		names = []string{"length"}
	}
	return names
}

// isName reports whether a key can be written behind a dot without quotes.
func isName(key string) bool {
	if key == "" || key[0] >= '0' && key[0] <= '9' || token.Lookup(key) != token.Ident {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool { return r > 'z' || !isNameByte(byte(r)) })
}

// matching are the words that begin with the prefix, sorted, each once.
func matching(words []string, prefix string) []string {
	var list []string
	for _, w := range words {
		if strings.HasPrefix(w, prefix) {
			list = append(list, w)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
