package configs

import (
	"fmt"
	"regexp"
	"strings"
)

// environment looks up variables and remembers what it gave out, so that no message repeats it.
type environment struct {
	lookup func(string) (string, bool) // nil when there are no variables
	given  map[string]string           // value to name
}

// fault is a mistake at an offset of a text.
type fault struct {
	offset        int
	message, hint string
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces ${NAME} and ${NAME:-text}; $${ becomes ${. It stops when out is longer than most.
func (e *environment) expand(text string, most int) (out string, filled bool, faults []fault) {
	if e.lookup == nil || !strings.Contains(text, "${") {
		return text, false, nil
	}
	var b strings.Builder
	for i := 0; i < len(text) && b.Len() <= most; {
		switch {
		case strings.HasPrefix(text[i:], "$${"):
			b.WriteString("${")
			i += len("$${")
		case strings.HasPrefix(text[i:], "${"):
			body, _, closed := strings.Cut(text[i+len("${"):], "}")
			value, f := e.variable(body, closed)
			if f != nil {
				f.offset = i
				faults = append(faults, *f)
			}
			b.WriteString(value)
			filled = true
			i = min(i+len("${")+len(body)+len("}"), len(text))
		default:
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String(), filled, faults
}

// variable is the value of what stands between ${ and }.
func (e *environment) variable(body string, closed bool) (string, *fault) {
	name, fallback, hasFallback := strings.Cut(body, ":-")
	if !closed || !variableName.MatchString(name) {
		return "", &fault{
			message: fmt.Sprintf("%s is no variable", quote("${"+body+map[bool]string{true: "}"}[closed])),
			hint:    "write ${NAME} for a variable of the environment, or $${ for a dollar sign before a brace",
		}
	}
	value, ok := e.lookup(name)
	switch {
	case ok && (value != "" || !hasFallback):
		e.given[value] = name
		return value, nil
	case hasFallback:
		return fallback, nil
	}
	return "", &fault{
		message: fmt.Sprintf("variable %s is not set", name),
		hint:    fmt.Sprintf("set it in the environment, or write ${%s:-…} with what to take when it is not set", name),
	}
}
