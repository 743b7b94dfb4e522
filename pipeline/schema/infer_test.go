package schema_test

import (
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/schema"
)

// What is inferred is taken by a project, whatever names there are, and events such as those that were seen meet it.
func TestInferred(t *testing.T) {
	const odd = "a ${B} \"q\" 'é' #: \u2028\x7f"
	var text strings.Builder
	err := schema.WriteContracts(&text, []schema.Seen{
		{Event: "buy", Property: "amount", Type: "number", Count: 30, EventCount: 30},
		{Event: "buy", Property: "coupon", Type: "string", Count: 30, EventCount: 30, NullShare: .5},
		{Event: "buy", Property: "y", Type: "mixed", Count: 3, EventCount: 30},
		{Event: odd, Property: odd, Type: "integer", Count: 19, EventCount: 19},
		{Event: "true", Property: "null", Type: "null", Count: 1, EventCount: 1, NullShare: 1},
		{Event: "buy", Property: schema.Others, Type: "string"}, {Event: schema.Others, Property: schema.Others},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(text.String(), "\n")
	config, err := contracts(t, section+"\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	if len(config.Events) != 3 || strings.Contains(text.String(), schema.Others) {
		t.Errorf("%d events\n%s", len(config.Events), text.String())
	}
	c := schema.NewContract(&config)
	for _, test := range []struct {
		name, properties string
		marked           bool
	}{
		{"buy", `{"amount":1,"coupon":null,"y":[]}`, false}, {"buy", `{"amount":1.5}`, false}, {"buy", `{}`, true}, {"buy", `{"amount":1,"coupon":2}`, true},
		{odd, `{}`, false}, {"true", `{"null":1}`, false},
	} {
		out, err := c.Apply(t.Context(), pipeline.Event{Name: test.name, Properties: pipeline.Properties(test.properties)}, nil)
		if err != nil || len(out) != 1 {
			t.Fatal(out, err)
		}
		if _, marked := out[0].Properties.Get(schema.Mark); marked != test.marked {
			t.Errorf("%s %s: marked %v\n%s", test.name, test.properties, marked, text.String())
		}
	}
	if prop := config.Events[odd].Properties[odd]; prop.Type != "integer" || prop.Required {
		t.Errorf("%+v\n%s", prop, text.String())
	}
}

// Where nothing was seen, a project takes that too.
func TestInferredNothing(t *testing.T) {
	var text strings.Builder
	if err := schema.WriteContracts(&text, nil); err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(text.String(), "\n")
	if _, err := contracts(t, section); err != nil {
		t.Errorf("%v\n%s", err, text.String())
	}
}
