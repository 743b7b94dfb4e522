package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Status says what is where. It counts frames, not events, but for dead letters, which are one event each.
type Status struct {
	Streams   []StreamStatus
	Consumers []ConsumerStatus
	Dead      []DeadStatus
	Replays   []ReplayStatus
}

// StreamStatus describes one stream.
type StreamStatus struct {
	Name        string // EVENTS, DELIVER, DEAD or JOURNAL, whatever the namespace
	Messages    uint64
	Bytes       uint64
	MaxBytes    int64 // -1 is no limit
	First, Last time.Time
}

// ConsumerStatus describes one lane of a pipeline (Destination is empty) or of a destination.
type ConsumerStatus struct {
	Pipeline    string
	Destination string
	Lane        int
	Replayed    bool   // it is for all lanes of a pipeline, and of the dead letters that are sent through it again
	Pending     uint64 // frames waiting to be handed out
	InFlight    int    // frames handed out and not settled
	Delayed     int    // frames waiting for their next try
}

// ReplayStatus counts the frames that are sent once more to one destination and not settled, whether they wait, are in hand or are to be
// tried again. Consumers do not hold them.
type ReplayStatus struct {
	Pipeline    string
	Destination string
	Frames      uint64
}

// DeadStatus counts the dead letters of one place.
type DeadStatus struct {
	Stage       string
	Pipeline    string
	Destination string // empty when a transform failed
	Letters     uint64
}

// Status asks the server. It takes a request for each stream and about one for every 250 consumers.
func (b *Bus) Status(ctx context.Context) (Status, error) {
	var s Status
	if err := b.failed(); err != nil {
		return Status{}, fmt.Errorf("status: %w", err)
	}
	delayed := map[workLane]int{}
	for _, stream := range []struct {
		jetstream.Stream
		name, counted string // counted are the subjects of which the messages are counted
	}{{b.events, streamEvents, ""}, {b.deliver, streamDeliver, "retry.>"}, {b.dead, streamDead, "dead.>"}, {b.journal, streamJournal, ""}} {
		var options []jetstream.StreamInfoOpt
		if stream.counted != "" {
			options = append(options, jetstream.WithSubjectFilter(b.subject(stream.counted)))
		}
		info, err := stream.Info(ctx, options...)
		if err != nil {
			return Status{}, fmt.Errorf("status: %w", unavailable(err))
		}
		s.Streams = append(s.Streams, StreamStatus{
			Name: stream.name, Messages: info.State.Msgs, Bytes: info.State.Bytes, MaxBytes: info.Config.MaxBytes,
			First: info.State.FirstTime, Last: info.State.LastTime,
		})
		for subject, count := range info.State.Subjects {
			s.countSubject(b.topic(subject), count, delayed)
		}
	}
	for _, stream := range []jetstream.Stream{b.events, b.deliver} {
		list := stream.ListConsumers(ctx)
		for info := range list.Info() {
			s.addConsumer(info, delayed)
		}
		if err := list.Err(); err != nil {
			return Status{}, fmt.Errorf("status: %w", unavailable(err))
		}
	}
	if err := b.delayedSince(ctx, &s); err != nil {
		return s, err
	}
	// Last, because what process hands on comes here.
	backlog, err := b.ReplayBacklog(ctx, "*")
	for t, frames := range backlog {
		s.Replays = append(s.Replays, ReplayStatus{t.Pipeline, t.Destination, frames})
	}
	return s, err
}

// delayedSince counts the delayed frames once more: one that was put off after the first count and before its consumer was asked would be
// nowhere.
func (b *Bus) delayedSince(ctx context.Context, s *Status) error {
	info, err := b.deliver.Info(ctx, jetstream.WithSubjectFilter(b.subject("retry.>")))
	if err != nil {
		return fmt.Errorf("status: %w", unavailable(err))
	}
	delayed := map[workLane]int{}
	for subject, count := range info.State.Subjects {
		s.countSubject(b.topic(subject), count, delayed)
	}
	for i := range s.Consumers {
		c := &s.Consumers[i]
		c.Delayed = max(c.Delayed, delayed[workLane{c.Pipeline, c.Destination, c.Lane}])
	}
	return nil
}

func (s *Status) countSubject(subject string, count uint64, delayed map[workLane]int) {
	tokens := strings.Split(subject, ".")
	switch {
	case tokens[0] == "retry" && len(tokens) == 5:
		lane, _ := strconv.Atoi(tokens[3])
		delayed[workLane{tokens[1], tokens[2], lane}] += int(count)
	case tokens[0] == "dead" && len(tokens) == 4:
		d := DeadStatus{Stage: tokens[1], Pipeline: tokens[2], Destination: tokens[3], Letters: count}
		if d.Destination == noDestination {
			d.Destination = ""
		}
		s.Dead = append(s.Dead, d)
	}
}

func (s *Status) addConsumer(info *jetstream.ConsumerInfo, delayed map[workLane]int) {
	metadata := info.Config.Metadata
	replayed := metadata[metadataReplay] != ""
	if metadata[metadataPipeline] == "" || replayed && metadata[metadataDestination] != "" {
		return // someone's tail, or counted by its frames
	}
	lane, _ := strconv.Atoi(metadata[metadataLane])
	target := workLane{metadata[metadataPipeline], metadata[metadataDestination], lane}
	s.Consumers = append(s.Consumers, ConsumerStatus{
		Pipeline: target.pipeline, Destination: target.destination, Lane: lane, Replayed: replayed,
		Pending: info.NumPending, InFlight: info.NumAckPending, Delayed: delayed[target],
	})
}
