package clickhouse

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Spec describes the ClickHouse warehouse. Its Warehouse is a Destination too.
var Spec = pipeline.Spec[pipeline.Warehouse]{
	Type:      "clickhouse",
	Summary:   "a ClickHouse server or cluster: events and the tables of sources, for SQL over billions of rows",
	NewConfig: func() any { return &Config{JSON: "auto", Compression: "lz4", Pace: time.Second} },
	Batch:     pipeline.Batch{Events: 10_000, Bytes: 16 << 20, Wait: 200 * time.Millisecond},
	New: func(config any, env pipeline.Env) (pipeline.Warehouse, error) {
		return New(*config.(*Config), env)
	},
}

// Config is the warehouse's part of the configuration. A server is named by URL, or by Hosts and what goes with them.
type Config struct {
	// URL is the server's address with user, password and database: clickhouse://user:password@host:9000/db (native protocol; with TLS
	// ?secure=true, usually on port 9440), http://host:8123/db or https://host:8443/db. Several hosts are separated by commas. It is a
	// secret because of the password.
	URL pipeline.Secret `yaml:"url"`
	// Hosts are servers as host:port, in place of URL. The first one that answers is used.
	Hosts []string `yaml:"hosts"`
	// Protocol is what Hosts speak: native, the default, or http.
	Protocol string `yaml:"protocol"`
	// Database is where the tables are; it must exist. With URL the one in it.
	Database string `yaml:"database"`
	// User and Password are for Hosts, and for a URL that has none.
	User     string          `yaml:"user"`
	Password pipeline.Secret `yaml:"password"`
	// TLS turns TLS on for Hosts, and says what to trust for both.
	TLS *TLS `yaml:"tls"`
	// Cluster names a cluster of the server's configuration: tables are then replicated, and sharded over it.
	Cluster string `yaml:"cluster"`
	// JSON says whether events get the column properties_json of the type JSON, beside their exact text: on, off, or auto, which is on for servers
	// from 25.3.
	JSON string `yaml:"json"`
	// Retention is how long events are kept, by their timestamp, in whole months; 0 is forever.
	Retention time.Duration `yaml:"retention"`
	// Tables says how long rows of the tables of sources are kept; without it for ever.
	Tables warehouse.Retentions `yaml:"tables"`
	// Compression of what is sent: lz4, zstd or none.
	Compression string `yaml:"compression"`
	// Pace is the time from one small insert to the next; 1s by default. Large ones wait less, full ones not at all.
	Pace time.Duration `yaml:"pace"`
}

// TLS says how the server is recognised.
type TLS struct {
	// CA is a PEM file with the certificates to trust, in place of the system's. Relative to the project's folder.
	CA *pipeline.File `yaml:"ca"`
	// Cert and Key are PEM files of the client's own certificate, for servers that want one.
	Cert *pipeline.File `yaml:"cert"`
	Key  *pipeline.File `yaml:"key"`
	// ServerName is the name in the server's certificate when it is not that of the host.
	ServerName string `yaml:"server_name"`
}

// Short lets the configuration give the address alone: `clickhouse: ${CLICKHOUSE_URL}`.
func (c *Config) Short() any { return &c.URL }

// Place is the server's address with the database. Several warehouses may write there.
func (c *Config) Place() (place string, alone bool) {
	o, err := c.address()
	if err != nil {
		return "", false
	}
	database := o.Auth.Database
	if database == "" {
		database = defaultDatabase
	}
	return strings.Join(o.Addr, ",") + "/" + database, false
}

var clusterName = regexp.MustCompile(`^[A-Za-z0-9_.{}-]+$`)

// Validate reports what no server could be reached with.
func (c *Config) Validate() error {
	var errs []error
	switch {
	case c.URL == "" && len(c.Hosts) == 0:
		errs = append(errs, errors.New("want url (clickhouse://user:password@host:9000/database) or hosts"))
	case c.URL != "" && (len(c.Hosts) > 0 || c.Protocol != "" || c.Database != ""):
		errs = append(errs, errors.New("url: want it alone, without hosts, protocol and database, which it names itself"))
	case c.URL != "":
		errs = append(errs, checkURL(string(c.URL)))
	}
	for _, h := range c.Hosts {
		if !strings.Contains(h, ":") || strings.Contains(h, "/") {
			errs = append(errs, fmt.Errorf("hosts: want host:port, got %q", h))
		}
	}
	errs = append(errs,
		oneOf("protocol", c.Protocol, "", "native", "http"),
		oneOf("json", c.JSON, "auto", "on", "off"),
		oneOf("compression", c.Compression, "lz4", "zstd", "none"))
	if c.Cluster != "" && !clusterName.MatchString(c.Cluster) {
		errs = append(errs, fmt.Errorf("cluster: want a name as in the server's remote_servers, got %q", c.Cluster))
	}
	if c.Retention < 0 || c.Retention > 0 && c.Retention < 24*time.Hour {
		errs = append(errs, errors.New("retention: want at least a day, such as 730d"))
	}
	if c.Pace < 0 || c.Pace > time.Minute {
		errs = append(errs, errors.New("pace: want from 0s to 1m"))
	}
	return errors.Join(append(errs, c.Tables.Validate())...)
}

// CheckSources reports tables of Tables that none of the sources can have.
func (c *Config) CheckSources(sources []string) error { return c.Tables.CheckSources(sources) }

func oneOf(key, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s: want %s, got %q", key, strings.Join(slices.DeleteFunc(allowed, func(s string) bool { return s == "" }), ", "), value)
}

// checkURL never quotes the address: it may hold a password.
func checkURL(address string) error {
	u, err := url.Parse(firstHost(address))
	if err != nil {
		return errors.New("url: not an address; in user and password, other characters than letters and digits are written as %40 and the like")
	}
	if !slices.Contains([]string{"clickhouse", "http", "https"}, u.Scheme) || u.Hostname() == "" {
		return errors.New("url: want clickhouse://host:9000/database, http://host:8123/database or https://host:8443/database")
	}
	if strings.Contains(strings.Trim(u.Path, "/"), "/") {
		return errors.New("url: want one database after the host")
	}
	return nil
}

// firstHost leaves one of several hosts, since url.Parse takes only one port.
func firstHost(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, path := rest[:end], rest[end:]
	at := strings.LastIndex(authority, "@") + 1
	host, _, _ := strings.Cut(authority[at:], ",")
	return scheme + "://" + authority[:at] + host + path
}
