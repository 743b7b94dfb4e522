package repl_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/repl"
)

// typist is a terminal on which each string of keys is typed once what came before has been read.
type typist struct {
	keys []string
	out  bytes.Buffer
}

func (t *typist) Read(p []byte) (int, error) {
	if len(t.keys) == 0 {
		return 0, io.EOF
	}
	n := copy(p, t.keys[0])
	if t.keys[0] = t.keys[0][n:]; t.keys[0] == "" {
		t.keys = t.keys[1:]
	}
	return n, nil
}

func (t *typist) Write(p []byte) (int, error) { return t.out.Write(p) }

// typed returns what a shell prints when keys are typed, and what the terminal shows.
func typed(t *testing.T, h *repl.History, keys ...string) (out, screen string) {
	t.Helper()
	var o strings.Builder
	s := repl.New(repl.Config{Globals: globals(t), Out: &o, Err: &o})
	terminal := &typist{keys: keys}
	raw := 0
	screenOf := repl.Screen{
		Stream: terminal,
		Raw:    func() (func(), error) { raw++; return func() { raw-- }, nil },
		Size:   func() (int, int) { return 80, 24 },
	}
	if _, err := s.Run(context.Background(), repl.NewTerminal(screenOf, h, s.Complete)); err != nil {
		t.Fatal(err)
	}
	if raw != 0 {
		t.Errorf("the terminal was made raw %d times more than it was restored", raw)
	}
	return o.String(), terminal.out.String()
}

const (
	ctrlC, ctrlD = "\x03", "\x04"
	up           = "\x1b[A"
)

func TestTerminal(t *testing.T) {
	for name, tt := range map[string]struct {
		keys     []string
		want     string
		onScreen string
	}{
		"lines":                     {[]string{"1 + 1\r", "2\r", ctrlD}, "2\n2\n", "hog> "},
		"goes on":                   {[]string{"[1,\r", "2]\r", ctrlD}, "[1, 2]\n", "...> "},
		"several at once":           {[]string{"1\r2\r", ctrlD}, "1\n2\n", ""},
		"tab":                       {[]string{"leng\t'abc')\r", ctrlD}, "3\n", "length("},
		"tab at the start":          {[]string{"\t5\r", ctrlD}, "5\n", "  5"},
		"pasted tab":                {[]string{"\x1b[200~'a\tb'\x1b[201~\r", ctrlD}, "'a\\tb'\n", ""},
		"tab twice":                 {[]string{"event.properties.p\t\t", "lan\r", ctrlD}, "'pro'\n", "plan  price"},
		"tab before (":              {[]string{"leng('abc')\x01\x1b[C\x1b[C\x1b[C\x1b[C\t\r", ctrlD}, "3\n", ""},
		"tab on nothing":            {[]string{"zz\t\x7f\x7f4\r", ctrlD}, "4\n", ""},
		"ctrl-C":                    {[]string{"'given up", ctrlC, "5\r", ctrlD}, "5\n", "^C"},
		"ctrl-C in the second line": {[]string{"[1,\r", "2", ctrlC, "6\r", ctrlD}, "6\n", "^C"},
		"history":                   {[]string{"7\r", up + "\r", ctrlD}, "7\n7\n", ""},
		"history of several lines":  {[]string{"[1,\r", "2]\r", "3\r", up + up + "\r", ctrlD}, "[1, 2]\n3\n[1, 2]\n", "[1,⏎2]"},
		"history of text in lines":  {[]string{"'a\r", "b'\r", up + "\r", ctrlD}, "'a\\nb'\n'a\\nb'\n", ""},
		"history with the sign":     {[]string{"1\r", "'⏎'\r", up + "\r", ctrlD}, "1\n'⏎'\n1\n", ""},
		"else on a line of its own": {[]string{"if (1 > 2) { 1 }\r", "else { print(2) }\r", ctrlD}, "2\n", "...> "},
		"if without an else":        {[]string{"if (1 > 0) { print(1) }\r", "\r", "5\r", ctrlD}, "1\n5\n", "...> "},
		"history after ctrl-C":      {[]string{"8\r", ctrlC, up + "\r", ctrlD}, "8\n8\n", ""},
		"quit":                      {[]string{":quit\r", "9\r"}, "", ""},
		"end in an input":           {[]string{"[1,\r", ctrlD}, "in1:2:1: expected an expression", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out, screen := typed(t, &repl.History{}, tt.keys...)
			if out != tt.want && (tt.want == "" || !strings.HasPrefix(out, tt.want)) {
				t.Errorf("printed\n got %q\nwant %q", out, tt.want)
			}
			if !strings.Contains(screen, tt.onScreen) {
				t.Errorf("the screen %q does not have %q", screen, tt.onScreen)
			}
		})
	}
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "prickle", "hog_history")
	open := func() *repl.History {
		t.Helper()
		h, err := repl.NewHistory(path)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	typed(t, open(), "'one'\r", "'two'\r", "'two'\r", "\r", ctrlD)
	if out, _ := typed(t, open(), up+up+"\r", ctrlD); out != "'one'\n" {
		t.Errorf("two lines back in a new session: got %q", out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("'one'\n'two'\n'one'\n", string(text)); diff != "" {
		t.Errorf("the file: -want +got\n%s", diff)
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v, error %v; others can read it", p, info.Mode(), err)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hog_history")
	if err := os.WriteFile(path, []byte(strings.Repeat("old\n", 5000)+"new\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := repl.NewHistory(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if h.Len() != 1000 || h.At(0) != "new" || h.At(999) != "old" || info.Size() != 4000 || info.Mode().Perm() != 0o600 {
		t.Errorf("got %d lines from %q to %q, %d bytes, mode %v", h.Len(), h.At(0), h.At(h.Len()-1), info.Size(), info.Mode())
	}
}

// A history without a file, or with one that can not be written, is kept in memory.
func TestHistoryInMemory(t *testing.T) {
	for _, path := range []string{"", filepath.Join(os.DevNull, "x")} {
		h, err := repl.NewHistory(path)
		if (err != nil) != (path != "") {
			t.Errorf("%q: got error %v", path, err)
		}
		h.Add("a")
		if h.Len() != 1 {
			t.Errorf("%q: got %d lines, want 1", path, h.Len())
		}
	}
}
