package hogcase

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// outcome is a run that ended, to be compared with what its case expects.
type outcome struct {
	c        *testCase
	w        *world
	json     []byte // the result
	err      error
	failures []Failure
}

func (o *outcome) fail(pos pipeline.Pos, what, got, want string) {
	o.failures = append(o.failures, Failure{Pos: pos, What: what, Got: got, Want: want})
}

func (o *outcome) check() []Failure {
	if o.checkUnlisted() {
		return o.failures // whatever else happened came of an answer that nobody gave
	}
	o.checkError()
	if given(o.c.Result) && o.err == nil {
		o.checkResult()
	}
	o.checkPrints()
	o.checkFetches()
	return o.failures
}

func (o *outcome) checkError() {
	want := o.c.Error
	switch {
	case want.Text == "" && o.err != nil:
		o.fail(o.c.Name.Pos, "error", describe(o.err), "no error")
	case want.Text != "" && o.err == nil:
		o.fail(want.Pos, "error", "no error", want.Text)
	case want.Text != "" && !strings.Contains(message(o.err), want.Text):
		o.fail(want.Pos, "error", message(o.err), "a message with "+want.Text)
	}
}

// message is the text of an error without the place, which holds the name of the file.
func message(err error) string {
	if e, ok := errors.AsType[*hog.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

// checkUnlisted reports calls of fetch that the case does not foresee. They fail it even when it expects an error.
func (o *outcome) checkUnlisted() bool {
	n := len(o.c.Fetches)
	for i := n; i < len(o.w.fetched); i++ {
		got := o.w.fetched[i]
		o.fail(o.c.Name.Pos, fmt.Sprintf("fetches, call %d", i+1), got.Method+" "+got.URL, "no call")
	}
	return len(o.w.fetched) > n
}

func (o *outcome) checkResult() {
	want := o.c.Result
	if o.c.Event != nil && want.Fields != nil {
		want.Fields = o.unchanged(want.Fields)
	}
	o.compare("result", want, o.json)
}

// unchanged adds the parts of the event that the case does not name, as they came in.
func (o *outcome) unchanged(fields pipeline.Fields) pipeline.Fields {
	before := o.c.Event
	names := map[string]bool{}
	for _, f := range fields {
		names[f.Name] = true
	}
	came := o.c.Event.of(o.w.now)
	add := func(name string, value pipeline.Tree) {
		if !names[name] {
			value.Pos = o.c.Result.Pos
			fields = append(fields[:len(fields):len(fields)], pipeline.Field{Name: name, Pos: o.c.Result.Pos, Value: value})
		}
	}
	properties := before.Properties
	if properties == nil {
		properties = pipeline.Fields{}
	}
	add("event", pipeline.Tree{Text: &pipeline.Code{Text: came.Name}})
	add("distinct_id", pipeline.Tree{Text: &pipeline.Code{Text: came.DistinctID}})
	add("properties", pipeline.Tree{Fields: properties})
	return fields
}

func (o *outcome) checkPrints() {
	want := o.c.Prints
	if want == nil {
		return
	}
	for i := range max(len(want), len(o.w.printed)) {
		what := fmt.Sprintf("prints, line %d", i+1)
		switch {
		case i >= len(want):
			o.fail(o.c.Name.Pos, what, quoted(o.w.printed[i]), nothing)
		case i >= len(o.w.printed):
			o.fail(want[i].Pos, what, nothing, quoted(want[i].Text))
		case want[i].Text != o.w.printed[i]:
			o.fail(want[i].Pos, what, quoted(o.w.printed[i]), quoted(want[i].Text))
		}
	}
}

func (o *outcome) checkFetches() {
	for i, want := range o.c.Fetches {
		what := fmt.Sprintf("fetches, call %d", i+1)
		if i >= len(o.w.fetched) {
			o.fail(want.URL.Pos, what, "no call", want.method()+" "+want.URL.Text)
			continue
		}
		got := o.w.fetched[i]
		if got.Method != want.method() || got.URL != want.URL.Text {
			o.fail(want.URL.Pos, what, got.Method+" "+got.URL, want.method()+" "+want.URL.Text)
		}
		for _, name := range slices.Sorted(maps.Keys(want.Headers)) {
			value := want.Headers[name]
			if sent, ok := header(got.Header, name); !ok || sent != value.Text {
				o.fail(value.Pos, what+", header "+name, or(ok, quoted(sent)), quoted(value.Text))
			}
		}
		o.checkBody(what+", body", want.Body, got.Body)
	}
}

// checkBody compares the body of a call: text with text, anything else as JSON.
func (o *outcome) checkBody(what string, want pipeline.Tree, got []byte) {
	switch {
	case !given(want):
	case got == nil:
		if !isNull(want) {
			o.fail(want.Pos, what, nothing, shown(appendTree(nil, want)))
		}
	case want.Text != nil:
		if want.Text.Text != string(got) {
			o.fail(want.Pos, what, quoted(string(got)), quoted(want.Text.Text))
		}
	default:
		o.compare(what, want, got)
	}
}

func (f fetchCall) method() string {
	if f.Method == "" {
		return "POST"
	}
	return strings.ToUpper(f.Method)
}

// header finds a header by its name in any spelling.
func header(headers map[string]string, name string) (value string, ok bool) {
	for n, v := range headers {
		if strings.EqualFold(n, name) {
			return v, true
		}
	}
	return "", false
}
