package oracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// awkward are JSON values that survive only where bytes are copied and not decoded.
var awkward = []string{
	`18446744073709551617`, `-9223372036854775809`, `123456789012345678901234567890.5`, `1.0`, `-0`, `-0.0`, `1e2`, `1E+2`, `0.1e-7`, `1e400`,
	`""`, `"\u0041\u00e9"`, `"\/"`, `"\ud83d\ude00"`, `"😀é漢字"`, `"a\u2028b"`, `"tab\tquote\"back\\slash"`, `"<script>&amp;"`, `"null"`,
	`null`, `true`, `[]`, `{}`, `[ 1 , 2 ]`, `[[[[[[[[]]]]]]]]`, `{"b":1,"a":2,"":3}`, `{"a":{"a":{"a":{"a":{"a":[{"z":1,"y":[null]}]}}}}}`,
	`{ "spaced" : 1 }`, `"2026-08-20T10:00:00.000Z"`, `"{event.uuid}"`, `"'); DROP TABLE events; --"`, `[1e1,10,10.0]`,
}

// filler makes events as large as real ones.
var filler = strings.Repeat("0123456789abcdef", 16)

// properties makes an object with the person's number first, a few awkward values under awkward keys, and the mark. "$ip" is there because
// capture would add it.
func properties(rng *rand.Rand, seq int, mark Mark) []byte {
	keys := []string{"zeta", "alpha", "", "ключ", "a.b", "with space", `quo\"te`, `\u0061`, "$weird", "0"}
	rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	var b strings.Builder
	fmt.Fprintf(&b, `{"seq":%d,"$ip":"10.0.0.1","mark":"%s"`, seq, mark)
	for _, key := range keys[:2+rng.IntN(5)] {
		fmt.Fprintf(&b, `,"%s":%s`, key, awkward[rng.IntN(len(awkward))])
	}
	fmt.Fprintf(&b, `,"filler":"%s"}`, filler[:rng.IntN(len(filler))])
	return []byte(b.String())
}
