// Package stdout is the destination that prints events, to look at a pipeline or to hand events to another program. It is the one to copy
// when writing a destination.
package stdout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/prickle-dev/prickle/pipeline"
)

// Config is the destination's part of the configuration.
type Config struct {
	// Format is json, one event a line as on the bus, or text, one line to read: time, name, distinct id and properties.
	Format string `yaml:"format"`
}

// Validate refuses formats that are not there.
func (c *Config) Validate() error {
	if c.Format != "json" && c.Format != "text" {
		return &pipeline.ConfigError{Message: fmt.Sprintf("unknown format %q", c.Format), Hint: "write json or text"}
	}
	return nil
}

// Spec describes the destination.
var Spec = pipeline.Spec[pipeline.Destination]{
	Type:      "stdout",
	Summary:   "prints events to standard output",
	NewConfig: func() any { return &Config{Format: "json"} },
	Batch:     pipeline.Batch{Events: 100, Bytes: 1 << 20},
	New: func(config any, _ pipeline.Env) (pipeline.Destination, error) {
		return New(*config.(*Config), os.Stdout), nil
	},
}

// Stdout prints events.
type Stdout struct {
	text bool

	mu sync.Mutex // Send is called for several lanes at once, and lines must not mix
	w  io.Writer
}

var _ pipeline.Destination = (*Stdout)(nil)

// New returns a Stdout that prints to w.
func New(config Config, w io.Writer) *Stdout {
	return &Stdout{text: config.Format == "text", w: w}
}

// Send prints all events with one write. When that fails, all of them may be tried again, and some may be printed twice then.
func (s *Stdout) Send(_ context.Context, events []pipeline.Event) error {
	var b bytes.Buffer
	for i := range events {
		if s.text {
			appendText(&b, &events[i])
		} else {
			b.Write(events[i].AppendJSON(b.AvailableBuffer()))
		}
		b.WriteByte('\n')
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

func appendText(b *bytes.Buffer, e *pipeline.Event) {
	fmt.Fprintf(b, "%s  %q  %q  %s", e.Timestamp.UTC().Format(pipeline.TimeFormat), e.Name, e.DistinctID, e.Properties)
}
