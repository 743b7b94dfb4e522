package mask

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// step is a transform of a chain.
type step struct {
	yaml    string          // its item in the list of transforms
	fates   map[string]fate // by trouble; others pass
	hasty   bool            // its time is so short that anything may run out of it
	onError string
}

// chain is the transforms of a pipeline.
type chain []step

// fate is what the chain makes of an event in this trouble.
func (c chain) fate(trouble string) fate {
	all := passes
	for _, s := range c {
		f, known := s.fates[trouble]
		switch {
		case known && f != passes:
		case s.hasty:
			f = unknown
		default:
			continue
		}
		if f == dies && s.onError == "drop" {
			f = drops
		}
		switch {
		case s.onError == "keep" && f == dies:
		case all == unknown && f == drops, f == unknown:
			all = unknown
		default:
			return f
		}
	}
	return all
}

// newChain makes masks for all the places, and damages them.
func newChain(r *rand.Rand, where []place, tried map[string]int) chain {
	left := append([]place(nil), where...)
	r.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
	var c chain
	for len(left) > 0 {
		n := 1 + r.IntN(min(2, len(left)))
		c = append(c, newMask(r, left[:n], tried))
		left = left[n:]
	}
	for range r.IntN(3) {
		c = append(c, bystander(r, tried))
	}
	r.Shuffle(len(c), func(i, j int) { c[i], c[j] = c[j], c[i] })
	return c
}

// newMask makes a transform that takes the secret out of some places.
func newMask(r *rand.Rand, where []place, tried map[string]int) step {
	kinds := []func(*rand.Rand, []place, map[string]int) step{hogMask, hogMask, goMaskStep}
	if all(where, func(p place) bool { return p.fields != nil }) {
		kinds = append(kinds, mapMask, mapMask)
	}
	if all(where, func(p place) bool { return p.hashed }) {
		kinds = append(kinds, plainMask("hash"))
	}
	if all(where, func(p place) bool { return p.fields != nil && p.name != person }) {
		kinds = append(kinds, plainMask("drop_properties"))
	}
	return pick(r, kinds)(r, where, tried)
}

func all(where []place, is func(place) bool) bool {
	for _, p := range where {
		if !is(p) {
			return false
		}
	}
	return true
}

// damage chooses what goes wrong, for which trouble.
func damage(r *rand.Rand, s *step, from func() trouble, tried map[string]int) map[string]string {
	s.fates = map[string]fate{}
	chosen := map[string]string{}
	for range r.IntN(4) {
		when, what := pick(r, troubles), from()
		s.fates[when], chosen[when] = what.fate, what.code
		tried[what.name]++
	}
	s.onError = pick(r, []string{"", "", "", "", "", "", "dead_letter", "drop"})
	return chosen
}

// hogMask is a program that changes the event, with what goes wrong before, between or behind.
func hogMask(r *rand.Rand, where []place, tried map[string]int) step {
	var s step
	chosen := damage(r, &s, func() trouble {
		if r.IntN(6) == 0 {
			return randomHog(r)
		}
		return pick(r, hogTroubles)
	}, tried)
	var lines []string
	for _, p := range where {
		lines = append(lines, pick(r, p.hog))
	}
	for _, when := range troubles { // in order: a round is made of its seed
		if code, ok := chosen[when]; ok {
			at := r.IntN(len(lines) + 1)
			lines = append(lines[:at], append([]string{fmt.Sprintf("if (event.properties.trouble == '%s') { %s }", when, code)}, lines[at:]...)...)
		}
	}
	limits := "{steps: 100000, time: 1m, memory: 32MB}"
	if r.IntN(6) == 0 {
		s.hasty, limits = true, "{time: 20ms, memory: 32MB}"
	}
	code := "let e := event;\n" + strings.Join(lines, "\n") + "\nreturn e"
	s.yaml = fmt.Sprintf("hog: {code: %s, limits: %s}", quoted(code), limits)
	return s
}

// mapMask sets the fields to something else; what goes wrong stands in an entry before or behind.
func mapMask(r *rand.Rand, where []place, tried map[string]int) step {
	var s step
	chosen := damage(r, &s, func() trouble { return pick(r, exprTroubles) }, tried)
	var entries []string
	for _, p := range where {
		value := pick(r, []string{`'"masked"'`, "nil", "0"})
		if p.name == person {
			value = `'"somebody"'`
		}
		entries = append(entries, quoted(p.fields[0])+": "+value)
	}
	for _, when := range troubles {
		if code, ok := chosen[when]; ok {
			entries = append(entries, fmt.Sprintf("event.properties.%s: %s", when, quoted(fmt.Sprintf(`event.properties.trouble == "%s" ? (%s) : 1`, when, code))))
		}
	}
	r.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
	s.yaml = "map: {" + strings.Join(entries, ", ") + "}"
	return s
}

func goMaskStep(r *rand.Rand, where []place, tried map[string]int) step {
	var s step
	m := goMask{How: damage(r, &s, func() trouble { return pick(r, goTroubles) }, tried), Copies: 1}
	for _, p := range where {
		name, _, _ := strings.Cut(strings.TrimPrefix(p.property, `"`), `"`)
		if p.name == "key" {
			name = "page of "
		}
		if p.name == person {
			name = person
		}
		m.Out = append(m.Out, name)
	}
	if r.IntN(4) == 0 {
		m.Copies = 2
	}
	s.yaml = fmt.Sprintf("gomask: {out: %s, how: %s, copies: %d}", quoted(m.Out), quoted(m.How), m.Copies)
	return s
}

// plainMask makes a transform that cannot fail.
func plainMask(kind string) func(*rand.Rand, []place, map[string]int) step {
	return func(_ *rand.Rand, where []place, _ map[string]int) step {
		var fields []string
		for _, p := range where {
			fields = append(fields, p.fields...)
		}
		return step{yaml: kind + ": " + quoted(fields)}
	}
}

// bystander is a transform that masks nothing and may be allowed to fail.
func bystander(r *rand.Rand, tried map[string]int) step {
	var s step
	chosen := damage(r, &s, func() trouble { return pick(r, exprTroubles) }, tried)
	expression := "true"
	for _, when := range troubles {
		if code, ok := chosen[when]; ok {
			expression = fmt.Sprintf(`event.properties.trouble == "%s" ? len([%s]) == 0 : (%s)`, when, code, expression)
		}
	}
	if r.IntN(2) == 0 {
		s.yaml = "filter: " + quoted(expression)
		return s
	}
	s.onError = "keep"
	s.yaml = "map: {event.properties.seen: " + quoted(expression) + "}"
	return s
}

// quoted is JSON, and so YAML.
func quoted(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is made of texts
	}
	return string(text)
}

// item is the step in the list of transforms.
func (s *step) item(name string) string {
	text := fmt.Sprintf("      - name: %s\n        %s\n", name, s.yaml)
	if s.onError != "" {
		text += "        on_error: " + s.onError + "\n"
	}
	return text
}
