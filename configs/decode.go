package configs

import (
	"encoding"
	"reflect"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Decode fills into, a pointer to a Config with its defaults, with the component's part of the configuration, by the rules of
// pipeline.Spec. A field is filled by its tag: `yaml:"name"`, `yaml:"name,required"`, or `yaml:",inline"` for a struct whose fields stand
// among the others and for a map or Fields that takes all keys nobody else knows. A Pos with `yaml:",pos"` is told where its struct begins, or the
// key that it has in a map. A slice or map that is given replaces the default. Structs inside the Config may have Short and Validate too. Validate is
// not asked about a part that has mistakes already.
// The error is an Errors with everything that is wrong with the part. Decode is not for concurrent use on one project; it panics when
// into has a field of a type that a configuration cannot hold.
func (c Component) Decode(into any) error {
	n, files := c.node, c.files
	if n == nil {
		n = &node{kind: mapping, pos: c.Pos}
	}
	if files == nil {
		files = newFileSet()
	}
	d := &decoder{files: files, root: n, common: c.common, hints: c.hints}
	d.at(n, reflect.ValueOf(into).Elem(), c.Pos)
	return files.explain(d.errs)
}

// decoder fills Go values by reflection.
type decoder struct {
	report
	files   *fileSet
	skipped int   // values that were broken
	root    *node // a component's own mapping, where common and hints hold
	common  []string
	hints   map[string]string
}

var (
	typeSecret   = reflect.TypeFor[pipeline.Secret]()
	typeSecrets  = reflect.TypeFor[pipeline.Secrets]()
	typeCode     = reflect.TypeFor[pipeline.Code]()
	typeFile     = reflect.TypeFor[pipeline.File]()
	typeTree     = reflect.TypeFor[pipeline.Tree]()
	typeField    = reflect.TypeFor[pipeline.Field]()
	typeBytes    = reflect.TypeFor[pipeline.Bytes]()
	typeDuration = reflect.TypeFor[time.Duration]()
	typeNode     = reflect.TypeFor[*node]()
	typeText     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (d *decoder) value(n *node, v reflect.Value) { d.at(n, v, n.pos) }

// at decodes n into v; mistakes that concern all of a mapping are placed at pos.
func (d *decoder) at(n *node, v reflect.Value, pos pipeline.Pos) {
	switch {
	case v.Type() == typeNode:
		v.Set(reflect.ValueOf(n))
	case n.broken:
		d.skipped++
	case d.special(n, v):
	default:
		d.kind(n, v, pos)
	}
}

// special decodes the types of package pipeline.
func (d *decoder) special(n *node, v reflect.Value) bool {
	switch t := v.Type(); {
	case t == typeSecret:
		d.files.conceal(n)
		if text, ok := d.text(n); ok {
			v.SetString(text)
		}
	case t == typeSecrets && n.kind == scalar && !n.empty():
		d.slice(&node{kind: list, pos: n.pos, list: []*node{n}}, v)
	case t == typeCode:
		if _, ok := d.text(n); ok {
			v.Set(reflect.ValueOf(n.code()))
		}
	case t == typeFile:
		d.file(n, v)
	case t == typeTree:
		v.Set(reflect.ValueOf(d.tree(n)))
	case t.Kind() == reflect.Slice && t.Elem() == typeField:
		if d.mapping(n) {
			v.Set(reflect.ValueOf(d.fields(n.entries)).Convert(t))
		}
	case t == typeBytes:
		d.bytes(n, v)
	case t == typeDuration:
		d.duration(n, v)
	case reflect.PointerTo(t).Implements(typeText):
		d.unmarshal(n, v.Addr().Interface().(encoding.TextUnmarshaler))
	default:
		return false
	}
	return true
}

func (d *decoder) kind(n *node, v reflect.Value, pos pipeline.Pos) {
	switch v.Kind() {
	case reflect.Pointer:
		d.pointer(n, v, pos)
	case reflect.Struct:
		d.structure(n, v, pos)
	case reflect.Slice:
		d.slice(n, v)
	case reflect.Map:
		d.mapOf(n, v)
	case reflect.String:
		if text, ok := d.text(n); ok {
			v.SetString(text)
		}
	case reflect.Bool:
		d.boolean(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.integer(n, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.unsigned(n, v)
	case reflect.Float32, reflect.Float64:
		d.float(n, v)
	default:
		panic("configs: a configuration cannot hold " + v.Type().String())
	}
}

func (d *decoder) pointer(n *node, v reflect.Value, pos pipeline.Pos) {
	if n.empty() {
		v.SetZero()
		return
	}
	before, skipped := len(d.errs), d.skipped
	to := reflect.New(v.Type().Elem())
	if !v.IsNil() {
		to.Elem().Set(v.Elem())
	}
	d.at(n, to.Elem(), pos)
	if len(d.errs) == before && d.skipped == skipped {
		v.Set(to)
	}
}

func (d *decoder) slice(n *node, v reflect.Value) {
	if n.kind != list && !n.empty() {
		if holdsSecret(v.Type(), 0) {
			d.files.conceal(n)
		}
		d.add(n.pos, "want a list, got %s", d.mentioned(n)).Hint = "write [a, b], or each item on a line of its own after \"- \""
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.list), len(n.list))
	for i, item := range n.list {
		d.value(item, out.Index(i))
	}
	v.Set(out)
}

func (d *decoder) mapOf(n *node, v reflect.Value) {
	if n.kind == scalar && holdsSecret(v.Type(), 0) {
		d.files.conceal(n)
	}
	if d.mapping(n) {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.entries)))
		d.intoMap(n.entries, v)
	}
}

func (d *decoder) intoMap(entries []entry, v reflect.Value) {
	for _, e := range entries {
		item := reflect.New(v.Type().Elem()).Elem()
		d.at(e.value, item, e.pos)
		v.SetMapIndex(reflect.ValueOf(e.name).Convert(v.Type().Key()), item)
	}
}

// mapping reports what is neither a mapping nor left empty.
func (d *decoder) mapping(n *node) bool {
	if n.broken {
		return false
	}
	if n.kind == mapping || n.empty() {
		return true
	}
	d.add(n.pos, "want a mapping, got %s", d.mentioned(n)).Hint = "write \"name: value\" lines, or {name: value}"
	return false
}

// mentioned names what stands where something else is wanted, without quoting it: it may be a secret that lost its key.
func (d *decoder) mentioned(n *node) string {
	if n.kind == scalar && !n.empty() {
		return "a single value"
	}
	return n.what()
}
