package bulk_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/capture/bulk"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// Whatever comes, what is read is JSON with a record for each line that is named, and nothing is both read and rejected.
func FuzzRead(f *testing.F) {
	for i, body := range []string{
		`{"event":"a","distinct_id":"1","properties":"{\"x\":1}","set":{"y":2},"elements_chain":"a"}` + "\n\n[1]\n{",
		`{"type":"track","userId":"a","event":"b"}`,
		`{"event":"a","properties":{"time":1,"distinct_id":"x","$insert_id":"1"}}`,
		`{"event_type":"a","user_id":"x","event_properties":{"b":[]},"uuid":"0198c5a0-0000-7000-8000-000000000001"}`,
		"event,distinct_id,n,properties\na,1,007,\"{\"\"x\"\":1}\"\nb,2,\"x\ny\",\n\nc",
	} {
		f.Add([]byte(body), uint8(i), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, body []byte, format uint8, named bool) {
		o := bulk.Options{Format: bulk.Formats()[int(format)%len(bulk.Formats())], MaxRecords: 100, MaxBytes: 1 << 20}
		if named {
			o.Line = 7
		}
		b, err := bulk.Read(o, body)
		if err != nil {
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) || refusal.Detail == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		var text struct{ Batch []json.RawMessage }
		if err := json.Unmarshal(b.Text, &text); err != nil || len(text.Batch) != len(b.Lines) {
			t.Fatalf("%d records for %d lines, %v\n%q", len(text.Batch), len(b.Lines), err, b.Text)
		}
		seen := map[int]bool{}
		for _, line := range b.Lines {
			if seen[line] && o.Format != bulk.CSV || line < o.Line {
				t.Errorf("line %d", line)
			}
			seen[line] = true
		}
		for _, p := range b.Problems {
			if seen[p.Index] || p.Code == "" || p.Detail == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
