package configs

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// text is a scalar as text. Numbers and booleans without quotes are taken as they are written: a version 1.10 is "1.10".
func (d *decoder) text(n *node) (string, bool) {
	if n.broken {
		return "", false
	}
	if n.kind != scalar || n.empty() {
		d.add(n.pos, "want text, got %s", n.what())
		return "", false
	}
	return n.text, true
}

// unmarshal lets a type of a component read its text itself. Its error says what it wants; what it got is quoted as it is written.
func (d *decoder) unmarshal(n *node, into encoding.TextUnmarshaler) {
	text, ok := d.text(n)
	if !ok {
		return
	}
	for _, e := range AsErrors(into.UnmarshalText([]byte(text))) {
		d.add(n.pos, "%s, got %s", e.Message, n.what()).Hint = e.Hint
	}
}

func (d *decoder) boolean(n *node, v reflect.Value) {
	b, ok := n.bare().(bool)
	if n.kind != scalar || !ok {
		d.want(n, "true or false")
		return
	}
	v.SetBool(b)
}

// number gives the scalar as an integer when it is one, else as a float64.
func (n *node) number() (i int64, f float64, whole, ok bool) {
	if n.kind != scalar {
		return 0, 0, false, false
	}
	switch x := n.bare().(type) {
	case int:
		return int64(x), float64(x), true, true
	case int64:
		return x, float64(x), true, true
	case uint64:
		return 0, float64(x), false, true
	case float64:
		return 0, x, false, !math.IsNaN(x) && !math.IsInf(x, 0)
	}
	return 0, 0, false, false
}

func (d *decoder) integer(n *node, v reflect.Value) {
	i, _, whole, ok := n.number()
	switch {
	case !ok || !whole:
		d.want(n, "a whole number")
	case v.OverflowInt(i):
		d.add(n.pos, "%s is too large a number", quote(n.written))
	default:
		v.SetInt(i)
	}
}

func (d *decoder) unsigned(n *node, v reflect.Value) {
	i, _, whole, ok := n.number()
	switch {
	case !ok || !whole || i < 0:
		d.want(n, "a whole number, not negative")
	case v.OverflowUint(uint64(i)):
		d.add(n.pos, "%s is too large a number", quote(n.written))
	default:
		v.SetUint(uint64(i))
	}
}

func (d *decoder) float(n *node, v reflect.Value) {
	_, f, _, ok := n.number()
	if !ok {
		d.want(n, "a number")
		return
	}
	v.SetFloat(f)
}

// want reports a scalar of the wrong type, quoted as it is written.
func (d *decoder) want(n *node, what string) {
	err := d.add(n.pos, "want %s, got %s", what, n.what())
	switch unquoted := (&node{text: n.text}).value().(type) {
	case int, float64, bool:
		if n.kind == scalar && n.quoted && !n.filled {
			err.Hint = fmt.Sprintf("without quotes %v is one", unquoted)
		}
	}
}

var days = regexp.MustCompile(`^(\d{1,5})d(.*)$`)

func (d *decoder) duration(n *node, v reflect.Value) {
	if n.kind == scalar && !n.empty() {
		if t, ok := parseDuration(n.text); ok {
			v.SetInt(int64(t))
			return
		}
	}
	d.add(n.pos, "want a duration, got %s", n.what()).Hint = "write it like 90s, 15m, 12h or 7d"
}

// ParseDuration reads a duration as the configuration has it: "90s", "15m", "7d". It reports false for anything else.
func ParseDuration(text string) (time.Duration, bool) { return parseDuration(text) }

// parseDuration is time.ParseDuration with days in front, without a sign.
func parseDuration(text string) (time.Duration, bool) {
	var t time.Duration
	if m := days.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			return 0, false
		}
		t, text = time.Duration(n)*24*time.Hour, m[2]
		if text == "" {
			return t, true
		}
	}
	if strings.HasPrefix(text, "-") || strings.HasPrefix(text, "+") {
		return 0, false
	}
	rest, err := time.ParseDuration(text)
	return t + rest, err == nil && t+rest >= 0
}

var (
	byteSize  = regexp.MustCompile(`^(\d{1,18}) ?([KMGT]?B)?$`)
	byteUnits = map[string]int64{"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
)

func (d *decoder) bytes(n *node, v reflect.Value) {
	if n.kind == scalar {
		if m := byteSize.FindStringSubmatch(n.text); m != nil {
			count, err := strconv.ParseInt(m[1], 10, 64)
			if unit := byteUnits[m[2]]; err == nil && count <= math.MaxInt64/unit {
				v.Set(reflect.ValueOf(pipeline.Bytes(count * unit)))
				return
			}
		}
	}
	d.add(n.pos, "want a number of bytes, got %s", n.what()).Hint = "write it like 500, 64KB, 8MB or 1GB"
}
