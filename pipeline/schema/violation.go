package schema

import (
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Violation is what is wrong with one property. It holds nothing of the event's values.
type Violation struct {
	Property  string
	Want, Got string // "number", "one of …"; "string", "another string", "nothing"
}

// String is `property "amount": want number, got string`.
func (v Violation) String() string {
	return fmt.Sprintf("property %q: want %s, got %s", v.Property, v.Want, v.Got)
}

// ViolationError says why an event violates its contract. Without Violations it has none, and should.
type ViolationError struct {
	Event      string
	Violations []Violation
}

const unlistedText = "it has no contract"

// Error names the event, and the first violations with their property, what was wanted and what was found.
func (e *ViolationError) Error() string {
	const shown = 5
	if len(e.Violations) == 0 {
		return fmt.Sprintf("event %q: %s", e.Event, unlistedText)
	}
	words := make([]string, 0, shown+1)
	for i, v := range e.Violations {
		if i == shown {
			words = append(words, fmt.Sprintf("and %d more", len(e.Violations)-shown))
			break
		}
		words = append(words, v.String())
	}
	return fmt.Sprintf("event %q: %s", e.Event, strings.Join(words, "; "))
}

// ErrorClass implements what pipeline.ErrorClass asks for.
func (e *ViolationError) ErrorClass() string { return "violation" }

// marks is a JSON list of the violations.
func (e *ViolationError) marks() []byte {
	if len(e.Violations) == 0 {
		return append(rawjson.AppendString([]byte{'['}, unlistedText), ']')
	}
	out := []byte{'['}
	for i, v := range e.Violations {
		if i > 0 {
			out = append(out, ',')
		}
		out = rawjson.AppendString(out, v.String())
	}
	return append(out, ']')
}
