package pipelinetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// Traffic makes events as a web site's visitors cause them, for benchmarks: about 600 bytes a line, 18 properties, 100,000 visitors, one event every
// 100 microseconds of event time. The same events come from the same start. Its zero value is not ready; NewTraffic is.
type Traffic struct {
	// Random makes UUIDs of version 4, which tell nothing about where a duplicate could be; otherwise they are of version 7.
	Random bool
	// Late makes every so manieth event up to 30 days late; 0 is none.
	Late int

	rand *rand.Rand
	at   time.Time
	n    int
}

// NewTraffic makes the traffic from a time on.
func NewTraffic(from time.Time) *Traffic {
	return &Traffic{rand: rand.New(rand.NewPCG(1, 2)), at: from.UTC()}
}

// Events makes the next n events, as they come out of a frame.
func (s *Traffic) Events(t testing.TB, n int) []pipeline.Event {
	t.Helper()
	events := make([]pipeline.Event, n)
	for i := range events {
		s.n++
		s.at = s.at.Add(100 * time.Microsecond)
		at := s.at
		if s.Late > 0 && s.n%s.Late == 0 {
			at = at.Add(-time.Duration(s.rand.IntN(30*24)) * time.Hour)
		}
		user := s.rand.IntN(100_000)
		e := pipeline.Event{
			UUID: s.uuid(at).String(), Name: []string{"$pageview", "$autocapture", "purchase"}[s.rand.IntN(3)],
			DistinctID: fmt.Sprintf("user-%06d", user), Source: "web", Timestamp: at, ReceivedAt: s.at, Properties: s.properties(user),
		}
		var err error
		if events[i], err = pipeline.ParseEvent(e.AppendJSON(nil)); err != nil {
			t.Fatal(err)
		}
	}
	return events
}

func (s *Traffic) properties(user int) pipeline.Properties {
	return fmt.Appendf(nil, `{"$current_url":"https://example.com/products/%d?ref=%x","$browser":"Chrome","$browser_version":%d,"$os":"Mac OS X",`+
		`"$session_id":"%016x-%x","$window_id":"%x","$screen_width":%d,"$lib":"web","$lib_version":"1.%d.0","$host":"example.com","$pathname":"/products",`+
		`"amount":%d.%02d,"currency":"EUR","plan":"professional","items":[{"sku":"A-%d","quantity":%d}],"referrer":"https://www.example.org/",`+
		`"utm_source":"news","logged_in":%t}`,
		s.rand.IntN(1e4), s.rand.Uint32(), 100+s.rand.IntN(30), user*7919, s.rand.IntN(4), s.rand.Uint64(), 1000+s.rand.IntN(2000),
		s.rand.IntN(300), s.rand.IntN(500), s.rand.IntN(100), s.rand.IntN(1e5), 1+s.rand.IntN(9), user%2 == 0)
}

func (s *Traffic) uuid(at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x7000|uint64(s.rand.IntN(4096)))
	if s.Random {
		binary.BigEndian.PutUint64(id[:8], s.rand.Uint64()&^0xF000|0x4000)
	}
	binary.BigEndian.PutUint64(id[8:], s.rand.Uint64()>>2|1<<63)
	return id
}
