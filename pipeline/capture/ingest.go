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
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// scratches holds the memory of requests for the next ones.
var scratches = sync.Pool{New: func() any { return new(wire.Scratch) }}

// job is one request with events, from body to answer.
type job struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	query   url.Values
	span    trace.Span
	scratch *wire.Scratch
	metered *metered
	// held means that the log may still be reading the scratch.
	held bool
}

func (s *Server) newJob(w http.ResponseWriter, r *http.Request) *job {
	j := &job{server: s, w: w, r: r, scratch: scratches.Get().(*wire.Scratch)}
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
	if ctx, a.span = j.server.deps.Tracer.Request(j.r.Context(), "capture", j.r.Header); a.span.On() {
		j.r, j.span = j.r.WithContext(ctx), a.span
	}
}

// release gives the memory back, unless somebody may still use it.
func (j *job) release() {
	if j.metered != nil {
		j.metered.giveBack()
	}
	if !j.held {
		j.scratch.Reset()
		scratches.Put(j.scratch)
	}
}

// request is what decoders need to know.
func (j *job) request() wire.Request {
	s := j.server
	return wire.Request{
		Now:           s.deps.Now().UTC(),
		ClientIP:      clientIP(j.r, s.proxies),
		Source:        s.keys.source,
		MaxEvents:     s.config.Limits.Events,
		MaxBytes:      int(s.config.Limits.Body),
		MaxEventBytes: int(s.config.Limits.Event),
	}
}

func (j *job) readBody() ([]byte, error) {
	j.metered = &metered{body: j.r.Body, room: j.server.room.bodies, stats: j.server.stats, free: roomStep}
	body, err := j.scratch.ReadBody(j.metered, j.r.ContentLength, int64(j.server.config.Limits.Body))
	if errors.Is(err, ErrOverloaded) {
		return nil, err
	}
	if err != nil {
		return nil, bodyError(j.w, err)
	}
	// From here on a passing deadline would only cancel the request while its events are being stored.
	_ = http.NewResponseController(j.w).SetReadDeadline(time.Time{})
	return body, nil
}

// store appends the decoded events to the log. After nil they are safe.
func (j *job) store() error {
	s := j.server
	n := len(j.scratch.Events)
	j.span.Int("prickle.events", n)
	if n > 0 {
		j.span.Text("prickle.source", j.scratch.Events[0].Source)
		ctx, cancel := context.WithTimeout(j.r.Context(), s.config.Limits.AppendTimeout)
		defer cancel()
		j.held = true
		if err := s.deps.Events.Append(ctx, j.scratch.Events); err != nil {
			s.stats.Unacknowledged.Add(uint64(n))
			return fmt.Errorf("append %d events: %w", n, err)
		}
		j.held = false
	}
	s.stats.Accepted.Add(uint64(n))
	s.stats.Filtered.Add(uint64(j.scratch.Filtered))
	return nil
}
