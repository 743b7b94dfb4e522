package hogcase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// nothing is how a missing side is described.
const nothing = "nothing"

// compare reports where JSON differs from what is wanted.
func (o *outcome) compare(what string, want pipeline.Tree, got []byte) {
	d := json.NewDecoder(bytes.NewReader(got))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		o.fail(want.Pos, what, quoted(string(got)), shown(appendTree(nil, want)))
		return
	}
	o.value(what, want, v)
}

func (o *outcome) value(what string, want pipeline.Tree, got any) {
	switch {
	case want.List != nil:
		if list, ok := got.([]any); ok {
			o.list(what, want, list)
			return
		}
	case want.Fields != nil:
		if object, ok := got.(map[string]any); ok {
			o.object(what, want, object)
			return
		}
	case scalarEqual(want, got):
		return
	}
	o.fail(want.Pos, what, shownValue(got), shown(appendTree(nil, want)))
}

// list compares item by item. Items are counted from 1, as the language does.
func (o *outcome) list(what string, want pipeline.Tree, got []any) {
	for i := range max(len(want.List), len(got)) {
		at := fmt.Sprintf("%s[%d]", what, i+1)
		switch {
		case i >= len(want.List):
			o.fail(want.Pos, at, shownValue(got[i]), nothing)
		case i >= len(got):
			o.fail(want.List[i].Pos, at, nothing, shown(appendTree(nil, want.List[i])))
		default:
			o.value(at, want.List[i], got[i])
		}
	}
}

func (o *outcome) object(what string, want pipeline.Tree, got map[string]any) {
	known := map[string]bool{}
	for _, f := range want.Fields {
		known[f.Name] = true
		v, ok := got[f.Name]
		if !ok {
			o.fail(f.Pos, what+member(f.Name), nothing, shown(appendTree(nil, f.Value)))
			continue
		}
		o.value(what+member(f.Name), f.Value, v)
	}
	if o.c.Partial {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if !known[name] {
			o.fail(want.Pos, what+member(name), shownValue(got[name]), nothing)
		}
	}
}

var plainName = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

// member is the access to a member as the language writes it.
func member(name string) string {
	if plainName.MatchString(name) {
		return "." + name
	}
	return "['" + name + "']"
}

func scalarEqual(want pipeline.Tree, got any) bool {
	if want.Text != nil {
		return got == want.Text.Text
	}
	number, ok := got.(json.Number)
	if !ok {
		return got == want.Literal
	}
	return numberEqual(string(appendTree(nil, want)), string(number))
}

var wholeNumber = regexp.MustCompile(`^-?[0-9]+$`)

// numberEqual compares numbers in JSON: integers by their digits, all others as what they are as doubles.
func numberEqual(a, b string) bool {
	if wholeNumber.MatchString(a) && wholeNumber.MatchString(b) {
		return a == b || strings.Trim(a, "-0") == "" && strings.Trim(b, "-0") == ""
	}
	x, errA := strconv.ParseFloat(a, 64)
	y, errB := strconv.ParseFloat(b, 64)
	return errA == nil && errB == nil && x == y
}

// mostShown bounds the length of a value in a message, in characters.
const mostShown = 200

func shown(text []byte) string {
	if r := []rune(string(text)); len(r) > mostShown {
		return string(r[:mostShown]) + "…"
	}
	return string(text)
}

func shownValue(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return strconv.Quote(fmt.Sprint(v))
	}
	return shown([]byte(strings.TrimSuffix(b.String(), "\n")))
}

func quoted(text string) string { return shown(rawjson.AppendString(nil, text)) }

func or(ok bool, text string) string {
	if ok {
		return text
	}
	return nothing
}
