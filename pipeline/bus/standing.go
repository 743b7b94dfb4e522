package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// standing is how far a pipeline has come in a lane of the log. With an outside server it is kept beside the consumer, which may get lost: a server that
// is killed takes one with it that the others did not know yet, and whoever administrates the server may delete it. The place that is made
// again begins behind what is known here. That may be a little behind the consumer, and then the server recognises what is handed on once more.
type standing struct {
	bus *Bus
	key string

	mu   sync.Mutex
	done uint64 // the sequence up to which the lane is processed, or need not be
	news bool   // this process has worked the lane since it was written
}

// standingEvery is how often a standing is written, when it is another one. It is well below dedupWindow.
const standingEvery = 10 * time.Second

func (b *Bus) standing(pipeline, name string) *standing {
	return &standing{bus: b, key: standingKey(pipeline, name)}
}

func standingKey(pipeline, name string) string { return "place." + pipeline + "." + name }

// found takes note of where the pipeline's place is, of which another process may know more.
func (s *standing) found(sequence uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = max(s.done, sequence)
}

// reached takes note of where this process has come, whose lane it is.
func (s *standing) reached(sequence uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done, s.news = max(s.done, sequence), true
}

// known returns how far the lane is processed, by what this process has done and by what any has kept; ok is false when nobody knows.
func (s *standing) known(ctx context.Context) (sequence uint64, ok bool, err error) {
	value, revision, err := s.bus.State().Get(ctx, s.key)
	if err != nil {
		return 0, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if revision == 0 {
		return s.done, s.done > 0, nil
	}
	kept, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("state %q holds no number", s.key)
	}
	s.done = max(s.done, kept)
	return s.done, true, nil
}

// begin keeps the standing of a pipeline that is new, and returns it. Of several processes that do so at once, the first one decides.
func (s *standing) begin(ctx context.Context, sequence uint64) (uint64, error) {
	if _, err := s.bus.State().Update(ctx, s.key, strconv.AppendUint(nil, sequence, 10), 0); err != nil && !errors.Is(err, ErrConflict) {
		return 0, err
	}
	sequence, _, err := s.known(ctx)
	return sequence, err
}

// keep writes the standing now and then, until ctx ends.
func (s *standing) keep(ctx context.Context) {
	for Pause(ctx, standingEvery) {
		s.write(ctx)
	}
}

// last writes the standing at the end, when the lane is worked no more.
func (s *standing) last() {
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	if s.bus.conn.IsConnected() {
		s.write(ctx)
	}
}

func (s *standing) write(ctx context.Context) {
	s.mu.Lock()
	done, news := s.done, s.news
	s.news = false
	s.mu.Unlock()
	if !news {
		return
	}
	if err := s.bus.State().Put(ctx, s.key, strconv.AppendUint(nil, done, 10)); err != nil {
		s.bus.log.Debug("keeping a pipeline's place", "key", s.key, "error", err)
		s.reached(done) // it is written next time
	}
}
