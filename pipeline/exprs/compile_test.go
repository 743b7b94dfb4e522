package exprs_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

func TestCompileErrors(t *testing.T) {
	tests := map[string][]string{
		`evnt.name == "x"`:                           {`5:11: unknown name evnt; did you mean event?`},
		`event.nam == "x"`:                           {`5:17: event has no field nam; did you mean event.name?`},
		`event.plan == "x"`:                          {`5:17: event has no field plan; did you mean event.properties.plan?`},
		`event.nam == "x" && evnt.name == "y"`:       {`5:17: event has no field nam; did you mean event.name?`, `5:31: unknown name evnt; did you mean event?`},
		`project.nme == "x"`:                         {`5:19: project has no field nme; did you mean project.name?`},
		`source.url == "x"`:                          {`5:18: source has no field url; source has name`},
		`properties.plan == "x"`:                     {`5:11: unknown name properties; did you mean event.properties?`},
		`person.properties.email == "x"`:             {`5:11: person is not available in expressions yet; expressions see event, project and source`},
		`groups.company != nil`:                      {`5:11: groups is not available in expressions yet; expressions see event, project and source`},
		`event == "purchase"`:                        {`5:11: event is not a value by itself; name one of its fields, for example event.name or event.properties.plan`},
		`event[event.name] == 1`:                     {`5:11: event is not a value by itself; name one of its fields, for example event.name or event.properties.plan`},
		`$env.x == 1`:                                {`5:11: unknown name $env`},
		`event.properties.first-name == "x"`:         {`5:34: unknown name name; a name with a dash is written event.properties["first-name"]`},
		`uper(event.name) == "X"`:                    {`5:11: unknown function uper; did you mean upper?`},
		`event.name.upper() == "X"`:                  {`5:22: type string has no method upper`},
		`event.properties.a.b() == "X"`:              {`5:30: this is a value, not a function`},
		`event.name == `:                             {`5:24: unexpected token EOF`},
		`event.name = "x"`:                           {`5:22: unexpected token Operator("=")`},
		`event.name > 5`:                             {`5:22: invalid operation: > (mismatched types string and int)`},
		`event.timestamp > "2026-01-01"`:             {`5:27: invalid operation: > (mismatched types time.Time and string)`},
		`event.name matches "("`:                     {"5:22: error parsing regexp: missing closing ): `(`"},
		`event.name`:                                 {`5:11: want a condition, got text; a condition is true or false, such as event.name == "purchase"`},
		`let event = 1; true`:                        {`5:15: the name event is taken; give the variable another name`},
		"event.name == \"x\"\n&& evnt.name == \"y\"": {`6:14: unknown name evnt; did you mean event?`},
		`"é" == "é" && evnt.x`:                       {`5:25: unknown name evnt; did you mean event?`},
		`  `:                                         {`5:11: the expression is empty; write for example event.name == "purchase"`},
		`1 < evnt.x < 3`:                             {`5:15: unknown name evnt; did you mean event?`},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			_, err := exprs.Compile(code(text))
			if err == nil {
				t.Fatal("compiled")
			}
			got := configErrors(t, err)
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
			}
		})
	}
}

// configErrors returns the texts of the joined errors without file and snippet.
func configErrors(t *testing.T, err error) []string {
	t.Helper()
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	var texts []string
	for _, err := range errs {
		var e *pipeline.ConfigError
		if !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
		bare := *e
		bare.Snippet = ""
		texts = append(texts, strings.TrimPrefix(bare.Error(), "prickle.yaml:"))
	}
	return texts
}
