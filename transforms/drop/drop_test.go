package drop_test

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/drop"
)

func configOf(fields ...string) *drop.Config {
	config := drop.Spec.NewConfig().(*drop.Config)
	list := config.Short().(*[]pipeline.Code)
	for i, f := range fields {
		*list = append(*list, pipeline.Code{Text: f, Pos: pipeline.Pos{File: "p.yaml", Line: i + 1, Col: 5}})
	}
	return config
}

func event(t testing.TB, properties string) pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(`{"uuid":"u","event":"e","distinct_id":"d","properties":` + properties + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestApply(t *testing.T) {
	d, err := drop.New(configOf(`event.properties.email`, `event.properties["first-name"]`, `event.properties.$set.email`, `event.properties.a.b.c`))
	if err != nil {
		t.Fatal(err)
	}
	for properties, want := range map[string]string{
		`{"email":"x","plan":"pro","first-name":"y"}`:   `{"plan":"pro"}`,
		`{"$set":{"email":"x","n":1},"a":{"b":"text"}}`: `{"$set":{"n":1},"a":{"b":"text"}}`,
		`{"a":{"b":{"c":1,"d":2}}}`:                     `{"a":{"b":{"d":2}}}`,
		`{"email":1,"\u0065mail":2}`:                    `{}`,
		`{}`:                                            `{}`,
	} {
		t.Run(properties, func(t *testing.T) {
			e := event(t, properties)
			out, err := d.Apply(t.Context(), e, nil)
			if err != nil || len(out) != 1 {
				t.Fatalf("%d events, %v", len(out), err)
			}
			if got := string(out[0].Properties); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
			if string(e.Properties) != properties {
				t.Errorf("the original has become %s", e.Properties)
			}
		})
	}
}

// An event without any of the properties goes on byte for byte.
func TestApplyUntouched(t *testing.T) {
	d, err := drop.New(configOf(`event.properties.email`))
	if err != nil {
		t.Fatal(err)
	}
	const line = `{"uuid":"u" ,"event":"e","distinct_id":"d","properties":{"a": 1}}`
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.Apply(t.Context(), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out[0].AppendJSON(nil)); got != line {
		t.Errorf("\n got %s\nwant %s", got, line)
	}
}

func TestNewFails(t *testing.T) {
	_, err := drop.New(configOf(`email`, `event.email`, `event.name`, `event.properties`, `event.uuid`, `event.properties.a-b`, `event.properties.ok`))
	want := `p.yaml:1:5: want a field of the event, got "email"; did you mean event.properties.email?
p.yaml:2:5: the event has no field "event.email"; did you mean event.properties.email?
p.yaml:3:5: "event.name" cannot be left out: an event always has one
p.yaml:4:5: want one property, got "event.properties"; name it, for example event.properties.email
p.yaml:5:5: "event.uuid" cannot be changed; event.name, event.distinct_id and event.properties can
p.yaml:6:5: want a field such as event.properties.email, got "event.properties.a-b"; a name that is not made of letters, digits, _ and $ is written event.properties["first-name"]`
	if err == nil || strings.TrimSpace(err.Error()) != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func BenchmarkApply(b *testing.B) {
	d, err := drop.New(configOf(`event.properties.email`, `event.properties.$ip`))
	if err != nil {
		b.Fatal(err)
	}
	for name, properties := range map[string]string{
		"absent":  `{"plan":"pro","amount":250,"$current_url":"https://example.org/"}`,
		"present": `{"plan":"pro","email":"ada@example.org","$ip":"127.0.0.1","amount":250,"$current_url":"https://example.org/"}`,
	} {
		b.Run(name, func(b *testing.B) {
			e := event(b, properties)
			out := make([]pipeline.Event, 0, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Apply(b.Context(), e, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
