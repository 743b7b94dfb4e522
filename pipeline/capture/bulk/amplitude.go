package bulk

import "errors"

// amplitude reads an event of Amplitude's export, with times in UTC.
func amplitude(r record, d *draft) (err error) {
	if r.of["event_type"] == nil {
		return errors.New("event_type is missing: this is no line of Amplitude's export")
	}
	d.event = named(r.of["event_type"])
	d.distinctID = r.first("user_id", "device_id", "amplitude_id")
	d.timestamp = r.first("event_time", "client_event_time")
	if d.id = uuidOf(r.first("uuid")); d.id == nil {
		if insert := r.first("$insert_id", "insert_id"); insert != nil {
			d.id = derived(r.first("device_id"), insert) // by which Amplitude tells events apart
		}
	}
	if d.properties, err = r.object("event_properties"); err != nil {
		return err
	}
	if d.set, err = r.object("user_properties"); err != nil {
		return err
	}
	for _, p := range [][2]string{
		{"$ip", "ip_address"}, {"$geoip_city_name", "city"}, {"$geoip_subdivision_1_name", "region"}, {"$geoip_country_name", "country"},
		{"$geoip_latitude", "location_lat"}, {"$geoip_longitude", "location_lng"}, {"$app_version", "version_name"}, {"$lib", "library"},
		{"$locale", "language"}, {"$session_id", "session_id"}, {"$device_id", "device_id"}, {"$device_model", "device_model"},
		{"$device_manufacturer", "device_manufacturer"},
	} {
		d.add(p[0], r.first(p[1]))
	}
	d.system(r)
	return nil
}

// system adds the operating system, or for a web site the browser, which Amplitude has in its place.
func (d *draft) system(r record) {
	name, version := "$os", "$os_version"
	if string(r.of["platform"]) == `"Web"` {
		name, version = "$browser", "$browser_version"
	}
	d.add(name, r.first("os_name"))
	d.add(version, r.first("os_version"))
}
