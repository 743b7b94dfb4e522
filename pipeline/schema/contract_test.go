package schema_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// contracts decodes the section as a project does.
func contracts(t testing.TB, text string) (schema.Contracts, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prickle.yaml")
	if err := os.WriteFile(file, []byte("pipelines: {web: {destinations: [warehouse]}}\ncontracts:\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := configs.Load(file, configs.Options{})
	if p == nil {
		return schema.Contracts{}, err
	}
	c := schema.DefaultContracts()
	err = errors.Join(err, p.Contracts.Decode(&c))
	return c, err
}

const wanted = `
  unlisted: reject
  allow: [ok, $*]
  events:
    buy:
      on_violation: quarantine
      properties:
        amount: {type: number, required: true}
        currency: {type: string, allowed: [EUR, USD]}
        items: array
        quantity: {type: integer, allowed: [1, 2, 3]}
        at: time
        who: {required: true}
        flag: {allowed: [true, "yes", 7]}
    see:
      properties:
        path: {type: string, required: true}
`

func TestContract(t *testing.T) {
	config, err := contracts(t, wanted)
	if err != nil {
		t.Fatal(err)
	}
	c := schema.NewContract(&config)
	for _, test := range []struct{ name, properties, want string }{
		{"buy", `{"amount":1,"currency":"EUR","items":[],"quantity":2,"at":"2026-08-20T10:00:00Z","who":{},"flag":true,"more":1}`, "as it is"},
		{"buy", `{"amount":1.5,"who":0,"currency":null,"flag":"yes","at":null}`, "as it is"},
		{"buy", `{"\u0061mount":1.5,"who":0,"flag":7.0}`, "as it is"},
		{"buy", `{"who":1}`, `event "buy": property "amount": want number, got nothing`},
		{"buy", `{"amount":null,"who":1}`, `event "buy": property "amount": want number, got nothing`},
		{"buy", `{"amount":"secret","who":null}`, `event "buy": property "amount": want number, got string; property "who": want any, got nothing`},
		{"buy", `{"amount":1,"who":1,"currency":"secret"}`, `event "buy": property "currency": want one of "EUR", "USD", got another string`},
		{"buy", `{"amount":1,"who":1,"quantity":4,"items":{},"at":"soon"}`, `event "buy": property "quantity": want one of 1, 2, 3, got another integer; property "items": want array, got object; property "at": want time, got string`},
		{"buy", `{"amount":1,"amount":"2","who":1}`, `event "buy": property "amount": want number, got string`},
		{"buy", `{"amount":1,"who":1,"flag":false}`, `event "buy": property "flag": want one of true, "yes", 7, got another boolean`},
		{"see", `{"path":"/"}`, "as it is"},
		{"see", `{"path":7}`, `marked ["property \"path\": want string, got integer"]`},
		{"ok", `{}`, "as it is"}, {"$pageview", `{}`, "as it is"},
		{"okay", `{}`, "dropped"},
	} {
		e := pipeline.Event{Name: test.name, Properties: pipeline.Properties(test.properties)}
		out, err := c.Apply(t.Context(), e, nil)
		got := "dropped"
		switch {
		case err != nil:
			got = err.Error()
			if pipeline.ErrorClass(err) != "violation" {
				t.Errorf("class %q", pipeline.ErrorClass(err))
			}
		case len(out) == 1 && string(out[0].Properties) == test.properties:
			got = "as it is"
		case len(out) == 1:
			mark, _ := out[0].Properties.Get(schema.Mark)
			got = "marked " + string(mark)
		}
		if got != test.want {
			t.Errorf("%s %s\n got %s\nwant %s", test.name, test.properties, got, test.want)
		}
	}
	if diff := cmp.Diff(map[schema.Action]int64{schema.Warn: 1, schema.Quarantine: 7, schema.Reject: 1}, c.Counts()); diff != "" {
		t.Error(diff)
	}
}

// Mistakes have a place and say what to write.
func TestContractMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"  on_violation: warm\n":                                                 "3:17: want one of warn, quarantine, reject, got \"warm\"",
		"  events: {a: {properties: {p: nmber}}}\n":                              "3:32: want one of any, boolean, integer, number, string, time, array, object, got \"nmber\"",
		"  events: {a: {properties: {p: {type: integer, allowed: [1, 2.5]}}}}\n": "3:61: allowed: want values of type integer, got number",
		"  events: {a: {properties: {p: {allowed: [x, y, x]}}}}\n":               "3:49: allowed: \"x\" is there twice",
		"  events: {a: {properties: {p: {allowed: [[x]]}}}}\n":                   "3:43: allowed: want texts, numbers, true and false",
		"  allow: [a]\n":                         "3:11: allow has no effect without unlisted",
		"  unlisted: warn\n  allow: [a, b, a]\n": "4:17: event \"a\" is listed twice",
		"  unlisted: warn\n  allow: [b, a]\n  events: {a: {properties: {}}}\n":            "4:14: event \"a\" has a contract under events",
		"  unlisted: warn\n  allow: [a*b]\n":                                              "4:11: \"a*b\": a * stands at the end",
		"  events:\n    a: {properties: {p: string}}\n    a: {properties: {p: string}}\n": "5:5: ",
		"  events: {a: {properties: {p: {typ: string}}}}\n":                               "unknown key \"typ\"",
		"  events: {a: {property: {p: string}}}\n":                                        "unknown key \"property\"",
	} {
		_, err := contracts(t, text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func BenchmarkContract(b *testing.B) {
	config, err := contracts(b, wanted)
	if err != nil {
		b.Fatal(err)
	}
	c := schema.NewContract(&config)
	e := pipeline.Event{Name: "buy", Properties: pipeline.Properties(`{"$current_url":"https://shop.example.com/a","$browser":"Chrome","$os":"Linux","items":[{"sku":"a","qty":1}],"who":"pro","amount":129.5,"currency":"EUR"}`)}
	out := make([]pipeline.Event, 0, 1)
	b.ReportAllocs()
	for b.Loop() {
		if out, err = c.Apply(b.Context(), e, out[:0]); err != nil || len(out) != 1 {
			b.Fatal(err)
		}
	}
}
