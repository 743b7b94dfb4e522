package hog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// handwritten is bytecode as no compiler writes it, by what it is about. Our machine is to agree with the reference's,
// result or error, but for those with a reason.
var handwritten = []struct{ about, tokens, reason string }{
	{"running off the end gives the top", `"_H",1,33,1,33,2`, ""},
	{"an empty program gives null", `"_H",1`, ""},
	{"an empty program of version 0", `"_h"`, ""},
	{"leftovers below the result", `"_H",1,33,1,33,2,33,3,38`, ""},
	{"a function that runs off its end gives null", `"_H",1,52,"f",0,0,2,33,5,53,0,54,0,38`, ""},
	{"with values left on the stack", `"_H",1,33,7,52,"f",1,0,4,33,5,33,6,53,0,33,9,36,1,54,1,43,1,38`, ""},
	{"a null token does nothing", `"_H",1,null,33,1,null,null,38,null`, ""},
	{"a jump over the end", `"_H",1,33,4,39,100,33,5`, ""},
	{"a jump back", `"_H",1,33,0,33,1,36,0,6,37,0,33,5,36,0,15,40,2,39,-17,36,0,38`, ""},
	{"conditional jumps", `"_H",1,30,40,2,33,1,33,2,38`, ""},
	{"jump if not null", `"_H",1,33,1,47,3,35,33,2,38`, ""},
	{"jump if null", `"_H",1,31,47,3,35,33,2,38`, ""},

	{"version 0 pushes arguments backwards", `"_h",32,"b",32,"a",2,"concat",2,38`, ""},
	{"version 1 pushes them in order", `"_H",1,32,"b",32,"a",2,"concat",2,38`, ""},
	{"version 0, three arguments", `"_h",33,3,33,2,33,1,2,"tuple",3,38`, ""},
	{"version 0, one argument", `"_h",33,3,32,"x",2,"upper",1,38`, ""},
	{"version 0, a function with a callback", `"_h",33,1,33,2,43,2,52,"l",1,0,6,36,0,36,0,6,38,53,0,2,"arrayMap",2,38`, "the reference's functions in Hog do not work in version 0"},
	{"version 0, a function value", `"_h",52,"l",2,0,6,36,1,36,0,7,38,53,0,33,9,33,4,36,0,54,2,38`, ""},
	{"version 0, a library function as a value", `"_h",32,"concat",1,1,32,"a",32,"b",36,0,54,2,38`, ""},
	{"version 1, a library function as a value", `"_H",1,32,"concat",1,1,32,"a",32,"b",36,0,54,2,38`, ""},
	{"version 0, and", `"_h",29,30,3,2,38`, ""},
	{"version 0, print", `"_h",32,"b",32,"a",2,"print",2`, ""},
	{"version 2", `"_H",2,33,1`, "a version that there is not is refused"},
	{"no version", `"_H"`, "a version that there is not is refused"},
	{"no header", `33,1`, ""},

	{"declared function", `"_H",1,41,"f",2,6,36,0,36,1,7,38,33,5,33,3,2,"f",2,38`, ""},
	{"declared function of version 0", `"_h",41,"f",2,6,36,0,36,1,7,38,33,5,33,3,2,"f",2,38`, ""},
	{"declared function before its declaration", `"_H",1,33,1,2,"f",1,41,"f",1,3,36,0,38`, ""},
	{"declared function calls itself", `"_H",1,41,"f",1,22,33,1,36,0,15,40,3,33,1,38,33,1,36,0,7,2,"f",1,36,0,8,38,33,5,2,"f",1,38`, ""},
	{"declared function with too few arguments", `"_H",1,41,"f",2,5,36,0,36,1,38,33,5,2,"f",1,38`, ""},
	{"declared function hides a library function", `"_H",1,41,"upper",1,3,33,7,38,33,5,2,"upper",1,38`, ""},
	{"but not toString", `"_H",1,41,"toString",1,3,33,7,38,33,5,2,"toString",1,38`, ""},
	{"declared twice", `"_H",1,41,"f",0,3,33,1,38,41,"f",0,3,33,2,38,2,"f",0,38`, ""},

	{"missing arguments of a function", `"_H",1,52,"f",3,0,9,36,0,36,1,36,2,43,3,38,53,0,33,1,36,0,54,1,38`, ""},
	{"too many arguments of a function", `"_H",1,52,"f",1,0,3,36,0,38,53,0,33,1,33,2,36,0,54,2,38`, ""},
	{"missing values", `"_H",1,33,1,2,"concat",2,38`, ""},
	{"300 arguments", `"_H",1,` + strings.Repeat("33,1,", 300) + `2,"concat",300,2,"length",1,38`, ""},
	{"301 arguments", `"_H",1,` + strings.Repeat("33,1,", 301) + `2,"concat",301,38`, ""},
	{"301 arguments of a value", `"_H",1,52,"f",1,0,3,36,0,38,53,0,` + strings.Repeat("33,1,", 301) + `36,0,54,301,38`, ""},
	{"calling no function", `"_H",1,33,1,33,5,54,1,38`, ""},
	{"calling a callable", `"_H",1,52,"f",0,0,3,33,1,38,54,0,38`, "the reference's text is its object"},
	{"unknown function", `"_H",1,2,"nobody",0`, ""},
	{"unknown global", `"_H",1,32,"b",32,"nobody",1,2`, ""},
	{"popping an empty stack", `"_H",1,35`, ""},
	{"adding to an empty stack", `"_H",1,33,1,6`, ""},
	{"a cut instruction", `"_H",1,33`, ""},
	{"an unknown opcode", `"_H",1,33,1,200`, ""},
	{"a text as an opcode", `"_H",1,33,1,"x"`, ""},
	{"closing no try", `"_H",1,51`, ""},
	{"throwing no error", `"_H",1,33,1,49`, ""},

	{"deep", `"_H",1,41,"g",1,19,36,0,40,12,33,1,36,0,7,2,"g",1,33,1,6,38,33,0,38,33,900,2,"g",1,38`, ""},
	{"deep by name", `"_H",1,41,"g",1,19,36,0,40,12,33,1,36,0,7,2,"g",1,33,1,6,38,33,0,38,33,1500,2,"g",1,38`, "the depth is limited for all calls, not for those of values alone"},
	{"as deep as can be", `"_H",1,` + recursion(998), ""},
	{"as deep as can be and one more", `"_H",1,` + recursion(999), ""},
	{"too deep", `"_H",1,52,"f",0,1,5,55,0,54,0,38,53,1,true,0,36,0,54,0,38`, ""},

	{"throw over frames", `"_H",1,50,17,52,"f",0,0,6,32,"m",2,"Error",1,49,53,0,54,0,51,39,2,33,7,38`, ""},
	{"throw over frames, with values below", `"_H",1,33,1,33,2,50,17,52,"f",0,0,6,32,"m",2,"Error",1,49,53,0,54,0,51,39,2,33,7,43,3,38`, ""},
	{"throw inside of a catch", `"_H",1,50,19,50,8,32,"a",2,"Error",1,49,51,39,6,32,"b",2,"Error",1,49,51,39,0,32,"message",45,38`, ""},
	{"closed cell after the throw", `"_H",1,33,1,50,30,33,5,52,"f",0,1,3,55,0,38,53,1,true,1,36,0,35,37,0,32,"m",2,"Error",1,49,51,39,1,35,36,0,54,0,38`, ""},

	{"cell of a later slot", `"_H",1,52,"f",0,1,3,55,0,38,53,1,true,1,33,8,36,0,54,0,38`, ""},
	{"cell that does not exist", `"_H",1,52,"f",0,1,3,55,3,38,53,1,true,0,36,0,54,0,38`, ""},
	{"wrong number of cells", `"_H",1,52,"f",0,1,3,55,0,38,53,0`, ""},
	{"closure of no callable", `"_H",1,33,1,53,0`, ""},
	{"local beyond the stack", `"_H",1,36,5,38`, ""},
	{"write a cell", `"_H",1,33,1,52,"f",0,1,7,33,5,56,0,55,0,38,53,1,true,0,36,1,54,0,36,0,43,2,38`, ""},
	{"close a cell that nobody has", `"_H",1,33,1,33,2,57,38`, ""},
	{"dictionary with a key twice", `"_H",1,32,"a",33,1,32,"b",33,2,32,"a",33,3,42,3,38`, ""},
	{"booleans as integers", `"_H",1,33,true,33,false,43,2,38`, ""},
	{"integer as float", `"_H",1,34,2,33,2.5,43,2,38`, ""},
	{"cohort", `"_H",1,33,1,33,2,27,38`, ""},
	{"and of nothing", `"_H",1,3,0,38`, ""},
	{"or of nothing", `"_H",1,4,0,38`, ""},
	{"array of nothing", `"_H",1,43,0,44,0,42,0,43,3,38`, ""},
}

// recursion is a function value that calls itself so many times.
func recursion(n int) string {
	return fmt.Sprintf(`52,"f",1,1,20,36,0,40,13,33,1,36,0,7,55,0,54,1,33,1,6,38,33,0,38,53,1,true,0,33,%d,36,0,54,1,38`, n)
}

// TestHandwrittenAgainstReference compares the machines on bytecode that is loaded as it is.
func TestHandwrittenAgainstReference(t *testing.T) {
	ref := newReference(t)
	for _, c := range handwritten {
		t.Run(c.about, func(t *testing.T) {
			bytecode := []byte("[" + c.tokens + "]")
			want := outcome(ref.run(t, bytecode, `{"event":{"a":1}}`))
			got := outcome{Prints: []string{}}
			p, err := hog.Load(bytecode, hog.WithReferenceDefects())
			if err == nil {
				got = observe(p, hog.Env{Global: globalsOf(t, `{"event":{"a":1}}`)})
			} else {
				got.Error = fmt.Sprint(err)
			}
			expect(t, "loaded", cmp.Diff(want, got), c.reason)
		})
	}
}
