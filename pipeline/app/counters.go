package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// counters keeps capture's counts in the bus, where all processes of the project share them and they survive a restart. The count of a
// key in a period is at "quota.<key>.<period>".
type counters struct{ state *bus.State }

const (
	// keptPeriods is how many counts of a key are kept: the current one, and some for a clock that steps back and forth.
	keptPeriods = 4
	// mostConflicts is how often a count is tried again that another process has changed meanwhile.
	mostConflicts = 20
)

// Add implements capture.Counters.
func (c *counters) Add(ctx context.Context, key, period string, n int64) (int64, error) {
	prefix := "quota." + token(key)
	place := prefix + "." + period
	for range mostConflicts {
		text, revision, err := c.state.Get(ctx, place)
		if err != nil {
			return 0, err
		}
		var sum int64
		if revision > 0 {
			if sum, err = strconv.ParseInt(string(text), 10, 64); err != nil {
				return 0, fmt.Errorf("state %q: want a number, got %q", place, text)
			}
		}
		if n == 0 {
			return sum, nil
		}
		_, err = c.state.Update(ctx, place, strconv.AppendInt(nil, sum+n, 10), revision)
		switch {
		case err == nil && revision == 0:
			c.prune(ctx, prefix, place)
			return sum + n, nil
		case !errors.Is(err, bus.ErrConflict):
			return sum + n, err
		}
	}
	return 0, fmt.Errorf("state %q: %w each of %d times", place, bus.ErrConflict, mostConflicts)
}

// prune removes the counts of all but the latest periods of a key, and never the one at place. What it cannot remove is removed with the
// next period.
func (c *counters) prune(ctx context.Context, prefix, place string) {
	keys, err := c.state.Keys(ctx, prefix)
	for len(keys) > keptPeriods && err == nil {
		if keys[0] != place {
			err = c.state.Delete(ctx, keys[0])
		}
		keys = keys[1:]
	}
}

// token makes a token of a state's key out of any name: what may not stand in one is written as = and two hexadecimal digits.
func token(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch ch := name[i]; {
		case ch >= 'a' && ch <= 'z', ch >= 'A' && ch <= 'Z', ch >= '0' && ch <= '9', ch == '-', ch == '_':
			b.WriteByte(ch)
		default:
			fmt.Fprintf(&b, "=%02X", ch)
		}
	}
	return b.String()
}
