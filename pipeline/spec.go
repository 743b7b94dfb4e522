package pipeline

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Env is what the runtime gives a component beside its own Config.
type Env struct {
	// Name is the instance's name in the configuration, for errors and logs.
	Name string
	// Log carries the component and the instance already.
	Log *slog.Logger
	// HTTP is the client for outside calls; it has time limits and never logs.
	HTTP *http.Client
	// Now is the clock.
	Now func() time.Time
	// Rand is where Hog takes randomness from; nil means crypto/rand. It is used by many goroutines at once.
	Rand io.Reader
	// Project tells Hog and expr about the project.
	Project Project
	// Person finds who a distinct id belongs to, as the JSON object that Hog sees as `person` (id, name, url, properties, distinct_id); nil for nobody.
	// An error is the store's, for now. Nil where programs see no persons.
	Person func(ctx context.Context, distinctID string) ([]byte, error)
	// Groups finds the groups that an event names in its property $groups (the argument: an object of keys by type), as the JSON object that Hog sees as
	// `groups` (by type: id, type, url, properties). Errors and nil are as for Person.
	Groups func(ctx context.Context, named []byte) ([]byte, error)
}

// Project is what Hog and expr see as `project`.
type Project struct {
	ID   int
	Name string
	URL  string
}

// Spec describes one kind of component: how its part of the configuration is decoded and how an instance is made. T is Transform,
// Destination, Warehouse or Source.
type Spec[T any] struct {
	// Type is the word in the configuration and the name of the component's folder.
	Type string
	// Summary is one line for lists and documentation.
	Summary string
	// NewConfig returns a pointer to a Config filled with the defaults. The loader decodes into it strictly, by its `yaml` field tags. Fields
	// may be of the basic types, time.Duration ("90s", "15m", "7d"), Secret, Secrets, Code, File, Tree, Fields, Bytes, and slices, maps, pointers and
	// structs of these, and of types with a method UnmarshalText, whose error says what it wants ("want events a second"), and Pos with the tag
	// `yaml:",pos"`, which is told where its struct stands. A Config with a method `Short() any` also takes a short form: a scalar or sequence in
	// place of the mapping is decoded into what Short points to. A Config with a method `Validate() error` is asked after decoding.
	NewConfig func() any
	// Batch is a destination's default batch; unused for other kinds.
	Batch Batch
	// New makes an instance out of the decoded Config (what NewConfig returned). It does no I/O but reading files that the configuration
	// names, and starts nothing. Mistakes with a place are *ConfigError, several joined with errors.Join.
	New func(config any, env Env) (T, error)
}
