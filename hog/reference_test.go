package hog_test

import (
	"encoding/json"
	"testing"

	"github.com/prickle-dev/prickle/hog/hogtest"
)

// reference is the reference machine as a Node process that stays up.
type reference struct{ *hogtest.Process }

// answer is what a run on the reference machine gave.
type answer struct {
	Prints []string `json:"prints"`
	Result string   `json:"result"`
	JSON   string   `json:"json"`
	Error  string   `json:"error"`
}

// newReference starts the reference machine.
func newReference(t *testing.T) *reference {
	t.Helper()
	return &reference{hogtest.Start(t, "run.js", "@posthog/hogvm")}
}

func (r *reference) run(t *testing.T, bytecode []byte, globals string) answer {
	t.Helper()
	var a answer
	r.Ask(t, map[string]json.RawMessage{"bytecode": bytecode, "globals": json.RawMessage(globals)}, &a)
	return a
}
