package profiles

import (
	"errors"
	"time"
)

// Config is the profiles' part of the configuration.
type Config struct {
	// Enabled says whether persons and groups are kept at all; true by default. They cost a pass over each event that goes to the warehouse.
	Enabled bool `yaml:"enabled"`
	// Lift says whether what events say of the browser, the app and the campaign becomes the person's, as in PostHog; true by default.
	Lift bool `yaml:"lift"`
	// Every is how often what has changed is copied into the warehouse; every 2 seconds by default, at least every 100 milliseconds.
	Every time.Duration `yaml:"every"`
}

// DefaultConfig is what holds for what is not configured.
func DefaultConfig() Config { return Config{Enabled: true, Lift: true, Every: 2 * time.Second} }

// Validate reports values that make no sense.
func (c *Config) Validate() error {
	if c.Every < 100*time.Millisecond {
		return errors.New("every: want at least 100ms")
	}
	return nil
}
