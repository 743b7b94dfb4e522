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

// Charge accounts for n bytes of memory that the function is about to use beyond its result's own slots or text.
func (c *Call) Charge(n int) error { return c.m.charge(n) }

// ChargeValue accounts for a value that the function has made with everything in it.
func (c *Call) ChargeValue(v Value) error { return c.m.chargeDeep(v) }

// Text checks that a string of n bytes may be made. Functions whose result can be much larger than their arguments call
// it first.
func (c *Call) Text(n int) error {
	if err := c.m.stringSize(n); err != nil {
		return err
	}
	if c.m.limits.StringSize < 0 && n > maxText*16 {
		return errorf(KindStringSize, "Tried to make a string of %d bytes.", n)
	}
	return nil
}

// Display is the string output of a value: what print shows.
func (c *Call) Display(v Value) (string, error) {
	if v.Kind() == KindString {
		return v.str(), nil
	}
	p := printer{max: c.maxText()}
	p.value(v)
	if p.full {
		return "", c.tooLong(p.max)
	}
	return string(p.dst), nil
}

// JSON is the value as JSON, indented by so many spaces, or compact for 0.
func (c *Call) JSON(v Value, indent int) (string, error) {
	e := jsonEncoder{max: c.maxText(), indent: indent}
	e.value(v)
	if e.full() {
		return "", c.tooLong(e.max)
	}
	return string(e.dst), nil
}

func (c *Call) maxText() int {
	if c.m.limits.StringSize < 0 {
		return maxText
	}
	return c.m.limits.StringSize
}

func (c *Call) tooLong(limit int) error {
	return errorf(KindStringSize, "String limit of %d bytes exceeded", limit)
}
