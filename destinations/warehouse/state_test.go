package warehouse

import (
	"fmt"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
)

// TestFields takes records apart one after the other, whose fields differ in what a reader could remember wrongly of the one before.
func TestFields(t *testing.T) {
	for _, records := range [][][2]string{
		{{`{"a":1,"b":"x"}`, `a=1 b="x"`}, {`{"a":2,"b":null}`, `a=2`}, {`{"a":null,"b":3}`, `b=3`}, {`{"b":4,"a":5}`, `b=4 a=5`}},
		{{`{"a":1,"a":2}`, `a=2`}, {`{"a":3,"a":null}`, ``}, {`{"a":4,"b":5}`, `a=4 b=5`}},
		{{`{"a":1}`, `a=1`}, {`{"\u0061":2}`, `a=2`}, {`{"a":3,"\u0061":4}`, `a=4`}, {`{"a":5}`, `a=5`}},
		{{`{"a":1}`, `a=1`}, {`no JSON`, ``}, {`{"a":2}`, `a=2`}, {`[1]`, ``}, {`{}`, ``}, {`{"a":3}`, `a=3`}},
		{{`{"a":"\ud83d"}`, `a="\ufffd"`}, {`{"a":"b"}`, `a="b"`}, {"{\"a\":\"\xff\"}", ``}},
		{{`{"":1}`, `=1`}, {`{"":2,"a":{"b":null}}`, `=2 a={"b":null}`}},
	} {
		load := make([]pipeline.Record, len(records))
		for i, r := range records {
			load[i] = pipeline.Record{Key: fmt.Sprint(i), Data: []byte(r[0])}
		}
		for i, s := range Reduce(load) {
			got := ""
			for n, f := range s.Fields {
				if n > 0 {
					got += " "
				}
				got += f.Name + "=" + string(f.Value)
			}
			if got != records[i][1] {
				t.Errorf("fields of %s after %v\n got %s\nwant %s", records[i][0], records[:i], got, records[i][1])
			}
		}
	}
}
