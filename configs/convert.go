package configs

import (
	"maps"

	"go.yaml.in/yaml/v4"
)

// converter turns the library's nodes into ours.
type converter struct {
	loader  *loader
	src     *source
	active  map[*yaml.Node]bool // anchored nodes that are being converted
	stopped bool                // a bound was exceeded, which has been reported
}

func (c *converter) node(y *yaml.Node, depth int) *node {
	n := &node{pos: c.src.pos(y.Line, y.Column)}
	if c.stopped || !c.within(n, depth) {
		return n
	}
	switch y.Kind {
	case yaml.AliasNode:
		return c.alias(y, n, depth)
	case yaml.MappingNode:
		n.kind = mapping
		c.tag(y, n)
		c.anchored(y, func() { c.mapping(y, n, depth) })
	case yaml.SequenceNode:
		n.kind = list
		c.tag(y, n)
		c.anchored(y, func() {
			for _, child := range y.Content {
				n.list = append(n.list, c.node(child, depth+1))
			}
		})
	default:
		c.tag(y, n)
		c.scalar(y, n)
	}
	return n
}

// within counts nodes, so that neither deep nesting nor a few lines of aliases to aliases fill the memory.
func (c *converter) within(n *node, depth int) bool {
	c.loader.nodes++
	switch {
	case depth > maxDepth:
		c.loader.add(n.pos, "values are nested more than %d deep", maxDepth)
	case c.loader.nodes > maxNodes:
		c.loader.add(n.pos, "the project has more than %d values, counting each use of an alias", maxNodes)
	default:
		return true
	}
	c.stopped = true
	return false
}

func (c *converter) anchored(y *yaml.Node, convert func()) {
	c.active[y] = true
	convert()
	delete(c.active, y)
}

func (c *converter) alias(y *yaml.Node, n *node, depth int) *node {
	if c.active[y.Alias] {
		c.loader.add(n.pos, "the value of &%s holds itself", y.Value)
		n.broken = true
		return n
	}
	return c.node(y.Alias, depth+1)
}

// tag refuses tags: the fields they stand at know their types.
func (c *converter) tag(y *yaml.Node, n *node) {
	if y.Style&yaml.TaggedStyle != 0 && y.Tag != "!!str" {
		c.loader.add(n.pos, "tag %s is not supported", quote(y.Tag)).Hint = "leave it out"
	}
}

func (c *converter) scalar(y *yaml.Node, n *node) {
	const marked = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle | yaml.TaggedStyle
	n.quoted = y.Style&marked != 0 || y.Tag == "!"
	n.written = y.Value
	n.textPos, n.indent = c.src.textPlace(y)
	var faults []fault
	n.text, n.filled, faults = c.loader.env.expand(y.Value, maxText)
	c.loader.bytes += len(n.text)
	if c.loader.bytes > maxText && !c.stopped {
		c.loader.add(n.pos, "the project's values are longer than %d MB, counting each use of an alias", maxText>>20)
		c.stopped = true
	}
	written := n.code()
	written.Text = n.written
	for _, f := range faults {
		n.broken = true
		c.loader.add(written.At(f.offset), "%s", f.message).Hint = f.hint
	}
}

func (c *converter) mapping(y *yaml.Node, n *node, depth int) {
	seen := map[string]entry{}
	var merged []entry
	for i := 0; i+1 < len(y.Content); i += 2 {
		key, value := y.Content[i], y.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, c.merge(value, depth)...)
			continue
		}
		e := entry{pos: c.src.pos(key.Line, key.Column), value: c.node(value, depth+1)}
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			c.loader.add(e.pos, "a key must be a word, not a list or a mapping")
			continue
		}
		e.name = key.Value
		if first, ok := seen[e.name]; ok {
			c.loader.add(e.pos, "key %s is given twice, first at %s", quote(e.name), first.pos)
			continue
		}
		seen[e.name] = e
		n.entries = append(n.entries, e)
	}
	n.entries = append(n.entries, absent(merged, seen)...)
}

// merge is what << brings in: a mapping, or several of which the first counts most.
func (c *converter) merge(y *yaml.Node, depth int) []entry {
	n := c.node(y, depth+1)
	sources := []*node{n}
	if n.kind == list {
		sources = n.list
	}
	var out []entry
	for _, s := range sources {
		if s.kind != mapping && !s.broken && !c.stopped {
			c.loader.add(s.pos, "<< wants a mapping or a list of mappings, got %s", s.what())
			continue
		}
		out = append(out, s.entries...)
	}
	return out
}

// absent are the entries whose names have not been seen, each name once.
func absent(entries []entry, seen map[string]entry) []entry {
	seen = maps.Clone(seen)
	var out []entry
	for _, e := range entries {
		if _, ok := seen[e.name]; !ok {
			seen[e.name] = e
			out = append(out, e)
		}
	}
	return out
}
