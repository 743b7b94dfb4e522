package bulk

import (
	"errors"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// renamed are the events that Mixpanel and Amplitude have other names for.
var renamed = map[string]string{
	"$mp_web_page_view": "$pageview", "$mp_click": "$autocapture",
	"[Amplitude] Page Viewed": "$pageview", "[Amplitude] Element Clicked": "$autocapture",
}

// named is an event's name here, as JSON.
func named(value []byte) []byte {
	if name, ok := rawjson.String(value); ok && renamed[name] != "" {
		return rawjson.AppendString(nil, renamed[name])
	}
	return value
}

// mixpanel reads an event of Mixpanel's raw export: {"event":…,"properties":{"time":…,"distinct_id":…,"$insert_id":…,…}}, with times in seconds since
// 1970.
func mixpanel(r record, d *draft) (err error) {
	if d.properties, err = r.object("properties"); err != nil {
		return err
	}
	if d.properties == nil {
		return errors.New("properties are missing: this is no line of Mixpanel's raw export")
	}
	p := recordOf(d.properties)
	d.event, d.distinctID, d.timestamp = named(r.of["event"]), p.first("distinct_id", "$user_id", "$device_id"), p.first("time")
	if insert := p.first("$insert_id"); insert != nil {
		if d.id = uuidOf(insert); d.id == nil {
			d.id = derived(r.of["event"], d.distinctID, d.timestamp, insert) // by which Mixpanel tells events apart
		}
	}
	d.properties = rawjson.Delete(d.properties, "time")
	d.add("$lib", p.first("mp_lib"))
	d.add("$geoip_city_name", p.first("$city"))
	d.add("$geoip_subdivision_1_name", p.first("$region"))
	d.add("$geoip_country_code", p.first("mp_country_code"))
	return nil
}
