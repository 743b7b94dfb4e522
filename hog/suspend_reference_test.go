package hog_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/hogtest"
)

// journey is what a run shows that is suspended on its way: what it prints and asks for, and how it ends.
type journey struct {
	Prints []string
	Calls  []string
	Result string
	Error  string
}

// stretch is a part of a run: up to a suspension or the end.
type stretch struct {
	Prints   []string          `json:"prints"`
	Function string            `json:"function"`
	Args     []json.RawMessage `json:"args"`
	State    json.RawMessage   `json:"state"`
	Result   string            `json:"result"`
	Error    string            `json:"error"`
}

// engine runs one stretch from the start, for no state, or from a state and the result of the function.
type engine func(state, result json.RawMessage) stretch

// subject is a program for both machines.
type subject struct {
	bytecode []byte
	globals  string
	async    []string
	chunks   map[string]string // bytecode by name
	options  []hog.Option
}

// travel runs a subject to its end; engines take turns.
func travel(host func(function string, args []json.RawMessage, n int) string, engines ...engine) journey {
	var j journey
	s := engines[0](nil, nil)
	for n := 1; ; n++ {
		j.Prints = append(j.Prints, s.Prints...)
		if s.State == nil || n > 3000 {
			j.Result, j.Error = s.Result, s.Error
			return j
		}
		args, _ := json.Marshal(s.Args)
		j.Calls = append(j.Calls, s.Function+string(args))
		s = engines[n%len(engines)](s.State, json.RawMessage(host(s.Function, s.Args, n)))
	}
}

func referenceEngine(t *testing.T, p *hogtest.Process, sub subject) engine {
	return func(state, result json.RawMessage) stretch {
		request := map[string]any{"globals": json.RawMessage(sub.globals), "async": sub.async}
		if state == nil {
			request["bytecode"] = json.RawMessage(sub.bytecode)
		} else {
			request["state"], request["result"] = state, result
		}
		chunks := map[string]any{}
		for name, text := range sub.chunks {
			chunks[name] = map[string]any{"bytecode": json.RawMessage(text), "globals": map[string]any{"own": 1}}
		}
		request["chunks"] = chunks
		var s stretch
		p.Ask(t, request, &s)
		return s
	}
}

// envOf is the world of a subject on our machine.
func envOf(t testing.TB, sub subject, prints *[]string) hog.Env {
	return hog.Env{
		Global: globalsOf(t, sub.globals),
		Async: func(name string) bool {
			for _, known := range sub.async {
				if known == name {
					return true
				}
			}
			return false
		},
		Import: func(name string) (hog.Chunk, bool, error) {
			text, ok := sub.chunks[name]
			if !ok {
				return hog.Chunk{}, false, nil
			}
			p, err := hog.Load([]byte(text))
			if err != nil {
				return hog.Chunk{}, false, err
			}
			return p.Chunk(map[string]hog.Value{"own": hog.Number(1)}), true, nil
		},
		Now:    time.Now,
		Rand:   rand.Reader,
		Print:  func(line string) { *prints = append(*prints, line) },
		Limits: hog.Limits{AsyncSteps: 10000},
	}
}

// ourEngine resumes from states only; nothing but them goes from one stretch to the next.
func ourEngine(t testing.TB, sub subject) engine {
	return func(state, result json.RawMessage) stretch {
		var s stretch
		env := envOf(t, sub, &s.Prints)
		var out hog.Outcome
		var err error
		if state == nil {
			p, loadErr := hog.Load(sub.bytecode, sub.options...)
			if loadErr != nil {
				return stretch{Error: loadErr.Error()}
			}
			out, err = p.Start(context.Background(), env)
		} else {
			suspension, restoreErr := hog.Restore(state, sub.options...)
			if restoreErr != nil {
				return stretch{Error: restoreErr.Error()}
			}
			out, err = suspension.Resume(context.Background(), env, mustJSON(t, result))
		}
		stretchOf(t, &s, out, err)
		if out.Suspension != nil {
			if s.State, err = out.Suspension.State(); err != nil {
				s.State, s.Error = nil, err.Error()
			}
		}
		return s
	}
}

func mustJSON(t testing.TB, text json.RawMessage) hog.Value {
	v, err := hog.FromJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func stretchOf(t testing.TB, s *stretch, out hog.Outcome, err error) {
	switch {
	case err != nil:
		s.Error = err.Error()
		if e, ok := errors.AsType[*hog.Error](err); ok {
			s.Error = e.Message
		}
	case out.Suspension == nil:
		s.Result = out.Value.Display()
	default:
		s.Function = out.Suspension.Function
		s.Args = []json.RawMessage{}
		for _, arg := range out.Suspension.Args {
			text, err := arg.AppendJSON(nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Args = append(s.Args, text)
		}
	}
}

// inProcess is the journey on our machine without states.
func inProcess(t testing.TB, sub subject, host func(string, []json.RawMessage, int) string) journey {
	var j journey
	p, err := hog.Load(sub.bytecode, sub.options...)
	if err != nil {
		return journey{Error: err.Error()}
	}
	env := envOf(t, sub, &j.Prints)
	out, err := p.Start(context.Background(), env)
	for n := 1; ; n++ {
		var s stretch
		stretchOf(t, &s, out, err)
		if s.Function == "" {
			j.Result, j.Error = s.Result, s.Error
			return j
		}
		args, _ := json.Marshal(s.Args)
		j.Calls = append(j.Calls, s.Function+string(args))
		result := host(s.Function, s.Args, n)
		out, err = out.Suspension.Resume(context.Background(), env, mustJSON(t, json.RawMessage(result)))
	}
}

// echo is a host whose functions give their first argument, or the number of the call.
func echo(_ string, args []json.RawMessage, n int) string {
	if len(args) > 0 {
		return string(args[0])
	}
	return fmt.Sprint(n)
}

// suspended are programs that suspend in all sorts of places, through the async functions f and g.
var suspended = map[string]string{
	"plain":             `let a := f(1) let b := f(2) + a return [a, b, f()]`,
	"arguments":         `return [1, f(1, 'two', [3], {'k': 4}, null, true), 5]`,
	"nested arguments":  `return f(f(1) + f(2), f(3)) * f(f(4))`,
	"function":          `fn h(a, b) { let t := f(a) return t + b + f(b) } return [h(1, 2), h(3, 4)]`,
	"deep":              `fn h(n) { if (n == 0) { return f(0) } return h(n - 1) + f(n) } return h(5)`,
	"loop":              `let s := 0 for (let i := 0; i < 5; i := i + 1) { s := s + f(i) } return s`,
	"for in":            `let s := [] for (let k, v in {'a': 1, 'b': 2}) { s := arrayPushBack(s, [k, f(v)]) } return s`,
	"while":             `let i := 0 while (i < 3) { let j := f(i) print(i, j) i := j + 1 } return i`,
	"open cells":        `let n := 1 let inc := () -> { n := n + f(1); return n } print(inc(), n) n := 10 print(inc(), f(n)) return n`,
	"closed cells":      `fn mk() { let n := 1 let m := f(2) return () -> { n := n + m + f(0); return n } } let a := mk() let b := mk() f() return [a(), a(), b()]`,
	"shared cells":      `fn mk() { let n := 0 return [() -> { n := n + f(1); return n }, () -> n] } let p := mk() p.1() f() p.1() return p.2()`,
	"nested cells":      `let x := 1 let o := () -> { let y := f(2) return () -> { x := x + y + f(3); return [x, y] } } let i := o() return [i(), i(), x]`,
	"recursive closure": `let fact fact := n -> n <= 1 ? f(1) : n * fact(n - 1) return fact(5)`,
	"try":               `try { f(1) throw Error('x') } catch (e) { print(e.message) return f(e.message) }`,
	"try around":        `try { try { f(1) } catch (e) { print('no') } f(2) throw NotImplementedError('y') } catch (e: RetryError) { print('no') } catch (e: NotImplementedError) { return f(e.type) }`,
	"throw across":      `fn h() { f(1) throw Error('deep') } try { let a := 1 h() } catch (e) { print(f(e.message)) } return f(3)`,
	"catch in loop":     `let r := [] for (let i in [1, 2, 3]) { try { if (f(i) == 2) { throw Error('two') } r := arrayPushBack(r, i) } catch { r := arrayPushBack(r, 'caught') } } return r`,
	"map":               `return arrayMap(x -> f(x) * 2, [7, 8, 9])`,
	"filter":            `return arrayFilter(x -> f(x) > 7, [7, 8, 9])`,
	"exists":            `return [arrayExists(x -> f(x) == 8, [7, 8, 9]), arrayExists(x -> f(x) == 80, [7, 8, 9])]`,
	"count":             `return arrayCount(x -> f(x) > 7, [7, 8, 9])`,
	"reduce":            `return arrayReduce((a, x) -> a + f(x), [7, 8, 9], f(100))`,
	"reduce objects":    `return arrayReduce((a, x) -> { a[toString(x)] := f(x); return a }, [7, 8], {})`,
	"map over dict":     `return arrayMap(x -> f(x), {'a': 1, 'b': 2})`,
	"map of maps":       `return arrayMap(x -> arrayMap(y -> f(x + y), [10, 20]), [1, 2])`,
	"filter in reduce":  `return arrayReduce((a, x) -> a + length(arrayFilter(y -> f(y) > x, [1, 2, 3])), [0, 1, 2], 0)`,
	"callback closure":  `let n := 0 let r := arrayMap(x -> { n := n + f(x); return () -> n }, [1, 2, 3]) return [n, arrayMap(h -> f(h()), r)]`,
	"callback handlers": `return arrayMap(x -> { try { if (f(x) == 2) { throw Error('two') } return x } catch (e) { return f(e.message) } }, [1, 2, 3])`,
	"callback in try":   `let l := [1] try { arrayMap(x -> { f(x) throw Error('out') }, [1, 2]) } catch (e) { print(f(e.message), l) } return l`,
	"callback function": `fn h(x) { let t := f(x) return t + 1 } return [1, arrayMap(h, [1, 2]), 2]`,
	"callback locals":   `fn h(l, k) { let t := 5 let r := arrayMap(x -> { let q := f(x) return q + k + t }, l) return [t, r, k] } return h([1, 2], 100)`,
	"strings":           "let a := f('héß🎉\\n') return [a, length(a), `f`('')]",
	"dates":             `let d := toDate('2024-01-02') let t := toDateTime(1700000000.5) let i := toIntervalDay(3) f() print(d, t, i) return [d == toDate('2024-01-02'), t.zone, i.value]`,
	"functions":         `let u := upper let h := x -> x + 1 f() return [u('a'), h(1), u, h]`,
	"async value":       `let h := f let s := sleep f(1) print(h, s)`,
	"sleep":             `sleep(0.5) return sleep(1)`,
	"two functions":     `return g(f(1), g())`,
	"globals":           `f() return [event.event, f(event.properties.plan)]`,
	"ternaries":         `let x := f(1) ? f(2) : f(3) return f(null) ?? f(x)`,
	"uncaught":          `f(1) throw Error('end', {'p': f(2)})`,
	"library error":     `f(1) return jsonParse(f('{'))`,
	"nested data":       `let d := {'a': [1, {'b': [null, true, 1.5, 'x']}], 'c': {}} f() d.a[2].b[1] := f(7) return d`,
	"between":           `return f(5) between f(1) and f(10)`,
	"return in try":     `fn h() { try { return f(1) } catch (e) { return 2 } } let a := h() f() return a`,
	"empty":             `f()`,
}

// unlike is how a subject differs on the machines.
type unlike struct {
	hostText bool   // both fail, the reference with its host's text
	lossy    string // what the reference's states lose, so that its way is not ours
}

var suspendedUnlike = map[string]unlike{
	"library error":  {hostText: true},
	"nested data":    {lossy: "a dictionary that is reached in two ways is two afterwards"},
	"reduce objects": {lossy: "a dictionary that is reached in two ways is two afterwards"},
}

// TestSuspendAgainstReference runs programs to their end on both machines and handing over from one to the other at each
// suspension.
func TestSuspendAgainstReference(t *testing.T) {
	_, globals := corpus(t)
	ref := hogtest.Start(t, "suspend.js", "@posthog/hogvm")
	for name, text := range suspended {
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name, text)
			if err != nil {
				t.Fatal(err)
			}
			compareJourneys(t, ref, subject{
				bytecode: p.Bytecode(), globals: globals, async: []string{"f", "g"}, options: []hog.Option{hog.WithReferenceDefects()},
			}, echo, suspendedUnlike[name])
		})
	}
}

// compareJourneys expects the same of all ways to run a subject.
func compareJourneys(t *testing.T, ref *hogtest.Process, sub subject, host func(string, []json.RawMessage, int) string, known unlike) {
	t.Helper()
	theirs, ours := referenceEngine(t, ref, sub), ourEngine(t, sub)
	want := travel(host, theirs)
	differ := false
	for _, way := range []struct {
		name    string
		engines []engine
	}{
		{"ours", []engine{ours}}, {"ours, then theirs", []engine{ours, theirs}}, {"theirs, then ours", []engine{theirs, ours}},
		{"two theirs, one ours", []engine{theirs, theirs, ours}}, {"two ours, one theirs", []engine{ours, ours, theirs}},
	} {
		got := travel(host, way.engines...)
		if known.hostText && want.Error != "" && got.Error != "" {
			got.Error = want.Error
		}
		diff := cmp.Diff(want, got)
		differ = differ || diff != ""
		if diff != "" && known.lossy == "" {
			t.Errorf("%s (-reference +got):\n%s", way.name, diff)
		}
	}
	if !differ && known.lossy != "" {
		t.Errorf("is listed as a difference (%s) but agrees", known.lossy)
	}
	if diff := cmp.Diff(inProcess(t, sub, host), travel(host, ours)); diff != "" {
		t.Errorf("our states (-in process +from states):\n%s", diff)
	}
}

// TestSuspendAsyncValues hands over runs that wait for a function that was called through a value, which the reference
// can not go on with by itself: it stops one token too early.
func TestSuspendAsyncValues(t *testing.T) {
	ref := hogtest.Start(t, "suspend.js", "@posthog/hogvm")
	for text, want := range map[string]string{
		`let h := f return [h(1), h(2), h(3), h(4)]`:               "[1, 2, 3, 4]",
		`return arrayMap(f, [7, 8, 9, 10])`:                        "[7, 8, 9, 10]",
		`return arrayFilter(f, [0, 8, 0, 10])`:                     "[8, 10]",
		`return [arrayCount(f, [0, 1]), arrayExists(f, [0, 1])]`:   "[1, true]",
		`let h := (g, x) -> g(x) + g(x) return [h(f, 1), h(f, 2)]`: "[2, 4]",
	} {
		sub := subject{bytecode: portable(t, text), globals: "{}", async: []string{"f"}}
		theirs, ours := referenceEngine(t, ref, sub), ourEngine(t, sub)
		if got := travel(echo, theirs); got.Error == "" && got.Result == want {
			t.Errorf("%s: the reference alone can go on", text)
		}
		for name, engines := range map[string][]engine{
			"ours": {ours}, "ours, then theirs": {ours, theirs}, "theirs, then ours": {theirs, ours}, "two ours, one theirs": {ours, ours, theirs},
		} {
			if got := travel(echo, engines...); got.Result != want || got.Error != "" {
				t.Errorf("%s, %s:\n got %+v\nwant %s", text, name, got, want)
			}
		}
	}
}

// TestSuspendCorpus suspends the programs of the corpus wherever they print.
func TestSuspendCorpus(t *testing.T) {
	programs, globals := corpus(t)
	ref := hogtest.Start(t, "suspend.js", "@posthog/hogvm")
	for name, text := range programs {
		if name == unportable {
			continue
		}
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name, text)
			if err != nil {
				t.Fatal(err)
			}
			compareJourneys(t, ref, subject{
				bytecode: p.Bytecode(), globals: globals, async: []string{"print"}, options: []hog.Option{hog.WithReferenceDefects()},
			}, func(string, []json.RawMessage, int) string { return "null" }, corpusUnlike(name))
		})
	}
}

// lostOnTheWay lists the programs whose values the reference's states lose something of, and what.
var lostOnTheWay = map[string]string{
	"error_constructors": "a null payload is an absent one",
	"tuples":             "tuples become arrays",
	"conversion":         "tuples become arrays, errors dictionaries",
	"printing":           "tuples become arrays, errors dictionaries",
	"typeof_everything":  "tuples become arrays, errors dictionaries",
	"json_stringify":     "keys become text, and the host puts those of integers first",
	"dicts":              "keys become text",
	"index_forms":        "keys become text",
	"print_containers":   "a container that holds itself has no JSON",
	"assignment_targets": "a container that holds itself has no JSON",
}

// corpusUnlike is how a program of the corpus differs with the reference's defects switched on.
func corpusUnlike(name string) unlike {
	u := unlike{hostText: hostTexts[name], lossy: lostOnTheWay[name]}
	switch reason := intended[name]; {
	case name == "json_integer_keys" || name == "return_function":
		// Only what leaves the machine as JSON differs.
	case !replayed(reason):
		u.lossy += reason
	}
	return u
}

// replayed reports the differences that WithReferenceDefects takes away, by their reason.
func replayed(reason string) bool {
	switch reason {
	case "a closed cell is not used again", "null has no order", "dateDiff counts real time":
		return true
	}
	return false
}
