package source_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

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

// TestPositionInLongText compares with counting from the start.
func TestPositionInLongText(t *testing.T) {
	for name, part := range map[string]string{
		"one line": "x €é 😀;", "lines": "ab\n€ 😀\r\n", "long lines": strings.Repeat("é€", 700) + "\n", "no UTF-8": "a\xe2\x82\x82\x82\x82\xff",
	} {
		body := strings.Repeat(part, 5000/len(part)+2)
		text := source.New("t", body)
		for offset := range len(body) + 1 {
			before := body[:offset]
			start := strings.LastIndex(before, "\n") + 1
			want := [2]int{strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1}
			line, col := text.Position(offset)
			if got := [2]int{line, col}; got != want {
				t.Fatalf("%s, offset %d\ngot  %v\nwant %v", name, offset, got, want)
			}
		}
	}
}

// TestSnippetOfLongLine is as long as that of a shorter line, wherever the line is cut.
func TestSnippetOfLongLine(t *testing.T) {
	short, long := strings.Repeat("😀é€x", 100), strings.Repeat("😀é€x", 10_000)
	for _, around := range [][2]string{{"", ""}, {"first\n", "\nlast"}, {"first\r\n", "\r\nlast"}} {
		for _, at := range []int{0, 3, 10, 50} {
			span := func(text string) string {
				start := int32(len(around[0]) + at*10)
				return source.New("t", around[0]+text+around[1]).Snippet(source.Span{Start: start, End: start + 20})
			}
			if diff := cmp.Diff(span(short), span(long)); diff != "" {
				t.Errorf("%q, %d: -short +long\n%s", around, at, diff)
			}
		}
		whole := source.New("t", around[0]+long+around[1])
		end := int32(len(around[0]) + len(long))
		want := "€x" + strings.Repeat("😀é€x", 12) + "\n" + strings.Repeat(" ", 50) + "^"
		if diff := cmp.Diff(want, whole.Snippet(source.Span{Start: end, End: end})); diff != "" {
			t.Errorf("%q, end: -want +got\n%s", around, diff)
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

func TestErrorListIsCut(t *testing.T) {
	text := source.New("", strings.Repeat("a", 60))
	list := func(n int32) source.ErrorList {
		var errs source.ErrorList
		for i := range n {
			errs = append(errs, text.Errorf(source.Span{Start: i, End: i + 1}, "bad"))
		}
		return errs
	}
	for n, want := range map[int32]string{50: "^", 51: "^\nand 1 more", 60: "^\nand 10 more"} {
		got := list(n).Error()
		if strings.Count(got, "bad") != 50 || !strings.HasSuffix(got, want) {
			t.Errorf("%d errors: %s", n, got)
		}
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
