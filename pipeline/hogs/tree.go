package hogs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Tree is a piece of free configuration whose texts are templates. It is safe for concurrent use.
//
//	{total: "{event.properties.total / 100}", tags: [a, "{event.name}"]}   renders as   {"total":12.5,"tags":["a","purchase"]}
//
// Keys are constants and keep their order. A value that is null stays. PostHog's key $$_extend_object is known: its value is an object
// that the other keys of the same mapping are added to, or put in place of.
type Tree struct{ root node }

// node renders one value.
type node interface {
	append(ctx context.Context, dst []byte, e *pipeline.Event) ([]byte, error)
}

// extendKey is the key whose value the mapping starts from.
const extendKey = "$$_extend_object"

// CompileTree compiles all texts of a tree. Mistakes are *pipeline.ConfigError, joined.
func CompileTree(tree pipeline.Tree, env pipeline.Env) (*Tree, error) {
	root, err := compileNode(tree, env)
	if err != nil {
		return nil, err
	}
	return &Tree{root}, nil
}

// Render returns the tree for e as JSON text.
func (t *Tree) Render(ctx context.Context, e *pipeline.Event) ([]byte, error) {
	return t.root.append(ctx, nil, e)
}

func compileNode(tree pipeline.Tree, env pipeline.Env) (node, error) {
	switch {
	case tree.Text != nil:
		t, err := CompileTemplate(*tree.Text, env)
		if err != nil {
			return nil, err
		}
		if text, ok := t.Constant(); ok {
			return constant(rawjson.AppendString(nil, text)), nil
		}
		return expression{t}, nil
	case tree.List != nil:
		return compileList(tree.List, env)
	case tree.Fields != nil:
		return compileObject(tree.Fields, env)
	}
	text, err := json.Marshal(tree.Literal)
	if err != nil {
		return nil, pipeline.Errorf(tree.Pos, "%v has no form in JSON", tree.Literal)
	}
	return constant(text), nil
}

func compileList(items []pipeline.Tree, env pipeline.Env) (node, error) {
	out := make(list, len(items))
	errs := make([]error, len(items))
	for i, item := range items {
		out[i], errs[i] = compileNode(item, env)
	}
	return out, errors.Join(errs...)
}

func compileObject(fields pipeline.Fields, env pipeline.Env) (node, error) {
	var out object
	var errs []error
	for _, f := range fields {
		n, err := compileNode(f.Value, env)
		errs = append(errs, err)
		if f.Name == extendKey {
			out.base = n
			continue
		}
		out.members = append(out.members, member{f.Name, rawjson.AppendString(nil, f.Name), n})
	}
	return out, errors.Join(errs...)
}

type constant []byte

func (c constant) append(_ context.Context, dst []byte, _ *pipeline.Event) ([]byte, error) {
	return append(dst, c...), nil
}

type expression struct{ template *Template }

func (x expression) append(ctx context.Context, dst []byte, e *pipeline.Event) ([]byte, error) {
	v, err := x.template.Value(ctx, e)
	if err != nil {
		return nil, err
	}
	return v.AppendJSON(dst)
}

type list []node

func (l list) append(ctx context.Context, dst []byte, e *pipeline.Event) ([]byte, error) {
	dst = append(dst, '[')
	for i, item := range l {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = item.append(ctx, dst, e); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

type member struct {
	name  string
	key   []byte // the name as JSON text
	value node
}

type object struct {
	base    node // the value of extendKey, or nil
	members []member
}

func (o object) append(ctx context.Context, dst []byte, e *pipeline.Event) ([]byte, error) {
	if o.base != nil {
		return o.extend(ctx, dst, e)
	}
	dst = append(dst, '{')
	for i, m := range o.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(dst, m.key...), ':')
		var err error
		if dst, err = m.value.append(ctx, dst, e); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (o object) extend(ctx context.Context, dst []byte, e *pipeline.Event) ([]byte, error) {
	base, err := o.base.append(ctx, nil, e)
	if err != nil {
		return nil, err
	}
	switch rawjson.KindOf(base) {
	case rawjson.Object:
	case rawjson.Null:
		base = []byte("{}")
	default:
		return nil, fmt.Errorf("%s: want an object", extendKey)
	}
	for _, m := range o.members {
		value, err := m.value.append(ctx, nil, e)
		if err != nil {
			return nil, err
		}
		base = rawjson.Set(base, m.name, value)
	}
	return append(dst, base...), nil
}
