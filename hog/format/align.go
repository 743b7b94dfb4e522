package format

import "bytes"

// margin is a place where a comment stands behind code.
type margin struct {
	// at is the offset in the output of the space before the comment.
	at int
	// col is the width of the code before it, and indent that of the white space it begins with.
	col, indent int
}

// maxPadding bounds how far a comment is moved to the right.
const maxPadding = 40

// aligned returns the output with the comments behind code one below the other, where lines of one indent follow each
// other.
func (p *printer) aligned() []byte {
	out := make([]byte, 0, len(p.out)+len(p.out)/8)
	from := 0
	for i := 0; i < len(p.margins); {
		end, widest, narrowest := i+1, p.margins[i].col, p.margins[i].col
		for end < len(p.margins) && p.follows(p.margins[end-1], p.margins[end]) {
			widest, narrowest = max(widest, p.margins[end].col), min(narrowest, p.margins[end].col)
			end++
		}
		for ; i < end; i++ {
			m := p.margins[i]
			out = append(out, p.out[from:m.at]...)
			if widest-narrowest <= maxPadding {
				out = append(out, bytes.Repeat([]byte{' '}, widest-m.col)...)
			}
			from = m.at
		}
	}
	return append(out, p.out[from:]...)
}

// follows reports whether the two are on lines that follow each other and begin in the same column.
func (p *printer) follows(a, b margin) bool {
	return a.indent == b.indent && bytes.Count(p.out[a.at:b.at], []byte{'\n'}) == 1
}
