package mapset_test

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/transforms/mapset"
)

// configOf takes pairs of a field and an expression, or a literal.
func configOf(pairs ...any) *mapset.Config {
	config := mapset.Spec.NewConfig().(*mapset.Config)
	for i := 0; i < len(pairs); i += 2 {
		pos := pipeline.Pos{File: "p.yaml", Line: i/2 + 1, Col: 5}
		value := pipeline.Tree{Pos: pipeline.Pos{File: "p.yaml", Line: i/2 + 1, Col: 40}}
		switch v := pairs[i+1].(type) {
		case string:
			value.Text = &pipeline.Code{Text: v, Pos: value.Pos}
		case []pipeline.Tree:
			value.List = v
		default:
			value.Literal = v
		}
		config.Set = append(config.Set, pipeline.Field{Name: pairs[i].(string), Pos: pos, Value: value})
	}
	return config
}

func event(t testing.TB) pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(`{"uuid":"u","event":"Order Completed","distinct_id":"d","properties":` +
		`{"price":2.5,"quantity":4,"long":"` + strings.Repeat("é", 201) + `","items":[{"sku":"x"}],"plan":"pro","null":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestApply(t *testing.T) {
	tests := map[string]struct {
		set  []any
		want string // name, distinct id and properties without what stays
	}{
		"product":      {[]any{`event.properties.total`, `event.properties.price * event.properties.quantity`}, `Order Completed d "total":10`},
		"in order":     {[]any{`event.properties.a`, `1`, `event.properties.b`, `event.properties.a + 1`}, `Order Completed d "a":1,"b":2`},
		"nested":       {[]any{`event.properties.cart["sub-total"]`, `5`}, `Order Completed d "cart":{"sub-total":5}`},
		"copy":         {[]any{`event.properties.list`, `event.properties.items`}, `Order Completed d "list":[{"sku":"x"}]`},
		"name":         {[]any{`event.name`, `"purchase"`}, `purchase d `},
		"event":        {[]any{`event.event`, `lower(event.name)`}, `order completed d `},
		"distinct id":  {[]any{`event.distinct_id`, `"u:" + event.distinct_id`}, `Order Completed u:d `},
		"literals":     {[]any{`event.properties.a`, int64(1), `event.properties.b`, true, `event.properties.c`, 2.5}, `Order Completed d "a":1,"b":true,"c":2.5`},
		"project":      {[]any{`event.properties.a`, `project.name`}, `Order Completed d "a":"shop"`},
		"nil":          {[]any{`event.properties.a`, `nil`, `event.properties.b`, `event.properties.none`}, `Order Completed d `},
		"missing copy": {[]any{`event.properties.a`, `event.properties.null`}, `Order Completed d `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := mapset.New(configOf(tt.set...), pipeline.Env{Project: pipeline.Project{Name: "shop"}})
			if err != nil {
				t.Fatal(err)
			}
			e := event(t)
			out, err := m.Apply(t.Context(), e, nil)
			if err != nil || len(out) != 1 {
				t.Fatalf("%d events, %v", len(out), err)
			}
			rest := strings.TrimPrefix(string(out[0].Properties), strings.TrimSuffix(string(e.Properties), "}"))
			got := out[0].Name + " " + out[0].DistinctID + " " + strings.TrimSuffix(strings.TrimPrefix(rest, ","), "}")
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if string(e.Properties) != string(event(t).Properties) {
				t.Errorf("the original has become %s", e.Properties)
			}
		})
	}
}

func TestNilTakesOut(t *testing.T) {
	m, err := mapset.New(configOf(`event.properties.long`, nil, `event.properties.price`, `nil`), pipeline.Env{})
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.Apply(t.Context(), event(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"quantity":4,"items":[{"sku":"x"}],"plan":"pro","null":null}`; string(out[0].Properties) != want {
		t.Errorf("\n got %s\nwant %s", out[0].Properties, want)
	}
}

func TestApplyFails(t *testing.T) {
	for text, want := range map[string]string{
		`nil`:                         `event.name: want a text of 1 to 200 characters`,
		`""`:                          `event.name: want a text of 1 to 200 characters`,
		`5`:                           `event.name: want a text of 1 to 200 characters`,
		`event.properties.long`:       `event.name: want a text of 1 to 200 characters`,
		`event.properties.none + "x"`: `p.yaml:1:62: invalid operation: <nil> + string; a property that is missing is nil, and ?? gives it a default`,
	} {
		t.Run(text, func(t *testing.T) {
			m, err := mapset.New(configOf(`event.name`, text), pipeline.Env{})
			if err != nil {
				t.Fatal(err)
			}
			if out, err := m.Apply(t.Context(), event(t), nil); err == nil || err.Error() != want || len(out) != 0 {
				t.Errorf("\n got %v, %d events\nwant %s", err, len(out), want)
			}
		})
	}
}

func TestNewFails(t *testing.T) {
	_, err := mapset.New(configOf(
		`total`, `1`,
		`event.timestamp`, `1`,
		`event.properties.a`, `evnt.name`,
		`event.properties.b`, []pipeline.Tree{},
		`event.properties.c`, ``,
	), pipeline.Env{})
	want := `p.yaml:1:5: want a field of the event, got "total"; did you mean event.properties.total?
p.yaml:2:5: "event.timestamp" cannot be changed; event.name, event.distinct_id and event.properties can
p.yaml:3:40: unknown name evnt; did you mean event?
p.yaml:4:40: event.properties.b: want an expression, got a list or a mapping; put it in quotes to write it in expr
p.yaml:5:40: the expression is empty; write for example event.name == "purchase"`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	if err := mapset.Spec.NewConfig().(*mapset.Config).Validate(); err == nil {
		t.Error("an empty mapping is accepted")
	}
}

func BenchmarkApply(b *testing.B) {
	for name, set := range map[string][]any{
		"product": {`event.properties.total`, `event.properties.price * event.properties.quantity`},
		"name":    {`event.name`, `"purchase"`},
		"copy":    {`event.properties.list`, `event.properties.items`},
	} {
		b.Run(name, func(b *testing.B) {
			m, err := mapset.New(configOf(set...), pipeline.Env{})
			if err != nil {
				b.Fatal(err)
			}
			e := event(b)
			out := make([]pipeline.Event, 0, 1)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Apply(b.Context(), e, out); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
