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
// in memory (restorePlaces). The place that is made again begins behind what is known here, which may be a little behind the consumer. What is handed
// on once more then, the server recognises as long as it is not delivered.
type standing struct {
	bus   *Bus
	key   string
	quiet *time.Timer // fires when it is to be written

	mu    sync.Mutex
	done  uint64    // the sequence up to which the lane is processed, or need not be
	since string    // when the pipeline was given its place, as in time.RFC3339Nano; "" with an outside server, whose consumer tells
	news  bool      // this process has worked the lane since it was written
	stale time.Time // since when
}

// A standing is written, once the lane has been worked, every standingEvery, which is well below dedupWindow. With an embedded server that has it in
// memory it is also written at once, as long as all lanes together do so standingRate times a second at most, and otherwise when the lane has
// settled nothing for standingQuiet, which is longer than from one take to the next on a busy one. standingStale is how old one gets before the operator
// is told, and standingPatience what a stop gives it.
const (
	standingEvery, standingQuiet, standingStale, standingPatience = 10 * time.Second, 3 * time.Second, time.Minute, 10 * time.Second
	standingRate, standingBurst                                   = 20, 100
)

func (b *Bus) standing(pipeline, name string) *standing {
	s := &standing{bus: b, key: standingKey(pipeline, name), quiet: time.NewTimer(standingQuiet)}
	s.quiet.Stop()
	return s
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
	s.done = max(s.done, sequence)
	if !s.news {
		s.news, s.stale = true, time.Now()
	}
	switch {
	case !s.bus.placesInMemory():
	case s.bus.standingsNow.Allow():
		s.quiet.Reset(0)
	default:
		s.quiet.Reset(standingQuiet)
	}
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
	if err := s.bus.disk.room(stateBucket); err != nil {
		return 0, err
	}
	if _, err := s.bus.kv.Create(ctx, s.key, value); err != nil && !isConflict(err) {
		return 0, s.bus.State().failed("write", s.key, err)
	}
	sequence, _, err := s.known(ctx)
	return sequence, err
}

// keep writes the standing now and then, until ctx ends.
func (s *standing) keep(ctx context.Context) {
	every := time.NewTicker(s.bus.standingEvery)
	defer every.Stop()
	defer s.quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		case <-s.quiet.C:
		}
		s.write(ctx)
	}
}

// last writes the standing at the end, when the lane is worked no more.
func (s *standing) last() {
	ctx, cancel := context.WithTimeout(context.Background(), standingPatience) // all lanes do so at once
	defer cancel()
	if s.bus.conn.IsConnected() {
		s.write(ctx)
	}
}

func (s *standing) write(ctx context.Context) {
	s.mu.Lock()
	done, news, stale := s.done, s.news, s.stale
	s.news = false
	s.mu.Unlock()
	if !news {
		return
	}
	err := s.put(ctx, done)
	if err == nil {
		return
	}
	s.mu.Lock()
	s.news, s.stale = true, stale // it is written next time
	s.mu.Unlock()
	if ctx.Err() == nil && time.Since(stale) > standingStale && s.bus.tellStanding() {
		s.bus.log.Warn("where pipelines stand cannot be kept: after a crash, they process once more what they have processed since", "since", stale, "error", err)
	}
}

// put stores a standing. It has a reserve of its own (disk): without it, what is processed while the disk is nearly full would be processed again.
func (s *standing) put(ctx context.Context, done uint64) error {
	if s.bus.Shared() {
		return s.raise(ctx, done)
	}
	if err := s.bus.disk.room(stateBucket); err != nil {
		return err
	}
	s.mu.Lock()
	value := s.value(done)
	s.mu.Unlock()
	if _, err := s.bus.kv.Put(ctx, s.key, value); err != nil {
		return s.bus.State().failed("write", s.key, err)
	}
	return nil
}

// raise stores a standing unless a higher one is there: of a lane that this process has given up, another one knows more.
func (s *standing) raise(ctx context.Context, done uint64) error {
	for {
		value, revision, err := s.bus.State().Get(ctx, s.key)
		if err != nil {
			return err
		}
		number, _, _ := strings.Cut(string(value), " ")
		if kept, err := strconv.ParseUint(number, 10, 64); err == nil && kept >= done {
			return nil
		}
		s.mu.Lock()
		value = s.value(done)
		s.mu.Unlock()
		if _, err = s.bus.State().Update(ctx, s.key, value, revision); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// tellStanding reports whether it is time to tell the operator once more.
func (b *Bus) tellStanding() bool {
	last, now := b.standingTold.Load(), time.Now().UnixNano()
	return now-last > int64(standingStale) && b.standingTold.CompareAndSwap(last, now)
}
