package admin

import (
	"net"

	"github.com/prickle-dev/prickle/pipeline"
)

// Values of Config.Listen beside host:port.
const (
	Auto = "auto" // DefaultListen, or a free port of the same host when that is taken
	Off  = "off"  // nothing is served; "" means the same
)

// DefaultListen is where Auto listens when nobody else does.
const DefaultListen = "127.0.0.1:8001"

// Config is the `admin` part of the configuration.
type Config struct {
	// Listen is host:port, Auto or Off. Port 0 takes a free one.
	Listen string `yaml:"listen"`
}

// DefaultConfig returns the default: Auto.
func DefaultConfig() Config { return Config{Listen: Auto} }

// On reports whether anything is to be served.
func (c *Config) On() bool { return c.Listen != "" && c.Listen != Off }

// Validate reports a Listen that is none of what it may be.
func (c *Config) Validate() error {
	if !c.On() || c.Listen == Auto {
		return nil
	}
	if _, _, err := net.SplitHostPort(c.Listen); err != nil {
		mistake := pipeline.Errorf(pipeline.Pos{}, "admin.listen: %q is no host:port", c.Listen)
		mistake.Hint = `write for example "127.0.0.1:8001", or "off"`
		return mistake
	}
	return nil
}
