package oracle

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
)

// SameValues compares JSON by what it says: a transform that decodes properties may write 1.0 as 1, but must not change a value, the order of
// keys included. A number that no float holds is null to it, as in JavaScript.
func SameValues(sent, got []byte) bool {
	one, two := json.NewDecoder(bytes.NewReader(sent)), json.NewDecoder(bytes.NewReader(got))
	one.UseNumber()
	two.UseNumber()
	for {
		a, err1 := one.Token()
		b, err2 := two.Token()
		if err1 == io.EOF && err2 == io.EOF {
			return true
		}
		if err1 != nil || err2 != nil || !sameToken(a, b) {
			return false
		}
	}
}

func sameToken(a, b json.Token) bool {
	m, ok1 := a.(json.Number)
	if _, err := m.Float64(); ok1 && err != nil && b == nil {
		return true
	}
	n, ok2 := b.(json.Number)
	if !ok1 || !ok2 {
		return a == b
	}
	x, _, err1 := big.ParseFloat(m.String(), 10, 200, big.ToNearestEven)
	y, _, err2 := big.ParseFloat(n.String(), 10, 200, big.ToNearestEven)
	return err1 == nil && err2 == nil && x.Cmp(y) == 0
}

// SameText compares JSON but for the spaces between its tokens.
func SameText(sent, got []byte) bool {
	var a, b bytes.Buffer
	return json.Compact(&a, sent) == nil && json.Compact(&b, got) == nil && bytes.Equal(a.Bytes(), b.Bytes())
}
