package sdks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// want is an event that is to be in the warehouse. The text ? stands for one that the SDK makes up. A longer one that begins with ? stands for the
// same text wherever it stands in a session.
type want struct {
	event, id string
	uuid      string    // "" for any
	at        time.Time // zero for the time of the session
	exact     bool      // at is not corrected for the client's clock
	props     props
}

// props are properties that are to be there. A nil is one that is not to be. What is in them is to be there and nothing else, but for some.
type props map[string]any

// some is what is to be in an object, among other things.
type some map[string]any

// row is an event in the warehouse.
type row struct {
	uuid, event, id string
	at, received    time.Time
	props           map[string]any
}

// mostComplaints bounds what a comparison says: hundreds of events may be wrong in the same way.
const mostComplaints = 12

// compare takes the row for each want that is like it, in their order, and complains of whatever is left of either.
func compare(t *testing.T, wants []want, rows []row, began, ended time.Time) {
	t.Helper()
	known := map[string]string{}
	rows = slices.Clone(rows)
	complaints := 0
	complain := func(format string, args ...any) {
		t.Helper()
		if complaints++; complaints <= mostComplaints {
			t.Errorf(format, args...)
		}
	}
	for _, w := range wants {
		var near []string
		found := slices.IndexFunc(rows, func(r row) bool {
			if r.event != w.event {
				return false
			}
			m := match{known: map[string]string{}}
			for name, value := range known {
				m.known[name] = value
			}
			m.row(w, r, began, ended)
			if len(m.differences) > 0 {
				near = append(near, strings.Join(m.differences, "; "))
				return false
			}
			known = m.known
			return true
		})
		if found < 0 {
			complain("no %s of %s as it should be. Those that are there: %q", w.event, w.id, near[:min(len(near), 3)])
			continue
		}
		rows = slices.Delete(rows, found, found+1)
	}
	for _, r := range rows {
		complain("beside what is wanted: %s of %s with %v", r.event, r.id, r.props)
	}
}

// match looks for differences.
type match struct {
	known       map[string]string
	differences []string
}

func (m *match) differ(format string, args ...any) {
	m.differences = append(m.differences, fmt.Sprintf(format, args...))
}

func (m *match) row(w want, r row, began, ended time.Time) {
	m.value("distinct id", r.id, w.id)
	if w.uuid != "" && r.uuid != w.uuid {
		m.differ("uuid %s, want %s", r.uuid, w.uuid)
	}
	from, to := w.at, w.at.Add(ended.Sub(began)) // for the correction is how long the request took
	switch {
	case w.at.IsZero():
		from, to = began, ended
	case w.exact:
		to = from
	}
	if from = from.Truncate(time.Millisecond); r.at.Before(from) || r.at.After(to) {
		m.differ("timestamp %s, want one from %s to %s", r.at, from, to)
	}
	m.members("", r.props, w.props)
}

func (m *match) members(where string, got map[string]any, wanted map[string]any) {
	for name, v := range wanted {
		has, ok := got[name]
		switch {
		case v == nil && ok:
			m.differ("%s%s is %v, want none", where, name, has)
		case v != nil && !ok:
			m.differ("%s%s is missing", where, name)
		case v != nil:
			m.value(where+name, has, v)
		}
	}
}

func (m *match) value(where string, got, wanted any) {
	switch w := wanted.(type) {
	case string:
		text, ok := got.(string)
		if !strings.HasPrefix(w, "?") {
			break
		}
		if had := m.known[w]; !ok || text == "" || had != "" && had != text {
			m.differ("%s is %v, want %s, which was %q", where, got, w, had)
			return
		}
		if w != "?" {
			m.known[w] = text
		}
		return
	case some:
		object, ok := got.(map[string]any)
		if !ok {
			m.differ("%s is %v, want an object", where, got)
			return
		}
		m.members(where+".", object, w)
		return
	case props:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(w) {
			m.differ("%s is %v, want %v", where, got, w)
			return
		}
		m.members(where+".", object, w)
		return
	}
	if !cmp.Equal(got, asJSON(wanted)) {
		m.differ("%s is %v, want %v", where, got, wanted)
	}
}

// asJSON is a value as it comes out of JSON.
func asJSON(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // a want is wrong
	}
	var out any
	if err := json.Unmarshal(text, &out); err != nil {
		panic(err)
	}
	return out
}

// The comparison itself finds what is wrong.
func TestCompare(t *testing.T) {
	now := time.Now()
	w := want{event: "e", id: "?who", uuid: "u", at: now, props: props{"a": 1, "b": nil, "c": props{"d": "?who"}, "s": some{"x": true}}}
	good := func() row {
		return row{uuid: "u", event: "e", id: "i", at: now, props: map[string]any{
			"a": 1.0, "c": map[string]any{"d": "i"}, "s": map[string]any{"x": true, "y": 1.0}, "more": 1.0,
		}}
	}
	for name, spoil := range map[string]func(r *row){
		"":                func(*row) {},
		"distinct id":     func(r *row) { r.id = "j" },
		"uuid":            func(r *row) { r.uuid = "v" },
		"too early":       func(r *row) { r.at = r.at.Add(-time.Second) },
		"too late":        func(r *row) { r.at = r.at.Add(time.Hour) },
		"another value":   func(r *row) { r.props["a"] = 2.0 },
		"missing":         func(r *row) { delete(r.props, "a") },
		"unwanted":        func(r *row) { r.props["b"] = false },
		"more in props":   func(r *row) { r.props["c"] = map[string]any{"d": "i", "e": 1.0} },
		"another in some": func(r *row) { r.props["s"] = map[string]any{"x": false} },
		"no object":       func(r *row) { r.props["s"] = "x" },
	} {
		r := good()
		spoil(&r)
		m := match{known: map[string]string{}}
		m.row(w, r, now, now.Add(time.Second))
		if reflect.DeepEqual(m.differences == nil, name != "") {
			t.Errorf("%q: differences %q", name, m.differences)
		}
	}
}
