// Package geoip is the transform that says where an event's $ip is, by a database of cities in MaxMind's format.
//
//	geoip: GeoLite2-City.mmdb
//	geoip: {database: dbip-city-lite.mmdb, person: false}
//
// It sets the properties that PostHog's own sets: $geoip_city_name, $geoip_country_code and so on, those of the person too, in $set, and where it was
// seen first in $set_once ($initial_geoip_city_name). What the event says itself is left as it is. An event without a public $ip, or with
// $geoip_disable, is not looked at: servers' SDKs set that, whose own address says nothing of the person.
package geoip

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/oschwald/maxminddb-golang/v2"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Config is the transform's part of the configuration. Its short form is the database.
type Config struct {
	// Database is a file in MaxMind's format with cities or countries: GeoLite2 City, GeoIP2 City, DB-IP. It is mapped into memory, and opened again
	// when it is replaced.
	Database pipeline.File `yaml:"database,required"`
	// Person says whether the person has its place too. Default: true.
	Person bool `yaml:"person"`
	// Language is what names are in, as far as the database has them. Default: en.
	Language string `yaml:"language"`
}

// Short makes `geoip: GeoLite2-City.mmdb` the database.
func (c *Config) Short() any { return &c.Database }

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "geoip",
	Summary:   "says where an event's $ip is",
	NewConfig: func() any { return &Config{Person: true, Language: "en"} },
	New:       func(config any, _ pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config)) },
}

// GeoIP sets properties by the address.
type GeoIP struct {
	database *maxminddb.Reader
	recent   *lru.Cache[uintptr, *place] // those that were found last, by where they are in the database
	language string
	person   bool
}

// remembered is how many places are remembered, of a few KB each.
const remembered = 2048

var _ pipeline.Transform = (*GeoIP)(nil)

// New opens the database. Mistakes are *pipeline.ConfigError.
func New(config *Config) (*GeoIP, error) {
	db, err := maxminddb.Open(config.Database.Path)
	if err != nil {
		if !os.IsNotExist(err) {
			err = fmt.Errorf("no database of addresses: %w", err)
		}
		e := pipeline.Errorf(config.Database.Pos, "%q cannot be opened: %v", config.Database.Name, err)
		e.Hint = "download a city database in MaxMind's format, such as GeoLite2-City.mmdb or DB-IP's dbip-city-lite.mmdb"
		return nil, e
	}
	if m := db.Metadata; !places(m.DatabaseType) {
		e := pipeline.Errorf(config.Database.Pos, "%q has no places: it is a database of type %s", config.Database.Name, m.DatabaseType)
		e.Hint = "take one with cities or countries, such as GeoLite2-City.mmdb"
		return nil, e
	}
	if languages := db.Metadata.Languages; len(languages) > 0 && !slices.Contains(languages, config.Language) {
		e := pipeline.Errorf(config.Database.Pos, "%q has no names in %q", config.Database.Name, config.Language)
		e.Hint = fmt.Sprintf("it has %v", languages)
		return nil, e
	}
	recent, err := lru.New[uintptr, *place](remembered)
	if err != nil {
		return nil, err
	}
	return &GeoIP{database: db, recent: recent, language: config.Language, person: config.Person}, nil
}

// Apply appends e with the place of its address. It fails when the database is damaged.
func (g *GeoIP) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	address, ok := addressOf(&e)
	if !ok {
		return append(out, e), nil
	}
	place, err := g.find(address)
	if err != nil {
		return out, fmt.Errorf("database of addresses: %w", err)
	}
	if place != nil {
		e.Properties = place.into(e.Properties, g.person)
	}
	return append(out, e), nil
}

// find looks an address up; nil is nowhere. A file that is overwritten in place, instead of being replaced, takes the memory away that it is mapped
// to: that fails the event and not the process.
func (g *GeoIP) find(address netip.Addr) (*place, error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	result := g.database.Lookup(address)
	if !result.Found() {
		return nil, result.Err()
	}
	if known, ok := g.recent.Get(result.Offset()); ok {
		return known, nil
	}
	var r record
	if err := result.Decode(&r); err != nil {
		return nil, err
	}
	p := r.place(g.language)
	g.recent.Add(result.Offset(), p)
	return p, nil
}

// addressOf is the public address of an event that may be looked at.
func addressOf(e *pipeline.Event) (netip.Addr, bool) {
	text := e.Properties.String("$ip")
	if text == "" || truthy(e.Properties, "$geoip_disable") {
		return netip.Addr{}, false
	}
	if _, told := e.Properties.Get("$geoip_country_code"); told {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(text)
	address = address.Unmap().WithZone("")
	private := address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() || address.IsUnspecified() || address.IsMulticast()
	return address, err == nil && !private
}

// truthy reports whether a property counts as true.
func truthy(p pipeline.Properties, name string) bool {
	value, ok := p.Get(name)
	if !ok {
		return false
	}
	switch string(value) {
	case "false", "null", "0", `""`:
		return false
	}
	return rawjson.KindOf(value) != rawjson.Null
}
