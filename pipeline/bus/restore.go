package bus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// placesInMemory reports whether the server has the places of pipelines in memory (restorePlaces).
func (b *Bus) placesInMemory() bool { return !b.Shared() && b.config.Sync == SyncAlways }

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
// take; so a standing is kept in its place, and the journal tells of what was settled since.
//
// A server that does not sync everything has places on disk, as older versions had all of them. With sync: always these become standings first.
func (b *Bus) restorePlaces(ctx context.Context) error {
	if b.Shared() {
		return nil
	}
	defer time.AfterFunc(slowStart, func() {
		b.log.Info("the places of pipelines are being made again: for those that have events waiting, the server reads the event log")
	}).Stop()
	ctx, cancel := context.WithTimeout(ctx, restorePatience)
	defer cancel()
	stored, err := b.storedPlaces(ctx)
	if err != nil {
		return err
	}
	keys, err := b.State().Keys(ctx, standings)
	if err != nil {
		return err
	}
	r := restoration{bus: b, synced: b.embedded.synced, takes: takes{back: takesBack}}
	r.takes.read = max(r.synced, 1) - 1
	if r.end, err = b.LastInLog(ctx); err != nil {
		return err
	}
	last, err := lastOf(ctx, b.journal)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	for _, key := range keys {
		pipeline, name, _ := strings.Cut(strings.TrimPrefix(key, standings+"."), ".")
		lane, err := strconv.Atoi(name)
		if err != nil || stored[durable(pipeline, name)] {
			continue
		}
		if err := r.place(ctx, workLane{pipeline: pipeline, lane: lane}); err != nil {
			return fmt.Errorf("place of pipeline %q in lane %d: %w", pipeline, lane, err)
		}
	}
	switch {
	case !b.placesInMemory():
		return forgetSynced(b.config.Dir)
	case r.synced == 0 || r.stale || r.synced > last+1: // the last when somebody has removed the journal
		return writeSynced(filepath.Join(b.config.Dir, syncedFile), strconv.AppendUint(nil, last+1, 10))
	}
	return nil
}

// restorePatience bounds the making of all places. For one in the middle of the log the server counts what waits, and reads up to half of the log for
// that, once for all of them; a start that gave up would never succeed. The operator is told of one that takes longer than slowStart.
const restorePatience, slowStart = 30 * time.Minute, 5 * time.Second

// syncedFile holds, in the folder of an embedded bus, from which message on the journal is of runs that synced everything, one after the other: only
// there a record never tells of what is not in the other streams. A run that does not sync everything removes it before it works anything, and has
// places on disk as long as it is not there: those that are there beside it are of a start that was not finished, or a removal that a power failure
// undid.
const syncedFile = "synced"

// readSynced returns what syncedFile holds, 0 when there is none.
func readSynced(dir string) (uint64, error) {
	path := filepath.Join(dir, syncedFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, ignoreMissing(err)
	}
	from, err := strconv.ParseUint(string(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is damaged: remove it, which may make pipelines process once more what they have processed last", path)
	}
	return from, nil
}

// forgetSynced removes syncedFile.
func forgetSynced(dir string) error {
	if err := ignoreMissing(os.Remove(filepath.Join(dir, syncedFile))); err != nil {
		return err
	}
	return syncDir(dir)
}

// storedPlaces returns the consumers of places that the server has on disk and keeps there.
func (b *Bus) storedPlaces(ctx context.Context) (stored map[string]bool, err error) {
	var found []*jetstream.ConsumerInfo
	list := b.events.ListConsumers(ctx)
	for info := range list.Info() {
		if m := info.Config.Metadata; m[metadataPipeline] != "" && m[metadataReplay] == "" {
			found = append(found, info)
		}
	}
	if err = list.Err(); err != nil {
		return nil, fmt.Errorf("places of pipelines: %w", unavailable(err))
	}
	stored = map[string]bool{}
	for _, info := range found {
		switch {
		case b.embedded.synced > 0: // the standing knows as much, or more
			err = b.events.DeleteConsumer(ctx, info.Name)
		case b.placesInMemory():
			err = b.unstore(ctx, info)
		default:
			stored[info.Name] = true
		}
		if err != nil {
			return nil, fmt.Errorf("place of pipeline %q in lane %s: %w", info.Config.Metadata[metadataPipeline], info.Config.Metadata[metadataLane], err)
		}
	}
	return stored, nil
}

// unstore keeps the standing of a place that is on disk, and removes it from there. A standing that there is does not count: after a power failure,
// one that was not synced may be ahead of what it is about.
func (b *Bus) unstore(ctx context.Context, info *jetstream.ConsumerInfo) error {
	s := b.standing(info.Config.Metadata[metadataPipeline], nameOf(info.Config))
	s.found(info)
	if err := s.put(ctx, s.done); err != nil {
		return err
	}
	return b.events.DeleteConsumer(ctx, info.Name)
}

// restoration is what is known while places are made again.
type restoration struct {
	bus    *Bus
	end    uint64 // the last frame of the log
	synced uint64 // from where on the journal is believed, 0 for nowhere
	takes  takes  // of that part of it
	stale  bool   // it tells of frames that are not in the log
}

// place makes the place of a lane.
func (r *restoration) place(ctx context.Context, lane workLane) error {
	b, s := r.bus, r.bus.standing(lane.pipeline, strconv.Itoa(lane.lane))
	kept, _, err := s.known(ctx)
	if err != nil {
		return err
	}
	done := kept
	if r.synced > 0 {
		known, err := r.takes.after(ctx, b, lane, done)
		if err != nil {
			b.log.Warn("the journal cannot be read: what was processed last is processed once more", "pipeline", lane.pipeline, "lane", lane.lane, "error", err)
		}
		done = max(done, settledBy(known))
	}
	if done > r.end {
		b.log.Error("the event log ends before what a pipeline has processed of it: frames are gone that a power failure took with them, or somebody; it goes on behind what is left",
			"pipeline", lane.pipeline, "lane", lane.lane, "processed", done, "last", r.end, "behind", min(kept, r.end))
		done, r.stale = min(kept, r.end), true // sequences are given anew, and the journal means others
	}
	if done != kept { // or another start, later, would know less of it
		if err := s.put(ctx, done); err != nil {
			return err
		}
	}
	config, err := b.Subscriber(lane.pipeline).config(EventsTopic(lane.lane))
	if err != nil {
		return err
	}
	setSince(&config, s.since)
	return b.makePlace(ctx, &config, done)
}

// settledBy is the sequence up to which a lane is settled by its takes that were recorded: a take begins when the one before it is settled. Mostly they
// follow each other; while the journal could not be read, one may have begun in the middle of another that was interrupted. 0 is not known.
func settledBy(takes []stretch) uint64 {
	if len(takes) < 2 {
		return 0
	}
	last := takes[len(takes)-1]
	return min(takes[len(takes)-2].last, last.first-1)
}
