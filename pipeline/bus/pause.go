package bus

import (
	"context"
	"time"
)

// Pause waits for d and reports false when ctx ended first. It is what whoever works the bus does when the bus is away.
func Pause(ctx context.Context, d time.Duration) bool { return pause(ctx, d) }
