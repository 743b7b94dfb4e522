package configs

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// field is one key of a struct.
type field struct {
	name     string
	required bool
	value    reflect.Value
}

// secret says that the field holds secrets, directly or inside.
func (f field) secret() bool { return holdsSecret(f.value.Type(), 0) }

func holdsSecret(t reflect.Type, depth int) bool {
	const deepest = 5 // for types that hold themselves
	switch {
	case t == typeSecret:
		return true
	case depth > deepest:
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return holdsSecret(t.Elem(), depth+1)
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsSecret(t.Field(i).Type, depth+1) {
				return true
			}
		}
	}
	return false
}

// shape is what a struct takes.
type shape struct {
	fields []field
	rest   reflect.Value // the inline map or Fields, when there is one
	pos    reflect.Value // of type Pos: what is told where the struct stands, when it wants to know
}

func (s *shape) names() []string {
	out := make([]string, len(s.fields))
	for i, f := range s.fields {
		out[i] = f.name
	}
	return out
}

func (s *shape) find(name string) (field, bool) {
	for _, f := range s.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (s *shape) secret() bool { return slices.ContainsFunc(s.fields, field.secret) }

// collect reads the tags of v's fields. Fields without a tag are no keys.
func (s *shape) collect(v reflect.Value) {
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		tag, tagged := sf.Tag.Lookup("yaml")
		name, options, _ := strings.Cut(tag, ",")
		inline := options == "inline" || sf.Anonymous && !tagged
		switch {
		case !sf.IsExported() || tag == "-" || !tagged && !inline:
		case options == "pos":
			s.pos = v.Field(i)
		case inline && sf.Type.Kind() == reflect.Struct:
			s.collect(v.Field(i))
		case inline:
			s.rest = v.Field(i)
		default:
			s.fields = append(s.fields, field{name: name, required: options == "required", value: v.Field(i)})
		}
	}
}

func (d *decoder) structure(n *node, v reflect.Value, pos pipeline.Pos) {
	before, skipped := len(d.errs), d.skipped
	if n.kind == mapping || n.empty() {
		d.keys(n, v, pos)
	} else {
		d.short(n, v)
	}
	if len(d.errs) == before && d.skipped == skipped {
		d.validate(v, pos)
	}
}

// short decodes a scalar or sequence into what the struct takes in place of its mapping.
func (d *decoder) short(n *node, v reflect.Value) {
	if c, ok := v.Addr().Interface().(interface{ Short() any }); ok {
		d.value(n, reflect.ValueOf(c.Short()).Elem())
		return
	}
	var s shape
	s.collect(v)
	if s.secret() {
		d.files.conceal(n)
	}
	d.add(n.pos, "want a mapping, got %s", d.mentioned(n)).Hint = hintKeys("", s.names())
}

func (d *decoder) keys(n *node, v reflect.Value, pos pipeline.Pos) {
	var s shape
	s.collect(v)
	if s.pos.IsValid() {
		s.pos.Set(reflect.ValueOf(pos))
	}
	var rest []entry
	meant := map[string]bool{} // by keys that are misspelt
	for _, e := range n.entries {
		f, ok := s.find(e.name)
		switch {
		case ok && e.value.empty() && scalarKind(f.value.Type()):
			d.add(e.pos, "%q has no value", e.name).Hint = "give it one, or leave the line out"
		case ok:
			d.value(e.value, f.value)
		case s.rest.IsValid():
			rest = append(rest, e)
		default:
			meant[d.unknown(n, e, &s)] = true
		}
	}
	d.rest(rest, s.rest)
	for _, f := range s.fields {
		if f.required && !meant[f.name] {
			d.required(n, f, pos)
		}
	}
}

func (d *decoder) rest(entries []entry, v reflect.Value) {
	switch {
	case !v.IsValid():
	case v.Kind() == reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
		d.intoMap(entries, v)
	default:
		v.Set(reflect.ValueOf(d.fields(entries)).Convert(v.Type()))
	}
}

// unknown reports a key and returns the one that may be meant.
func (d *decoder) unknown(n *node, e entry, s *shape) string {
	near := nearest(e.name, s.names())
	if f, ok := s.find(near); ok && f.secret() || !ok && s.secret() {
		d.files.conceal(e.value)
	}
	err := d.add(e.pos, "unknown key %s", quote(e.name))
	known := s.names()
	if n == d.root {
		known = append(known, d.common...)
		err.Hint = d.hints[e.name]
	}
	if err.Hint == "" {
		err.Hint = hintKeys(e.name, known)
	}
	return near
}

func hintKeys(name string, known []string) string {
	if len(known) == 0 {
		return "there is nothing to set here"
	}
	return suggest(name, known, "keys")
}

func (d *decoder) required(n *node, f field, pos pipeline.Pos) {
	e, given := n.find(f.name)
	switch {
	case !given:
		d.add(pos, "%q is missing", f.name).Hint = fmt.Sprintf("add %s: …", f.name)
	case e.value.broken || !blank(f.value) || e.value.empty() && scalarKind(f.value.Type()):
	case e.value.filled:
		d.add(e.value.pos, "%q is empty", f.name).Hint = fmt.Sprintf("%s gives nothing", quote(e.value.written))
	default:
		d.add(e.value.pos, "%q is empty", f.name)
	}
}

// blank says that a required field was given without content.
func blank(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Struct:
		return v.Type() == typeCode && v.Interface().(pipeline.Code).Text == ""
	}
	return false
}

// scalarKind says that a value of the type cannot be left empty in the file, as a list or mapping can.
func scalarKind(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		return false
	case reflect.Struct:
		return t == typeCode || t == typeFile || reflect.PointerTo(t).Implements(typeText)
	}
	return true
}

// validate asks the struct itself; mistakes without a place are placed at pos.
func (d *decoder) validate(v reflect.Value, pos pipeline.Pos) {
	c, ok := v.Addr().Interface().(interface{ Validate() error })
	if !ok {
		return
	}
	for _, e := range AsErrors(c.Validate()) {
		placed := *e
		if placed.Pos == (pipeline.Pos{}) {
			placed.Pos = pos
		}
		d.errs = append(d.errs, &placed)
	}
}
