package exprs_test

import (
	"testing"

	"github.com/prickle-dev/prickle/pipeline/exprs"
)

func BenchmarkMatch(b *testing.B) {
	for name, text := range map[string]string{
		"name":     `event.name == "purchase"`,
		"names":    `event.name in ["refund", "purchase"]`,
		"prefix":   `event.name startsWith "pur"`,
		"property": `event.properties.plan == "pro"`,
		"number":   `event.properties.amount > 100`,
		"both":     `event.name == "purchase" && event.properties.amount > 100`,
		"time":     `event.timestamp > date("2026-08-01")`,
		"dynamic":  `any(event.properties.items, .price > 10)`,
	} {
		b.Run(name, func(b *testing.B) {
			c, err := exprs.Compile(code(text))
			if err != nil {
				b.Fatal(err)
			}
			e := event(b)
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := c.Match(e); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}

func BenchmarkValue(b *testing.B) {
	for name, text := range map[string]string{
		"copy":    `event.properties.items`,
		"product": `event.properties.price * event.properties.quantity`,
	} {
		b.Run(name, func(b *testing.B) {
			v, err := exprs.CompileValue(code(text))
			if err != nil {
				b.Fatal(err)
			}
			e := event(b)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.JSON(e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The envelope's conditions are what every event pays: they allocate nothing.
func TestMatchAllocations(t *testing.T) {
	for text, want := range map[string]float64{
		`event.name == "purchase"`:                                     0,
		`event.name in ["refund", "purchase"] || source.name == "app"`: 0,
		`event.properties.plan == "pro"`:                               0,
		`event.properties.amount > 100`:                                1,
	} {
		c, err := exprs.Compile(code(text))
		if err != nil {
			t.Fatal(err)
		}
		e := event(t)
		if got := testing.AllocsPerRun(100, func() { _, _ = c.Match(e) }); got > want {
			t.Errorf("%s\n got %v allocations\nwant %v", text, got, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`event.name == "x"`, `event.properties.a[0].b < 1 < 2`, `let a = event.name; a ?: event?.properties`, `any(event.properties.x, #.y)`,
		`event.properties.first-name`, `"é" + evnt`, `{"a": [1, nil]}.a[-1] in 1..3`, `event.timestamp.Add(duration("1h"))`,
	} {
		f.Add(seed)
	}
	e := event(f)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := exprs.CompileValue(code(text))
		if err != nil {
			configErrors(t, err)
			return
		}
		_, _ = v.JSON(e)
	})
}
