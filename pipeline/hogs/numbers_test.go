package hogs

import (
	"strings"
	"testing"
)

func TestHasLongNumber(t *testing.T) {
	for run, want := range map[string]bool{
		"123456789012345": false, "1234567890123456": true, "12345678.90123456": true, "1234567.89012345": false, "": false,
		"..............................": false,
	} {
		// Wherever the run stands.
		for at := range 40 {
			for _, raw := range []string{strings.Repeat("x", at) + run, strings.Repeat("x", at) + run + "xx1xx"} {
				if got := hasLongNumber([]byte(raw)); got != want {
					t.Errorf("%q\n got %v\nwant %v", raw, got, want)
				}
			}
		}
	}
}
