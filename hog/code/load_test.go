package code

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, text string) Bytecode {
	t.Helper()
	b, err := Decode([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return b
}

func ops(p *Program) []Op {
	var out []Op
	for _, in := range p.Code {
		out = append(out, in.Op)
	}
	return out
}

func TestLoadInstructions(t *testing.T) {
	for text, want := range map[string][]Op{
		// A chain of constants becomes one read.
		`["_H",1,32,"b",32,"a",1,2,38]`: {OpReadGlobal, OpReturn, OpEnd},
		// Part of the names is computed.
		`["_H",1,36,0,32,"a",1,2,38]`: {OpGetLocal, OpConst, OpGetGlobal, OpReturn, OpEnd},
		// A jump leads between the names.
		`["_H",1,29,40,2,32,"b",32,"a",1,2,38]`: {OpTrue, OpJumpIfFalse, OpConst, OpConst, OpGetGlobal, OpReturn, OpEnd},
		// Null tokens do nothing, also inside of a chain.
		`["_H",1,null,32,"b",null,32,"a",1,2]`: {OpReadGlobal, OpEnd},
		// A callable and its closure become one; the code after return is not reached.
		`["_H",1,52,"f",0,0,3,31,38,35,53,0,38]`: {OpMakeClosure, OpJump, OpNull, OpReturn, OpReturn, OpEnd},
		// Version 0 pushes arguments in reverse.
		`["_h",31,2,"f",1]`: {OpNull, OpCallGlobalReversed, OpEnd},
		// Properties that tolerate null read as all others do.
		`["_H",1,31,31,48]`: {OpNull, OpNull, OpGetProperty, OpEnd},
	} {
		p, err := Load(decode(t, text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := ops(p)
		if text == `["_H",1,52,"f",0,0,3,31,38,35,53,0,38]` {
			// The closure stays for jumps to it; nothing here jumps to it.
			got = slices.DeleteFunc(got, func(op Op) bool { return op == OpClosure })
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoadTables(t *testing.T) {
	p, err := Load(decode(t, `["_H",1,32,"b",32,"a",1,2,32,"b",32,"a",1,2,33,5,34,5.0,33,true,2,"f",0,2,"f",0,32,"up",1,1]`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"up"}}, p.Chains); diff != "" {
		t.Errorf("chains (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"b", "a", 5.0, true, "up"}, p.Consts); diff != "" {
		t.Errorf("constants (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"f"}, p.Calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	got := p.Globals(func(name string) bool { return name == "up" })
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Errorf("globals (-want +got):\n%s", diff)
	}
}

// TestLoadChains has chains that are the same text when their names are put one after another.
func TestLoadChains(t *testing.T) {
	p, err := Load(decode(t, `["_H",1,32,"b",32,"a",1,2,32,"a\u0000b",1,1,32,"1:b",32,"a",1,2,32,"a1:b",1,1]`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{{"a", "b"}, {"a\x00b"}, {"a", "1:b"}, {"a1:b"}}, p.Chains); diff != "" {
		t.Errorf("chains (-want +got):\n%s", diff)
	}
}

// TestLoadJumps follows jumps to their instruction, also one into the operand of another instruction, which the
// reference executes.
func TestLoadJumps(t *testing.T) {
	p, err := Load(decode(t, `["_H",1,39,1,33,29,38]`)) // to the 29, which is also the operand of the 33 before
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Op{OpJump, OpTrue, OpReturn, OpEnd}, ops(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p, err = Load(decode(t, `["_H",1,29,40,1,33,29,38]`)) // both ways
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Op{OpTrue, OpJumpIfFalse, OpConst, OpJump, OpTrue, OpReturn, OpEnd}, ops(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := p.Code[1].A, int32(4); got != want {
		t.Errorf("jump:\n got %d\nwant %d", got, want)
	}
}

// TestLoadFaults loads code in which a jump into an operand leads to something malformed.
func TestLoadFaults(t *testing.T) {
	// The second catch is reached by a jump that is one short.
	for text, want := range map[string]string{
		// try {} catch (err: A) {}
		`["_H",1,50,4,51,39,21,36,0,32,"type",45,32,"A",36,1,11,40,4,36,0,35,39,2,35,49,35,35]`: "bad operand of CALL_GLOBAL at 23: 35",
		// try {} catch (err: A) { return 1 }, after which nothing leads to the jump whose operand it is
		`["_H",1,50,4,51,39,24,36,0,32,"type",45,32,"A",36,1,11,40,7,36,0,33,1,38,35,39,2,35,49,35,35]`: "bad operand of CALL_GLOBAL at 26: 35",
	} {
		p, err := Load(decode(t, text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, p.Faults); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for text, want := range map[string]string{
		`["_H",1,"text"]`:         `Unexpected node while running bytecode in chunk "root": text`,
		`["_H",1,99]`:             `Unexpected node while running bytecode in chunk "root": 99`,
		`["_H",1,1.5]`:            `Unexpected node while running bytecode in chunk "root": 1.5`,
		`["_H",1,true]`:           `Unexpected node while running bytecode in chunk "root": true`,
		`["_H",1,27]`:             `Unexpected node while running bytecode in chunk "root": 27`,
		`["_H",1,32]`:             "Unexpected end of bytecode",
		`["_H",1,2,"f"]`:          "Unexpected end of bytecode",
		`["_H",1,53,2,true,0]`:    "Unexpected end of bytecode",
		`["_H",1,52,"f",0,0,9]`:   "Unexpected end of bytecode",
		`["_H",1,32,5]`:           "bad operand of STRING at 2: 5",
		`["_H",1,36,-1]`:          "bad operand of GET_LOCAL at 2: -1",
		`["_H",1,43,1.5]`:         "bad operand of ARRAY at 2: 1.5",
		`["_H",1,39,"x"]`:         `bad operand of JUMP at 2: "x"`,
		`["_H",1,39,-9]`:          "jump to -5, which is outside of the bytecode",
		`["_H",1,39,-4]`:          "jump to 0, which is outside of the bytecode",
		`["_H",1,53,1,true,null]`: "Invalid upvalue index: null",
	} {
		_, err := Load(decode(t, text))
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{`[]`, `["_H"]`, `["_H",2]`, `["x"]`, `[1]`} {
		if _, err := Decode([]byte(text)); !errors.Is(err, ErrHeader) {
			t.Errorf("%s:\n got %v\nwant %v", text, err, ErrHeader)
		}
	}
	for _, text := range []string{``, `{}`, `["_H",1,[]]`, `["_H",1,{}]`, `["_H",1] x`, `["_H",1,1e999]`} {
		if _, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s is taken for bytecode", text)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, text := range []string{
		`["_H",1,33,5,34,5.0,34,1e+21,32,"é\"\n",29,null,33,true,33,9007199254740993]`,
		`["_h"]`,
	} {
		b := decode(t, text)
		data, err := b.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(data); got != text {
			t.Errorf("compact:\n got %s\nwant %s", got, text)
		}
	}
	b := decode(t, `["_H",1,32,"aé🎉",34,2.0]`)
	file, err := b.File()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(file), "[\"_H\", 1, 32, \"a\\u00e9\\ud83c\\udf89\", 34, 2.0]\n"; got != want {
		t.Errorf("file:\n got %s\nwant %s", got, want)
	}
	long := Bytecode{Tokens: []any{"_H", int64(1)}}
	for range 200 {
		long.Tokens = append(long.Tokens, OpNull)
	}
	file, err = long.File()
	if err != nil {
		t.Fatal(err)
	}
	for line := range slices.Values(lines(string(file))) {
		if len(line) > lineWidth {
			t.Errorf("line of %d characters", len(line))
		}
	}
	if diff := cmp.Diff(len(long.Tokens), len(decode(t, string(file)).Tokens)); diff != "" {
		t.Errorf("tokens read back (-want +got):\n%s", diff)
	}
}

func lines(s string) []string {
	var out []string
	for s != "" {
		i := slices.Index([]byte(s), '\n')
		out, s = append(out, s[:i]), s[i+1:]
	}
	return out
}
