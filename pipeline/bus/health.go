package bus

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Problem is a reason why the event log takes no events at the moment.
type Problem struct {
	// Code is "bus_disconnected", "bus_failed" (see ErrFailed), "disk_low" or "stream_full".
	Code string
	Err  error
}

var errStreamRefuses = &fullError{"stream EVENTS refuses: nothing in it is done with by every pipeline"}

const (
	// fullFor is how long after a refusal the stream is reported as full. Whoever takes a process with a full stream out of the traffic keeps
	// it from finding out by the next event, so the report ends by itself.
	fullFor = 5 * time.Second
	// nearlyFull is the part of EVENTS' limit from which on the stream counts as full when nothing can be trimmed.
	nearlyFull = 0.98
)

// Problems returns why the event log takes no events, or nothing when it does.
func (b *Bus) Problems(ctx context.Context) (found []Problem) {
	away := false
	if err := b.failed(); err != nil {
		found, away = append(found, Problem{"bus_failed", err}), true
	} else if !b.conn.IsConnected() {
		found, away = append(found, Problem{"bus_disconnected", errDisconnected}), true
	}
	if err := b.disk.room(streamEvents); err != nil {
		found = append(found, Problem{"disk_low", err})
	}
	if away {
		return found
	}
	if err := b.streamFull(ctx); err != nil {
		found = append(found, Problem{"stream_full", err})
	}
	return found
}

var errDisconnected = unavailable(errors.New("the server is not connected"))

// Ready returns nil when the event log takes events, else why it does not.
func (b *Bus) Ready(ctx context.Context) error {
	var errs []error
	for _, p := range b.Problems(ctx) {
		errs = append(errs, p.Err)
	}
	return errors.Join(errs...)
}

// probeEvery is how often a stream that refused is tried again.
const probeEvery = time.Second

// Accepts is a cheap form of Ready, for asking before each request: it tells what is known already, without a question to the server. A
// stream that refused is said to accept again after a second, so that the next events find out.
func (b *Bus) Accepts() error {
	if err := b.failed(); err != nil {
		return err
	}
	switch {
	case !b.conn.IsConnected():
		return errDisconnected
	case time.Since(time.Unix(0, b.refusedAt.Load())) < probeEvery:
		return unavailable(errStreamRefuses)
	}
	return b.disk.room(streamEvents)
}

// streamFull looks whether EVENTS is at its limit with nothing in it that every pipeline is done with.
func (b *Bus) streamFull(ctx context.Context) error {
	if time.Since(time.Unix(0, b.refusedAt.Load())) < fullFor {
		return unavailable(errStreamRefuses)
	}
	limit := int64(b.config.MaxBytes)
	if limit == 0 {
		return nil
	}
	info, err := b.events.Info(ctx)
	if err != nil {
		return fmt.Errorf("stream EVENTS: %w", unavailable(err))
	}
	if float64(info.State.Bytes) < nearlyFull*float64(limit) {
		return nil
	}
	done, err := doneByAll(ctx, b.events, info.State.LastSeq)
	if err != nil {
		return fmt.Errorf("stream EVENTS: %w", unavailable(err))
	}
	if done >= info.State.FirstSeq {
		return nil
	}
	return unavailable(&fullError{fmt.Sprintf("stream EVENTS is full: %d of %d bytes, and nothing in it is done with by every pipeline; raise bus.max_bytes or find out what holds the pipelines up",
		info.State.Bytes, limit)})
}

// Connected reports whether the server can be reached.
func (b *Bus) Connected() bool { return b.conn.IsConnected() }

// Disk returns how many bytes are free under the embedded server and below how many new events are refused. ok is false when that is
// unknown, or the server is outside.
func (b *Bus) Disk() (free, reserved int64, ok bool) {
	if b.disk.free == nil {
		return 0, 0, false
	}
	free, err := b.disk.ask()
	return free, reserve[streamEvents], err == nil
}
