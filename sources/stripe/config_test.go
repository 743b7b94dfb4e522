package stripe

import (
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string // "" when it is right
	}{
		"defaults":        {func(*Config) {}, ""},
		"secret key":      {func(c *Config) { c.Key = "sk_live_abc" }, ""},
		"a date":          {func(c *Config) { c.Since = "2024-01-31" }, ""},
		"a time":          {func(c *Config) { c.Since = "2024-01-31T10:00:00+02:00" }, ""},
		"no key":          {func(c *Config) { c.Key = "" }, "needs a key"},
		"publishable key": {func(c *Config) { c.Key = "pk_test_abc" }, "cannot read"},
		"line break":      {func(c *Config) { c.Key = "sk_test_abc\n" }, "line break"},
		"unknown table":   {func(c *Config) { c.Tables = []string{"customer"} }, `no table "customer"; the tables are customers,`},
		"table twice":     {func(c *Config) { c.Tables = []string{"prices", "prices"} }, "named twice"},
		"bad since":       {func(c *Config) { c.Since = "yesterday" }, `since is "yesterday"`},
		"bad rate":        {func(c *Config) { c.Rate = 0 }, "rate must be"},
		"bad url":         {func(c *Config) { c.BaseURL = "localhost:12111" }, "url is not"},
		"url with a user": {func(c *Config) { c.BaseURL = "https://me:secret@host" }, "without a user"},
	} {
		t.Run(name, func(t *testing.T) {
			config := Spec.NewConfig().(*Config)
			config.Key = testKey
			c.change(config)
			_, err := Spec.New(config, pipeline.Env{})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var e *pipeline.ConfigError
			if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error\n got %v\nwant a ConfigError with %q", err, c.want)
			}
			if config.Key != "" && strings.Contains(err.Error(), string(config.Key)) {
				t.Errorf("the key is in %q", err)
			}
		})
	}
}

func TestCursorOfAnotherFormat(t *testing.T) {
	for _, cursor := range []string{`{"format":2}`, `[]`, `nonsense`} {
		if _, err := decodeState(pipeline.Cursor(cursor)); !pipeline.IsPermanent(err) {
			t.Errorf("cursor %s\n got %v\nwant a permanent error", cursor, err)
		}
	}
}

func TestConfigReportsEveryMistake(t *testing.T) {
	err := (&Config{Tables: []string{"x", "y"}, Since: "z", BaseURL: "w"}).Validate()
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 6 {
		t.Errorf("mistakes\n got %v\nwant 6", err)
	}
}
