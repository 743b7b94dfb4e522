package bus

import (
	"encoding/binary"
	"hash/fnv"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Record is an entry of the journal. Exactly one of Process, Deliver and Begin is set.
type Record struct {
	Process *ProcessRecord `json:"process,omitempty"`
	Deliver *DeliverRecord `json:"deliver,omitempty"`
	Begin   *BeginRecord   `json:"begin,omitempty"`
	// Lost is how many records this process could not store since its last one. It is set by Journal.
	Lost int64 `json:"lost,omitempty"`
}

// ProcessRecord says what the stage of one pipeline made of one frame.
type ProcessRecord struct {
	Pipeline string `json:"pipeline"`
	Lane     int    `json:"lane"`
	Frame    string `json:"frame"`              // its id
	Sequence uint64 `json:"sequence,omitempty"` // of the frame in EVENTS; 0 for what a replay of the log sends
	First    uint64 `json:"first,omitempty"`    // of the first frame that was worked together with it; 0 when it was worked alone
	Last     uint64 `json:"last,omitempty"`     // of the last of those
	Config   int    `json:"config,omitempty"`   // the number of the configuration in force
	Again    bool   `json:"again,omitempty"`    // it is sent once more: a dead letter or an event of the log
	In       int    `json:"in"`                 // events, unreadable lines among them
	Out      int    `json:"out"`                // events that came out of the transforms

	Dropped map[string]Some `json:"dropped,omitempty"` // captured events of which nothing was left, by transform
	Dead    map[string]Some `json:"dead,omitempty"`    // captured events that became dead letters, by class
	To      map[string]Some `json:"to,omitempty"`      // events handed to each destination of the pipeline, those that got none as well
	NotTo   map[string]Some `json:"not_to,omitempty"`  // events that became dead letters because a destination's condition failed on them
}

// Some says how many events, and which of a frame.
type Some struct {
	N  int    `json:"n"`
	Of Places `json:"of,omitempty"` // nil is all of the frame
}

// Places is a set of places in a frame, from 0: bit i%8 of byte i/8.
type Places []byte

// Add puts a place in.
func (p *Places) Add(i int) {
	for len(*p) <= i/8 {
		*p = append(*p, 0)
	}
	(*p)[i/8] |= 1 << (i % 8)
}

// Has reports whether a place is in. All are in nil.
func (p Places) Has(i int) bool {
	return p == nil || i/8 < len(p) && p[i/8]&(1<<(i%8)) != 0
}

// DeliverRecord says what became of one attempt at a destination, a batch.
type DeliverRecord struct {
	Pipeline    string             `json:"pipeline"`
	Destination string             `json:"destination"`
	Lane        int                `json:"lane"`
	Config      int                `json:"config,omitempty"`
	Again       bool               `json:"again,omitempty"`
	Outcome     string             `json:"outcome"`            // delivered, partial, failed, rate_limited, refused, panic or cancelled
	Error       string             `json:"error,omitempty"`    // of the first event that failed
	Response    *pipeline.Response `json:"response,omitempty"` // to it
	Took        time.Duration      `json:"took"`
	Frames      []FrameRecord      `json:"frames"`
}

// FrameRecord is a frame of an attempt. Delivered and Dead are what is known of the frame's events after it, from earlier attempts too.
type FrameRecord struct {
	Sequence  uint64         `json:"sequence"`        // in DELIVER
	Key       uint64         `json:"key,omitempty"`   // see Delivery.Key
	After     uint64         `json:"after,omitempty"` // the frame that it follows: see Delivery.After
	Origin    string         `json:"origin,omitempty"`
	Attempt   int            `json:"attempt"`
	Events    int            `json:"events"` // in the frame, unreadable lines among them
	Delivered int            `json:"delivered,omitempty"`
	Dead      map[string]int `json:"dead,omitempty"`   // by class
	Again     int            `json:"again,omitempty"`  // to be tried again
	Until     time.Time      `json:"until,omitzero"`   // not before
	Only      string         `json:"only,omitempty"`   // the id of the only event
	IDs       EventIDs       `json:"ids,omitempty"`    // of all events, when they are more
	Failed    []string       `json:"failed,omitempty"` // the first ids of those that failed, when not all did
}

// EventIDs are marks of event ids, four bytes each: enough to find the frame of an event.
type EventIDs []byte

func mark(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes every write
	return h.Sum32()
}

// Add puts an id in.
func (e *EventIDs) Add(id string) { *e = binary.BigEndian.AppendUint32(*e, mark(id)) }

// Has reports whether an id is in, by its mark.
func (e EventIDs) Has(id string) bool {
	m := mark(id)
	for ; len(e) >= 4; e = e[4:] {
		if binary.BigEndian.Uint32(e) == m {
			return true
		}
	}
	return false
}

// Holds reports whether an event is in the frame.
func (f *FrameRecord) Holds(id string) bool { return f.Only == id || f.Only == "" && f.IDs.Has(id) }

// BeginRecord opens accounts.
type BeginRecord struct {
	Places []Place `json:"places,omitempty"`
	// Waiting are the events that stand in the queues of destinations already, by pipeline and destination. It names all destinations that are
	// new.
	Waiting map[string]map[string]int `json:"waiting,omitempty"`
}

// Place is where a pipeline stands in a lane of EVENTS.
type Place struct {
	Pipeline string    `json:"pipeline"`
	Lane     int       `json:"lane"`
	Created  time.Time `json:"created"` // when the pipeline was given its place
	Done     uint64    `json:"done"`    // the sequence up to which it has processed the lane, or need not
}
