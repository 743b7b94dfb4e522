package configs

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// fileSet is what is known about the files of a project after they were read.
type fileSet struct {
	names   []string // in the order of reading
	sources map[string]*source
	secrets map[string]map[int][]span // by file and line
	given   map[string]string         // what the environment gave: value to name
}

func newFileSet() *fileSet {
	return &fileSet{sources: map[string]*source{}, secrets: map[string]map[int][]span{}, given: map[string]string{}}
}

// Explain flattens err into an Errors, sorted and without repetitions, and gives each mistake that has a place in one of the project's
// files its source line as snippet, with stars for secrets. Values that came from the environment are replaced by their ${NAME} in
// messages. Nil gives nil.
func (p *Project) Explain(err error) error {
	files := p.files
	if files == nil {
		files = newFileSet()
	}
	return files.explain(AsErrors(err))
}

// mostSnippets bounds the work and the output for a file that is wrong throughout.
const mostSnippets = 100

func (f *fileSet) explain(errs Errors) error {
	if len(errs) == 0 {
		return nil
	}
	out := make(Errors, 0, len(errs))
	seen := map[string]bool{}
	for _, e := range errs {
		c := *e
		c.Message, c.Hint, c.Snippet = f.scrub(c.Message), f.scrub(c.Hint), f.scrub(c.Snippet)
		if key := c.Pos.String() + " " + c.Message; !seen[key] {
			seen[key] = true
			out = append(out, &c)
		}
	}
	slices.SortStableFunc(out, func(a, b *pipeline.ConfigError) int {
		return cmp.Or(cmp.Compare(f.rank(a), f.rank(b)), cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	for i, e := range out {
		if src, ok := f.sources[e.Pos.File]; ok && e.Pos.Line > 0 {
			e.Snippet = ""
			if i < mostSnippets {
				e.Snippet = f.snippet(src, e.Pos)
			}
		}
	}
	return out
}

// rank puts the project's files first, in the order of reading, then others such as Hog files, then mistakes without a place.
func (f *fileSet) rank(e *pipeline.ConfigError) int {
	if i := slices.Index(f.names, e.Pos.File); i >= 0 {
		return i
	}
	if e.Pos.File != "" {
		return len(f.names)
	}
	return len(f.names) + 1
}

// shortest value of a variable that scrub looks for: shorter ones, such as a port, are no secrets and stand in messages by chance.
const shortestScrubbed = 6

// scrub is the last line of defence, for messages that were made elsewhere out of text with variables put in.
func (f *fileSet) scrub(message string) string {
	values := make([]string, 0, len(f.given))
	for v := range f.given {
		if len(v) >= shortestScrubbed {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	for _, v := range values {
		name := "${" + f.given[v] + "}"
		quoted := strconv.Quote(v)
		message = strings.ReplaceAll(message, v, name)
		message = strings.ReplaceAll(message, quoted[1:len(quoted)-1], name)
	}
	return message
}

// snippetWidth bounds the shown part of a line in characters.
const snippetWidth = 100

// snippet is the line at pos and a caret below the column.
func (f *fileSet) snippet(src *source, pos pipeline.Pos) string {
	shown, at := masked(src.line(pos.Line), f.secrets[src.name][pos.Line], pos.Col-1)
	at = min(max(at, 0), len(shown))
	if at > snippetWidth/2 && len(shown) > snippetWidth {
		cut := at - snippetWidth/2
		shown, at = shown[cut:], at-cut
	}
	shown = shown[:min(len(shown), snippetWidth)]
	var b strings.Builder
	b.WriteString(string(shown))
	b.WriteByte('\n')
	for _, r := range shown[:at] {
		// A tab stays one, so that the caret stands under its character whatever the width of a tab is.
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	b.WriteByte('^')
	return b.String()
}
