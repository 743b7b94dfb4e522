package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	metadataLanes = "prickle-lanes" // on streams
	dedupWindow   = 2 * time.Minute
)

func streamConfigs(config Config) []jetstream.StreamConfig {
	common := jetstream.StreamConfig{
		Storage: jetstream.FileStorage, Replicas: config.Replicas, Duplicates: min(dedupWindow, config.Retain), MaxBytes: -1, MaxMsgs: -1,
		Metadata: map[string]string{metadataLanes: strconv.Itoa(config.Lanes)},
	}
	events, deliver, dead, journal := common, common, common, common

	events.Name, events.Description = streamEvents, "Prickle: every captured event, in frames"
	events.Subjects = []string{"events.>"}
	events.MaxAge, events.Discard = config.Retain, jetstream.DiscardNew
	if config.MaxBytes > 0 {
		events.MaxBytes = int64(config.MaxBytes)
	}

	// A stream with schedules cannot refuse new messages at a limit, so this one has no limit that would discard old ones.
	deliver.Name, deliver.Description = streamDeliver, "Prickle: frames to be delivered"
	deliver.Subjects = []string{"deliver.>", "retry.>", "replay.>"}
	deliver.Retention, deliver.AllowMsgSchedules, deliver.AllowRollup = jetstream.WorkQueuePolicy, true, true

	dead.Name, dead.Description = streamDead, "Prickle: events that were given up"
	dead.Subjects = []string{"dead.>"}
	dead.MaxAge, dead.Duplicates = config.DeadRetain, min(dedupWindow, config.DeadRetain)

	// At its limit it forgets the oldest records: nothing waits for the journal.
	journal.Name, journal.Description = streamJournal, "Prickle: what became of every frame"
	journal.Subjects = []string{"journal.>"}
	journal.MaxAge, journal.MaxBytes = config.JournalRetain, int64(config.JournalMaxBytes)
	journal.Duplicates = min(dedupWindow, config.JournalRetain)
	return []jetstream.StreamConfig{events, deliver, dead, journal}
}

// openStreams creates the streams or brings their settings up to date, and refuses ones that have another number of lanes.
func (b *Bus) openStreams(ctx context.Context) error {
	for _, want := range streamConfigs(b.config) {
		name := want.Name
		want.Name = b.config.streamName(name)
		for i := range want.Subjects {
			want.Subjects[i] = b.subject(want.Subjects[i])
		}
		existing, err := b.js.Stream(ctx, want.Name)
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if err == nil {
			if err := checkStream(existing.CachedInfo().Config, b.config.Lanes); err != nil {
				return err
			}
		}
		stream, err := b.js.CreateOrUpdateStream(ctx, want)
		if err != nil {
			return fmt.Errorf("stream %s: %w", want.Name, err)
		}
		switch name {
		case streamEvents:
			b.events = stream
		case streamDeliver:
			b.deliver = stream
		case streamDead:
			b.dead = stream
		case streamJournal:
			b.journal = stream
		}
	}
	return nil
}

func checkStream(existing jetstream.StreamConfig, lanes int) error {
	stored, ok := existing.Metadata[metadataLanes]
	if !ok {
		return foreignStream(existing.Name)
	}
	if stored != strconv.Itoa(lanes) {
		return fmt.Errorf("stream %s has %s lanes and the configuration says %d: a person's events would change lanes, so set lanes: %s or start with an empty bus",
			existing.Name, stored, lanes, stored)
	}
	return nil
}

func foreignStream(name string) error {
	return fmt.Errorf("stream %s on this server belongs to something else: give Prickle an account of its own, or set bus.namespace", name)
}
