package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Arrival is one event that a destination got.
type Arrival struct {
	ID         string
	Properties []byte
	At         time.Time
}

// Outcome is what a receiver makes of a request.
type Outcome struct {
	// Took means that the events count as arrived, whatever the sender is told.
	Took bool
	// Failed means that the sender is not told of success and has to try again, so that order is off for these events.
	Failed bool
}

// Fault decides about one request in place of the receiver's plain 200 and answers it. It may hold the request, and must answer or break
// the connection before it returns.
type Fault func(w http.ResponseWriter, r *http.Request, events []Arrival) Outcome

// Receiver is a webhook's receiving end, which takes single events and arrays. It is an http.Handler.
type Receiver struct {
	mu        sync.Mutex
	fault     Fault
	arrivals  []Arrival
	disturbed map[string]bool
	nonsense  []string
}

// NewReceiver makes a receiver that answers 200.
func NewReceiver() *Receiver { return &Receiver{disturbed: map[string]bool{}} }

// Break makes the receiver answer by f from now on; nil mends it.
func (h *Receiver) Break(f Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fault = f
}

// ServeHTTP takes a request.
func (h *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the sender went away in the middle
	}
	events, err := parse(body, r.Header.Get("Idempotency-Key"))
	if err != nil {
		h.note(func() { h.nonsense = append(h.nonsense, err.Error()) })
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var fault Fault
	h.note(func() { fault = h.fault })
	if fault == nil {
		h.take(events, Outcome{Took: true})
		return
	}
	h.take(events, fault(w, r, events))
}

func (h *Receiver) note(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

func (h *Receiver) take(events []Arrival, o Outcome) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o.Failed {
		for _, e := range events {
			h.disturbed[e.ID] = true
		}
	}
	if o.Took {
		h.arrivals = append(h.arrivals, events...)
	}
}

// Arrived is how many events came, repeats included.
func (h *Receiver) Arrived() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.arrivals)
}

// Seen returns a copy of what came, in order, the ids of events that were not answered with success at first, and what was no event.
func (h *Receiver) Seen() (arrivals []Arrival, disturbed map[string]bool, nonsense []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	disturbed = make(map[string]bool, len(h.disturbed))
	for id := range h.disturbed {
		disturbed[id] = true
	}
	return append([]Arrival(nil), h.arrivals...), disturbed, append([]string(nil), h.nonsense...)
}

// parse reads one event or an array of them. key is the Idempotency-Key, which a single event must have.
func parse(body []byte, key string) ([]Arrival, error) {
	type line struct {
		UUID       string          `json:"uuid"`
		Properties json.RawMessage `json:"properties"`
	}
	var lines []line
	if bytes.HasPrefix(body, []byte("[")) {
		if err := json.Unmarshal(body, &lines); err != nil {
			return nil, fmt.Errorf("a body that is no array of events: %w", err)
		}
	} else {
		var one line
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, fmt.Errorf("a body that is no event: %w", err)
		}
		if key != one.UUID {
			return nil, fmt.Errorf("event %s has the Idempotency-Key %q", one.UUID, key)
		}
		lines = append(lines, one)
	}
	now := time.Now()
	out := make([]Arrival, len(lines))
	for i, l := range lines {
		out[i] = Arrival{ID: l.UUID, Properties: l.Properties, At: now}
	}
	return out, nil
}
