package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// standing is how far a pipeline has come in a lane of the log. It is kept beside the consumer, which may get lost: an outside server that is killed takes
// one with it that the others did not know yet, whoever administrates the server may delete it, and an embedded server that syncs everything has it
// in memory (restorePlaces). The place that is made again begins behind what is known here. That may be a little behind the consumer, and then
// the server recognises what is handed on once more.
type standing struct {
	bus *Bus
	key string

	mu    sync.Mutex
	done  uint64 // the sequence up to which the lane is processed, or need not be
	since string // when the pipeline was given its place, as in time.RFC3339Nano; "" with an outside server, whose consumer tells
	news  bool   // this process has worked the lane since it was written
}

// standingEvery is how often a standing is written, when it is another one. It is well below dedupWindow.
const standingEvery = 10 * time.Second

func (b *Bus) standing(pipeline, name string) *standing {
	return &standing{bus: b, key: standingKey(pipeline, name)}
}

// standings is what the keys of all standings begin with.
const standings = "place"

func standingKey(pipeline, name string) string { return standings + "." + pipeline + "." + name }

// found takes note of where the pipeline's place is, of which another process may know more.
func (s *standing) found(info *jetstream.ConsumerInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = max(s.done, floor(info))
	if !s.bus.Shared() {
		s.since = placeSince(info).Format(time.RFC3339Nano)
	}
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
	number, since, _ := strings.Cut(string(value), " ")
	kept, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0, false, fmt.Errorf("state %q holds no number", s.key)
	}
	s.done, s.since = max(s.done, kept), cmp.Or(since, s.since)
	return s.done, true, nil
}

// value is what is stored: the sequence, and with an embedded server when the place was given. The caller has locked s.
func (s *standing) value(done uint64) []byte {
	value := strconv.AppendUint(nil, done, 10)
	if s.since != "" {
		value = append(append(value, ' '), s.since...)
	}
	return value
}

// begin keeps the standing of a pipeline that is new, and returns it. Of several processes that do so at once, the first one decides.
func (s *standing) begin(ctx context.Context, sequence uint64) (uint64, error) {
	s.mu.Lock()
	if !s.bus.Shared() {
		s.since = time.Now().UTC().Format(time.RFC3339Nano)
	}
	value := s.value(sequence)
	s.mu.Unlock()
	if _, err := s.bus.State().Update(ctx, s.key, value, 0); err != nil && !errors.Is(err, ErrConflict) {
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
	done, news, value := s.done, s.news, s.value(s.done)
	s.news = false
	s.mu.Unlock()
	if !news {
		return
	}
	// Not by State: the few bytes are written as long as anything is processed, however full the disk.
	if _, err := s.bus.kv.Put(ctx, s.key, value); err != nil {
		s.bus.log.Debug("keeping a pipeline's place", "key", s.key, "error", err)
		s.reached(done) // it is written next time
	}
}
