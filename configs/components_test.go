package configs_test

import (
	"errors"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

// Components of the tests: between them they have a field of every type that a configuration may hold.

type filterConfig struct {
	When pipeline.Code `yaml:"when,required"`
}

func (c *filterConfig) Short() any { return &c.When }

type mapConfig struct {
	Set pipeline.Fields `yaml:",inline"`
}

type hashConfig struct {
	Fields []string        `yaml:"fields,required"`
	Salt   pipeline.Secret `yaml:"salt"`
}

func (c *hashConfig) Short() any { return &c.Fields }

type hogConfig struct {
	File   pipeline.File            `yaml:"file,required"`
	Inputs map[string]pipeline.Tree `yaml:"inputs"`
	Limits struct {
		Time  time.Duration  `yaml:"time"`
		Bytes pipeline.Bytes `yaml:"bytes"`
	} `yaml:"limits"`
}

func (c *hogConfig) Short() any { return &c.File }

type stdoutConfig struct{}

type slackConfig struct {
	Token   pipeline.Secret `yaml:"token"`
	Channel string          `yaml:"channel,required"`
	Text    pipeline.Code   `yaml:"text"`
	Blocks  *pipeline.Tree  `yaml:"blocks"`
}

func (c *slackConfig) Validate() error {
	var errs []error
	if !strings.HasPrefix(c.Channel, "#") {
		errs = append(errs, errors.New(`channel must begin with "#"`))
	}
	if strings.Contains(c.Text.Text, "{}") {
		errs = append(errs, pipeline.Errorf(c.Text.At(strings.Index(c.Text.Text, "{}")), "empty template"))
	}
	return errors.Join(errs...)
}

type client struct {
	Timeout time.Duration `yaml:"timeout"`
}

type column struct {
	Name string `yaml:"name,required"`
	Type string `yaml:"type"`
}

func (c *column) Short() any { return &c.Name }

type webhookConfig struct {
	client
	HTTP     client                     `yaml:",inline"`
	URL      string                     `yaml:"url,required"`
	Method   string                     `yaml:"method"`
	Headers  map[string]pipeline.Secret `yaml:"headers"`
	Keys     []pipeline.Secret          `yaml:"keys"`
	Body     pipeline.Tree              `yaml:"body"`
	Columns  []column                   `yaml:"columns"`
	Port     uint16                     `yaml:"port"`
	Attempts int8                       `yaml:"attempts"`
	Ratio    float64                    `yaml:"ratio"`
	Compress *bool                      `yaml:"compress"`
	Ignored  string
}

type incomingConfig struct {
	Codes pipeline.Secrets `yaml:"codes"`
}

type duckdbConfig struct {
	Path string `yaml:"path"`
}

type stripeConfig struct {
	Key    pipeline.Secret `yaml:"key,required"`
	Tables []string        `yaml:"tables"`
}

type captureConfig struct {
	Listen string            `yaml:"listen"`
	Keys   []pipeline.Secret `yaml:"keys"`
}

type busConfig struct {
	URL  pipeline.Secret `yaml:"url"`
	Sync string          `yaml:"sync"`
}

var newConfig = map[string]func() any{
	"capture":   func() any { return &captureConfig{Listen: "127.0.0.1:8000"} },
	"bus":       func() any { return &busConfig{Sync: "always"} },
	"filter":    func() any { return &filterConfig{} },
	"map":       func() any { return &mapConfig{} },
	"hash":      func() any { return &hashConfig{} },
	"hog":       func() any { return &hogConfig{} },
	"geoip":     func() any { return &struct{}{} },
	"webhooks":  func() any { return &incomingConfig{} },
	"stdout":    func() any { return &stdoutConfig{} },
	"slack":     func() any { return &slackConfig{} },
	"webhook":   func() any { return &webhookConfig{Method: "POST"} },
	"duckdb":    func() any { return &duckdbConfig{Path: "warehouse.duckdb"} },
	"postgres":  func() any { return &duckdbConfig{} },
	"stripe":    func() any { return &stripeConfig{Tables: []string{"customers"}} },
	"hubspot":   func() any { return &stripeConfig{} },
	"warehouse": func() any { return &struct{}{} },
}

func options(env map[string]string) configs.Options {
	return configs.Options{
		Env: func(name string) (string, bool) {
			v, ok := env[name]
			return v, ok
		},
		Transforms:   []string{"filter", "map", "hash", "hog", "geoip"},
		Destinations: []string{"stdout", "slack", "webhook", "duckdb"},
		Warehouses:   []string{"duckdb", "postgres"},
		Sources:      []string{"stripe", "hubspot"},
	}
}

// decoded is a project with its components' parts decoded, as pipeline/app does it.
type decoded struct {
	*configs.Project
	parts []part
}

type part struct {
	title  string
	config any
}

func decode(path string, opts configs.Options) (*decoded, error) {
	p, err := configs.Load(path, opts)
	if p == nil {
		return nil, err
	}
	d := &decoded{Project: p}
	errs := []error{err}
	add := func(title string, c configs.Component) {
		config := newConfig[c.Type]()
		errs = append(errs, c.Decode(config))
		d.parts = append(d.parts, part{title + " " + c.Type + " at " + c.Pos.String(), config})
	}
	add("-", p.Capture)
	add("-", p.Bus)
	add("warehouse:", p.Warehouse)
	for _, w := range p.Webhooks {
		add("webhook "+w.Name+":", w.Component)
	}
	for _, pl := range p.Pipelines {
		for _, t := range pl.Transforms {
			add("pipeline "+pl.Name+" transform "+t.Name+" on_error="+string(t.OnError)+":", t.Component)
		}
		for _, dest := range pl.Destinations {
			add("pipeline "+pl.Name+" destination "+dest.Name+settings(dest)+":", dest.Component)
		}
	}
	for _, s := range p.Sources {
		add("source "+s.Name+" every "+s.Every.String()+":", s.Component)
	}
	return d, p.Explain(errors.Join(errs...))
}
