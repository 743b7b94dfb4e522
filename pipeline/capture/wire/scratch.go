package wire

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"

	"github.com/prickle-dev/prickle/pipeline"
)

// Request is what a decoder needs to know besides the bytes.
type Request struct {
	Now      time.Time // when the request came in, in UTC
	ClientIP string    // "" when unknown
	// UserAgent is what the client calls itself in the request's header.
	UserAgent string
	// Salt returns the secret with which visitors without cookies are told apart who did something at a time; nil tells none apart.
	Salt func(at time.Time) ([]byte, error)
	// Source names the key with this token, and reports whether there is one.
	Source func(token string) (name string, ok bool)
	// MaxEvents and MaxEventBytes are limits; 0 is none.
	MaxEvents     int
	MaxBytes      int // of what a batch shares, times its messages
	MaxEventBytes int
	// Admit is asked about a batch whose token is known, an array, before its events are decoded; an error refuses all of them.
	Admit func(source string, batch []byte) error
}

// Scratch is the memory of one request and the outcome of its decoding. The zero value is ready. Decoded events point into it: it may be
// used again once nothing needs them any more.
type Scratch struct {
	// Room is asked before s holds so many bytes without the request's body, while it is decompressed; an error ends that and is its outcome. nil
	// is asked nothing. Reset forgets it.
	Room func(held int64) error

	Events   []pipeline.Event
	Problems []EventProblem // events that were found wrong and are not in Events
	Filtered int            // events that are left out on purpose
	// Personless are those of Filtered that are nothing but changes of a person or a group, and say that they have none.
	Personless int
	Large      int // events that are larger than the service whose protocol it is would take

	left     []int // the indexes in the request of the events that are not in Events
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
	s.Room = nil
	s.Events, s.Problems, s.Filtered, s.Personless, s.Large, s.left = s.Events[:0], nil, 0, 0, 0, s.left[:0]
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

// Filter leaves the event at index out on purpose.
func (s *Scratch) Filter(index int) {
	s.Filtered++
	s.left = append(s.left, index)
}

// FilterPersonless leaves the event at index out because it is about a person and says that it has none.
func (s *Scratch) FilterPersonless(index int) {
	s.Personless++
	s.Filter(index)
}

// Reject notes that the event at index is wrong.
func (s *Scratch) Reject(index int, code, format string, args ...any) {
	s.left = append(s.left, index)
	s.Problems = append(s.Problems, EventProblem{Index: index, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// RejectTooLarge notes that the event at index is over the limit. uuid may be "".
func (s *Scratch) RejectTooLarge(index int, uuid string, size, limit int) {
	s.left = append(s.left, index)
	s.Problems = append(s.Problems, EventProblem{
		Index: index, UUID: uuid, Code: "event_too_large", Detail: SizeDetail(size, limit), tooLarge: true,
	})
}

// TakeOut moves Events[i], which is over the limit of whoever stores it, to the problems.
func (s *Scratch) TakeOut(i, size, limit int) {
	uuid, index := s.Events[i].UUID, i
	for _, left := range s.left { // in ascending order
		if left <= index {
			index++
		}
	}
	s.RejectTooLarge(index, uuid, size, limit)
	slices.Sort(s.left)
	slices.SortFunc(s.Problems, func(a, b EventProblem) int { return a.Index - b.Index })
	s.Events = slices.Delete(s.Events, i, i+1)
}

// Held is how much memory s and the text that its events were decoded from hold, without the request's body.
func (s *Scratch) Held(text []byte) (bytes int64) {
	bytes = int64(cap(s.inflated)) + int64(cap(s.arena)) + int64(cap(s.Events))*int64(unsafe.Sizeof(pipeline.Event{}))
	if !sameArray(text, s.body) && !sameArray(text, s.inflated) {
		bytes += int64(cap(text))
	}
	return bytes
}

// Account asks for room for what s holds by now.
func (s *Scratch) Account() error { return s.room(s.Held(nil)) }

// HeldBody is how much memory s holds for a request's body.
func (s *Scratch) HeldBody() (bytes int64) { return int64(cap(s.body)) }

// sameArray reports whether two slices that reach to the end of their arrays are parts of one.
func sameArray(a, b []byte) bool {
	return cap(a) > 0 && cap(b) > 0 && &a[:cap(a)][cap(a)-1] == &b[:cap(b)][cap(b)-1]
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
