package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Target is a destination of a pipeline; Destination is "" for the pipeline itself.
type Target struct{ Pipeline, Destination string }

// ReplayBacklog counts the replayed frames that are not settled by destination, for one pipeline or "*" for all: those that wait, those in
// hand and those that are to be tried again. It takes one request.
func (b *Bus) ReplayBacklog(ctx context.Context, pipeline string) (map[Target]uint64, error) {
	if pipeline != "*" {
		if err := checkName("pipeline", pipeline); err != nil {
			return nil, err
		}
	}
	info, err := b.deliver.Info(ctx, jetstream.WithSubjectFilter(b.subject("replay."+pipeline+".>")))
	if err != nil {
		return nil, fmt.Errorf("replayed frames: %w", unavailable(err))
	}
	backlog := map[Target]uint64{}
	for subject, frames := range info.State.Subjects {
		if tokens := strings.Split(b.topic(subject), "."); len(tokens) >= 4 {
			backlog[Target{tokens[1], tokens[2]}] += frames
		}
	}
	return backlog, nil
}

// LiveBacklog counts the captured frames that wait to be processed by pipeline.
func (b *Bus) LiveBacklog(ctx context.Context) (map[string]uint64, error) {
	list := b.events.ListConsumers(ctx)
	backlog := map[string]uint64{}
	for info := range list.Info() {
		if m := info.Config.Metadata; m[metadataPipeline] != "" && m[metadataReplay] == "" {
			backlog[m[metadataPipeline]] += info.NumPending
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("waiting frames: %w", unavailable(errors.Join(err, ctx.Err())))
	}
	return backlog, nil
}
