package compile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog/compile"
	"github.com/prickle-dev/prickle/hog/parser"
	"github.com/prickle-dev/prickle/hog/source"
)

// BenchmarkLocals compiles programs of many variables, each of which is read and captured. The time for one of them is to
// be the same in all.
func BenchmarkLocals(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 30_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("let v0 := 0\n")
			for i := 1; i < n; i++ {
				fmt.Fprintf(&text, "let v%d := v%d\n", i, i/2)
			}
			text.WriteString("let all := () -> [")
			for i := range n {
				fmt.Fprintf(&text, "v%d, ", i)
			}
			text.WriteString("]\n")
			tree, err := parser.Program(source.New("locals.hog", text.String()))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := compile.Program(tree, compile.Options{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/variable")
		})
	}
}
