package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

// line is an event of about 600 bytes as it travels through the pipeline. Filters let purchases through.
func line(name string) []byte {
	return []byte(`{"uuid":"01920f3a-7b6e-7c31-9d54-2f0f8f2c1a10","event":"` + name + `","distinct_id":"user-4711",` +
		`"timestamp":"2026-08-20T10:00:00.123Z","received_at":"2026-08-20T10:00:00.456Z","source":"web","properties":{` +
		`"$current_url":"https://shop.example.com/checkout/done?order=1042","$browser":"Chrome","$browser_version":126,"$os":"Linux",` +
		`"$lib":"web","$lib_version":"1.158.3","$screen_width":1920,"plan":"Pro","email":"ada@example.com","currency":"EUR",` +
		`"price":129.5,"quantity":3,"amount":388.5,"coupon":null,"referrer":"newsletter","tags":["spring","sale"],"items":[{"sku":"a-1","qty":2},{"sku":"b-7","qty":1}]}}`)
}

const condition = `event.event == 'purchase' and event.properties.amount > 100`

func eventRows(*node) ([]*row, error) {
	var rows []*row
	for _, c := range []struct {
		name, event string
		allocs      float64
	}{{"filter, taken", "purchase", -1}, {"filter, missed", "$pageview", 0}} {
		ours, err := hogFilter(line(c.event))
		if err != nil {
			return nil, err
		}
		theirs, err := exprFilter(line(c.event))
		if err != nil {
			return nil, err
		}
		rows = append(rows, &row{
			group: "events", name: c.name, ours: &contender{name: "Hog", once: ours}, allocs: c.allocs,
			against: []comparison{{[]*contender{{name: "expr", once: theirs}}, 1}},
		})
	}
	change, err := transform()
	if err != nil {
		return nil, err
	}
	rows = append(rows, &row{
		group: "events", name: "transform", ours: &contender{name: "Hog", once: change}, under: 5 * time.Microsecond, allocs: 25,
	})
	return rows, nil
}

func hogFilter(line []byte) (runner, error) {
	filter, err := hogs.CompileTemplate(pipeline.Code{Text: "{" + condition + "}"}, pipeline.Env{})
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	var e pipeline.Event
	return func() (string, error) {
		if e, err = pipeline.ParseEvent(line); err != nil {
			return "", err
		}
		v, err := filter.Value(ctx, &e)
		return truth(v.Truthy()), err
	}, nil
}

func exprFilter(line []byte) (runner, error) {
	program, err := expr.Compile(condition, expr.AsBool(), expr.Env(map[string]any{"event": map[string]any{}}))
	if err != nil {
		return nil, err
	}
	var machine vm.VM
	return func() (string, error) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			return "", err
		}
		v, err := machine.Run(program, map[string]any{"event": event})
		return truth(v == true), err
	}, nil
}

func truth(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// transform is a function on an event, from the line that comes in to the line that goes out.
func transform() (runner, error) {
	t, err := hogs.CompileTransform(pipeline.Code{Text: program("transform.hog")}, hog.Limits{}, pipeline.Env{})
	if err != nil {
		return nil, err
	}
	in, ctx := line("purchase"), context.Background()
	var out []byte
	return func() (string, error) {
		e, err := pipeline.ParseEvent(in)
		if err != nil {
			return "", err
		}
		changed, keep, err := t.Apply(ctx, e)
		if err != nil {
			return "", err
		}
		if !keep {
			return "", errors.New("the event was dropped")
		}
		out = changed.AppendJSON(out[:0])
		if len(out) <= len(in) {
			return "", fmt.Errorf("nothing was added: %s", out)
		}
		return "", nil
	}, nil
}
