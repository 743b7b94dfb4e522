package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/trace"
)

// frameHeader is the header of a frame with count events between first and last.
func frameHeader(count int, first, last time.Time) nats.Header {
	return nats.Header{
		headerCount: {strconv.Itoa(count)},
		headerFirst: {first.UTC().Format(pipeline.TimeFormat)},
		headerLast:  {last.UTC().Format(pipeline.TimeFormat)},
	}
}

func (b *Bus) publishFrame(ctx context.Context, p *pile) error {
	m := &nats.Msg{Subject: b.subject(EventsTopic(p.lane)), Header: frameHeader(p.count, p.first, p.last)}
	var packed bool
	if m.Data, packed = pack(p.packing(), p.payload); packed {
		m.Header[headerPacked] = []string{packedS2}
	}
	if len(p.traces) == 0 {
		return b.publishEvents(ctx, m)
	}
	span := b.tracer.Start("frame", trace.Producer, p.traces...)
	defer span.End()
	span.Int("prickle.lane", p.lane)
	span.Int("prickle.events", p.count)
	span.Int("prickle.bytes", len(p.payload))
	m.Header[trace.Header] = []string{span.Context().String()}
	err := b.publishEvents(ctx, m)
	if err != nil {
		span.Fail(failureReasons[failureReason(err)])
	}
	return err
}

// publishEvents stores a frame of captured events, and makes room for it when there is none.
func (b *Bus) publishEvents(ctx context.Context, m *nats.Msg) error {
	err := b.publish(ctx, streamEvents, m)
	var full *fullError
	if errors.As(err, &full) && b.trimmer.trim(ctx, b) {
		err = b.publish(ctx, streamEvents, m)
	}
	if errors.As(err, &full) && b.disk.room(streamEvents) == nil {
		b.refusedAt.Store(time.Now().UnixNano())
	}
	return err
}

// publish stores one message and waits for the acknowledgement, at most publishTimeout.
func (b *Bus) publish(ctx context.Context, stream string, m *nats.Msg) error {
	stats, start := b.stats[stream], time.Now()
	if err := stats.done(start, b.store(ctx, stream, m)); err != nil {
		return err
	}
	stats.frame(headerValue(m.Header, headerCount), len(m.Data))
	return nil
}

func (b *Bus) store(ctx context.Context, stream string, m *nats.Msg) error {
	if err := b.disk.room(stream); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	_, err := b.js.PublishMsg(ctx, m, jetstream.WithExpectStream(b.config.streamName(stream)))
	return publishError(stream, err)
}

// Error codes of the server that the client has no names for.
const (
	codeInsufficientResources = 10023 // the server's or the account's storage limit
	codeStoreFailed           = 10077 // the stream's own limit, or a failed write
)

func publishError(stream string, err error) error {
	if err == nil {
		return nil
	}
	var api *jetstream.APIError
	if errors.As(err, &api) && (api.ErrorCode == codeStoreFailed || api.ErrorCode == codeInsufficientResources) {
		return unavailable(&fullError{fmt.Sprintf("stream %s refuses: %s", stream, api.Description)})
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		return unavailable(fmt.Errorf("stream %s did not acknowledge in time: %w", stream, err))
	}
	return unavailable(fmt.Errorf("stream %s: %w", stream, err))
}
