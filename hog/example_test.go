package hog_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog"
)

// A program is compiled once and run as often as needed, by many goroutines at once.
func Example() {
	program, err := hog.Compile("greet.hog", `
fn greet(name) { return f'Hello, {name}!' }
for (let name in ['Ada', 'Bo']) { print(greet(name)) }
return {'greeted': 2}`)
	if err != nil {
		log.Fatal(err)
	}
	result, err := program.Run(context.Background(), hog.Env{Print: func(line string) { fmt.Println(line) }})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result)
	// Output:
	// Hello, Ada!
	// Hello, Bo!
	// {'greeted': 2}
}

// Every mistake is found at once, with its place and what to write instead.
func ExampleCompile_mistakes() {
	_, err := hog.Compile("rules.hog", `let plan := evnt.properties.plan
return uper(plan)`, hog.WithGlobals("event"), hog.WithFunctions())
	fmt.Println(err)
	// Output:
	// rules.hog:1:13: Global variable not found: evnt
	//   hint: did you mean `event`?
	//     let plan := evnt.properties.plan
	//                 ^^^^
	// rules.hog:2:8: Hog function `uper` is not implemented
	//   hint: did you mean `upper`?
	//     return uper(plan)
	//            ^^^^
}

// An expression has one value, for conditions and filters.
func ExampleCompileExpression() {
	large, err := hog.CompileExpression("filter", `event == 'purchase' and properties.amount > 1000`)
	if err != nil {
		log.Fatal(err)
	}
	event, err := hog.FromJSON([]byte(`{"event": "purchase", "properties": {"amount": 1500}}`))
	if err != nil {
		log.Fatal(err)
	}
	globals := map[string]hog.Value{}
	fields, _ := event.AsDict()
	for i := range fields.Len() {
		name, value := fields.At(i)
		globals[name.String()] = value
	}
	result, err := large.Run(context.Background(), hog.Env{Global: hog.GlobalsOf(globals)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Truthy())
	// Output: true
}

// A template is text with expressions in braces.
func ExampleCompileTemplate() {
	text, err := hog.CompileTemplate("message", `{name} paid {round(amount)} EUR`)
	if err != nil {
		log.Fatal(err)
	}
	result, err := text.Run(context.Background(), hog.Env{
		Global: hog.GlobalsOf(map[string]hog.Value{"name": hog.String("Ada"), "amount": hog.Number(49.6)}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result)
	// Output: Ada paid 50 EUR
}

// The host's functions get and give values. What they throw can be caught by the program; any other error ends the run.
func ExampleEnv_functions() {
	stock := map[string]float64{"sku-1": 3}
	functions := map[string]hog.Func{
		"inStock": func(_ context.Context, args []hog.Value) (hog.Value, error) {
			n, ok := stock[args[0].String()]
			if !ok {
				return hog.Value{}, hog.Throw(hog.NewError("UnknownSku", args[0].String(), hog.Null()))
			}
			return hog.Number(n), nil
		},
	}
	program, err := hog.Compile("stock.hog", `
print(inStock('sku-1'))
try { inStock('sku-9') } catch (e: UnknownSku) { print('no', e.message) }`, hog.WithFunctions("inStock"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = program.Run(context.Background(), hog.Env{Functions: functions, Print: func(line string) { fmt.Println(line) }})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 3
	// no sku-9
}

// Globals can be read when the program asks for them: Global gets the whole dotted chain, so that only what is read has to
// be decoded.
func ExampleEnv_global() {
	event := json.RawMessage(`{"properties": {"plan": "pro", "cart": [1, 2, 3]}}`)
	global := func(chain []string) (hog.Value, bool, error) {
		if chain[0] != "event" {
			return hog.Value{}, false, nil
		}
		raw := event
		for _, name := range chain[1:] {
			var object map[string]json.RawMessage
			if err := json.Unmarshal(raw, &object); err != nil {
				return hog.Value{}, true, err
			}
			if raw = object[name]; raw == nil {
				return hog.Null(), true, nil // as Hog has it: what is not there is null, and so is all below
			}
		}
		fmt.Println("decodes", strings.Join(chain, "."), "of", len(raw), "bytes")
		v, err := hog.FromJSON(raw)
		return v, true, err
	}
	program, err := hog.CompileExpression("plan", `upper(event.properties.plan) || (event.person.name ?? '')`)
	if err != nil {
		log.Fatal(err)
	}
	result, err := program.Run(context.Background(), hog.Env{Global: global})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result)
	// Output:
	// decodes event.properties.plan of 5 bytes
	// PRO
}

// Nothing in a program is trusted: each limit ends a run with an error of its own kind.
func ExampleLimits() {
	limits := hog.Limits{Steps: 10_000, Time: time.Second, Memory: 1 << 20, StringSize: 1 << 16}
	for _, text := range []string{
		`while (true) {}`,
		`return range(1000000)`,
		`fn again() { return again() } again()`,
		`let text := 'x' while (true) { text := text || text }`,
	} {
		program, err := hog.Compile("hostile.hog", text)
		if err != nil {
			log.Fatal(err)
		}
		_, err = program.Run(context.Background(), hog.Env{Limits: limits})
		var failed *hog.Error
		if errors.As(err, &failed) {
			fmt.Println(failed.Kind, failed.Kind.IsLimit())
		}
	}
	// Output:
	// steps true
	// memory true
	// depth true
	// string size true
}

// An error knows its place and the calls that led to it.
func ExampleError() {
	program, err := hog.Compile("price.hog", `fn price(event) {
  if (event.amount < 0) { throw Error('a negative amount', event) }
  return event.amount
}
return price({'amount': -1})`)
	if err != nil {
		log.Fatal(err)
	}
	_, err = program.Run(context.Background(), hog.Env{})
	var failed *hog.Error
	if !errors.As(err, &failed) {
		log.Fatal(err)
	}
	fmt.Println(failed)
	fmt.Println(failed.Snippet)
	fmt.Print(failed.Backtrace())
	thrown, _ := failed.Thrown.AsError()
	fmt.Println(failed.Kind, thrown.Message, thrown.Payload)
	// Output:
	// price.hog:2:27: Error('a negative amount')
	//   if (event.amount < 0) { throw Error('a negative amount', event) }
	//                           ^
	// price.hog:5:8: in program
	// price.hog:2:27: in price
	// thrown a negative amount {'amount': -1}
}

// Portable bytecode runs wherever there is a machine for it, and comes from any compiler.
func ExampleLoad() {
	compiled, err := hog.CompileExpression("sum", `a + 1`)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", compiled.Bytecode())
	loaded, err := hog.Load(compiled.Bytecode())
	if err != nil {
		log.Fatal(err)
	}
	result, err := loaded.Run(context.Background(), hog.Env{Global: hog.GlobalsOf(map[string]hog.Value{"a": hog.Number(41)})})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result)
	// Output:
	// ["_H",1,33,1,32,"a",1,1,6]
	// 42
}
