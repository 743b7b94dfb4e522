package repl

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/term"
)

// mostLine bounds one line of input, in bytes.
const mostLine = 16 << 20

// NewPlain returns a reader of lines for a file or a pipe. It prints no prompts.
func NewPlain(r io.Reader) Reader {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, mostLine)
	return plain{lines}
}

type plain struct{ lines *bufio.Scanner }

func (p plain) Line(string) (string, error) {
	if p.lines.Scan() {
		return p.lines.Text(), nil
	}
	if err := p.lines.Err(); err != nil {
		return "", fmt.Errorf("standard input: %w", err)
	}
	return "", io.EOF
}

// Keep implements Reader; nothing brings an input back.
func (plain) Keep(string) {}

// Screen is the terminal that a reader talks to.
type Screen struct {
	// Stream is its two directions.
	Stream io.ReadWriter
	// Raw turns line editing of the system off, and returns what turns it on again. It is off only while a line is
	// read, so that programs print as usual and ctrl-C is a signal while they run. Nil for a stream that is raw.
	Raw func() (restore func(), err error)
	// Size is the width and height; nil for a size that does not change.
	Size func() (width, height int)
}

// NewTerminal returns a reader of lines with editing, history and completion.
func NewTerminal(s Screen, h *History, complete func(line string) (start int, words []string)) Reader {
	t := &terminal{screen: s, history: h, complete: complete}
	t.reset()
	return t
}

type terminal struct {
	screen   Screen
	history  *History
	complete func(string) (int, []string)
	editor   *term.Terminal
	recalled bool // whether the line may come from the history
}

// reset begins with an empty line. The editor has no other way to drop what was typed.
func (t *terminal) reset() {
	t.editor = term.NewTerminal(&keys{ReadWriter: t.screen.Stream}, "")
	t.editor.History = inputs{t}
	t.editor.AutoCompleteCallback = t.tab
}

func (t *terminal) Line(prompt string) (string, error) {
	if t.screen.Raw != nil {
		restore, err := t.screen.Raw()
		if err != nil {
			return "", err
		}
		defer restore()
	}
	if t.screen.Size != nil {
		if err := t.editor.SetSize(t.screen.Size()); err != nil {
			return "", err
		}
	}
	t.recalled = false
	t.editor.SetPrompt(prompt)
	t.editor.SetBracketedPasteMode(true) // so that a tab in pasted text is a tab
	line, err := t.editor.ReadLine()
	t.editor.SetBracketedPasteMode(false)
	switch {
	case errors.Is(err, ErrInterrupted):
		t.reset()
		_, _ = io.WriteString(t.screen.Stream, "^C\r\n")
	case errors.Is(err, io.EOF):
		_, _ = io.WriteString(t.screen.Stream, "\r\n")
	case errors.Is(err, term.ErrPasteIndicator):
		err = nil
	}
	if t.recalled {
		line = strings.ReplaceAll(line, lineEnd, "\n")
	}
	return line, err
}

// lineEnd stands for the end of a line within an input in the history, as the editor has one line.
const lineEnd = "⏎"

// Keep implements Reader. An input that has the sign itself is not kept.
func (t *terminal) Keep(input string) {
	if !strings.Contains(input, lineEnd) {
		t.history.Add(strings.ReplaceAll(strings.TrimRight(input, "\n"), "\n", lineEnd))
	}
}

// inputs is the history as the editor sees it, which would add the lines of an input one by one.
type inputs struct{ t *terminal }

// Add does nothing.
func (inputs) Add(string) {}

// Len is the number of inputs.
func (h inputs) Len() int { return h.t.history.Len() }

// At is an input; 0 is the newest.
func (h inputs) At(i int) string {
	h.t.recalled = true
	return h.t.history.At(i)
}

// indent is what a tab at the start of a line gives.
const indent = "  "

// tab completes the word before the cursor as far as it is certain, and lists the possibilities when it is not.
func (t *terminal) tab(line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	if strings.TrimSpace(line[:pos]) == "" {
		return line[:pos] + indent + line[pos:], pos + len(indent), true
	}
	start, words := t.complete(line[:pos])
	if len(words) == 0 {
		return line, pos, true
	}
	common := words[0]
	for _, w := range words[1:] {
		for !strings.HasPrefix(w, common) {
			common = common[:len(common)-1]
		}
	}
	if start+len(common) == pos && len(words) > 1 {
		fmt.Fprintln(t.editor, strings.Join(words, "  "))
		return line, pos, true
	}
	rest := line[pos:]
	if strings.HasPrefix(rest, "(") {
		common = strings.TrimSuffix(common, "(")
	}
	return line[:start] + common + rest, start + len(common), true
}

// keys passes on what is typed up to ctrl-C, which it makes ErrInterrupted.
type keys struct{ io.ReadWriter }

const ctrlC = 3

func (k *keys) Read(p []byte) (int, error) {
	n, err := k.ReadWriter.Read(p)
	if at := slices.Index(p[:n], ctrlC); at >= 0 {
		return at, ErrInterrupted
	}
	return n, err
}
