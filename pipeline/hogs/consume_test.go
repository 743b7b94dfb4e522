package hogs_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline"
)

// numbered is an event whose properties all have a number in them.
func numbered(t testing.TB, n int) pipeline.Event {
	t.Helper()
	items := strings.Repeat(fmt.Sprintf(`{"n":%d},`, n), n%5)
	e, err := pipeline.ParseEvent(fmt.Appendf(nil, `{"uuid":"u","event":"e%[1]d","distinct_id":"d%[1]d","properties":{"n":%[1]d,"list":[%[2]s%[1]d],"in":{"n":[%[1]d]}}}`, n, items))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestEventsDoNotMix sends many events through one transform, from many goroutines, and wants each to come out with what is its own. Runs
// use the memory of runs before them.
func TestEventsDoNotMix(t *testing.T) {
	transform := compile(t, `let e := event
		let more := event
		e.properties.copy := [more.properties, event.properties.in]
		e.properties.list[1] := e.properties.n
		if (e.properties.n % 7 == 0) { throw Error('seven', e) }
		return e`)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			var kept []error
			for i := range 200 {
				n := g*1000 + i
				e, _, err := transform.Apply(t.Context(), numbered(t, n))
				if n%7 == 0 {
					kept = append(kept, err)
					continue
				}
				items := strings.Repeat(fmt.Sprintf(`{"n":%d},`, n), n%5)
				before := fmt.Sprintf(`"n":%[1]d,"list":[%[2]s%[1]d],"in":{"n":[%[1]d]}`, n, items)
				after := before
				if n%5 > 0 {
					after = strings.Replace(before, fmt.Sprintf(`[{"n":%d}`, n), fmt.Sprintf(`[%d`, n), 1)
				}
				want := fmt.Sprintf(`{%s,"copy":[{%s},{"n":[%d]}]}`, after, before, n)
				if got := string(e.Properties); err != nil || got != want {
					t.Errorf("event %d\n got %s %v\nwant %s", n, got, err, want)
				}
			}
			for _, err := range kept {
				checkThrown(t, err)
			}
		})
	}
	wait.Wait()
}

// checkThrown wants an error with an event in it that is still whole.
func checkThrown(t *testing.T, err error) {
	t.Helper()
	thrown, ok := errors.AsType[*hog.Error](err)
	if !ok {
		t.Errorf("got %v\nwant a thrown error", err)
		return
	}
	e, _ := thrown.Thrown.AsError()
	d, _ := e.Payload.AsDict()
	name, _ := d.GetString("event")
	properties, _ := d.GetString("properties")
	want := "{'n': " + strings.TrimPrefix(name.String(), "e") + ","
	if got := properties.Display(); !strings.HasPrefix(got, want) {
		t.Errorf("the event in the error\n got %s\nwant %s…", got, want)
	}
}
