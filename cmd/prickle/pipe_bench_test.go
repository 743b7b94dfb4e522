package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

// BenchmarkPipe reads lines of about 1 KB, of which one in ten passes and has three properties set.
func BenchmarkPipe(b *testing.B) {
	var lines bytes.Buffer
	const n = 1000
	for i := range n {
		name := "$pageview"
		if i%10 == 0 {
			name = "purchase"
		}
		fmt.Fprintf(&lines, `{"uuid":"01920f3a-7b6e-7c31-9d54-%012x","event":%q,"distinct_id":"user-%05d","timestamp":"2026-08-20T10:00:00.123Z",`+
			`"received_at":"2026-08-20T10:00:00.456Z","source":"web","properties":{%s"plan":"Pro","price":%d,"quantity":3}}`+"\n",
			i, name, i, strings.Repeat(`"$current_url":"https://shop.example.com/checkout","$browser_version":126,"tags":["a"],`, 8), i)
	}
	for name, transforms := range map[string]string{
		"expr": `[{filter: 'event.name == "purchase"'}, {map: {event.properties.total: event.properties.price * event.properties.quantity, event.properties.plan: lower(event.properties.plan), event.properties.large: event.properties.price > 100}}]`,
		"hog":  `[{hog: {code: "if (event.event != 'purchase') { return null } let e := event; e.properties.total := e.properties.price * e.properties.quantity; e.properties.plan := lower(e.properties.plan); e.properties.large := e.properties.price > 100; return e"}}]`,
	} {
		b.Run(name, func(b *testing.B) {
			dir := project(b, map[string]string{"prickle.yaml": "capture: {keys: [k]}\npipelines: {p: {transforms: " + transforms + ", destinations: [warehouse]}}\n"})
			a, err := (&projectFlag{std: streams{err: io.Discard}}).build([]string{dir}, quietLog(io.Discard))
			if err != nil {
				b.Fatal(err)
			}
			chain, err := a.Chain("")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(lines.Len() / n))
			var all []io.Reader // an operation is a line
			for i := 0; i < b.N; i += n {
				all = append(all, bytes.NewReader(lines.Bytes()))
			}
			if err := pipe(context.Background(), chain, streams{in: io.MultiReader(all...), out: io.Discard, err: io.Discard}); err != nil {
				b.Fatal(err)
			}
		})
	}
}
