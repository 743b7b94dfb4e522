package wire

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/prickle-dev/prickle/pipeline"
)

// Request is what a decoder needs to know besides the bytes.
type Request struct {
	Now      time.Time // when the request came in, in UTC
	ClientIP string    // "" when unknown
	// Source names the key with this token, and reports whether there is one.
	Source func(token string) (name string, ok bool)
	// MaxEvents and MaxEventBytes are limits; 0 is none.
	MaxEvents     int
	MaxBytes      int // of what a batch shares, times its messages
	MaxEventBytes int
}

// Scratch is the memory of one request and the outcome of its decoding. The zero value is ready. Decoded events point into it: it may be
// used again once nothing needs them any more.
type Scratch struct {
	Events   []pipeline.Event
	Problems []EventProblem // events that were found wrong and are not in Events
	Filtered int            // events that are left out on purpose

	body     []byte
	inflated []byte
	arena    []byte // what could not be left where it was
	reader   bytes.Reader
	gzip     *gzip.Reader
	random   *bufio.Reader
}

// keepBytes is the largest buffer that is worth keeping between requests.
const keepBytes = 1 << 20

// Reset empties s for the next request and lets go of exceptionally large buffers.
func (s *Scratch) Reset() {
	clear(s.Events)
	s.Events, s.Problems, s.Filtered = s.Events[:0], nil, 0
	if cap(s.Events) > 4096 {
		s.Events = nil
	}
	s.reader.Reset(nil)
	for _, b := range []*[]byte{&s.body, &s.inflated, &s.arena} {
		*b = (*b)[:0]
		if cap(*b) > keepBytes {
			*b = nil
		}
	}
}

// Reject notes that the event at index is wrong.
func (s *Scratch) Reject(index int, code, format string, args ...any) {
	s.Problems = append(s.Problems, EventProblem{Index: index, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// RejectTooLarge notes that the event at index is over the limit.
func (s *Scratch) RejectTooLarge(index, size, limit int) {
	s.Problems = append(s.Problems, EventProblem{
		Index: index, Code: "event_too_large", Detail: fmt.Sprintf("%d bytes, the limit is %d", size, limit), tooLarge: true,
	})
}

// Arena returns the buffer to append to; the result goes back through Keep.
func (s *Scratch) Arena() []byte { return s.arena }

// Keep takes the arena back after something was appended, and returns the part that is new. Growing the arena leaves earlier parts where
// they were.
func (s *Scratch) Keep(arena []byte) []byte {
	from := len(s.arena)
	s.arena = arena
	return arena[from:len(arena):len(arena)]
}

// GrowArena makes room for about n more bytes at once.
func (s *Scratch) GrowArena(n int) {
	if cap(s.arena)-len(s.arena) < n {
		s.arena = make([]byte, 0, n)
	}
}

// NewUUID returns a time-ordered UUID (version 7). Random bytes are drawn in bulk.
func (s *Scratch) NewUUID() string {
	if s.random == nil {
		s.random = bufio.NewReaderSize(rand.Reader, 1024)
	}
	// crypto/rand stops the program rather than fail.
	return uuid.Must(uuid.NewV7FromReader(s.random)).String()
}
