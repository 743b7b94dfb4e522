package hog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// TestFoundByComparison holds what generated programs have found; the results are those of the reference.
func TestFoundByComparison(t *testing.T) {
	for text, want := range map[string]outcome{
		`return base64Encode(reverse('a🎉'))`:                                     {Result: "'77+977+9YQ=='"},
		`return replaceAll('a🎉b', '', '-')`:                                      {Result: "'-a-\xed\xa0\xbc-\xed\xbe\x89-b-'"},
		`return replaceAll('🎉', '', '') == '🎉'`:                                  {Result: "true"},
		`return addDays(toDate('2024-05-01'), '')`:                               {Error: "Invalid unit value "},
		`return addDays(toDate('2024-05-01'), true)`:                             {Error: "Invalid unit value true"},
		`return addDays(toDateTime(1), 253402300799)`:                            {Result: "DateTime(NaN.0, 'UTC')"},
		`return toString(toDateTime(253402300800))`:                              {Result: "'+010000-01-01T00:00:00.000Z'"},
		`return toString(addDays(toDateTime(0), 1.5))`:                           {Result: "'1970-01-02T12:00:00.000Z'"},
		`return toString(dateAdd('month', 1.1, toDateTime(0)))`:                  {Result: "'1970-02-04T00:00:00.000Z'"},
		`return toString(dateAdd('week', -0.5, toDateTime(0)))`:                  {Result: "'1969-12-28T12:00:00.000Z'"},
		`return toString(dateAdd('year', 0.25, toDate('2024-01-31')))`:           {Result: "'2024-04-30'"},
		"return ['a' =~ '', 'a' =~* '', 'a' !~* '', 'nUll' =~* null, '' =~* '']": {Result: "[false, true, false, true, false]"},
		`return [toDate(-0.0001), toDate(-0.5), toDate(86400)]`:                  {Result: "[Date(1970, 1, 1), Date(1969, 12, 31), Date(1970, 1, 2)]"},
		`return dateAdd('week', '', toDate(0))`:                                  {Result: "Date(1970, 1, 1)"},
		`let f := empty; return f()`:                                             {Error: "Function empty requires at least 1 arguments"},
		`let f := empty; return f(0)`:                                            {Result: "false"},
		`let n := 1; n[null] := 1`:                                               {Error: "Can not set  on non-object: number"},
		`try {} catch (err: RetryError) { return 1 } return 2`:                   {Result: "2"},
	} {
		t.Run(text, func(t *testing.T) {
			p, err := hog.Compile("found.hog", text)
			if err != nil {
				t.Fatal(err)
			}
			loaded, err := hog.Load(p.Bytecode())
			if err != nil {
				t.Fatal(err)
			}
			got := observe(loaded, hog.Env{})
			if diff := cmp.Diff(outcome{Result: want.Result, Error: want.Error}, outcome{Result: got.Result, Error: got.Error}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
