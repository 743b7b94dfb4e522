package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// FuzzResume goes on from states that are edited at random: a place in the document, what to put there, and of what
// size, for each three bytes of edits. A state must be refused or run under the limits.
func FuzzResume(f *testing.F) {
	sub, states := resumable(f)
	for i, state := range states {
		f.Add(state, []byte(nil))
		f.Add(state, []byte{byte(7 * i), 1, 2, byte(11 * i), 3, 4, byte(3 * i), 5, 6})
	}
	f.Fuzz(func(t *testing.T, state, edits []byte) {
		if len(state) > 20_000 || len(edits) > 60 {
			return
		}
		fuzzResume(t, sub, editedState(state, edits))
	})
}

// TestResumeEdited is FuzzResume with edits that are the same each time.
func TestResumeEdited(t *testing.T) {
	sub, states := resumable(t)
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for _, state := range states {
		for range 40 {
			edits := make([]byte, 3*(1+random.IntN(4)))
			for i := range edits {
				edits[i] = byte(random.IntN(256))
			}
			fuzzResume(t, sub, editedState(state, edits))
		}
	}
}

// resumable is states of all programs at all of their suspensions.
func resumable(t testing.TB) (sub subject, states [][]byte) {
	_, globals := corpus(t)
	sub = subject{globals: globals, async: []string{"f", "g"}}
	for _, text := range suspended {
		sub.bytecode = mustCompile(t, text).Bytecode()
		engine := ourEngine(t, sub)
		s := engine(nil, nil)
		for n := 1; s.State != nil; n++ {
			states = append(states, s.State)
			s = engine(s.State, json.RawMessage(echo(s.Function, s.Args, n)))
		}
	}
	return sub, states
}

func editedState(state, edits []byte) []byte {
	var document any
	if json.Unmarshal(state, &document) != nil || len(edits) == 0 {
		return state
	}
	for e := range slices.Chunk(edits, 3) {
		document = edited(document, e)
	}
	state, _ = json.Marshal(document)
	return state
}

// fuzzResume goes on from a state as long as it suspends, each time through a new state.
func fuzzResume(t *testing.T, sub subject, state []byte) {
	t.Helper()
	var prints []string
	env := envOf(t, sub, &prints)
	env.Limits = tight
	start := time.Now()
	for range 10 {
		out, err := hog.Resume(context.Background(), state, env, hog.Number(1))
		if took := time.Since(start); took > maxRun {
			t.Fatalf("ran for %s under a limit of %d steps", took, tight.Steps)
		}
		if err == nil && out.Suspension == nil {
			_ = out.Value.String()
			return
		}
		if err == nil {
			if state, err = out.Suspension.State(); err == nil {
				if _, err = hog.Restore(state); err != nil {
					t.Fatalf("own state is refused: %v\n%s", err, state)
				}
				continue
			}
		}
		if e, ok := errors.AsType[*hog.Error](err); !ok || e.Kind == "" || e.Kind == "internal" {
			t.Fatalf("not an error of a kind: %#v", err)
		}
		return
	}
}

// edited is the document with one of its values replaced.
func edited(document any, edit []byte) any {
	edit = append(slices.Clone(edit), 0, 0)
	var places []func(any)
	var values []any
	var walk func(v any, put func(any))
	walk = func(v any, put func(any)) {
		places, values = append(places, put), append(values, v)
		switch v := v.(type) {
		case []any:
			for i := range v {
				walk(v[i], func(n any) { v[i] = n })
			}
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				walk(v[key], func(n any) { v[key] = n })
			}
		}
	}
	walk(document, func(n any) { document = n })
	at := (int(edit[0]) + int(edit[1])*256/3) % len(places)
	switch size := int(edit[2]); edit[1] % 8 {
	case 0:
		places[at](float64(size))
	case 1:
		places[at](-float64(size))
	case 2:
		var copied any
		if text, _ := json.Marshal(values[size%len(values)]); len(text) < 2000 && json.Unmarshal(text, &copied) == nil {
			places[at](copied)
		}
	case 3:
		places[at](nil)
	case 4:
		places[at]("stl/arrayMap")
	case 5:
		places[at]([]any{float64(size), float64(size) / 2, "=stack.0"})
	case 6:
		if n, ok := values[at].(float64); ok {
			places[at](n + float64(size-128))
		}
	case 7:
		places[at](float64(size) * 1e7)
	}
	return document
}
