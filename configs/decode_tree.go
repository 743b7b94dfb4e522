package configs

import (
	"math/big"
	"path/filepath"
	"reflect"
	"regexp"

	"github.com/prickle-dev/prickle/pipeline"
)

// file joins a path to the folder of the file that names it. Name stays as written, so that messages do not repeat a variable's content.
func (d *decoder) file(n *node, v reflect.Value) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	if text == "" {
		d.add(n.pos, "want the path of a file, got %s", n.what())
		return
	}
	path := text
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(n.pos.File), path)
	}
	v.Set(reflect.ValueOf(pipeline.File{Name: n.written, Path: path, Pos: n.textPos}))
}

// tree keeps free-form configuration as it is.
func (d *decoder) tree(n *node) pipeline.Tree {
	t := pipeline.Tree{Pos: n.pos}
	switch {
	case n.broken:
	case n.kind == mapping:
		t.Fields = d.fields(n.entries)
	case n.kind == list:
		t.List = make([]pipeline.Tree, len(n.list))
		for i, item := range n.list {
			t.List[i] = d.tree(item)
		}
	default:
		d.leaf(n, &t)
	}
	return t
}

// wholeNumber is an integer as JSON has it, too, of no more digits than a double can be large.
var wholeNumber = regexp.MustCompile(`^-?[1-9][0-9]{0,307}$`)

func (d *decoder) leaf(n *node, t *pipeline.Tree) {
	switch x := n.value().(type) {
	case nil, bool:
		t.Literal = x
	case int, int64, uint64, float64:
		i, f, whole, ok := n.number()
		switch {
		case !ok:
			d.want(n, "a number that JSON can hold")
		case whole:
			t.Literal = i
		case wholeNumber.MatchString(n.text):
			t.Literal, _ = new(big.Int).SetString(n.text, 10)
		default:
			t.Literal = f
		}
	default: // text, and dates, which YAML would take for more than that
		code := n.code()
		t.Text = &code
	}
}

// fields keeps a mapping in its order. An empty mapping is not nil, so that it stays one in a Tree.
func (d *decoder) fields(entries []entry) pipeline.Fields {
	out := make(pipeline.Fields, len(entries))
	for i, e := range entries {
		out[i] = pipeline.Field{Name: e.name, Pos: e.pos, Value: d.tree(e.value)}
	}
	return out
}
