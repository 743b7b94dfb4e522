package vm

import (
	"context"
	"io"
	"time"
)

// Call is what a library function sees of the machine that calls it.
type Call struct {
	m *machine
}

// Context is the run's context.
func (c *Call) Context() context.Context { return c.m.ctx }

// ReferenceDefects reports whether the program runs with the defects of the reference, see Program.WithReferenceDefects.
func (c *Call) ReferenceDefects() bool { return c.m.defects }

// Now is the host's clock; an error when the host gives none.
func (c *Call) Now() (time.Time, error) {
	if c.m.env.Now == nil {
		return time.Time{}, errorf(KindHost, "the host offers no clock")
	}
	return c.m.env.Now(), nil
}

// Random fills the buffer from the host's source; an error when the host gives none.
func (c *Call) Random(buf []byte) error {
	if c.m.env.Rand == nil {
		return errorf(KindHost, "the host offers no randomness")
	}
	if _, err := io.ReadFull(c.m.env.Rand, buf); err != nil {
		return hostError("randomness", err)
	}
	return nil
}

// Print writes one line of output.
func (c *Call) Print(line string) error {
	c.m.printed += len(line) + 1
	if limit := c.m.limits.Output; limit >= 0 && c.m.printed > limit {
		return errorf(KindOutput, "Output limit of %d bytes exceeded", limit)
	}
	if c.m.env.Print != nil {
		c.m.env.Print(line)
	}
	return nil
}

// Work accounts for work on n bytes; an item of a list counts as ItemSize. Functions call it in every loop whose length a
// program controls, except over the text of an argument and over the result, which count anyway. An error ends the run:
// a limit is reached, or the context has ended.
func (c *Call) Work(n int) error { return c.m.burnBytes(n) }

// ItemSize is how many bytes an item of a list takes.
const ItemSize = slotSize

// Charge accounts for n bytes of memory that the function is about to use, until it returns.
func (c *Call) Charge(n int) error { return c.m.reserve(n) }

// List checks that a list of n items may be made, and accounts for the work.
func (c *Call) List(n int) error {
	if err := c.m.reserve(min(n, maxText) * slotSize); err != nil {
		return err
	}
	return c.m.burnBytes(n * slotSize)
}

// Text checks that a string of n bytes may be made. Functions whose result can be larger than their arguments call it
// first.
func (c *Call) Text(n int) error { return c.m.stringSize(n) }

// HostString is the text that the reference's host language makes of a value: arrays joined by commas, dictionaries as
// [object Map]. The functions that convert silently use it.
func (c *Call) HostString(v Value) (string, error) { return c.m.hostString(v) }

// PlainString is HostString of a value that was parsed from JSON just now, whose objects are no dictionaries there yet.
func (c *Call) PlainString(v Value) (string, error) { return c.m.hostText(v, objectPlain) }

// Join is the host strings of the items of an array or tuple with a separator between them; null is empty.
func (c *Call) Join(list Value, sep string) (string, error) {
	h := hostPrinter{dict: objectMap}
	h.inside(c.m)
	h.list(list, sep)
	return h.text()
}

// Display is the string output of a value: what print shows.
func (c *Call) Display(v Value) (string, error) {
	if v.Kind() == KindString {
		return v.str(), nil
	}
	var p printer
	p.inside(c.m)
	p.value(v)
	return p.text()
}

// JSON is the value as JSON, indented by so many spaces, or compact for 0.
func (c *Call) JSON(v Value, indent int) (string, error) {
	e := jsonEncoder{indent: indent}
	e.inside(c.m)
	e.value(v)
	return e.text()
}

// ParseJSON is the value of a JSON text. Strings of the result share the memory of the text.
func (c *Call) ParseJSON(text string) (Value, error) { return parseJSON(text, c.m, nil) }

// Number is ToNumber, with the work accounted for.
func (c *Call) Number(v Value) float64 { return c.m.number(v) }

// Equal is the operator ==.
func (c *Call) Equal(a, b Value) (bool, error) {
	return Equal(a, b), c.m.burnBytes(compareWork(a) + compareWork(b))
}

// Compare orders two values as the reference's host language does, without unification: negative, zero or positive. Not
// ok means that the values have no order.
func (c *Call) Compare(a, b Value) (order int, ok bool, err error) { return c.m.compareHost(a, b) }

// Index is where the first item is that is the same as v, or -1. NaN is the same as nothing.
func (c *Call) Index(items []Value, v Value) (int, error) { return c.m.index(items, v, false) }

// Contains is the operator in.
func (c *Call) Contains(container, needle Value) (bool, error) {
	return c.m.contains(container, needle)
}

// Match is the operator =~.
func (c *Call) Match(text, pattern Value) (bool, error) { return c.m.match(text, pattern, false) }

// Like is the operator like, with fold ilike.
func (c *Call) Like(text, pattern Value, fold bool) (bool, error) {
	return c.m.like(text, pattern, fold)
}

// Find is the first match of a RE2 pattern: the whole match, then its groups, "" for those that took no part. It is nil
// when the pattern does not occur.
func (c *Call) Find(text, pattern string) ([]string, error) {
	re, err := c.m.pattern(pattern)
	if err != nil {
		return nil, err
	}
	places, err := c.m.find(re, text)
	if err != nil || places == nil {
		return nil, err
	}
	groups := make([]string, len(places)/2)
	for i := range groups {
		if from, to := places[2*i], places[2*i+1]; from >= 0 {
			groups[i] = text[from:to]
		}
	}
	return groups, nil
}
