package schema

import (
	"strconv"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// value is a text, a number, true or false, that can be compared.
type value struct {
	kind   rawjson.Kind
	text   string
	number float64
}

// String is the value as JSON writes it.
func (v value) String() string {
	switch v.kind {
	case rawjson.Text:
		return strconv.Quote(v.text)
	case rawjson.Number:
		return strconv.FormatFloat(v.number, 'g', -1, 64)
	}
	return v.text
}

// valueOf is a value of the configuration. It is not ok for null, lists and mappings.
func valueOf(tree pipeline.Tree) (v value, k Kind, ok bool) {
	if tree.Text != nil {
		k = String
		if isTime([]byte(tree.Text.Text)) || isTime([]byte(tree.Text.Text+`"`)) {
			k = Time
		}
		return value{kind: rawjson.Text, text: tree.Text.Text}, k, true
	}
	switch x := tree.Literal.(type) {
	case bool:
		return value{kind: rawjson.Bool, text: strconv.FormatBool(x)}, Boolean, true
	case int64:
		return value{kind: rawjson.Number, number: float64(x)}, Integer, true
	case float64:
		return value{kind: rawjson.Number, number: x}, Number, true
	}
	return value{}, Null, false
}

// valueIn is a value of an event. It is not ok for null, lists and objects.
func valueIn(raw []byte) (v value, ok bool) {
	v.kind = rawjson.KindOf(raw)
	switch v.kind {
	case rawjson.Text:
		v.text, ok = rawjson.String(raw)
	case rawjson.Bool:
		v.text, ok = rawjson.Alias(raw), true
	case rawjson.Number:
		number, err := strconv.ParseFloat(rawjson.Alias(raw), 64)
		v.number, ok = number, err == nil
	}
	return v, ok
}
