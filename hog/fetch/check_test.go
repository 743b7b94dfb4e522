package fetch_test

import (
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/fetch"
)

func TestCheck(t *testing.T) {
	for code, want := range map[string]string{
		`[]`:             "",
		`['u']`:          "",
		`['u', null]`:    "",
		`['u', 'other']`: "", // which Parse refuses
		`['u', {'method': 'get', 'body': 1, 'headers': {'X': 'y', 'n': null}}]`: "",
		`['u', {'method': null, 'body': null, 'headers': null}]`:                "",
		`['u', {'headers': 'none'}]`:                                            "headers: want an object, got string",
		`['u', {'headers': {'n': 1, 'X': 'y', 'm': {}}}]`:                       "headers: want a text for 'n', got number\nheaders: want a text for 'm', got dictionary",
		`['u', {'headers': {1: 'x'}}]`:                                          "headers: want names that are texts, got 1",
		`['u', {'method': 1}]`:                                                  "method: want a text, got number",
		`['u', {'headder': {}, 'body': 1, 2: 3}]`:                               "unknown option 'headder'; known are method, headers and body\nunknown option 2; known are method, headers and body",
	} {
		program, err := hog.CompileExpression("call", code)
		if err != nil {
			t.Fatal(err)
		}
		v, err := program.Run(t.Context(), hog.Env{})
		if err != nil {
			t.Fatal(err)
		}
		args, _ := v.AsArray()
		got := ""
		if err := fetch.Check(args.Items); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", code, got, want)
		}
	}
}
