package hog_test

import (
	"context"
	"testing"

	"github.com/prickle-dev/prickle/hog"
)

func benchmark(b *testing.B, p *hog.Program, err error, globals string) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	env := hog.Env{Global: globalsOf(b, globals)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Run(context.Background(), env); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFibLoop is arithmetic on locals: 1000 rounds.
func BenchmarkFibLoop(b *testing.B) {
	p, err := hog.Compile("fib.hog", `
let a := 0
let b := 1
for (let i := 0; i < 1000; i := i + 1) { let t := a + b; a := b; b := t % 1000007 }
return a`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkFibRecursive is calls: fib(20) makes 21,891 of them.
func BenchmarkFibRecursive(b *testing.B) {
	p, err := hog.Compile("fib.hog", `fn fib(n) { if (n < 2) { return n } return fib(n - 1) + fib(n - 2) } return fib(20)`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkFilter is a condition on two properties of an event.
func BenchmarkFilter(b *testing.B) {
	_, globals := corpus(b)
	p, err := hog.CompileExpression("filter", `event.event = 'purchase' and event.properties.amount > 100 and event.properties.plan in ['pro', 'team']`)
	benchmark(b, p, err, globals)
}

// BenchmarkTransform is a typical transformation of an event with 18 properties.
func BenchmarkTransform(b *testing.B) {
	programs, globals := corpus(b)
	p, err := hog.Compile("transform.hog", programs["transform_event"])
	benchmark(b, p, err, globals)
}

// BenchmarkStart is a run of a program that does nothing.
func BenchmarkStart(b *testing.B) {
	p, err := hog.Compile("empty.hog", `return null`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkBuildText is a text built of 200 pieces.
func BenchmarkBuildText(b *testing.B) {
	p, err := hog.Compile("text.hog", `let s := '' for (let i := 0; i < 200; i := i + 1) { s := f'{s}item {i}, ' } return s`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkJSON is a text read, changed and written.
func BenchmarkJSON(b *testing.B) {
	p, err := hog.Compile("json.hog", `let o := jsonParse('{"id":17,"tags":["a","b"],"at":{"city":"London","geo":[51.5,-0.1]}}') o.id := 18 return jsonStringify(o)`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkArrayMap is a callback for each of 100 items.
func BenchmarkArrayMap(b *testing.B) {
	p, err := hog.Compile("map.hog", `return arrayMap((x) -> x * 2, range(100))`)
	benchmark(b, p, err, `{}`)
}

// BenchmarkCompile is lexing to loading of a program of 18 lines.
func BenchmarkCompile(b *testing.B) {
	programs, _ := corpus(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hog.Compile("transform.hog", programs["transform_event"]); err != nil {
			b.Fatal(err)
		}
	}
}
