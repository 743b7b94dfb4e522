package vm

import "testing"

// TestTreeSize compares the short way of measuring a value with the long one.
func TestTreeSize(t *testing.T) {
	for _, text := range []string{
		`1`, `"text"`, `null`, `[]`, `{}`, `[1,"a",[true,null]]`, `{"a":{"b":[1,{"c":"d"}]},"e":2}`,
		`{"a":{},"b":[{}],"cc":[[],[{"d":null}]]}`, `[[[[[[[[1]]]]]]]]`, `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}}}`, `[[[[[[[[[[1]]]]]]]]]]`, `{"when":{"__hogDateTime__":true,"dt":1,"zone":"UTC"}}`,
	} {
		v, err := ParseJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		w := walker{left: plainNodes}
		w.start(&v)
		if got, _ := sizeOf(v); got != int(w.total) {
			t.Errorf("%s\n got %d\nwant %d", text, got, w.total)
		}
	}
}
