package vm

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog/code"
)

// testLibrary is enough of a library to test the machine without package stdlib.
var testLibrary = Library{
	"arrayMap":    {Name: "arrayMap", Min: 2, Max: 2, Exact: true, Callback: CallbackMap},
	"arrayReduce": {Name: "arrayReduce", Min: 3, Max: 3, Exact: true, Callback: CallbackReduce},
	"one": {Name: "one", Min: 1, Max: 2, Func: func(c *Call, args []Value) (Value, error) {
		return NewArray(append([]Value(nil), args...)...), nil
	}},
	"print": {Name: "print", Min: 0, Max: -1, Func: func(c *Call, args []Value) (Value, error) {
		return Value{}, c.Print(args[0].String())
	}},
	"fail": {Name: "fail", Func: func(c *Call, args []Value) (Value, error) {
		return Value{}, Throw(NewError("Fail", "it's", Number(1)))
	}},
	"panic": {Name: "panic", Func: func(c *Call, args []Value) (Value, error) { panic("oops") }},
	"double": {Name: "double", Min: 1, Max: 1, Func: func(c *Call, args []Value) (Value, error) {
		s := args[0].String()
		return String(s + s), c.Text(2 * len(s))
	}},
}

func load(t testing.TB, tokens string) (*Program, error) {
	t.Helper()
	b, err := code.Decode([]byte(tokens))
	if err != nil {
		return nil, err
	}
	loaded, err := code.Load(b)
	if err != nil {
		return nil, err
	}
	return New(loaded, testLibrary), nil
}

func run(t testing.TB, tokens string, env Env) (Value, error) {
	t.Helper()
	p, err := load(t, tokens)
	if err != nil {
		return Value{}, err
	}
	return p.Run(context.Background(), env)
}

// TestOpcodes runs each opcode and shows its result. Operands are pushed right to left.
func TestOpcodes(t *testing.T) {
	env := Env{Global: GlobalsOf(map[string]Value{"g": mustJSON(t, `{"a":{"b":[1,2]},"s":"text"}`)})}
	for tokens, want := range map[string]string{
		`32,"b",32,"a",32,"g",1,3`:             "[1, 2]",
		`36,0,32,"g",1,2`:                      "null", // a chain with a computed name: local 0 is out of range
		`32,"nope",32,"g",1,2`:                 "null",
		`33,1,2,"one",1`:                       "[1]",
		`29,30,29,3,3`:                         "false",
		`29,29,3,2`:                            "true",
		`3,0`:                                  "true",
		`30,33,1,4,2`:                          "true",
		`4,0`:                                  "false",
		`29,5`:                                 "false",
		`33,1,33,2,6`:                          "3",
		`33,1,33,2,7`:                          "1",
		`33,3,33,2,8`:                          "6",
		`33,4,33,2,9`:                          "0.5",
		`33,3,33,-7,10`:                        "-1",
		`32,"1",33,1,11`:                       "true",
		`32,"1",33,1,12`:                       "false",
		`33,1,33,2,13`:                         "true",
		`33,2,33,2,14`:                         "true",
		`33,1,33,2,15`:                         "false",
		`33,2,33,2,16`:                         "true",
		`31,33,2,16`:                           "false",
		`32,"b%",32,"abc",17`:                  "true",
		`32,"B",32,"abc",18`:                   "true",
		`32,"b",32,"abc",19`:                   "false",
		`32,"B",32,"abc",20`:                   "false",
		`33,1,43,1,33,1,21`:                    "true",
		`32,"abc",32,"z",22`:                   "true",
		`32,"^a.c$",32,"abc",23`:               "true",
		`32,"^a",32,"abc",24`:                  "false",
		`32,"B",32,"abc",25`:                   "true",
		`32,"B",32,"abc",26`:                   "false",
		`29`:                                   "true",
		`30`:                                   "false",
		`31`:                                   "null",
		`32,"s"`:                               "'s'",
		`33,5`:                                 "5",
		`33,true`:                              "true",
		`34,5.5`:                               "5.5",
		`33,1,33,2,35`:                         "1",
		`33,7,36,0`:                            "7",
		`33,7,33,8,37,0`:                       "8",
		`33,1,38,33,2`:                         "1",
		`39,2,33,1,33,2`:                       "2",
		`30,40,3,33,1,38,33,2`:                 "2",
		`29,40,3,33,1,38,33,2`:                 "1",
		`41,"f",1,3,36,0,38,33,9,2,"f",1`:      "9",
		`32,"k",33,1,33,2,31,32,"k",33,3,42,3`: "{'k': 3, 2: null}",
		`33,1,33,2,43,2`:                       "[1, 2]",
		`33,1,33,2,44,2`:                       "(1, 2)",
		`33,7,43,1,33,1,45`:                    "7",
		`33,7,43,1,36,0,33,3,33,9,46`:          "[7, null, 9]",
		`33,5,47,2,33,6`:                       "5",
		`31,47,2,33,6`:                         "6",
		`31,32,"x",48`:                         "null",
		`50,8,2,"fail",0,49,51,39,4,32,"message",45`: `'it\'s'`,
		`50,4,51,33,1`:                                                   "1",
		`52,"f",1,0,3,36,0,38`:                                           "fn<f(1)>",
		`33,5,52,"f",1,0,3,36,0,38,53,0,54,1`:                            "5",
		`52,"f",2,0,7,36,1,36,0,43,2,38,53,0`:                            "fn<f(2)>",
		`33,5,52,"f",2,0,7,36,0,36,1,43,2,38,53,0,54,1`:                  "[5, null]",
		`33,7,52,"f",0,1,3,55,0,38,53,1,true,0,54,0`:                     "7",
		`33,7,52,"f",0,1,6,33,8,56,0,31,38,53,1,true,0,54,0,35,36,0`:     "8",
		`32,"one",1,1`:                                                   "fn<one(2)>",
		`33,1,32,"one",1,1,54,1`:                                         "[1, null]", // through a value, missing arguments are null
		`52,"f",1,0,6,33,2,36,0,8,38,53,0,33,1,33,2,43,2,2,"arrayMap",2`: "[2, 4]",
		`32,"double",1,1,32,"a",43,1,2,"arrayMap",2`:                     "['aa']",
		`null,33,1,null`:                                                 "1",
		``:                                                               "null",
	} {
		v, err := run(t, `["_H",1`+strings.TrimRight(","+tokens, ",")+`]`, env)
		if err != nil {
			t.Errorf("%s: %v", tokens, err)
			continue
		}
		if got := v.Display(); got != want {
			t.Errorf("%s\n got %s\nwant %s", tokens, got, want)
		}
	}
}

func TestVersionZeroArguments(t *testing.T) {
	v, err := run(t, `["_h",33,1,33,2,2,"one",2]`, Env{})
	if got, want := v.Display(), "[2, 1]"; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

// TestCapturedSlots closes variables by cutting the stack, by CLOSE_UPVALUE and by return, and shares cells.
func TestCapturedSlots(t *testing.T) {
	for tokens, want := range map[string]string{
		// let x := 1; two closures over x; the scope closes x; one writes, the other reads.
		`33,1,52,"set",1,1,6,36,0,56,0,31,38,53,1,true,0,52,"get",0,1,3,55,0,38,53,1,true,0,33,9,36,1,54,1,35,36,2,54,0`: "9",
		// A function returns a closure over its parameter.
		`33,0,52,"outer",1,0,13,52,"in",0,1,3,55,0,38,53,1,true,0,38,53,0,33,5,36,1,54,1,54,0`: "5",
		`31,33,4,52,"f",0,1,3,55,0,38,53,1,true,1,37,0,57,36,0,54,0`:                           "4",
	} {
		v, err := run(t, `["_H",1,`+tokens+`]`, Env{})
		if got := v.Display(); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", tokens, err, got, want)
		}
	}
}

func mustJSON(t testing.TB, text string) Value {
	t.Helper()
	v, err := ParseJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestErrors(t *testing.T) {
	errHost := errors.New("host is down")
	env := Env{
		Global: func(chain []string) (Value, bool, error) {
			if chain[0] == "broken" {
				return Value{}, true, errHost
			}
			return Value{}, false, nil
		},
		Functions: map[string]Func{
			"hostFail":  func(context.Context, []Value) (Value, error) { return Value{}, errHost },
			"hostThrow": func(context.Context, []Value) (Value, error) { return Value{}, Throw(NewError("H", "m", Null())) },
		},
	}
	type failure struct {
		Kind    ErrorKind
		Message string
	}
	for tokens, want := range map[string]failure{
		`35`:                                {KindBytecode, "Invalid HogQL bytecode, stack is empty, can not pop"},
		`33,1,6`:                            {KindBytecode, "Invalid HogQL bytecode, stack is empty, can not pop"},
		`43,1`:                              {KindBytecode, "Invalid HogQL bytecode, stack is empty, can not pop"},
		`33,1,37,5`:                         {KindBytecode, "Stack underflow"},
		`51`:                                {KindBytecode, "Invalid operation POP_TRY: no try block to pop"},
		`55,0`:                              {KindBytecode, "Invalid upvalue index: 0"},
		`33,1,56,0`:                         {KindBytecode, "Invalid upvalue index: 0"},
		`33,1,53,0`:                         {KindBytecode, "Invalid callable: 1"},
		`52,"f",0,2,1,31,53,1,true,0`:       {KindBytecode, "Invalid upvalue count. Expected 2, got 1"},
		`52,"f",0,1,1,31,53,1,false,3`:      {KindBytecode, "Invalid upvalue index: 3"},
		`33,1,52,"f",0,0,2,31,38,53,0,54,1`: {KindArgument, "Too many arguments. Passed 1, expected 0"},
		`2,"one",5`:                         {KindBytecode, "Not enough arguments on the stack"},
		`33,1,43,1,33,0,45`:                 {KindType, "Hog arrays start from index 1"},
		`31,32,"x",33,1,46`:                 {KindType, "Can not set x on non-object: object"},
		`32,"s",32,"x",33,1,46`:             {KindType, "Can not set x on non-object: string"},
		`33,1,54,0`:                         {KindType, "Invalid closure: 1"},
		`33,1,49`:                           {KindType, "Can not throw: value is not of type Error"},
		`32,"b",32,"a",1,2`:                 {KindName, "Global variable not found: a.b"},
		`1,0`:                               {KindName, "Global variable not found: "},
		`2,"nope",0`:                        {KindName, "Unsupported function call: nope"},
		`2,"sleep",0`:                       {KindName, "Unexpected async function call: sleep"},
		`32,"sleep",1,1,54,0`:               {KindName, "Unexpected async function call: sleep"},
		`2,"fetch",0`:                       {KindName, "Unsupported function call: fetch"},
		`32,"fetch",1,1`:                    {KindName, "Global variable not found: fetch"},
		`2,"import",0`:                      {KindArgument, "Function import requires exactly 1 argument"},
		`32,"x",2,"import",1`:               {KindName, "Unknown chunk: x"},
		`2,"one",0`:                         {KindArgument, "Function one requires at least 1 arguments"},
		`31,31,31,2,"one",3`:                {KindArgument, "Function one requires at most 2 arguments"},
		`31,2,"arrayMap",1`:                 {KindArgument, "Function arrayMap requires exactly 2 arguments"},
		`32,"arrayMap",1,1,54,0`:            {KindName, "Unsupported function call: arrayMap"},
		`33,5,33,1,43,1,2,"arrayMap",2`:     {KindType, "Invalid closure: 5"},
		`32,"(",32,"a",23`:                  {KindData, "Invalid regular expression: missing closing ): `(`"},
		`33,1,33,1,21`:                      {KindType, "can not search in number; the right side of in is an array, a tuple or a string"},
		`2,"fail",0`:                        {KindThrown, `Fail('it\'s')`},
		`2,"hostThrow",0`:                   {KindThrown, "H('m')"},
		`2,"hostFail",0`:                    {KindHost, "hostFail: host is down"},
		`32,"broken",1,1`:                   {KindHost, "global broken: host is down"},
		`2,"panic",0`:                       {KindInternal, "internal error: oops"},
	} {
		_, err := run(t, `["_H",1,`+tokens+`]`, env)
		e, ok := errors.AsType[*Error](err)
		if !ok {
			t.Errorf("%s: no *Error but %v", tokens, err)
			continue
		}
		if diff := cmp.Diff(want, failure{e.Kind, e.Message}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tokens, diff)
		}
		if want.Kind == KindHost && !errors.Is(err, errHost) {
			t.Errorf("%s: does not wrap the host's error", tokens)
		}
	}
}

// forever is a loop without end: while (true) {}.
const forever = `["_H",1,29,40,2,39,-5]`

func TestLimits(t *testing.T) {
	deep := `["_H",1,52,"f",0,1,5,55,0,54,0,38,53,1,true,0,36,0,54,0]` // let f := () -> f()
	for name, c := range map[string]struct {
		tokens string
		limits Limits
		want   ErrorKind
	}{
		"steps":        {forever, Limits{Steps: 1000}, KindSteps},
		"steps one":    {forever, Limits{Steps: 1}, KindSteps},
		"time":         {forever, Limits{Time: time.Millisecond}, KindTime},
		"depth":        {deep, Limits{}, KindDepth},
		"depth small":  {deep, Limits{Depth: 3}, KindDepth},
		"stack":        {`["_H",1,33,1,39,-4]`, Limits{Memory: 1 << 16}, KindMemory},
		"handlers":     {`["_H",1,50,3,39,-4]`, Limits{Memory: 1 << 16}, KindMemory},
		"array":        {`["_H",1,43,0,36,0,43,1,37,0,36,0,36,0,39,-12]`, Limits{Memory: 1 << 16}, KindMemory},
		"index":        {`["_H",1,43,0,36,0,33,9999999,33,1,46]`, Limits{}, KindMemory},
		"string":       {`["_H",1,32,"ab",2,"double",1,39,-5]`, Limits{StringSize: 1000}, KindStringSize},
		"string total": {`["_H",1,32,"ab",2,"double",1,39,-5]`, Limits{Memory: 1 << 16}, KindMemory},
		"output":       {`["_H",1,32,"line",2,"print",1,35,39,-8]`, Limits{Output: 100}, KindOutput},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, c.tokens, Env{Limits: c.limits})
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Kind != c.want || !e.Kind.IsLimit() {
				t.Errorf("error:\n got %v\nwant kind %s", err, c.want)
			}
		})
	}
}

// TestGarbageIsFree makes far more values than the limit allows alive at once.
func TestGarbageIsFree(t *testing.T) {
	// let i := 0; while (i < 20000) { [[i]]; i := i + 1 }; return i
	v, err := run(t, `["_H",1,33,0,33,20000,36,0,15,40,16,36,0,43,1,43,1,35,33,1,36,0,6,37,0,39,-23,36,0,38]`,
		Env{Limits: Limits{Memory: 1 << 16}})
	if got, want := v.Display(), "20000"; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	why := errors.New("the server stops")
	cancel(why)
	p, err := load(t, forever)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Run(ctx, Env{})
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind != KindCanceled || !errors.Is(err, context.Canceled) || !strings.Contains(e.Message, why.Error()) {
		t.Errorf("got %v", err)
	}
}

// TestConcurrentRuns shares one program between goroutines with different globals.
func TestConcurrentRuns(t *testing.T) {
	p, err := load(t, `["_H",1,33,0,33,300,36,0,15,40,11,32,"n",1,1,36,0,6,37,0,39,-18,36,0,38]`)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := 1; n <= 8; n++ {
		wg.Go(func() {
			env := Env{Global: GlobalsOf(map[string]Value{"n": Number(float64(n))})}
			for range 50 {
				v, err := p.Run(context.Background(), env)
				if f, _ := v.AsNumber(); err != nil || int(f) < 300 || int(f)%n != 0 || int(f) >= 300+n {
					t.Errorf("n = %d: %v, %v", n, v, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestFreshGlobals changes a global that was read and reads it again.
func TestFreshGlobals(t *testing.T) {
	shared := map[string]Value{"g": mustJSON(t, `{"a":{"b":1}}`)}
	v, err := run(t, `["_H",1,32,"g",1,1,36,0,32,"a",45,32,"b",33,2,46,36,0,32,"g",1,1,43,2]`, Env{Global: GlobalsOf(shared)})
	if got, want := v.Display(), "[{'a': {'b': 2}}, {'a': {'b': 1}}]"; err != nil || got != want {
		t.Errorf("%v\n got %s\nwant %s", err, got, want)
	}
	if got, want := shared["g"].Display(), "{'a': {'b': 1}}"; got != want {
		t.Errorf("the host's value:\n got %s\nwant %s", got, want)
	}
}

// TestMachineIsClean runs a failing program and a good one on the same pooled machine.
func TestMachineIsClean(t *testing.T) {
	p, err := load(t, `["_H",1,33,1,50,21,33,2,52,"f",0,1,7,55,0,32,"x",1,1,38,53,1,true,0,54,0]`)
	if err != nil {
		t.Fatal(err)
	}
	m := p.machines.Get().(*machine)
	m.reset(context.Background(), Env{})
	if _, err := m.run(); err == nil {
		t.Fatal("the program does not fail")
	}
	m.release()
	if m.open != nil || len(m.frames) != 0 || len(m.handlers) != 0 || m.ctx != nil {
		t.Errorf("left behind: cells %v, %d frames, %d handlers", m.open, len(m.frames), len(m.handlers))
	}
	for i, v := range m.stack {
		if !v.IsNull() {
			t.Errorf("slot %d keeps %v", i, v)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	// fn f(a, b) { return a + b }; let s := 0; while (s < 100) { s := f(s, 1) }; return s
	p, err := load(t, `["_H",1,52,"f",2,0,6,36,1,36,0,6,38,53,0,33,0,33,100,36,1,15,40,12,36,1,33,1,36,0,54,2,37,1,39,-19,36,1,38]`)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	got := testing.AllocsPerRun(100, func() {
		if v, err := p.Run(ctx, Env{}); err != nil || v.Display() != "100" {
			t.Fatalf("%v, %v", v, err)
		}
	})
	// The closure, and the text of the check above.
	if want := 6.0; got > want {
		t.Errorf("allocations for 100 calls:\n got %v\nwant at most %v", got, want)
	}
}
