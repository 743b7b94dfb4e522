package compile_test

import (
	"testing"

	"github.com/prickle-dev/prickle/hog/code"
	"github.com/prickle-dev/prickle/hog/hogtest"
)

// startMachine starts the reference machine and returns a function that runs bytecode on it.
func startMachine(t *testing.T) func(code.Bytecode) map[string]any {
	t.Helper()
	machine := hogtest.Start(t, "vm.mjs", "@posthog/hogvm")
	return func(b code.Bytecode) map[string]any {
		t.Helper()
		var answer map[string]any
		machine.Ask(t, map[string]any{"bytecode": b.Tokens, "globals": map[string]any{"a": 5, "n": nil}}, &answer)
		return answer
	}
}
