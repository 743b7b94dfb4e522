package bus

import (
	"errors"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// DeadFilter selects dead letters. Empty fields select all.
type DeadFilter struct {
	Pipeline    string
	Destination string
	Class       string
	Reason      string    // a part of the reason, in any case
	Event       string    // the event's name
	Person      string    // the event's distinct_id
	Since       time.Time // given up then or later
	Until       time.Time // given up before
}

func (f *DeadFilter) subject() (string, error) {
	token := func(kind, name string) (string, error) {
		if name == "" {
			return "*", nil
		}
		return name, checkName(kind, name)
	}
	pipeline, err := token("pipeline", f.Pipeline)
	destination, err2 := token("destination", f.Destination)
	return "dead.*." + pipeline + "." + destination, errors.Join(err, err2)
}

// readsEvent says that the filter cannot do without the event itself.
func (f *DeadFilter) readsEvent() bool { return f.Event != "" || f.Person != "" }

// Match reports whether the filter selects a letter.
func (f *DeadFilter) Match(l *DeadLetter) bool {
	switch {
	case f.Pipeline != "" && f.Pipeline != l.Pipeline,
		f.Destination != "" && f.Destination != l.Destination,
		f.Class != "" && f.Class != l.Class,
		!f.Since.IsZero() && l.LastAt.Before(f.Since),
		!f.Until.IsZero() && !l.LastAt.Before(f.Until),
		f.Reason != "" && !strings.Contains(strings.ToLower(l.Reason), strings.ToLower(f.Reason)):
		return false
	}
	return (f.Event == "" || f.Event == textOf(l.Event, "event")) && (f.Person == "" || f.Person == textOf(l.Event, "distinct_id"))
}

func textOf(event []byte, key string) string {
	v, _ := rawjson.Get(event, key)
	s, _ := rawjson.String(v)
	return s
}
