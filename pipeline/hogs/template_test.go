package hogs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

const line = `{"uuid":"01890b5c-0000-7000-8000-000000000001","event":"purchase","distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z",` +
	`"received_at":"2026-08-20T10:00:01.000Z","source":"web","properties":{"amount":250,"price":2.5,"plan":"pro","vip":true,"null":null,` +
	`"$browser":"Chrome","first-name":"Ada","id":9007199254740993,"a":{"b":{"c":"deep"}},"items":[{"sku":"x"},{"sku":"y"}],` +
	`"$elements_chain":"a:href=\"/\""}}`

func event(t testing.TB) *pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return &e
}

func env() pipeline.Env {
	return pipeline.Env{
		Project: pipeline.Project{ID: 7, Name: "shop", URL: "https://example.org/project/7"},
		Now:     func() time.Time { return time.Date(2026, 8, 20, 12, 0, 0, 0, time.UTC) },
	}
}

func code(text string) pipeline.Code {
	return pipeline.Code{Text: text, Pos: pipeline.Pos{File: "prickle.yaml", Line: 5, Col: 11}, Indent: 10}
}

// What a template gives as JSON, which shows its kind.
func TestTemplate(t *testing.T) {
	tests := map[string]string{
		``:                                   `""`,
		`plain`:                              `"plain"`,
		`{event.event}`:                      `"purchase"`,
		`{event.name}`:                       `"purchase"`,
		`{event.uuid}`:                       `"01890b5c-0000-7000-8000-000000000001"`,
		`{event.distinct_id}`:                `"u1"`,
		`{event.timestamp}`:                  `"2026-08-20T10:00:00.123Z"`,
		`{event.captured_at}`:                `"2026-08-20T10:00:01.000Z"`,
		`{event.received_at}`:                `"2026-08-20T10:00:01.000Z"`,
		`{event.source} {source.name}`:       `"web web"`,
		`{event.elements_chain}`:             `"a:href=\"/\""`,
		`{event.url}`:                        `"https://example.org/project/7/events/01890b5c-0000-7000-8000-000000000001/2026-08-20T10%3A00%3A00.123Z"`,
		`{project}`:                          `{"id":7,"name":"shop","url":"https://example.org/project/7"}`,
		`{project.name}`:                     `"shop"`,
		`{event.properties.amount}`:          `250`,
		`{event.properties.price * 2}`:       `5`,
		`{event.properties.vip}`:             `true`,
		`{event.properties['null']}`:         `null`,
		`{event.properties.none}`:            `null`,
		`{event.properties.none.deeper}`:     `null`,
		`{event.properties.none ?? 'x'}`:     `"x"`,
		`{event.properties.a.b.c}`:           `"deep"`,
		`{event.properties.a}`:               `{"b":{"c":"deep"}}`,
		`{event.properties.items.1.sku}`:     `"x"`,
		`{event.properties.items[2].sku}`:    `"y"`,
		`{event.properties['first-name']}`:   `"Ada"`,
		`{event.properties.$browser}`:        `"Chrome"`,
		`{event['properties']['plan']}`:      `"pro"`,
		`{length(event.properties.items)}`:   `2`,
		`{upper(event.properties.plan)}!`:    `"PRO!"`,
		`a{event.properties.none}b`:          `"ab"`,
		`\{x} {event.name}`:                  `"{x} purchase"`,
		`{event.properties.vip ? 'y' : 'n'}`: `"y"`,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			template, err := hogs.CompileTemplate(code(text), env())
			if err != nil {
				t.Fatal(err)
			}
			v, err := template.Value(t.Context(), event(t))
			if err != nil {
				t.Fatal(err)
			}
			got, err := v.AppendJSON(nil)
			if err != nil || string(got) != want {
				t.Errorf("\n got %s %v\nwant %s", got, err, want)
			}
		})
	}
}

func TestTemplateText(t *testing.T) {
	for text, want := range map[string]string{
		`{event.properties.amount}`: `250`,
		`{event.properties.price}`:  `2.5`,
		`{event.properties.vip}`:    `true`,
		`{event.properties.none}`:   ``,
		`{event.properties.plan}`:   `pro`,
		`{event.properties.items}`:  `[{"sku":"x"},{"sku":"y"}]`,
		`plain`:                     `plain`,
	} {
		template, err := hogs.CompileTemplate(code(text), env())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := template.Text(t.Context(), event(t)); err != nil || got != want {
			t.Errorf("%s\n got %s %v\nwant %s", text, got, err, want)
		}
	}
}

// A chain reads its own path: what is broken beside it does not matter until somebody reads that.
func TestTemplateIsLazy(t *testing.T) {
	e := event(t)
	e.Properties = pipeline.Properties(`{"plan":"pro","broken":{"x":@}}`)
	for text, ok := range map[string]bool{`{event.name}`: true, `{event.properties.plan}`: true, `{event.properties}`: false, `{event}`: false} {
		template, err := hogs.CompileTemplate(code(text), env())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := template.Value(t.Context(), e); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTemplateMistakes(t *testing.T) {
	tests := map[string]string{
		`{evnt.name}`:                   `prickle.yaml:5:12: `,
		`hello {event.name`:             `prickle.yaml:5:`,
		`hello {uper(event.name)}`:      `prickle.yaml:5:18: `,
		"hello\n{event.name}\n{1 +}":    `prickle.yaml:7:`,
		`{event.nam}`:                   `prickle.yaml:5:12: event has no field nam; did you mean event.name?`,
		`{event.uuid} {event.plan}`:     `prickle.yaml:5:25: event has no field plan; did you mean event.properties.plan?`,
		`{event.properties.first-name}`: `prickle.yaml:5:35: Global variable not found: name; a name with a dash is written event.properties['first-name']`,
		`{fetch('http://127.0.0.1')}`:   `prickle.yaml:5:12: Hog function ` + "`fetch`" + ` is not implemented; transforms and templates reach nothing outside; a destination can`,
		`{person.properties.email}`:     `prickle.yaml:5:12: person is not available here; Hog sees event, project and source`,
		`{inputs.x} {groups.company}`:   `prickle.yaml:5:23: groups is not available here; Hog sees event, project and source`,
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			_, err := hogs.CompileTemplate(code(text), env())
			if err == nil {
				t.Fatal("compiled")
			}
			if got := firstMistake(t, err); !strings.HasPrefix(got, want) {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func firstMistake(t *testing.T, err error) string {
	t.Helper()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return firstMistake(t, joined.Unwrap()[0])
	}
	var e *pipeline.ConfigError
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	return err.Error()
}

func TestTemplateFails(t *testing.T) {
	template, err := hogs.CompileTemplate(code("a\n  {jsonParse(event.name)}"), env())
	if err != nil {
		t.Fatal(err)
	}
	_, err = template.Text(t.Context(), event(t))
	var failed *hogs.RunError
	if !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), "prickle.yaml:6:") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := template.Text(ctx, event(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("\n got %v\nwant %v", err, context.Canceled)
	}
}

func TestTree(t *testing.T) {
	text := func(s string) pipeline.Tree { c := code(s); return pipeline.Tree{Text: &c} }
	object := func(pairs ...any) pipeline.Tree {
		tree := pipeline.Tree{Fields: pipeline.Fields{}}
		for i := 0; i < len(pairs); i += 2 {
			tree.Fields = append(tree.Fields, pipeline.Field{Name: pairs[i].(string), Value: pairs[i+1].(pipeline.Tree)})
		}
		return tree
	}
	tests := map[string]struct {
		tree pipeline.Tree
		want string
	}{
		"text":     {text("{event.properties.items}"), `[{"sku":"x"},{"sku":"y"}]`},
		"constant": {text(`a "b"`), `"a \"b\""`},
		"literals": {pipeline.Tree{List: []pipeline.Tree{{Literal: int64(1)}, {Literal: 2.5}, {Literal: true}, {}}}, `[1,2.5,true,null]`},
		"empty":    {pipeline.Tree{List: []pipeline.Tree{{List: []pipeline.Tree{}}, object()}}, `[[],{}]`},
		"object":   {object("b\"", text("{event.name}"), "a", object("n", text("{event.properties.none}"))), `{"b\"":"purchase","a":{"n":null}}`},
		"extend": {
			object("plan", text("free"), "$$_extend_object", text("{event.properties.a}"), "b", text("{event.name}")),
			`{"b":"purchase","plan":"free"}`,
		},
		"extend null": {object("$$_extend_object", text("{event.properties.none}"), "x", text("y")), `{"x":"y"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tree, err := hogs.CompileTree(tt.tree, env())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tree.Render(t.Context(), event(t)); err != nil || string(got) != tt.want {
				t.Errorf("\n got %s %v\nwant %s", got, err, tt.want)
			}
		})
	}
	all, err := hogs.CompileTree(object("a", text("{evnt}"), "b", pipeline.Tree{List: []pipeline.Tree{text("{uper(1)}")}}), env())
	if err == nil || strings.Count(err.Error(), "prickle.yaml:5:12") != 2 {
		t.Errorf("got %v %v, want both mistakes", all, err)
	}
	bad, err := hogs.CompileTree(object("$$_extend_object", text("{event.name}")), env())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := bad.Render(t.Context(), event(t)); err == nil {
		t.Errorf("extended a text: %s", got)
	}
}

func BenchmarkTemplate(b *testing.B) {
	for name, text := range map[string]string{
		"property": `{event.properties.plan}`,
		"text":     `{event.name} bought {event.properties.plan} for {event.properties.amount}`,
		"whole":    `{event.properties}`,
	} {
		b.Run(name, func(b *testing.B) {
			template, err := hogs.CompileTemplate(code(text), env())
			if err != nil {
				b.Fatal(err)
			}
			e := event(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := template.Value(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestTemplatePerson looks the person and its groups up once for each run of a template that asks for them, and not for others.
func TestTemplatePerson(t *testing.T) {
	lookups, broken := 0, error(nil)
	env := pipeline.Env{Person: func(_ context.Context, distinctID string) ([]byte, error) {
		lookups++
		if distinctID == "nobody" {
			return nil, broken
		}
		return []byte(`{"id":"p1","name":"Ann","properties":{"plan":"pro","deep":{"a":[1,2]}},"distinct_id":"` + distinctID + `"}`), broken
	}, Groups: func(_ context.Context, named []byte) ([]byte, error) {
		lookups++
		return append(append([]byte(`{"company":{"id":"acme","properties":{"seats":5}},"named":`), named...), '}'), broken
	}}
	render := func(text, distinctID string) (string, error) {
		t.Helper()
		compiled, err := hogs.CompileTemplate(pipeline.Code{Text: text}, env)
		if err != nil {
			t.Fatal(err)
		}
		e := &pipeline.Event{Name: "e", DistinctID: distinctID}
		if distinctID != "nobody" {
			e.Properties = pipeline.Properties(`{"$groups":{"company":"acme"}}`)
		}
		return compiled.Text(t.Context(), e)
	}
	for text, want := range map[string]string{
		"{person.name} on {person.properties.plan} as {person.distinct_id}": "Ann on pro as u1",
		"{person.properties.deep.a[2]}{person.properties.none}":             "2",
		"{person.properties}": `{"plan":"pro","deep":{"a":[1,2]}}`,
		"{event.name}":        "e",
		"{groups.company.id} has {groups.company.properties.seats} seats{groups.team.id}": "acme has 5 seats",
		"{groups.named}": `{"company":"acme"}`,
	} {
		if got, err := render(text, "u1"); err != nil || got != want {
			t.Errorf("%s\n got %q, %v\nwant %q", text, got, err, want)
		}
	}
	if lookups != 5 {
		t.Errorf("lookups\n got %d\nwant one for each template that asks", lookups)
	}
	if got, err := render("{person.properties.plan}|{groups.company.properties.seats}|{person.name ?? 'somebody'}", "nobody"); err != nil || got != "||somebody" {
		t.Errorf("nobody\n got %q, %v\nwant nulls", got, err)
	}
	broken = errors.New("no connection")
	for _, text := range []string{"{person.name}", "{groups.company.id}"} {
		if _, err := render(text, "u1"); !errors.Is(err, broken) || pipeline.IsPermanent(hogs.Final(err)) {
			t.Errorf("%s of a store that is away\n got %v\nwant an error that may pass", text, err)
		}
	}
	if _, err := render("{event.name + null.x}", "u1"); err != nil && !pipeline.IsPermanent(hogs.Final(err)) {
		t.Errorf("a program that fails\n got %v\nwant a final error", err)
	}
	if _, err := hogs.CompileTransform(pipeline.Code{Text: "return person.name"}, hog.Limits{}, env); err == nil {
		t.Error("a transform that asks for the person\n got no error\nwant one")
	}
}
