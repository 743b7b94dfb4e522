package geoip

import (
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// record is what a database of cities has for an address.
type record struct {
	City         coded   `maxminddb:"city"`
	Country      coded   `maxminddb:"country"`
	Continent    coded   `maxminddb:"continent"`
	Subdivisions []coded `maxminddb:"subdivisions"`
	Postal       struct {
		Code string `maxminddb:"code"`
	} `maxminddb:"postal"`
	Location struct {
		Latitude       *float64 `maxminddb:"latitude"`
		Longitude      *float64 `maxminddb:"longitude"`
		AccuracyRadius uint16   `maxminddb:"accuracy_radius"`
		TimeZone       string   `maxminddb:"time_zone"`
	} `maxminddb:"location"`
}

type coded struct {
	ISOCode string            `maxminddb:"iso_code"`
	Code    string            `maxminddb:"code"` // of a continent
	Names   map[string]string `maxminddb:"names"`
}

// placeTypes are parts of the types of databases that know places.
var placeTypes = []string{"City", "Country", "Enterprise", "Location"}

func places(databaseType string) bool {
	for _, t := range placeTypes {
		if strings.Contains(databaseType, t) {
			return true
		}
	}
	return false
}

// place is what is known of an address, ready to be put into properties.
type place struct{ event, first []rawjson.Named }

// members are a place's properties without their prefix, and their values as JSON.
type members []rawjson.Named

func (r *record) place(language string) *place {
	m := r.members(language)
	return &place{event: m.as("$geoip_"), first: m.as("$initial_geoip_")}
}

func (r *record) members(language string) members {
	var p members
	p.text("city_name", r.City.Names[language])
	p.text("country_name", r.Country.Names[language])
	p.text("country_code", r.Country.ISOCode)
	p.text("continent_name", r.Continent.Names[language])
	p.text("continent_code", r.Continent.Code)
	p.text("postal_code", r.Postal.Code)
	p.number("latitude", r.Location.Latitude)
	p.number("longitude", r.Location.Longitude)
	if radius := float64(r.Location.AccuracyRadius); radius > 0 {
		p.number("accuracy_radius", &radius)
	}
	p.text("time_zone", r.Location.TimeZone)
	for i, s := range r.Subdivisions[:min(len(r.Subdivisions), 3)] {
		n := "subdivision_" + strconv.Itoa(i+1)
		p.text(n+"_code", s.ISOCode)
		p.text(n+"_name", s.Names[language])
	}
	return p
}

func (p *members) text(name, value string) {
	if value != "" {
		*p = append(*p, rawjson.Named{Name: name, Value: rawjson.AppendString(nil, value)})
	}
}

func (p *members) number(name string, value *float64) {
	if value != nil {
		*p = append(*p, rawjson.Named{Name: name, Value: strconv.AppendFloat(nil, *value, 'f', -1, 64)})
	}
}

// as is the members with a prefix.
func (p members) as(prefix string) []rawjson.Named {
	out := make([]rawjson.Named, len(p))
	for i, m := range p {
		out[i] = rawjson.Named{Name: prefix + m.Name, Value: m.Value}
	}
	return out
}

// into puts a place into properties, and into those of the person unless the event is to have none.
func (p *place) into(properties pipeline.Properties, person bool) pipeline.Properties {
	if len(p.event) == 0 {
		return properties // the database knows the address, and nothing of where it is
	}
	properties = rawjson.AddAbsent(properties, p.event)
	if profile, ok := properties.Get("$process_person_profile"); !person || ok && string(profile) == "false" {
		return properties
	}
	return with(with(properties, "$set", p.event), "$set_once", p.first)
}

// with adds members to the object under a key. What is no object there is the event's own, and stays.
func with(properties pipeline.Properties, key string, members []rawjson.Named) pipeline.Properties {
	of, there := properties.Get(key)
	if kind := rawjson.KindOf(of); there && kind != rawjson.Object && kind != rawjson.Null {
		return properties
	}
	return properties.Set(rawjson.AddAbsent(of, members), key)
}
