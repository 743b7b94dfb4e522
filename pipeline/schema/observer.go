package schema

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"sync"
	"unicode/utf8"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Store is where what is known is kept: bus.Profiles.
type Store interface {
	Get(ctx context.Context, key string) (bus.Profile, error)
	Save(ctx context.Context, changes []bus.Profile) error
	Each(ctx context.Context, prefix string, yield func(bus.Profile) error) error
}

// Prefix begins the keys of what is known.
const Prefix = "schema."

// mostPending is how many properties an Observer counts at once, of all event names together. Each takes some 300 bytes.
const mostPending = 20_000

// Observer counts what the events of all pipelines hold. It is safe for concurrent use.
type Observer struct {
	config Config
	store  Store
	log    *slog.Logger
	id     string // of this Observer among those of all processes

	mu      sync.Mutex
	events  map[string]*tally // by name, those that are known among them
	pending int               // properties in all tallies
	since   int64             // samples are of what was received then or later, in microseconds since 1970
	forgot  int               // how often samples were forgotten
	full    sync.Once

	flushing sync.Mutex // guards what follows
	unsaved  []*Event
	taken    int // forgot, when they were taken out
	flushes  int
}

// tally is what was counted of one event name since the last flush.
type tally struct {
	count      int64
	at         span
	properties map[string]*counted // by the raw text of the name
	others     counted
	// row is what the last event's properties were counted in, in their order, which is mostly that of the next one's too.
	row []*counted
}

type counted struct {
	name   string // raw; empty for the others
	kinds  [kinds]int64
	at     span
	sample []byte
}

// span is from the earliest to the latest moment, in microseconds since 1970; zero for none.
type span struct{ first, last int64 }

func (s *span) add(at int64) {
	if s.first == 0 || at < s.first {
		s.first = at
	}
	s.last = max(s.last, at)
}

// NewObserver makes an Observer. It does no I/O.
func NewObserver(store Store, config Config, log *slog.Logger) *Observer {
	return &Observer{config: config, store: store, log: log, id: rand.Text(), events: map[string]*tally{}}
}

// Open finds out which event names are known.
func (o *Observer) Open(ctx context.Context) error {
	return o.store.Each(ctx, Prefix, func(p bus.Profile) error {
		e, err := parse(p.Value)
		if err == nil && e.Name != "" {
			o.events[e.Name] = &tally{}
		}
		return err
	})
}

// Watch makes a Watch. It belongs to one goroutine.
func (o *Observer) Watch() *Watch { return &Watch{observer: o} }

// Watch takes in the events of one lane. Frames that are worked again, after a failure, count once.
type Watch struct {
	observer       *Observer
	before, newest place
}

// place is where an event stands in a lane.
type place struct {
	sequence uint64
	index    int
}

func (p place) after(o place) bool {
	return p.sequence > o.sequence || p.sequence == o.sequence && p.index > o.index
}

// Reset begins the work on frames.
func (w *Watch) Reset() { w.before = w.newest }

// Event counts an event, unless an event at its place was counted before the last Reset. A lane below 0 has no order.
func (w *Watch) Event(e *pipeline.Event, lane int, sequence uint64, index int) {
	at := place{sequence, index}
	if lane >= 0 {
		if !at.after(w.before) {
			return
		}
		w.newest = at
	}
	w.observer.count(e)
}

// Commit does nothing: what was counted is stored by Flush.
func (w *Watch) Commit(context.Context) error { return nil }

func (o *Observer) count(e *pipeline.Event) {
	at := max(e.ReceivedAt.UnixMicro(), 1) // 0 is for none
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.events[e.Name]
	if t == nil {
		t = o.admit(e.Name)
	}
	t.count++
	t.at.add(at)
	sampled := o.config.Samples && at >= o.since
	n := 0
	for key, value := range rawjson.Members(e.Properties) {
		p := o.property(t, n, key)
		n++
		p.at.add(at)
		kind := kindOf(value)
		p.kinds[kind]++
		if kind != Null && len(p.sample) == 0 && sampled && p != &t.others {
			p.sample = appendSample(p.sample, value)
		}
	}
}

// admit makes room for an event name, or finds the tally of those that there is none for.
func (o *Observer) admit(name string) *tally {
	if len(o.events) >= mostNames {
		o.tell("event names", mostNames)
		name = Others
		if t := o.events[name]; t != nil {
			return t
		}
	}
	t := &tally{}
	o.events[string([]byte(name))] = t // away from the event's memory
	return t
}

// longestRow bounds the memory of a row.
const longestRow = 200

// property finds what the nth property of an event is counted in.
func (o *Observer) property(t *tally, n int, key []byte) *counted {
	name := rawjson.Alias(key)
	if n < len(t.row) && t.row[n].name == name {
		return t.row[n]
	}
	p := t.properties[name]
	if p == nil {
		p = o.newProperty(t, key)
	}
	switch {
	case n < len(t.row):
		t.row[n] = p
	case n < longestRow:
		t.row = append(t.row, p)
	}
	return p
}

func (o *Observer) newProperty(t *tally, key []byte) *counted {
	switch {
	case t == o.events[Others]:
		return &t.others
	case len(t.properties) >= mostProperties:
		o.tell("properties of one event", mostProperties)
		return &t.others
	case o.pending >= mostPending:
		o.tell("properties at once", mostPending)
		return &t.others
	case len(key) > longestName+2:
		return &t.others
	}
	if t.properties == nil {
		t.properties = map[string]*counted{}
	}
	p := &counted{name: string(key)}
	t.properties[p.name] = p
	o.pending++
	return p
}

// tell says once that there is no room.
func (o *Observer) tell(what string, most int) {
	o.full.Do(func() {
		o.log.Warn("too much to keep apart: the others are counted together in a row of the table properties", "of", what, "most", most, "row", Others)
	})
}

// appendSample appends the beginning of a value: of a text without its quotes, of anything else as it is in JSON.
func appendSample(dst, value []byte) []byte {
	text := rawjson.Alias(value)
	if s, ok := rawjson.String(value); ok {
		text = s
	}
	if len(text) > longestSample {
		end := longestSample
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	return append(dst, text...)
}

func keyOf(event string) string {
	return Prefix + base64.RawURLEncoding.EncodeToString([]byte(event))
}
