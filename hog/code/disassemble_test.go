package code

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/source"
)

func TestDisassemble(t *testing.T) {
	for text, want := range map[string]string{
		`["_H",1,52,"f",1,1,3,36,0,38,53,1,true,0,40,1,35,2,"print",1,"?",32]`: `
          2  CALLABLE "f" 1 1 -> L1
          7    GET_LOCAL 0
          9    RETURN
L1:      10  CLOSURE 1 local 0
         14  JUMP_IF_FALSE -> L2
         16  POP
L2:      17  CALL_GLOBAL "print" 1
         20  ?  "?"
         21  STRING ?
`,
		// Bodies inside each other, a jump into the middle of an instruction, and one to the end.
		`["_h",41,"f",0,9,41,"g",0,2,31,38,39,-9,29,38,53,1,false,2,40,-11,40,0]`: `
          1  DECLARE_FN "f" 0 -> L3
          5    DECLARE_FN "g" 0 -> L2
          9      NULL
L1:      10      RETURN
L2:      11    JUMP -> token 4
         13    TRUE
L3:      14  RETURN
         15  CLOSURE 1 upvalue 2
         19  JUMP_IF_FALSE -> L1
         21  JUMP_IF_FALSE -> L4
L4:      23  end
`,
		// The offset of TRY counts from itself.
		`["_H",1,50,4,51,39,1,35]`: `
          2  TRY -> L1
          4  POP_TRY
          5  JUMP -> L2
L1:       7  POP
L2:       8  end
`,
		`["_H",1]`:                               ``,
		`["_H",1,53,99,true,0,1]`:                "          2  CLOSURE 99 local 0\n          6  GET_GLOBAL ?\n",
		`["_H",1,39,9223372036854775807]`:        "          2  JUMP -> token -9223372036854775805\n",
		`["_H",1,52,"f",0,0,9]`:                  "          2  CALLABLE \"f\" 0 0 -> token 16\n",
		`["_H",1,32,"it's \"quoted\"\n",34,2.0]`: "          2  STRING \"it's \\\"quoted\\\"\\n\"\n          4  FLOAT 2.0\n",
	} {
		if want != "" && want[0] == '\n' {
			want = want[1:]
		}
		if diff := cmp.Diff(want, decode(t, text).Disassemble()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

// The source line stands beside the first instruction that comes from it, and again when the code returns to it.
func TestDisassembleSource(t *testing.T) {
	b := decode(t, `["_H",1,33,1,33,2,6,35,31,31]`)
	b.Source = source.New("t.hog", "let a :=\n\t1 + 2\n")
	b.Offsets = []int32{-1, -1, 10, 10, 14, 14, 10, 0, -1, 99}
	want := `          2  INTEGER 1                          ; 2: 1 + 2
          4  INTEGER 2
          6  PLUS
          7  POP                                ; 1: let a :=
          8  NULL
          9  NULL
`
	if diff := cmp.Diff(want, b.Disassemble()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The file form has floats as the reference's compiler, which is written in Python, prints them.
func TestFileFloats(t *testing.T) {
	for f, want := range map[float64]string{
		0: "0.0", 1e6: "1000000.0", 1e15: "1000000000000000.0", 1e16: "1e+16", 123456789.5: "123456789.5", 1e-4: "0.0001", 1e-5: "1e-05",
		9999999999999998: "9999999999999998.0", 1e22: "1e+22", 5e-324: "5e-324", 1.7976931348623157e308: "1.7976931348623157e+308",
		-1.5: "-1.5", 1e100: "1e+100",
	} {
		file, err := Bytecode{Tokens: []any{"_H", int64(1), OpFloat, f}}.File()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(file); got != `["_H", 1, 34, `+want+"]\n" {
			t.Errorf("%v\n got %swant %s", f, got, want)
		}
	}
}
