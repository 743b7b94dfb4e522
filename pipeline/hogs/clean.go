package hogs

import "github.com/prickle-dev/prickle/hog"

// cleanDepth is how deep cleanNullValues looks.
const cleanDepth = 3

// plainValues is how many values are cleaned before it matters whether some are the same.
const plainValues = 10_000

// cleaner copies values without their nulls.
type cleaner struct {
	seen int
	done map[cleanKey]hog.Value // containers that are clean; used when there is a lot to clean
}

// cleanKey is a container and the depth that it is at.
type cleanKey struct {
	container hog.Value
	depth     int
}

// clean returns v without the nulls in its objects and lists, down to cleanDepth.
func (c *cleaner) clean(v hog.Value, depth int) hog.Value {
	list, isList := v.AsArray()
	dict, isDict := v.AsDict()
	if depth > cleanDepth || !isList && !isDict {
		return v
	}
	if done, ok := c.done[cleanKey{v, depth}]; ok {
		return done
	}
	var out hog.Value
	if isList {
		out = c.list(list, depth)
	} else {
		out = c.dict(dict, depth)
	}
	if c.seen > plainValues {
		// Lists that hold one list many times would be copied that many times.
		if c.done == nil {
			c.done = map[cleanKey]hog.Value{}
		}
		c.done[cleanKey{v, depth}] = out
	}
	return out
}

func (c *cleaner) list(list *hog.Array, depth int) hog.Value {
	c.seen += len(list.Items)
	var kept []hog.Value
	for _, item := range list.Items {
		if !item.IsNull() {
			kept = append(kept, c.clean(item, depth+1))
		}
	}
	return hog.NewArray(kept...)
}

func (c *cleaner) dict(dict *hog.Dict, depth int) hog.Value {
	c.seen += dict.Len()
	kept := hog.NewDict(dict.Len())
	for i := range dict.Len() {
		if key, value := dict.At(i); !value.IsNull() {
			kept.Set(key, c.clean(value, depth+1))
		}
	}
	return kept.Value()
}
