package bus

import (
	"context"
	"fmt"
	"strings"
)

// Forget removes the place in the streams of a pipeline (destination is "") or of a destination that the configuration does not have any
// more. What comes back under the name later starts anew, with what is captured from then on; what waits for it now is lost to it. Removed
// places also let EVENTS be trimmed, which keeps what any pipeline has not processed.
func (b *Bus) Forget(ctx context.Context, pipeline, destination string) error {
	stream := b.events
	if destination != "" {
		stream = b.deliver
	}
	list := stream.ListConsumers(ctx)
	var names []string
	for info := range list.Info() {
		if m := info.Config.Metadata; m[metadataPipeline] == pipeline && m[metadataDestination] == destination {
			names = append(names, info.Name)
		}
	}
	if err := list.Err(); err != nil {
		return fmt.Errorf("forget %q: %w", pipeline, unavailable(err))
	}
	b.mu.Lock()
	for subject, d := range b.readers {
		if d.target.pipeline == pipeline && d.target.destination == destination {
			delete(b.readers, subject)
		}
	}
	b.mu.Unlock()
	for _, name := range names {
		if destination == "" { // first, or a place would be made of it again
			if err := b.State().Delete(ctx, standingKey(pipeline, strings.TrimPrefix(name, durable(pipeline, "")))); err != nil {
				return fmt.Errorf("forget %q: %w", name, err)
			}
		}
		if err := stream.DeleteConsumer(ctx, name); err != nil {
			return fmt.Errorf("forget %q: %w", name, unavailable(err))
		}
		b.mu.Lock()
		delete(b.opened, name)
		b.mu.Unlock()
	}
	b.placesChanged()
	return nil
}
