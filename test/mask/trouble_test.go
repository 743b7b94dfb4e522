package mask

import (
	"math/rand/v2"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/hogtest/gen"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

// trouble is a way to go wrong.
type trouble struct {
	name string
	code string
	fate fate
}

// secrets is the whole event as text, for what throws it about.
const secrets = "jsonStringify(event)"

// hogTroubles are statements in front of, between or behind those of a mask. A program ends at them, but for the random ones.
var hogTroubles = []trouble{
	{"throws", "throw Error('bad');", dies},
	{"throws the event", "throw Error(concat('bad ', " + secrets + "), event);", dies},
	{"throws again", "try { throw RetryError(" + secrets + ") } catch (thrown) { throw thrown }", dies},
	{"throws what is no error", "throw event;", dies},
	{"spins", "while (true) {}", dies},
	{"eats memory", "let s := " + secrets + "; while (true) { s := concat(s, s) }", dies},
	{"recurses", "fn down(x) { return down(concat(x, '.')) }; down(event.distinct_id);", dies},
	{"calls a text", "event.distinct_id();", dies},
	{"has a bad pattern", "let found := match('a', concat('(', " + secrets + "));", dies},
	{"parses nonsense", "let parsed := jsonParse(concat('{', " + secrets + "));", dies},
	{"writes into nothing", "let nothing := {}; nothing.a.b := event;", dies},
	{"returns a number", "return 42;", dies},
	{"returns a text", "return " + secrets + ";", dies},
	{"returns true", "return true;", dies},
	{"returns a function", "return () -> event;", dies},
	{"returns several", "return [event, event];", dies},
	{"returns no properties", "return {'event': event.event, 'distinct_id': event.distinct_id};", dies},
	{"returns a list of properties", "return {'properties': [event.properties]};", dies},
	{"returns no name", "return {'event': '', 'properties': event.properties};", dies},
	{"returns a long person", "let id := 'x'; while (length(id) < 300) { id := concat(id, event.distinct_id) } return {'distinct_id': id, 'properties': event.properties};", dies},
	{"returns too much", "let big := 'xxxxxxxxxxxxxxxx'; while (length(big) < 9000000) { big := concat(big, big) } e.properties.big := big; return e;", dies},
	{"returns null", "return null;", drops},
	{"returns false", "return false;", drops},
	{"returns nothing", "return;", drops},
}

// exprTroubles are expressions that fail.
var exprTroubles = []trouble{
	{"is no number", "int(event.distinct_id)", dies},
	{"is no JSON", "fromJSON(event.distinct_id)", dies},
	{"is no date", "date(event.distinct_id)", dies},
	{"is no pattern", `event.name matches ("(" + toJSON(event.properties))`, dies},
	{"has no such index", "[1][event.properties.n + 7]", dies},
	{"cannot be compared", "event.properties.n < event.distinct_id", dies},
	{"cannot be added", "event.properties.n + event.distinct_id", dies},
	{"is too long", "len(1..100000000)", dies},
	{"eats memory", "repeat(event.distinct_id, 100000000)", dies},
}

// goTroubles are what a transform in Go can do wrong; see goMask.
var goTroubles = []trouble{
	{"fails", "fails", dies},
	{"fails with the event", "fails with the event", dies},
	{"fails after appending", "fails after appending", dies},
	{"fails after several", "fails after several", dies},
	{"panics", "panics", dies},
	{"panics with the event", "panics with the event", dies},
	{"panics after appending", "panics after appending", dies},
	{"breaks a rule of the runtime", "breaks a rule of the runtime", dies},
	{"says that its time is over", "says that its time is over", dies},
	{"makes several", "makes several", passes},
}

// randomHog is a program of the language's generator, which may throw and may not, and often does something to the limits.
func randomHog(r *rand.Rand) trouble {
	for {
		code := "fn random() { " + gen.New(r.Uint64()).Source() + "\n} random();"
		if _, err := hogs.CompileTransform(pipeline.Code{Text: code}, hog.Limits{}, pipeline.Env{}); err == nil {
			return trouble{"runs a random program", code, unknown}
		}
	}
}

// pick is one of a list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }
