package filter_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/filter"
)

const line = `{"uuid":"01890b5c-0000-7000-8000-000000000001","event":"purchase","distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z",` +
	`"received_at":"2026-08-20T10:00:01.000Z","source":"web","unknown":1,"properties":{"amount":"250" , "plan":"pro"}}`

func event(t testing.TB) pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func build(t testing.TB, text string) pipeline.Transform {
	t.Helper()
	config := filter.Spec.NewConfig().(*filter.Config)
	*config.Short().(*pipeline.Code) = pipeline.Code{Text: text, Pos: pipeline.Pos{File: "p.yaml", Line: 3, Col: 9}}
	f, err := filter.Spec.New(config, pipeline.Env{Project: pipeline.Project{Name: "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestApply(t *testing.T) {
	for text, want := range map[string]int{
		`event.name == "purchase"`:                        1,
		`event.name != "purchase"`:                        0,
		`event.properties.none > 1`:                       0,
		`project.name == "shop" && source.name == "web"`:  1,
		`event.properties.plan in ["free"]`:               0,
		`not (event.properties.plan in ["free"])`:         1,
		`float(event.properties.amount) > 100 ? true : 0`: 1,
	} {
		t.Run(text, func(t *testing.T) {
			prior := pipeline.Event{UUID: "before"}
			out, err := build(t, text).Apply(t.Context(), event(t), []pipeline.Event{prior})
			if err != nil {
				t.Fatal(err)
			}
			if out[0].UUID != prior.UUID || len(out) != 1+want {
				t.Fatalf("\n got %d events\nwant %d", len(out)-1, want)
			}
			if want == 1 && string(out[1].AppendJSON(nil)) != line {
				t.Errorf("\n got %s\nwant %s", out[1].AppendJSON(nil), line)
			}
		})
	}
}

func TestApplyFails(t *testing.T) {
	out, err := build(t, `event.properties.amount > 100`).Apply(t.Context(), event(t), nil)
	if want := "p.yaml:3:33: cannot compare text with a number"; err == nil || err.Error() != want || len(out) != 0 {
		t.Errorf("\n got %v, %d events\nwant %s", err, len(out), want)
	}
}

func TestNewFails(t *testing.T) {
	_, err := filter.Spec.New(&filter.Config{Keep: pipeline.Code{Text: "evnt.name", Pos: pipeline.Pos{File: "p.yaml", Line: 3, Col: 9}}}, pipeline.Env{})
	var e *pipeline.ConfigError
	if !errors.As(err, &e) || !strings.HasPrefix(e.Error(), "p.yaml:3:9: unknown name evnt") {
		t.Errorf("got %v", err)
	}
}

func BenchmarkApply(b *testing.B) {
	for name, text := range map[string]string{"name": `event.name == "purchase"`, "property": `event.properties.plan == "pro"`} {
		b.Run(name, func(b *testing.B) {
			f := build(b, text)
			e := event(b)
			out := make([]pipeline.Event, 0, 1)
			b.ReportAllocs()
			for b.Loop() {
				if got, err := f.Apply(b.Context(), e, out); err != nil || len(got) != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}
