package hog_test

import (
	"context"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/stdlib"
)

func TestLibraryExamples(t *testing.T) {
	for _, f := range stdlib.Functions() {
		for _, e := range f.Examples {
			t.Run(e.Code, func(t *testing.T) {
				p, err := hog.CompileExpression("example", e.Code, hog.WithFunctions(), hog.WithGlobals())
				if err != nil {
					t.Fatal(err)
				}
				v, err := p.Run(context.Background(), hog.Env{})
				if err != nil {
					t.Fatal(err)
				}
				if got := v.Display(); got != e.Result {
					t.Errorf("value form:\n got %s\nwant %s", got, e.Result)
				}
			})
		}
	}
}
