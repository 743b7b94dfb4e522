package schema

import (
	"bytes"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Kind is what a value in JSON is, as contracts and the table properties name it.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Boolean
	Integer // a number without a fraction and an exponent
	Number
	String
	Time // a text that begins as a date and a time of RFC 3339 do
	Array
	Object

	kinds
)

var kindNames = [kinds]string{"null", "boolean", "integer", "number", "string", "time", "array", "object"}

// String is the kind's name.
func (k Kind) String() string { return kindNames[k] }

// kindOf tells the kind of the raw JSON text of a value.
func kindOf(value []byte) Kind {
	switch rawjson.KindOf(value) {
	case rawjson.Bool:
		return Boolean
	case rawjson.Number:
		if bytes.ContainsAny(value, ".eE") {
			return Number
		}
		return Integer
	case rawjson.Text:
		if isTime(value[1:]) {
			return Time
		}
		return String
	case rawjson.Array:
		return Array
	case rawjson.Object:
		return Object
	}
	return Null
}

const timeLayout = "0000-00-00T00:00:00"

// isTime compares with the part of RFC 3339 that every time has.
func isTime(text []byte) bool {
	if len(text) <= len(timeLayout) {
		return false
	}
	for i := range len(timeLayout) {
		ch := text[i]
		switch {
		case timeLayout[i] == '0' && ch >= '0' && ch <= '9', ch == timeLayout[i] && ch != '0', i == 10 && ch == ' ':
		default:
			return false
		}
	}
	return true
}
