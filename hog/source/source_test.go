package source_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/source"
)

func TestPosition(t *testing.T) {
	text := source.New("t", "ab\né€x\n")
	tests := map[int][2]int{0: {1, 1}, 2: {1, 3}, 3: {2, 1}, 5: {2, 2}, 8: {2, 3}, 9: {2, 4}, 10: {3, 1}, 99: {3, 1}, -1: {1, 1}}
	for offset, want := range tests {
		line, col := text.Position(offset)
		if got := [2]int{line, col}; got != want {
			t.Errorf("offset %d\ngot  %v\nwant %v", offset, got, want)
		}
	}
}

func TestError(t *testing.T) {
	long := strings.Repeat("a", 300)
	tests := map[string]struct {
		body string
		span source.Span
		want string
	}{
		"caret under the word": {"let x := y\n", source.Span{Start: 9, End: 10}, "t:1:10: bad\n    let x := y\n             ^"},
		"tabs stay tabs":       {"\t\tx := é!", source.Span{Start: 7, End: 9}, "t:1:8: bad\n    \t\tx := é!\n    \t\t     ^"},
		"marks only one line":  {"a (\nb)\r\nc", source.Span{Start: 2, End: 6}, "t:1:3: bad\n    a (\n      ^"},
		"carriage return":      {"a\r\nbc\r\n", source.Span{Start: 3, End: 5}, "t:2:1: bad\n    bc\n    ^^"},
		"end of text":          {"ab", source.Span{Start: 2, End: 2}, "t:1:3: bad\n    ab\n      ^"},
		"cuts long lines": {long, source.Span{Start: 200, End: 202}, "t:1:201: bad\n    " + strings.Repeat("a", 100) + "\n    " +
			strings.Repeat(" ", 50) + "^^"},
		"outside the text": {"a", source.Span{Start: 50, End: 40}, "t:1:2: bad\n    a\n     ^"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := source.New("t", tt.body).Errorf(tt.span, "bad").Error()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestErrorList(t *testing.T) {
	text := source.New("", "ab")
	one, two := text.Errorf(source.Span{Start: 1, End: 2}, "one"), text.Errorf(source.Span{Start: 0, End: 1}, "two")
	two.Hint = "do this"
	list := source.ErrorList{one, two, one}.Sort()
	want := "1:1: two\n  hint: do this\n    ab\n    ^\n1:2: one\n    ab\n     ^"
	if diff := cmp.Diff(want, list.Err().Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	var found *source.Error
	if !errors.As(list.Err(), &found) || found != two {
		t.Errorf("errors.As found %v, want the first error", found)
	}
	if err := (source.ErrorList{}).Err(); err != nil {
		t.Errorf("empty list is %v, want nil", err)
	}
}
