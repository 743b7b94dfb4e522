package parquet

import (
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Spec describes the destination.
var Spec = pipeline.Spec[pipeline.Destination]{
	Type:      "parquet",
	Summary:   "a lake of Parquet files, in a folder or in a bucket of S3",
	NewConfig: func() any { return &Config{Partition: Day, File: FileConfig{Bytes: 128 << 20, Every: 5 * time.Minute}} },
	Batch:     pipeline.Batch{Events: 10_000, Bytes: 8 << 20, Wait: 500 * time.Millisecond},
	New: func(config any, env pipeline.Env) (pipeline.Destination, error) {
		return New(*config.(*Config), env), nil
	},
}

// Partition is what the files of a project are split by, besides the project.
type Partition string

// The values of Partition, both of the event's timestamp in UTC.
const (
	Day   Partition = "day"
	Month Partition = "month"
)

// Config is the destination's part of the configuration. Exactly one of Path and S3 is given.
type Config struct {
	// Path of the lake's folder, relative to the project's. It is made when it does not exist.
	Path string `yaml:"path"`
	// S3 is the bucket that the lake is in.
	S3        *S3Config  `yaml:"s3"`
	Partition Partition  `yaml:"partition"`
	File      FileConfig `yaml:"file"`
	// Retention is how long events are kept by their timestamp, at least a day; 0, the default, keeps all. A partition goes when all of it is older.
	Retention time.Duration `yaml:"retention"`
}

// FileConfig says how pieces are put together.
type FileConfig struct {
	// Bytes is about how large a file is meant to be; 128MB by default.
	Bytes pipeline.Bytes `yaml:"bytes"`
	// Every is how long pieces wait to be put together when they are fewer than that; 5 minutes by default.
	Every time.Duration `yaml:"every"`
}

// S3Config says where a bucket is and with which right it is written.
type S3Config struct {
	Endpoint  string          `yaml:"endpoint"` // host or host:port
	Bucket    string          `yaml:"bucket"`
	Prefix    string          `yaml:"prefix"` // of every name, without a slash at its ends; "" is none
	Region    string          `yaml:"region"` // us-east-1 by default, which most others than Amazon take
	AccessKey string          `yaml:"access_key"`
	SecretKey pipeline.Secret `yaml:"secret_key"`
	// Insecure is HTTP without TLS.
	Insecure bool `yaml:"insecure"`
	// PathStyle puts the bucket into the path instead of the host's name, which is the default for all but Amazon.
	PathStyle bool `yaml:"path_style"`
}

// Short lets the configuration give the folder alone: `parquet: data/lake`.
func (c *Config) Short() any { return &c.Path }

// ResolvePath makes Path ready to use, and returns it.
func (c *Config) ResolvePath(projectDir, _ string) string {
	if c.Path != "" && !filepath.IsAbs(c.Path) {
		c.Path = filepath.Join(projectDir, c.Path)
	}
	return c.Path
}

// leastFile is the smallest size that a file may be meant to have.
const leastFile = 1 << 20

// Validate reports what cannot work.
func (c *Config) Validate() error {
	var errs []error
	switch {
	case c.Path == "" && c.S3 == nil:
		errs = append(errs, errors.New("path: want the path of a folder, or s3"))
	case c.Path != "" && c.S3 != nil:
		errs = append(errs, errors.New("path and s3: want one of them"))
	case c.S3 != nil:
		errs = append(errs, c.S3.validate())
	}
	if c.Partition != Day && c.Partition != Month {
		errs = append(errs, errors.New("partition: want day or month"))
	}
	if c.File.Bytes < leastFile {
		errs = append(errs, errors.New("file.bytes: want at least 1MB"))
	}
	if c.Retention != 0 && c.Retention < 24*time.Hour {
		errs = append(errs, errors.New("retention: want at least 1d, or nothing to keep events for ever"))
	}
	if c.File.Every < time.Second {
		errs = append(errs, errors.New("file.every: want at least 1s"))
	}
	return errors.Join(errs...)
}

func (c *S3Config) validate() error {
	var errs []error
	if c.Endpoint == "" || strings.ContainsAny(c.Endpoint, "/ ") {
		errs = append(errs, errors.New(`s3.endpoint: want a host, for example "s3.eu-central-1.amazonaws.com", without https://`))
	}
	if c.Bucket == "" {
		errs = append(errs, errors.New("s3.bucket: want a name"))
	}
	if c.AccessKey == "" || c.SecretKey == "" {
		errs = append(errs, errors.New("s3.access_key and s3.secret_key: want both"))
	}
	if strings.Trim(c.Prefix, "/") != c.Prefix {
		errs = append(errs, errors.New("s3.prefix: want no slash at its ends"))
	}
	return errors.Join(errs...)
}
