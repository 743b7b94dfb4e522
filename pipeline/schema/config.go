package schema

import (
	"errors"
	"time"
)

// Config is the schema's part of the configuration.
type Config struct {
	// Enabled says whether properties are observed at all; true by default. It costs a pass over each event that goes to the warehouse.
	Enabled bool `yaml:"enabled"`
	// Samples says whether a value of each property is kept beside what is counted; true by default.
	Samples bool `yaml:"samples"`
	// Every is how often what was counted is stored; every 10 seconds by default, at least every 100 milliseconds. A crash costs that much.
	Every time.Duration `yaml:"every"`
}

// DefaultConfig is what holds for what is not configured.
func DefaultConfig() Config { return Config{Enabled: true, Samples: true, Every: 10 * time.Second} }

// Validate reports values that make no sense.
func (c *Config) Validate() error {
	if c.Every < 100*time.Millisecond {
		return errors.New("every: want at least 100ms")
	}
	return nil
}
