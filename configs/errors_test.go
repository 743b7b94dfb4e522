package configs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/configs"
	"github.com/prickle-dev/prickle/pipeline"
)

func TestAsErrors(t *testing.T) {
	at := func(line int) *pipeline.ConfigError {
		return pipeline.Errorf(pipeline.Pos{File: "f", Line: line, Col: 1}, "e%d", line)
	}
	for name, test := range map[string]struct {
		err  error
		want []string
	}{
		"nil":             {nil, nil},
		"one":             {at(1), []string{"f:1:1: e1"}},
		"joined":          {errors.Join(at(1), errors.Join(at(2), nil), at(3)), []string{"f:1:1: e1", "f:2:1: e2", "f:3:1: e3"}},
		"list":            {configs.Errors{at(1), at(2)}, []string{"f:1:1: e1", "f:2:1: e2"}},
		"wrapped":         {fmt.Errorf("destination %q: %w", "x", errors.Join(at(1), at(2))), []string{"f:1:1: e1", "f:2:1: e2"}},
		"foreign":         {fs.ErrExist, []string{"file already exists"}},
		"wrapped foreign": {fmt.Errorf("open: %w", fs.ErrExist), []string{"open: file already exists"}},
		"without a place": {fmt.Errorf("slack: %w", pipeline.Errorf(pipeline.Pos{}, "no token")), []string{"slack: no token"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, e := range configs.AsErrors(test.err) {
				got = append(got, e.Error())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func TestErrorsUnwrap(t *testing.T) {
	e := pipeline.Errorf(pipeline.Pos{}, "x")
	var got *pipeline.ConfigError
	if err := fmt.Errorf("load: %w", configs.Errors{e}); !errors.As(err, &got) || got != e {
		t.Errorf("got %v, want %v", got, e)
	}
}
