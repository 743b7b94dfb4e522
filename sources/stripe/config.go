package stripe

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// Spec describes the Stripe source.
var Spec = pipeline.Spec[pipeline.Source]{
	Type:      "stripe",
	Summary:   "customers, subscriptions, invoices, payments and prices of a Stripe account",
	NewConfig: func() any { return &Config{Tables: tableNames(), Rate: defaultRate} },
	New:       func(config any, env pipeline.Env) (pipeline.Source, error) { return New(config.(*Config), env) },
}

// defaultRate is 60 % of what Stripe grants one endpoint, so that the user's own integration is not harmed.
const defaultRate = 15

// Config is the source's part of the configuration.
type Config struct {
	// Key is a secret (sk_...) or, better, a restricted key (rk_...) that may read the tables and events.
	Key pipeline.Secret `yaml:"key"`
	// Tables are those to read; all of them by default.
	Tables []string `yaml:"tables"`
	// BaseURL replaces https://api.stripe.com, for tests and proxies.
	BaseURL string `yaml:"url"`
	// Since leaves out, in the backfill, what was created before: a date (2024-01-31) or RFC 3339. Objects that change later are read
	// whatever their age.
	Since string `yaml:"since"`
	// Rate is the most requests a second; 15 by default.
	Rate float64 `yaml:"rate"`
}

// Validate checks the parts that need no request. It reports all mistakes at once.
func (c *Config) Validate() error {
	errs := []error{c.checkKey()}
	if c.Rate <= 0 || c.Rate > 100 {
		errs = append(errs, hinted("rate must be above 0 and at most 100 requests a second", "leave it out for the default of 15"))
	}
	for i, name := range c.Tables {
		switch {
		case tableNamed(name) == nil:
			errs = append(errs, hinted(fmt.Sprintf("stripe has no table %q", name), "the tables are "+strings.Join(tableNames(), ", ")))
		case slices.Contains(c.Tables[:i], name):
			errs = append(errs, hinted(fmt.Sprintf("table %q is named twice", name), "name it once"))
		}
	}
	if _, err := c.since(); err != nil {
		errs = append(errs, hinted(fmt.Sprintf("since is %q", c.Since), "write a date such as 2024-01-31"))
	}
	u, err := url.Parse(c.BaseURL)
	if c.BaseURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil) {
		errs = append(errs, hinted("url is not an address", "write it as https://host, without a user"))
	}
	return errors.Join(errs...)
}

func (c *Config) checkKey() error {
	key := string(c.Key)
	switch {
	case key == "":
		return hinted("stripe needs a key", `set key: "${STRIPE_KEY}" to a restricted key from the Stripe dashboard, Developers > API keys`)
	case !strings.HasPrefix(key, "sk_") && !strings.HasPrefix(key, "rk_"):
		return hinted("this key cannot read an account", "use a restricted key (rk_...) or a secret key (sk_...)")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return hinted("the key has characters that no key has", "look for a space or a line break around it")
	}
	return nil
}

func hinted(message, hint string) error {
	e := pipeline.Errorf(pipeline.Pos{}, "%s", message)
	e.Hint = hint
	return e
}

// since is Since in seconds, 0 when there is no bound.
func (c *Config) since() (int64, error) {
	if c.Since == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, c.Since)
	if err != nil {
		t, err = time.Parse(time.RFC3339, c.Since)
	}
	if err != nil {
		return 0, err
	}
	return t.Unix(), nil
}

// mode tells from a key's prefix whether it reads live or test data; "" when the prefix does not say.
func mode(key string) string {
	switch {
	case strings.Contains(key, "_live_"):
		return "live"
	case strings.Contains(key, "_test_"):
		return "test"
	}
	return ""
}
