package lexer

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/source"
	"github.com/prickle-dev/prickle/hog/token"
)

// Comment is the place of one comment, with its marks.
type Comment struct {
	source.Span
	// ToLineEnd is set for //, -- and #, whose end is the end of the line, which
	// is not part of the comment.
	ToLineEnd bool
}

// Comments finds the comments of a text by its tokens: whatever stands between
// two tokens is white space or a comment. Tokens leave them out, since nothing
// but a tool that rewrites the text needs them.
func Comments(text *source.Text, tokens []token.Token) []Comment {
	var list []Comment
	l := &lexer{text: text, src: text.Body}
	for _, tok := range tokens {
		for l.pos < tok.Pos() {
			if !l.atComment() {
				l.pos++
				continue
			}
			start := l.pos
			block := l.has("/*")
			l.skipComment()
			list = append(list, Comment{Span: l.span(start, l.pos), ToLineEnd: !block})
		}
		l.pos = tok.Stop()
	}
	return list
}

// atComment reports whether a comment starts here. #1 is a column of SQL, and
// in the head of a tag # means nothing.
func (l *lexer) atComment() bool {
	return l.src[l.pos] == '#' && !isDigit(l.peek(1)) && !l.inTag() || l.has("//") || l.has("--") || l.has("/*")
}

// skipComment passes over the comment at the current place.
func (l *lexer) skipComment() {
	if !l.has("/*") {
		l.skipLine()
		return
	}
	end := strings.Index(l.src[l.pos+2:], "*/")
	if end < 0 {
		l.open(l.pos, l.pos+2, "comment is not closed", "add */ at its end")
		l.pos = len(l.src)
		return
	}
	l.pos += end + 4
}
