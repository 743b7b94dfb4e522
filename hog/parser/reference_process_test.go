package parser_test

import (
	"testing"

	"github.com/prickle-dev/prickle/hog/hogtest"
)

// referenceParser is the reference parser in a process of its own.
type referenceParser struct{ *hogtest.Process }

func startReference(t *testing.T) *referenceParser {
	t.Helper()
	return &referenceParser{hogtest.Start(t, "parser.mjs", "@posthog/hogql-parser")}
}

// parse returns the reference's tree, or its message when it refuses the text.
func (r *referenceParser) parse(t *testing.T, mode, src string) (tree map[string]any, refusal string) {
	t.Helper()
	r.Ask(t, map[string]string{"mode": mode, "src": src}, &tree)
	if tree["error"] == true {
		message, _ := tree["message"].(string)
		return nil, "refused: " + message
	}
	return tree, ""
}
