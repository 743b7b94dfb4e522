package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// LogRange is a part of EVENTS.
type LogRange struct {
	// From and To are the sequences of the first frame and the last one. To is less than From when there is nothing.
	From, To uint64
	// Oldest is when the oldest frame that the log still has was stored; zero when it has none.
	Oldest time.Time
	// Cut says that the log has had older frames than that, which it does not have any more.
	Cut bool
}

// appendSlack is longer than capture may take from the receipt of an event to the end of its storing, and than what the clocks of a capturing
// process and of the server may differ by.
const appendSlack = time.Minute

// LogRange finds the frames that hold what was received from since up to until. Some of their events may have been received earlier or
// later, by some minutes.
func (b *Bus) LogRange(ctx context.Context, since, until time.Time) (LogRange, error) {
	info, err := b.events.Info(ctx)
	if err != nil {
		return LogRange{}, fmt.Errorf("event log: %w", unavailable(err))
	}
	r := LogRange{Cut: info.State.FirstSeq > 1}
	if info.State.Msgs > 0 {
		r.Oldest = info.State.FirstTime
	}
	if r.From, err = b.sequenceAt(ctx, b.events, since.Add(-appendSlack), info.State.LastSeq); err != nil {
		return LogRange{}, err
	}
	end, err := b.sequenceAt(ctx, b.events, until.Add(appendSlack), info.State.LastSeq)
	if err != nil {
		return LogRange{}, err
	}
	r.To = end - 1
	return r, nil
}

// sequenceAt is the sequence of the first message stored at t or later, or the one after last. The server finds it when it makes a
// consumer that begins there.
func (b *Bus) sequenceAt(ctx context.Context, stream jetstream.Stream, t time.Time, last uint64) (uint64, error) {
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &t, AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Second,
		MemoryStorage: true, Replicas: 1,
	})
	if err != nil {
		return 0, fmt.Errorf("stream at %s: %w", t.Format(time.RFC3339), unavailable(err))
	}
	info := consumer.CachedInfo()
	if err := stream.DeleteConsumer(ctx, info.Name); err != nil {
		b.log.Debug("removing a reader of the log", "error", err) // the server does it after a second
	}
	return min(info.Delivered.Stream+1, last+1), nil
}

// LogFrame is a frame of EVENTS.
type LogFrame struct {
	Frame
	Sequence uint64
	Stored   time.Time
}

// ReadLog calls yield for the captured frames from one sequence to another, both included, in order, until yield returns an error, which it
// returns. It reads as fast as yield returns.
func (b *Bus) ReadLog(ctx context.Context, from, to uint64, yield func(LogFrame) error) error {
	return b.readEvents(ctx, scanned{subjects: []string{eventsAll + ">"}, from: from, to: to}, yield)
}

// readLane is ReadLog of one lane.
func (b *Bus) readLane(ctx context.Context, lane int, from, to uint64, yield func(LogFrame) error) error {
	return b.readEvents(ctx, scanned{subjects: []string{EventsTopic(lane)}, from: from, to: to}, yield)
}

func (b *Bus) readEvents(ctx context.Context, s scanned, yield func(LogFrame) error) error {
	return b.scan(ctx, b.events, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		f := LogFrame{Frame: frameOf(m.Headers(), m.Data()), Sequence: md.Sequence.Stream, Stored: md.Timestamp}
		f.Lane = laneOfSubject(m.Subject())
		return yield(f)
	})
}

// LogBegan is when the log was made. Sequences of another one mean nothing in it.
func (b *Bus) LogBegan(ctx context.Context) (time.Time, error) {
	info, err := b.events.Info(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("event log: %w", unavailable(err))
	}
	return info.Created, nil
}

// FirstInLog is the sequence of the oldest frame that the log still has.
func (b *Bus) FirstInLog(ctx context.Context) (uint64, error) {
	info, err := b.events.Info(ctx)
	if err != nil {
		return 0, fmt.Errorf("event log: %w", unavailable(err))
	}
	return info.State.FirstSeq, nil
}
