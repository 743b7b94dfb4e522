package configs

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/prickle-dev/prickle/pipeline"
)

func (l *loader) takePipeline(e entry) {
	var part struct {
		Transforms   []*node `yaml:"transforms"`
		Destinations []*node `yaml:"destinations"`
	}
	before, skipped := len(l.errs), l.skipped
	l.value(e.value, reflect.ValueOf(&part).Elem())
	if len(part.Destinations) == 0 && len(l.errs) == before && l.skipped == skipped {
		l.add(e.pos, "pipeline %q has no destinations", e.name).Hint = "add destinations: [warehouse]"
	}
	p := Pipeline{Name: e.name, Pos: e.pos}
	names := map[string]pipeline.Pos{}
	for _, n := range part.Transforms {
		if t, ok := l.transform(n, names); ok {
			p.Transforms = append(p.Transforms, t)
		}
	}
	nameTransforms(p.Transforms, names)
	names = map[string]pipeline.Pos{}
	for _, n := range part.Destinations {
		if d, ok := l.destination(n, names); ok {
			p.Destinations = append(p.Destinations, d)
		}
	}
	l.project.Pipelines = append(l.project.Pipelines, p)
}

var besideTransform = []string{"name", "on_error"}

// transform reads one item of transforms. names are the names given so far.
func (l *loader) transform(n *node, names map[string]pipeline.Pos) (Transform, bool) {
	kind := componentKind{word: "transform", known: l.opts.Transforms, beside: besideTransform}
	e, beside, ok := l.item(n, kind)
	if !ok {
		return Transform{}, false
	}
	t := Transform{Component: l.component(e.name, e.pos, e.value), OnError: DeadLetter}
	t.hints = map[string]string{}
	for _, key := range besideTransform {
		t.hints[key] = fmt.Sprintf("write it beside %s:, not inside", e.name)
	}
	var part struct {
		Name    *string `yaml:"name"`
		OnError *node   `yaml:"on_error"`
	}
	l.value(beside, reflect.ValueOf(&part).Elem())
	if part.OnError != nil {
		t.OnError = oneOf(l, "on_error", part.OnError, DeadLetter, Drop, Keep)
	}
	if part.Name != nil {
		named, _ := beside.find("name")
		if l.named("transform", *part.Name, named.value.pos) && l.distinct("transform", *part.Name, named.value.pos, names) {
			t.Name = *part.Name
		}
	}
	return t, true
}

// oneOf reads a word of a choice, whose first is the default.
func oneOf[T ~string](l *loader, key string, n *node, choice ...T) T {
	known := make([]string, len(choice))
	for i, c := range choice {
		known[i] = string(c)
	}
	if n.kind == scalar && slices.Contains(known, n.text) {
		return T(n.text)
	}
	if !n.broken {
		l.add(n.pos, "%s %s is unknown", key, n.what()).Hint = suggest(n.text, known, "ones")
	}
	return choice[0]
}

// nameTransforms names those without a name of their own after their type.
func nameTransforms(all []Transform, taken map[string]pipeline.Pos) {
	for i := range all {
		t := &all[i]
		for n := 1; t.Name == ""; n++ {
			name := t.Type
			if n > 1 {
				name = fmt.Sprintf("%s-%d", t.Type, n)
			}
			if _, ok := taken[name]; !ok {
				t.Name = name
				taken[name] = t.Pos
			}
		}
	}
}

// distinct reports a name that another component of the pipeline has.
func (l *loader) distinct(what, name string, pos pipeline.Pos, names map[string]pipeline.Pos) bool {
	if first, ok := names[name]; ok {
		l.add(pos, "the pipeline has another %s %q at %s", what, name, first).
			Hint = "give one of them a name of its own with name: …"
		return false
	}
	names[name] = pos
	return true
}
