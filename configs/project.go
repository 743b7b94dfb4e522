package configs

import (
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Options are what Load cannot find in the files.
type Options struct {
	// Env looks up a variable of the environment; nil means os.LookupEnv.
	Env func(name string) (value string, ok bool)
	// Types known for each kind of component. A kind without any is not checked.
	Transforms, Destinations, Warehouses, Sources []string
}

// Project is a project as its files describe it. The components' own parts are not decoded yet: their owners call Component.Decode.
type Project struct {
	// Dir is the project's folder, as the user named it.
	Dir string
	// Files are all files that were read, the main file first.
	Files []string
	// Name is project.name; the default is the folder's own name.
	Name string
	// Project is what Hog and expr see as `project`.
	Project pipeline.Project
	// Data is the folder where state lives, joined to Dir when it is relative. The default is "data".
	Data string

	Capture   Component // Type is "capture"
	Bus       Component // Type is "bus"
	Admin     Component
	Telemetry Component
	Query     Component
	Warehouse Component // the default is duckdb with its defaults
	Profiles  Component
	Schema    Component
	Contracts Component
	Upkeep    Component
	Webhooks  []Webhook
	Pipelines []Pipeline
	Sources   []Source

	files *fileSet
}

// Component is one component's part of the configuration.
type Component struct {
	Type string
	// Pos is where the type is named.
	Pos pipeline.Pos

	node   *node             // nil means an empty mapping
	common []string          // keys of the engine that stand inside, to suggest
	hints  map[string]string // for keys of the engine that do not
	files  *fileSet
}

// Has reports whether a key is written in the component's part.
func (c Component) Has(key string) bool {
	if c.node == nil {
		return false
	}
	_, given := c.node.find(key)
	return given
}

// Pipeline is a list of transforms and the destinations that their result goes to.
type Pipeline struct {
	Name         string
	Pos          pipeline.Pos
	Transforms   []Transform
	Destinations []Destination
}

// Transform is one step of a pipeline.
type Transform struct {
	Component
	// Name is unique in the pipeline; the default is the type, with -2, -3 and so on when needed.
	Name    string
	OnError OnError
}

// OnError says what becomes of an event whose transform fails.
type OnError string

// The values of OnError.
const (
	DeadLetter OnError = "dead_letter" // the default
	Drop       OnError = "drop"
	Keep       OnError = "keep" // goes on as it was before the transform
)

// Destination is one place that a pipeline delivers to.
type Destination struct {
	Component
	// Name is unique in the pipeline; the default is the type.
	Name string
	// Warehouse says that the project's warehouse is meant; then Type is "warehouse" and there is nothing to decode.
	Warehouse bool
	// When is the condition; without text every event is delivered.
	When    pipeline.Code
	Batch   Batch
	Retry   Retry
	Order   Order
	Breaker Breaker
}

// Order says whether an event that has to be tried again holds up those behind it.
type Order string

// The values of Order.
const (
	Relaxed Order = "relaxed" // the default: it is overtaken
	Strict  Order = "strict"
)

// Batch holds what the user changes about a destination's batch.
type Batch struct {
	Events int            // 0 is not given
	Bytes  pipeline.Bytes // 0 is not given
	Wait   *time.Duration // nil is not given
}

// Over returns def with the user's changes.
func (b Batch) Over(def pipeline.Batch) pipeline.Batch {
	if b.Events != 0 {
		def.Events = b.Events
	}
	if b.Bytes != 0 {
		def.Bytes = int(b.Bytes)
	}
	if b.Wait != nil {
		def.Wait = *b.Wait
	}
	return def
}

// Retry holds what the user changes about a destination's retries; a zero field is not given.
type Retry struct {
	First  time.Duration // delay before the second attempt
	Max    time.Duration // longest delay
	Factor float64       // each delay is this many times the one before
	Jitter *float64      // by what part of it a delay may differ; nil is not given
	GiveUp time.Duration // an event that has been tried for that long is dead-lettered
}

// Breaker holds what the user changes about a destination's breaker.
type Breaker struct {
	Off      bool           // there is to be none
	Failures int            // batches that fail in a row; 0 is not given
	After    *time.Duration // for how long they must; nil is not given
	Probe    time.Duration  // the first pause; 0 is not given
	Max      time.Duration  // the longest; 0 is not given
}

// Webhook is an address that other services post to. Its Type is "webhooks".
type Webhook struct {
	Component
	Name string
}

// Source is an outside system that is read on a schedule.
type Source struct {
	Component
	Name string
	// Every is the time between two passes; 0 is not given.
	Every time.Duration
}
