package geoip_test

import (
	"bytes"
	"flag"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/geoip"
)

var update = flag.Bool("update", false, "rewrite the database of configs/examples/enrich")

// database writes a database of one network, with the structure of GeoLite2 City.
func database(t testing.TB, kind, network string, record mmdbtype.Map) pipeline.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), kind+".mmdb")
	if err := os.WriteFile(path, made(t, kind, network, record), 0o600); err != nil {
		t.Fatal(err)
	}
	return pipeline.File{Name: kind + ".mmdb", Path: path, Pos: pipeline.Pos{File: "p.yaml", Line: 3, Col: 9}}
}

func made(t testing.TB, kind, network string, record mmdbtype.Map) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind, Languages: []string{"en", "de"}, RecordSize: 28, IncludeReservedNetworks: true, BuildEpoch: 1_800_000_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, net, err := net.ParseCIDR(network)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(net, record); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// The example's database is what is written here: one network that is set aside for documentation.
func TestExampleDatabase(t *testing.T) {
	const file = "../../configs/examples/enrich/places.mmdb"
	want := made(t, "GeoLite2-City", "203.0.113.0/24", munich())
	if *update {
		if err := os.WriteFile(file, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs (%v): go test ./transforms/geoip -update", file, err)
	}
}

// A file that is overwritten in place fails events, and does not end the process.
func TestOverwritten(t *testing.T) {
	file := database(t, "GeoLite2-City", network, munich())
	g, err := geoip.New(&geoip.Config{Database: file, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file.Path, 0); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if p := recover(); p == nil {
			t.Error("memory that is gone was read")
		}
	}()
	apply(t, g, `{"$ip":"81.2.69.160"}`)
}

func names(en, de string) mmdbtype.Map {
	return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(en), "de": mmdbtype.String(de)}}
}

func with(m mmdbtype.Map, key, value string) mmdbtype.Map {
	m[mmdbtype.String(key)] = mmdbtype.String(value)
	return m
}

func munich() mmdbtype.Map {
	return mmdbtype.Map{
		"city":         names("Munich", "München"),
		"country":      with(names("Germany", "Deutschland"), "iso_code", "DE"),
		"continent":    with(names("Europe", "Europa"), "code", "EU"),
		"subdivisions": mmdbtype.Slice{with(names("Bavaria", "Bayern"), "iso_code", "BY")},
		"postal":       mmdbtype.Map{"code": mmdbtype.String("80331")},
		"location": mmdbtype.Map{
			"latitude": mmdbtype.Float64(48.1374), "longitude": mmdbtype.Float64(11.5755), "accuracy_radius": mmdbtype.Uint16(20), "time_zone": mmdbtype.String("Europe/Berlin"),
		},
	}
}

const network = "81.2.69.0/24"

func newGeoIP(t testing.TB, change ...func(*geoip.Config)) *geoip.GeoIP {
	t.Helper()
	config := geoip.Spec.NewConfig().(*geoip.Config)
	config.Database = database(t, "GeoLite2-City", network, munich())
	for _, c := range change {
		c(config)
	}
	g, err := geoip.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func apply(t testing.TB, g *geoip.GeoIP, properties string) string {
	t.Helper()
	out, err := g.Apply(t.Context(), pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(properties)}, nil)
	if err != nil || len(out) != 1 {
		t.Fatalf("%d events, %v", len(out), err)
	}
	return string(out[0].Properties)
}

// place is what the database has for the network, with a prefix.
func place(prefix string) string {
	return strings.ReplaceAll(`"P_city_name":"Munich","P_country_name":"Germany","P_country_code":"DE","P_continent_name":"Europe","P_continent_code":"EU",`+
		`"P_postal_code":"80331","P_latitude":48.1374,"P_longitude":11.5755,"P_accuracy_radius":20,"P_time_zone":"Europe/Berlin",`+
		`"P_subdivision_1_code":"BY","P_subdivision_1_name":"Bavaria"`, "P", prefix)
}

func TestApply(t *testing.T) {
	g := newGeoIP(t)
	event, person, first := place("$geoip"), place("$geoip"), place("$initial_geoip")
	for properties, want := range map[string]string{
		`{"$ip":"81.2.69.160"}`:                                 `{"$ip":"81.2.69.160",` + event + `,"$set":{` + person + `},"$set_once":{` + first + `}}`,
		`{"$ip":"::ffff:81.2.69.160","$set":{"plan":"pro"}}`:    `{"$ip":"::ffff:81.2.69.160","$set":{"plan":"pro",` + person + `},` + event + `,"$set_once":{` + first + `}}`,
		`{"$ip":"81.2.69.160","$process_person_profile":false}`: `{"$ip":"81.2.69.160","$process_person_profile":false,` + event + `}`,
	} {
		if got := apply(t, g, properties); got != want {
			t.Errorf("%s\n got %s\nwant %s", properties, got, want)
		}
	}
	for _, untouched := range []string{
		`{}`, `{"$ip":"81.2.70.1"}`, `{"$ip":"10.0.0.7"}`, `{"$ip":"127.0.0.1"}`, `{"$ip":"::1"}`, `{"$ip":"fe80::1%eth0"}`, `{"$ip":"nonsense"}`, `{"$ip":7}`,
		`{"$ip":"81.2.69.160","$geoip_disable":true}`, `{"$ip":"81.2.69.160","$geoip_disable":1}`, `{"$ip":"81.2.69.160","$geoip_country_code":"FR"}`,
	} {
		if got := apply(t, g, untouched); got != untouched {
			t.Errorf("%s\n has become %s", untouched, got)
		}
	}
	if got := apply(t, g, `{"$ip":"81.2.69.160","$geoip_disable":false}`); !strings.Contains(got, "Munich") {
		t.Errorf("$geoip_disable: false disables: %s", got)
	}
}

// Of some addresses a database knows only who has them.
func TestNowhere(t *testing.T) {
	g := newGeoIP(t, func(c *geoip.Config) {
		c.Database = database(t, "GeoLite2-City", network, mmdbtype.Map{"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}})
	})
	const properties = `{"$ip":"81.2.69.160","z":1}`
	if got := apply(t, g, properties); got != properties {
		t.Errorf("got %s", got)
	}
	const own = `{"$ip":"81.2.69.160","$set":"mine","$set_once":null}`
	if got := apply(t, newGeoIP(t), own); !strings.Contains(got, `"$set":"mine"`) || !strings.Contains(got, `"$set_once":{"$initial`) {
		t.Errorf("got %s", got)
	}
}

func TestSettings(t *testing.T) {
	g := newGeoIP(t, func(c *geoip.Config) { c.Person, c.Language = false, "de" })
	got := apply(t, g, `{"$ip":"81.2.69.160"}`)
	if !strings.Contains(got, `"$geoip_city_name":"München"`) || strings.Contains(got, "$set") {
		t.Errorf("got %s", got)
	}
}

func TestNewFails(t *testing.T) {
	at := pipeline.Pos{File: "p.yaml", Line: 3, Col: 9}
	broken := filepath.Join(t.TempDir(), "broken.mmdb")
	if err := os.WriteFile(broken, []byte("PK\x03\x04 an archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, config := range map[string]geoip.Config{
		`p.yaml:3:9: "missing.mmdb" cannot be opened:`:                          {Database: pipeline.File{Name: "missing.mmdb", Path: "missing.mmdb", Pos: at}, Language: "en"},
		`p.yaml:3:9: "broken.mmdb" cannot be opened: no database of addresses:`: {Database: pipeline.File{Name: "broken.mmdb", Path: broken, Pos: at}, Language: "en"},
		`p.yaml:3:9: "GeoLite2-ASN.mmdb" has no places: it is a database of type GeoLite2-ASN; take one`: {
			Database: database(t, "GeoLite2-ASN", network, mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(1)}), Language: "en",
		},
		`p.yaml:3:9: "GeoLite2-City.mmdb" has no names in "fr"; it has [en de]`: {Database: database(t, "GeoLite2-City", network, munich()), Language: "fr"},
	} {
		if _, err := geoip.New(&config); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("\n got %v\nwant %s", err, want)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	g := newGeoIP(b)
	e := pipeline.Event{UUID: "u", Name: "e", DistinctID: "d", Properties: pipeline.Properties(`{"amount":1,"$ip":"81.2.69.160","plan":"pro"}`)}
	out := make([]pipeline.Event, 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Apply(b.Context(), e, out); err != nil {
			b.Fatal(err)
		}
	}
}
