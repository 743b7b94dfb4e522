package exprs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/exprs"
)

const line = `{"uuid":"01890b5c-0000-7000-8000-000000000001","event":"purchase","distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z",` +
	`"received_at":"2026-08-20T10:00:01.000Z","source":"web","properties":{"amount":250,"price":2.5,"quantity":4,"plan":"pro","vip":true,` +
	`"$browser":"Chrome","first-name":"Ada","null":null,"big":9007199254740993,"a":{"b":{"c":"deep"}},"esc":"a\"b",` +
	`"items":[{"sku":"x","price":5,"gift":true},{"sku":"y","price":50}],"tags":["new","eu"],"text":"250"}}`

func event(t testing.TB) *pipeline.Event {
	t.Helper()
	e, err := pipeline.ParseEvent([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return &e
}

func code(text string) pipeline.Code {
	return pipeline.Code{Text: text, Pos: pipeline.Pos{File: "prickle.yaml", Line: 5, Col: 11}, Indent: 10}
}

func TestMatch(t *testing.T) {
	tests := map[string]bool{
		`event.name == "purchase"`:                             true,
		`"purchase" == event.name`:                             true,
		`event.name != "purchase"`:                             false,
		`event.event == "purchase"`:                            true,
		`event["name"] == "purchase"`:                          true,
		`event.name in ["purchase", "refund"]`:                 true,
		`event.name not in ["refund"]`:                         true,
		`event.name startsWith "pur"`:                          true,
		`event.name matches "^p.*e$"`:                          true,
		`event.name == event.properties.plan`:                  false,
		`event.name < "q"`:                                     true,
		`event.uuid endsWith "0001"`:                           true,
		`event.distinct_id == "u1"`:                            true,
		`event.source == "web"`:                                true,
		`source.name == "web"`:                                 true,
		`project.name == "shop"`:                               true,
		`project.id == 7`:                                      true,
		`project.url contains "example"`:                       true,
		`event.timestamp > date("2026-08-01")`:                 true,
		`event.timestamp.Year() == 2026`:                       true,
		`event.received_at - event.timestamp < duration("1s")`: true,

		`event.properties.amount > 100`:               true,
		`event.properties.amount >= 250`:              true,
		`event.properties.amount < 250`:               false,
		`100 < event.properties.amount`:               true,
		`100 < event.properties.amount < 200`:         false,
		`event.properties.amount == 250`:              true,
		`event.properties.amount == 250.0`:            true,
		`event.properties.amount == "250"`:            false,
		`event.properties.text == "250"`:              true,
		`float(event.properties.text) > 100`:          true,
		`event.properties.big > 9007199254740992`:     true,
		`event.properties.price > 2`:                  true,
		`event.properties.plan == "pro"`:              true,
		`event.properties.plan in ["pro", "team"]`:    true,
		`event.properties.amount in [1, 250]`:         true,
		`event.properties.amount in ["250"]`:          false,
		`event.properties.a.b.c == "deep"`:            true,
		`event.properties["a"]["b"].c == "deep"`:      true,
		`event?.properties?.a?.b?.c == "deep"`:        true,
		`event.properties["$browser"] == "Chrome"`:    true,
		`event.properties.$browser == "Chrome"`:       true,
		`event.properties["first-name"] == "Ada"`:     true,
		`event.properties.esc == "a\"b"`:              true,
		`event.properties["pl" + "an"] == "pro"`:      true,
		`event.properties.items[0].sku == "x"`:        true,
		`event.properties.items[-1].sku == "y"`:       true,
		`"eu" in event.properties.tags`:               true,
		`"plan" in event.properties`:                  true,
		`"nope" in event.properties`:                  false,
		`len(event.properties.items) == 2`:            true,
		`any(event.properties.items, .price > 10)`:    true,
		`count(event.properties.items, .gift) == 1`:   true,
		`all(event.properties.items, .gift)`:          false,
		`sum(event.properties.items, .price) == 55`:   true,
		`let p = event.properties.price; p * 2 == 5`:  true,
		`event.properties.vip`:                        true,
		`not event.properties.vip`:                    false,
		`event.properties.vip && event.name == "x"`:   false,
		`event.properties.vip ? true : false`:         true,
		`event.name == "x" || event.properties.vip`:   true,
		`(event.name == "x") == event.properties.vip`: false,
		`true`: true,

		// What is not there.
		`event.properties.none > 100`:                     false,
		`event.properties.none <= 100`:                    false,
		`100 >= event.properties.none`:                    false,
		`event.properties.null < 1`:                       false,
		`event.properties.none == nil`:                    true,
		`event.properties.null == nil`:                    true,
		`event.properties.plan != nil`:                    true,
		`event.properties.none == "x"`:                    false,
		`event.properties.none != "x"`:                    true,
		`event.properties.none.deeper.still == nil`:       true,
		`event.properties.plan.deeper == nil`:             true,
		`event.properties.none`:                           false,
		`!event.properties.none`:                          true,
		`event.properties.none and true`:                  false,
		`event.properties.none or true`:                   true,
		`event.properties.none ? true : false`:            false,
		`event.properties.none in ["a", ""]`:              false,
		`event.properties.none in [1, 2]`:                 false,
		`"a" in event.properties.none`:                    false,
		`event.properties.none contains "a"`:              false,
		`event.properties.none startsWith "a"`:            false,
		`event.properties.none matches "a"`:               false,
		`event.properties.none[0] == nil`:                 true,
		`event.properties.items[9] == nil`:                true,
		`event.properties.items[9].sku == nil`:            true,
		`(event.properties.none ?? 5) == 5`:               true,
		`(event.properties.none ?? "a") startsWith "a"`:   true,
		`(event.properties.none || event.properties.vip)`: true,
	}
	e := event(t)
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			c, err := exprs.Compile(code(text), exprs.WithProject(pipeline.Project{ID: 7, Name: "shop", URL: "https://example.org"}))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second run uses the pooled machine
				got, err := c.Match(e)
				if err != nil {
					t.Fatal(err)
				}
				if got != want {
					t.Errorf("\n got %v\nwant %v", got, want)
				}
			}
		})
	}
}

func TestMatchErrors(t *testing.T) {
	tests := map[string]string{
		`event.properties.plan > 100`:                  `prickle.yaml:5:33: cannot compare text with a number`,
		`event.properties.text > 100`:                  `prickle.yaml:5:33: cannot compare text with a number`,
		`event.properties.vip < 1`:                     `prickle.yaml:5:32: cannot compare true or false with a number`,
		`event.properties.timestamp > event.timestamp`: ``,
		`event.properties.plan`:                        `prickle.yaml:5:11: want a condition, got text`,
		`event.properties.plan && true`:                `prickle.yaml:5:28: want true or false, got text`,
		`event.properties.none * 2 == 4`:               `prickle.yaml:5:33: invalid operation: <nil> * int; a property that is missing is nil, and ?? gives it a default`,
		`event.properties.amount startsWith "2"`:       `prickle.yaml:5:35: an operator was given a value of the wrong kind`,
		`"a" in event.properties.plan`:                 `prickle.yaml:5:15: want a list or an object after in, got text`,
	}
	e := event(t)
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			c, err := exprs.Compile(code(text))
			if err != nil {
				t.Fatal(err)
			}
			matched, err := c.Match(e)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != want || matched {
				t.Errorf("\n got %v %v\nwant false %v", matched, got, want)
			}
		})
	}
}

func TestValue(t *testing.T) {
	tests := map[string]string{
		`event.properties.price * event.properties.quantity`: `10`,
		`event.properties.amount`:                            `250`,
		`event.properties.items`:                             `[{"sku":"x","price":5,"gift":true},{"sku":"y","price":50}]`,
		`event.properties.none`:                              ``,
		`event.properties.null`:                              ``,
		`event.name + "!"`:                                   `"purchase!"`,
		`upper(event.properties.plan)`:                       `"PRO"`,
		`event.timestamp`:                                    `"2026-08-20T10:00:00.123Z"`,
		`event.received_at - event.timestamp`:                `0.877`,
		`event.timestamp.Weekday()`:                          `4`,
		`event.properties.amount / 3`:                        `83.33333333333333`,
		`[1, "a", nil, 2.5]`:                                 `[1,"a",null,2.5]`,
		`{"b": 1, "a": {"c": event.name}}`:                   `{"a":{"c":"purchase"},"b":1}`,
		`map(event.properties.items, .sku)`:                  `["x","y"]`,
		`groupBy(event.properties.items, .sku)`:              `{"x":[{"gift":true,"price":5,"sku":"x"}],"y":[{"price":50,"sku":"y"}]}`,
		`split("a,b", ",")`:                                  `["a","b"]`,
		`1..3`:                                               `[1,2,3]`,
		`event.properties.big`:                               `9007199254740993`,
		`event.properties.big + 1`:                           `9007199254740994`,
		`"<" + event.properties.esc`:                         `"<a\"b"`,
	}
	e := event(t)
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			v, err := exprs.CompileValue(code(text))
			if err != nil {
				t.Fatal(err)
			}
			got, err := v.JSON(e)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestValueEval(t *testing.T) {
	v, err := exprs.CompileValue(code(`event.timestamp`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := v.Eval(event(t))
	if want := time.Date(2026, 8, 20, 10, 0, 0, 123e6, time.UTC); err != nil || got != want {
		t.Errorf("\n got %v %v\nwant %v", got, err, want)
	}
}

func TestValueWithoutJSON(t *testing.T) {
	v, err := exprs.CompileValue(code(`1 / 0`))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.JSON(event(t)); err == nil || err.Error() != "prickle.yaml:5:11: +Inf has no form in JSON" {
		t.Errorf("got %s %v", got, err)
	}
}

// A condition on the name is answered as the expression is, whatever stands beside it.
func TestMatchFirst(t *testing.T) {
	settled := 0
	for _, text := range []string{
		`event.name == "purchase"`, `"purchase" == event.name`, `event.event == "purchase"`, `event.name == "refund"`, `event.name in ["refund", "purchase"]`, `event.name in ["refund"]`,
		`event.name in []`, `event.name == "refund" && event.properties.amount > 100`, `event.name == "purchase" and event.properties.amount > 100`,
		`event.name == "refund" && event.properties.plan > 1 && true`, `event.properties.plan > 1 && event.name == "refund"`, `event.name == "refund" || true`,
		`not (event.name == "refund")`, `event["name"] == "purchase"`, `event?.name == "refund"`, `event.name == event.distinct_id`, `event.name == nil`, `event.name != "purchase"`,
		`event.properties.name == "refund"`, `event.name == "refund" ? 1 > 0 : 2 > 1`, `let name = "refund"; event.name == name`, `event.name in ["refund", source.name]`,
	} {
		c, err := exprs.Compile(code(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		v, err := exprs.CompileValue(code(text)) // which takes no short cut
		if err != nil {
			t.Fatal(err)
		}
		e := event(t)
		got, gotErr := c.Match(e)
		want, wantErr := v.Eval(e)
		if got != (want == true) || fmt.Sprint(gotErr) != fmt.Sprint(wantErr) {
			t.Errorf("%s\n got %v, %v\nwant %v, %v", text, got, gotErr, want, wantErr)
		}
		if gotErr != nil {
			settled++
		}
	}
	if settled != 1 {
		t.Errorf("%d conditions failed, want the one with a wrong comparison in front", settled)
	}
}
