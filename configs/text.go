package configs

import "bytes"

// Text is the text of one of Files as it was read, with the references to variables in it and without a byte order mark, or nil.
func (p *Project) Text(file string) []byte {
	if src := p.files.sources[file]; src != nil {
		return src.raw
	}
	return nil
}

// Masked are the lines of one of Files with stars in place of secrets: of the values that were decoded as such, and of what looks like one.
func (p *Project) Masked(file string) []string {
	src := p.files.sources[file]
	if src == nil {
		return nil
	}
	lines := make([]string, len(src.lines))
	for i, line := range src.lines {
		shown, _ := masked(line, p.files.secrets[file][i+1], 0)
		lines[i] = string(shown)
	}
	return lines
}

// MaskedText are the lines of a text that nobody has decoded, with stars in place of what looks like a secret.
func MaskedText(text []byte) []string {
	src := newSource("", string(bytes.TrimPrefix(text, byteOrderMark)))
	files := newFileSet()
	files.sources[""] = src
	return (&Project{files: files}).Masked("")
}
