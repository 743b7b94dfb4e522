package hogs

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/agnivade/levenshtein"

	"github.com/prickle-dev/prickle/pipeline"
)

// The tokens of portable bytecode that a read of a global is made of: its names as strings, the last one first, then the
// operation and their number.
const (
	opGetGlobal = 1.0
	opString    = 32.0
)

// unknownFields finds reads of event.<field> where the event has no such field. They would give null, and a message with a hole in it.
func (p place) unknownFields(bytecode []byte) []error {
	var tokens []any
	if json.Unmarshal(bytecode, &tokens) != nil {
		return nil
	}
	var errs []error
	var seen []string
	for i := 4; i+1 < len(tokens); i++ {
		n, ok := tokens[i+1].(float64)
		if tokens[i] != opGetGlobal || !ok || n < 2 || tokens[i-1] != "event" || tokens[i-2] != opString || tokens[i-4] != opString {
			continue
		}
		field, ok := tokens[i-3].(string)
		if ok && !isEventField(field) && !slices.Contains(seen, field) {
			seen = append(seen, field)
			errs = append(errs, p.unknownField(field))
		}
	}
	return errs
}

func (p place) unknownField(field string) error {
	err := pipeline.Errorf(p.mention(`event\s*\??\.\s*`+regexp.QuoteMeta(field)), "event has no field %s", field)
	err.Hint = "did you mean event.properties." + field + "?"
	for _, f := range eventFields {
		if d := levenshtein.ComputeDistance(field, f.name); d <= 2 && d < len(field) {
			err.Hint = "did you mean event." + f.name + "?"
			break
		}
	}
	return err
}

func isEventField(name string) bool {
	for _, f := range eventFields {
		if f.name == name {
			return true
		}
	}
	return false
}
