package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Spec describes the Postgres warehouse. Its Warehouse is a Destination too.
var Spec = pipeline.Spec[pipeline.Warehouse]{
	Type:      "postgres",
	Summary:   "a Postgres database: events in monthly partitions and the tables of sources, for up to some hundred million events",
	NewConfig: func() any { return &Config{Schema: "prickle", Connections: 4, Protocol: extended} },
	Batch:     pipeline.Batch{Events: 5000, Bytes: 8 << 20, Wait: 100 * time.Millisecond},
	New: func(config any, env pipeline.Env) (pipeline.Warehouse, error) {
		return New(*config.(*Config), env), nil
	},
}

// Config is the warehouse's part of the configuration.
type Config struct {
	// URL names the server, the database and the user: postgres://user@db.example.com:5432/analytics?sslmode=verify-full. Required. Its
	// parameters are those of libpq that pgx knows: sslmode, sslrootcert, sslcert, sslkey, connect_timeout, target_session_attrs.
	URL pipeline.Secret `yaml:"url"`
	// Password of the user; it takes the place of one in the URL.
	Password pipeline.Secret `yaml:"password"`
	// Schema that everything is in; prickle by default. It is made when it does not exist.
	Schema string `yaml:"schema"`
	// Retention is how long events are kept by the time that they happened, in whole months: 13mo. Nothing is removed by default. Months are
	// dropped whole, so events stay for up to a month longer.
	Retention Months `yaml:"retention"`
	// Tables says how long rows of the tables of sources are kept; without it for ever. Rows are deleted one by one.
	Tables warehouse.Retentions `yaml:"tables"`
	// Connections is how many queries run at once; 4 by default. Writing has up to 3 more.
	Connections int `yaml:"connections"`
	// Protocol is how statements are sent: extended, the default, also works behind a pooler that hands out connections by the transaction;
	// simple is for poolers that know nothing else.
	Protocol Protocol `yaml:"protocol"`
}

// Short lets the configuration give the URL alone: `postgres: ${DATABASE_URL}`.
func (c *Config) Short() any { return &c.URL }

// Place is the server's address with the database and the schema. Several warehouses may write there.
func (c *Config) Place() (place string, alone bool) {
	p, err := c.poolConfig()
	if err != nil {
		return "", false
	}
	return addressOf(p).String() + " schema " + c.Schema, false
}

// Months is a duration in months, written as 13mo or 2y; 0 is for ever.
type Months int

var monthsText = regexp.MustCompile(`^([1-9][0-9]{0,3})(mo|y)$`)

// UnmarshalText reads 13mo or 2y.
func (m *Months) UnmarshalText(text []byte) error {
	found := monthsText.FindSubmatch(text)
	if found == nil {
		return errors.New("want months or years, as 13mo or 2y")
	}
	n := 0
	for _, digit := range found[1] {
		n = 10*n + int(digit-'0')
	}
	if string(found[2]) == "y" {
		n *= 12
	}
	*m = Months(n)
	return nil
}

// Protocol is how statements are sent to the server.
type Protocol string

const (
	extended Protocol = "extended"
	simple   Protocol = "simple"
)

// UnmarshalText reads extended or simple.
func (p *Protocol) UnmarshalText(text []byte) error {
	switch got := Protocol(text); got {
	case extended, simple:
		*p = got
		return nil
	}
	return errors.New("want extended or simple")
}

// longestSchema leaves room for nothing but the name itself.
const longestSchema = 63

// Validate reports values that no server could be reached by. It never quotes the URL, which may hold a password.
func (c *Config) Validate() error {
	var errs []error
	switch u, err := url.Parse(string(c.URL)); {
	case c.URL == "":
		errs = append(errs, errors.New("url: want postgres://user@host:5432/database"))
	case err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql":
		errs = append(errs, errors.New("url: want postgres://user@host:5432/database; what is special in a password is written as %40 for @, or set password"))
	case strings.Trim(u.Path, "/") == "":
		errs = append(errs, errors.New("url: want the database's name at its end: postgres://user@host:5432/database"))
	default:
		if _, err := pgxpool.ParseConfig(string(c.URL)); err != nil {
			errs = append(errs, fmt.Errorf("url: %s", urlFault(u)))
		}
	}
	switch {
	case c.Schema == "" || len(c.Schema) > longestSchema || strings.ContainsAny(c.Schema, "\x00"):
		errs = append(errs, errors.New("schema: want a name of up to 63 bytes"))
	case strings.HasPrefix(c.Schema, "pg_") || c.Schema == "information_schema":
		errs = append(errs, fmt.Errorf("schema: %q belongs to Postgres itself: want another name", c.Schema))
	}
	if c.Connections < 1 {
		errs = append(errs, errors.New("connections: want at least 1"))
	}
	return errors.Join(append(errs, c.Tables.Validate())...)
}

// CheckSources reports tables of Tables that none of the sources can have.
func (c *Config) CheckSources(sources []string) error { return c.Tables.CheckSources(sources) }

// urlFault says which parameter the driver refuses.
func urlFault(u *url.URL) string {
	if mode := u.Query().Get("sslmode"); mode != "" && !strings.Contains(" disable allow prefer require verify-ca verify-full ", " "+mode+" ") {
		return fmt.Sprintf("sslmode %q: want disable, allow, prefer, require, verify-ca or verify-full", mode)
	}
	return "a parameter that cannot be used: check the port, and that the files of sslrootcert, sslcert and sslkey are there"
}
