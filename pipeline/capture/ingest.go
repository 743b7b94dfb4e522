package capture

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// scratches holds the memory of requests for the next ones.
var scratches = sync.Pool{New: func() any { return new(wire.Scratch) }}

// job is one request with events, from body to answer.
type job struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	ctx     context.Context // ends with the client until all of the request is read, then with the server
	query   url.Values
	span    trace.Span
	scratch *wire.Scratch
	metered metered
	decoded share
	// endpoint is what the key has to be for, key what was found, and denied why a key that is known is not for the request.
	endpoint Endpoint
	key      *keyRules
	denied   error
	// held means that the log may still be reading the scratch.
	held bool
}

func (s *Server) newJob(w http.ResponseWriter, r *http.Request) *job {
	j := &job{server: s, w: w, r: r, scratch: scratches.Get().(*wire.Scratch)}
	j.metered = metered{share: share{room: s.room.bodies}, body: r.Body, stats: s.stats}
	j.decoded = share{room: s.room.decoded}
	j.ctx = r.Context()
	if a, ok := w.(*answer); ok && s.deps.Tracer != nil {
		j.trace(a)
	}
	if r.URL.RawQuery != "" {
		j.query = r.URL.Query()
	}
	return j
}

// trace follows the request until it is answered.
func (j *job) trace(a *answer) {
	var ctx context.Context
	if ctx, a.span = j.server.deps.Tracer.Request(j.ctx, "capture", j.r.Header); a.span.On() {
		j.ctx, j.span = ctx, a.span
	}
}

// release gives the memory back, unless somebody may still use it.
func (j *job) release() {
	j.metered.giveBack()
	j.decoded.giveBack()
	if !j.held {
		j.scratch.Reset()
		scratches.Put(j.scratch)
	}
}

// request is what decoders need to know.
func (j *job) request(most sizes) wire.Request {
	s := j.server
	req := wire.Request{
		Now:           s.deps.Now().UTC(),
		ClientIP:      clientIP(j.r, s.proxies),
		UserAgent:     j.r.UserAgent(),
		Source:        j.source,
		MaxEvents:     most.events,
		MaxBytes:      int(most.text),
		MaxEventBytes: most.event,
	}
	if s.allowances != nil {
		req.Admit = j.check
	}
	if s.deps.Salts != nil {
		req.Salt = j.salt
	}
	return req
}

// source finds the name of a key for the decoder. One that is not for this request is none to the decoder; the request is refused with
// why.
func (j *job) source(token string) (name string, ok bool) {
	key := j.server.keys.find(token)
	if key == nil {
		return "", false
	}
	j.key = key
	j.denied = key.permits(j.endpoint, originOf(j.r))
	return key.name, j.denied == nil
}

// check refuses a batch that is not within the allowance of its key before its events are decoded. Counting them takes about a tenth of the
// time of a request, so it is done only where there is not much left.
func (j *job) check(source string, batch []byte) error {
	a, now := j.server.allowances[source], j.server.deps.Now()
	if a == nil || a.ample(now, guessEvents(batch)) {
		return nil
	}
	n := 0
	for range rawjson.Elements(batch) {
		n++
	}
	if n == 0 || n > j.server.config.Limits.Events {
		return nil // refused for that
	}
	return a.check(j.ctx, now, n)
}

// guessEvents guesses the number of events in an array by the size of the first.
func guessEvents(batch []byte) int {
	for first := range rawjson.Elements(batch) {
		return len(batch)/len(first) + 1
	}
	return 0
}

// admit refuses a request before it is read when there is no place for it: in the log, or in memory.
func (j *job) admit(limit int64) error {
	if err := j.server.deps.Accepts(); err != nil {
		return err
	}
	// What is over the limit of a body never finds room, and reading it says so.
	if length := j.r.ContentLength; length <= limit {
		if err := j.server.room.announced(length); err != nil {
			return err
		}
	}
	// Memory of earlier requests counts from now on: a slow client holds it for as long as its body takes.
	if err := j.metered.grow(j.scratch.HeldBody()); err != nil {
		return err
	}
	return j.decoded.grow(j.scratch.Held(nil))
}

func (j *job) readBody(most sizes) ([]byte, error) { return j.readBodyUpTo(most.sent) }

// readBodyUpTo reads a body of at most limit bytes.
func (j *job) readBodyUpTo(limit int64) ([]byte, error) {
	if err := j.admit(limit); err != nil {
		return nil, err
	}
	body, err := j.scratch.ReadBody(&j.metered, j.r.ContentLength, limit)
	if errors.Is(err, ErrOverloaded) {
		return nil, err
	}
	if err != nil {
		return nil, bodyError(j.w, err)
	}
	// From here on a passing deadline would only cancel the request while its events are being stored.
	_ = http.NewResponseController(j.w).SetReadDeadline(time.Time{})
	j.outlast()
	return body, nil
}

// decode runs f, which makes events of the body and returns the text that they were decoded from, when it is its turn and there is room
// for what becomes of it.
func (j *job) decode(f func() (text []byte, err error)) error {
	decoding := j.server.room.decoding
	if err := decoding.Acquire(j.ctx, 1); err != nil {
		return err
	}
	defer decoding.Release(1)
	j.scratch.Room = j.decoded.grow
	text, err := f()
	if j.denied != nil {
		return j.denied
	}
	if err != nil {
		return err
	}
	return j.decoded.settle(j.scratch.Held(text))
}

// store appends the decoded events to the log, when they are within the allowance of their key. After nil they are safe. Events that are
// too large for the log are refused with the others, or with partly alone: they move to the problems.
func (j *job) store(partly bool) error {
	s := j.server
	n := len(j.scratch.Events)
	j.span.Int("prickle.events", n)
	if n > 0 {
		source := j.scratch.Events[0].Source
		j.span.Text("prickle.source", source)
		giveBack, err := s.allowances[source].take(j.ctx, s.deps.Now(), n)
		if err != nil {
			return err
		}
		if err = j.append(partly); err != nil {
			giveBack(n) // they will be sent again
			return err
		}
		stored := len(j.scratch.Events)
		giveBack(n - stored)
		n = stored
	}
	s.stats.Accepted.Add(uint64(n))
	s.stats.Filtered.Add(uint64(j.scratch.Filtered))
	if j.scratch.Personless > 0 && due(&s.flow.personless) {
		s.deps.Log.Warn("events about persons or groups say that they have no person ($process_person_profile: false): they are left out", "events", j.scratch.Personless)
	}
	return nil
}

func (j *job) append(partly bool) error {
	s := j.server
	ctx, cancel := context.WithTimeout(j.ctx, s.config.Limits.AppendTimeout)
	defer cancel()
	for {
		j.held = true
		err := s.deps.Events.Append(ctx, j.scratch.Events)
		if err == nil {
			j.held = false
			return nil
		}
		var large *EventTooLargeError
		if !errors.As(err, &large) {
			s.stats.Unacknowledged.Add(uint64(len(j.scratch.Events)))
			return fmt.Errorf("append %d events: %w", len(j.scratch.Events), err)
		}
		j.held = false // the log has taken nothing
		j.scratch.TakeOut(large.Index, large.Size, large.Limit)
		if !partly || len(j.scratch.Events) == 0 {
			return wire.RefuseEvents(j.scratch.Problems)
		}
	}
}
