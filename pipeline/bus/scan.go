package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// scanned says which messages of a stream a scan reads.
type scanned struct {
	subjects    []string // with wildcards
	from, to    uint64   // sequences, both included
	headersOnly bool
	ahead       int // how many messages are held; 0 is scanAhead
}

const (
	// scanAhead is how many messages a scan holds unless it says otherwise: of frames, megabytes.
	scanAhead = 16
	// scanPatience is how long a scan waits for the next message before it finds out whether there still is one. It is longer than the silence
	// after which the client takes the server's reader for lost and makes another, which is two beats.
	scanPatience, scanBeat = 2 * time.Second, 500 * time.Millisecond
	// scanIdle is how long the server keeps a scan that asks for nothing. A longer pause begins it anew where it was.
	scanIdle = 30 * time.Second
)

// scan calls yield for the messages that s selects, in order, until yield returns an error, which it returns. It holds nothing of the stream
// up, and reads only as fast as yield returns.
func (b *Bus) scan(ctx context.Context, stream jetstream.Stream, s scanned, yield func(m jetstream.Msg, md *jetstream.MsgMetadata) error) error {
	if s.from > s.to {
		return nil
	}
	failed := func(err error) error {
		return fmt.Errorf("read %q: %w", strings.Join(s.subjects, ", "), unavailable(err))
	}
	filter := make([]string, len(s.subjects))
	for i := range filter {
		filter[i] = b.subject(s.subjects[i])
	}
	consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{
		FilterSubjects: filter, HeadersOnly: s.headersOnly, InactiveThreshold: scanIdle,
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(s.from, 1),
	})
	if err != nil {
		return failed(err)
	}
	if consumer.CachedInfo().NumPending == 0 {
		return nil
	}
	messages, err := consumer.Messages(jetstream.PullMaxMessages(cmp.Or(s.ahead, scanAhead)), jetstream.PullHeartbeat(scanBeat))
	if err != nil {
		return failed(err)
	}
	defer messages.Stop()
	defer context.AfterFunc(ctx, messages.Stop)()
	for {
		m, err := messages.Next(jetstream.NextMaxWait(scanPatience))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, nats.ErrTimeout):
			// What was still to come may have been removed.
			if info, err := consumer.Info(ctx); err == nil && info.NumPending == 0 {
				return nil
			}
			continue
		case err != nil:
			return failed(err)
		}
		md, err := m.Metadata()
		if err != nil {
			return fmt.Errorf("message without metadata: %w", err)
		}
		if md.Sequence.Stream > s.to {
			return nil
		}
		if err := yield(m, md); err != nil {
			return err
		}
		if md.Sequence.Stream == s.to || md.NumPending == 0 {
			return nil
		}
	}
}

// lastOf is the sequence of the last message that the stream has been given.
func lastOf(ctx context.Context, stream jetstream.Stream) (uint64, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return 0, unavailable(err)
	}
	return info.State.LastSeq, nil
}
