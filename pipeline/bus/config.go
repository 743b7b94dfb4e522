package bus

import (
	"errors"
	"fmt"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Values of Config.Sync.
const (
	SyncAlways   = "always"   // every write is on disk before it is acknowledged
	SyncInterval = "interval" // once a second: a power failure loses up to a second of acknowledged writes, a killed process nothing
)

// Config is the `bus` part of the configuration.
type Config struct {
	// URL of an outside NATS server or several, separated by commas. Empty embeds a server.
	URL string `yaml:"url"`
	// User and Password, or Token, or Credentials (a .creds file) authenticate to the outside server.
	User        string          `yaml:"user"`
	Password    pipeline.Secret `yaml:"password"`
	Token       pipeline.Secret `yaml:"token"`
	Credentials pipeline.File   `yaml:"credentials"`
	// CA is a PEM file of certificate authorities for an outside server with TLS. Empty means the system's.
	CA pipeline.File `yaml:"ca"`
	// Dir is where the embedded server stores. One process at a time may use it. It is in the project's data folder, not in the configuration.
	Dir string `yaml:"-"`
	// Free returns how many bytes the disk of Dir has left; nil asks the file system.
	Free func() (int64, error) `yaml:"-"`
	// Sync is SyncAlways or SyncInterval. It concerns the embedded server; an outside server has a setting of its own.
	Sync string `yaml:"sync"`
	// Lanes is how many lanes there are, 1 to 256. It cannot be changed once there are streams.
	Lanes int `yaml:"lanes"`
	// Retain is how long EVENTS keeps an event.
	Retain time.Duration `yaml:"retain"`
	// DeadRetain is how long DEAD keeps a letter.
	DeadRetain time.Duration `yaml:"dead_retain"`
	// DedupWindow is for how long an event that is captured again is recognised; 0 is never.
	DedupWindow time.Duration `yaml:"dedup_window"`
	// DedupIDs is how many events of a lane are remembered for that at most, and half as many at least.
	DedupIDs int `yaml:"dedup_ids"`
	// JournalRetain is how long JOURNAL keeps a record, and JournalMaxBytes how many bytes of records: what comes first.
	JournalRetain   time.Duration  `yaml:"journal_retain"`
	JournalMaxBytes pipeline.Bytes `yaml:"journal_max_bytes"`
	// MaxBytes limits EVENTS. 0 means as much as the disk holds.
	MaxBytes pipeline.Bytes `yaml:"max_bytes"`
	// Namespace sets this project's streams and subjects apart from those of other projects on an outside server: 1 to 32 letters, digits, -
	// or _. Empty means none. All processes of one project give the same.
	Namespace string `yaml:"namespace"`
	// Replicas is how many servers of an outside cluster keep each stream: 1, 3 or 5.
	Replicas int `yaml:"replicas"`
}

// DefaultConfig returns the defaults: an embedded server in "data/bus" that syncs always, 8 lanes, 7 days, 30 days for dead letters,
// 7 days and 1 GB for the journal.
func DefaultConfig() Config {
	const day = 24 * time.Hour
	return Config{
		Dir: "data/bus", Sync: SyncAlways, Lanes: 8, Retain: 7 * day, DeadRetain: 30 * day, JournalRetain: 7 * day, JournalMaxBytes: 1 << 30, Replicas: 1,
		DedupWindow: 10 * time.Minute, DedupIDs: 100_000,
	}
}

// Validate reports everything that is wrong with the settings.
func (c *Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("bus: "+format, args...))
		}
	}
	check(c.Lanes >= 1 && c.Lanes <= 256, "lanes: want 1 to 256, got %d", c.Lanes)
	check(c.Retain >= time.Minute, "retain: want at least 1m, got %s", c.Retain)
	check(c.DeadRetain >= time.Hour, "dead_retain: want at least 1h, got %s", c.DeadRetain)
	check(c.DedupWindow >= 0 && c.DedupWindow <= 24*time.Hour, "dedup_window: want 0 (never) to 24h, got %s", c.DedupWindow)
	check(c.DedupIDs >= 1000 && c.DedupIDs <= 10_000_000, "dedup_ids: want 1000 to 10000000, got %d", c.DedupIDs)
	check(c.JournalRetain >= time.Hour, "journal_retain: want at least 1h, got %s", c.JournalRetain)
	check(c.JournalMaxBytes >= 16<<20, "journal_max_bytes: want at least 16MB, got %d", c.JournalMaxBytes)
	check(c.MaxBytes == 0 || c.MaxBytes >= 1<<20, "max_bytes: want 0 or at least 1MB, got %d", c.MaxBytes)
	check(c.Sync == SyncAlways || c.Sync == SyncInterval, "sync: want %q or %q, got %q", SyncAlways, SyncInterval, c.Sync)
	if c.URL == "" {
		check(c.Dir != "", "dir: want the folder of the embedded server, or url for an outside one")
		check(c.Namespace == "", "namespace: the embedded server belongs to this project alone; remove it, or set url")
		check(c.Replicas == 1, "replicas: the embedded server is a single one, so want 1, got %d; set url to use a cluster", c.Replicas)
		return errors.Join(errs...)
	}
	check(c.Namespace == "" || len(c.Namespace) <= 32 && checkName("bus", c.Namespace) == nil,
		"namespace: want 1 to 32 letters, digits, - or _, got %q", c.Namespace)
	check(c.Replicas == 1 || c.Replicas == 3 || c.Replicas == 5, "replicas: want 1, 3 or 5, got %d", c.Replicas)
	methods := 0
	for _, given := range []bool{c.User != "" || c.Password != "", c.Token != "", c.Credentials.Path != ""} {
		if given {
			methods++
		}
	}
	check(methods <= 1, "give only one of user with password, token, and credentials")
	return errors.Join(errs...)
}
