package bus

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// keepsStanding reports whether a pipeline's standing in a topic is kept. What an embedded server knows of EventsOnlyTopic it keeps on disk itself.
func (b *Bus) keepsStanding(topic string) bool { return b.Shared() || topic != EventsOnlyTopic }

// setSince makes a consumer's metadata say when the pipeline was given its place. "" is left to when the consumer was made.
func setSince(config *jetstream.ConsumerConfig, since string) {
	if since != "" {
		config.Metadata[metadataSince] = since
	}
}

// placeSince is when a pipeline was given its place.
func placeSince(info *jetstream.ConsumerInfo) time.Time {
	if since, err := time.Parse(time.RFC3339Nano, info.Config.Metadata[metadataSince]); err == nil {
		return since
	}
	return info.Created.UTC()
}

// restorePlaces makes the places of the pipelines that an embedded server had in memory again, also those of pipelines that the project does not have any
// more. A server that syncs everything would sync where each lane of each pipeline stands ten times a second, which is more than all events
// take; so a standing is kept every standingEvery in its place, and the journal tells of what was settled since.
//
// A server that does not sync everything has places on disk, as older versions had all of them. With sync: always these become standings first.
func (b *Bus) restorePlaces(ctx context.Context) error {
	if b.Shared() {
		return nil
	}
	stored, err := b.storedPlaces(ctx)
	if err != nil {
		return err
	}
	keys, err := b.State().Keys(ctx, standings)
	if err != nil {
		return err
	}
	for _, key := range keys {
		pipeline, name, _ := strings.Cut(strings.TrimPrefix(key, standings+"."), ".")
		if stored[durable(pipeline, name)] {
			continue
		}
		if err := b.restorePlace(ctx, pipeline, name); err != nil {
			return fmt.Errorf("place of pipeline %q in lane %s: %w", pipeline, name, err)
		}
	}
	return nil
}

// storedPlaces returns the consumers of places that the server has on disk and keeps there.
func (b *Bus) storedPlaces(ctx context.Context) (map[string]bool, error) {
	var found []*jetstream.ConsumerInfo
	list := b.events.ListConsumers(ctx)
	for info := range list.Info() {
		if m := info.Config.Metadata; m[metadataPipeline] != "" && m[metadataReplay] == "" {
			found = append(found, info)
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("places of pipelines: %w", unavailable(err))
	}
	stored := map[string]bool{}
	for _, info := range found {
		if !b.journalKnows() {
			stored[info.Name] = true
			continue
		}
		if err := b.unstore(ctx, info); err != nil {
			return nil, fmt.Errorf("place of pipeline %q in lane %s: %w", info.Config.Metadata[metadataPipeline], info.Config.Metadata[metadataLane], err)
		}
	}
	return stored, nil
}

// unstore keeps the standing of a place that is on disk, and removes it from there.
func (b *Bus) unstore(ctx context.Context, info *jetstream.ConsumerInfo) error {
	s := b.standing(info.Config.Metadata[metadataPipeline], nameOf(info.Config))
	if _, _, err := s.known(ctx); err != nil {
		return err
	}
	s.found(info)
	if _, err := b.kv.Put(ctx, s.key, s.value(s.done)); err != nil {
		return s.bus.State().failed("write", s.key, err)
	}
	return b.events.DeleteConsumer(ctx, info.Name)
}

func (b *Bus) restorePlace(ctx context.Context, pipeline, name string) error {
	lane, err := strconv.Atoi(name)
	if err != nil {
		return nil // nothing of ours
	}
	s := b.standing(pipeline, name)
	done, _, err := s.known(ctx)
	if err != nil {
		return err
	}
	if b.journalKnows() {
		known, err := b.takes.after(ctx, b, workLane{pipeline: pipeline, lane: lane}, done)
		if err != nil {
			b.log.Warn("the journal cannot be read: a lane looks again at what was processed last", "pipeline", pipeline, "lane", lane, "error", err)
		}
		done = max(done, settledBy(known))
	}
	config, err := b.Subscriber(pipeline).config(EventsTopic(lane))
	if err != nil {
		return err
	}
	setSince(&config, s.since)
	return b.makePlace(ctx, &config, done)
}

// settledBy is the sequence up to which a lane is settled by its takes that were recorded, if journalKnows: a take is recorded when the one before
// it is settled. 0 is not known.
func settledBy(takes []stretch) uint64 {
	if len(takes) < 2 {
		return 0
	}
	return takes[len(takes)-2].last
}
