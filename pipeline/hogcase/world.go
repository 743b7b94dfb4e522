package hogcase

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/fetch"
	"github.com/prickle-dev/prickle/hog/vm"
)

// world is all that one run can reach: it answers what the case foresees and writes down what happened.
type world struct {
	c        *testCase
	settings settings
	now      time.Time
	rand     io.Reader
	printed  []string
	fetched  []fetch.Request
}

func newWorld(c *testCase, s settings) *world {
	var seed [32]byte
	if s.Seed != nil {
		binary.LittleEndian.PutUint64(seed[:], uint64(*s.Seed))
	}
	return &world{c: c, settings: s, now: s.clock(), rand: rand.NewChaCha8(seed)}
}

func (w *world) clock() time.Time { return w.now }

func (w *world) print(line string) { w.printed = append(w.printed, line) }

// fetch answers the next call that the case foresees.
func (w *world) fetch(_ context.Context, args []hog.Value) (hog.Value, error) {
	r, err := fetch.Parse(args)
	if err != nil {
		return hog.Value{}, err
	}
	w.fetched = append(w.fetched, r)
	if len(w.fetched) > len(w.c.Fetches) {
		return hog.Value{}, fmt.Errorf("%s %s is call %d, and the case lists %d under fetches", r.Method, r.URL, len(w.fetched), len(w.c.Fetches))
	}
	a := w.c.Fetches[len(w.fetched)-1].Answer
	status := a.Status
	if status == 0 {
		status = 200
	}
	var body []byte
	switch {
	case a.Body.Text != nil:
		body = []byte(a.Body.Text.Text)
	case given(a.Body):
		body = appendTree(nil, a.Body)
	}
	return fetch.Result(status, body), nil
}

// sleep moves the clock.
func (w *world) sleep(_ context.Context, args []hog.Value) (hog.Value, error) {
	if len(args) > 0 {
		if seconds := vm.ToNumber(args[0]); seconds > 0 && seconds < mostSlept {
			w.now = w.now.Add(time.Duration(seconds * float64(time.Second)))
		}
	}
	return hog.Null(), nil
}

// mostSlept is what one call of sleep can move the clock by, in seconds: a hundred years.
const mostSlept = 100 * 365 * 24 * 3600

// log takes what a transform prints, which goes to the log.
func (w *world) log() *slog.Logger { return slog.New(printHandler{w}) }

// printHandler takes the text of each record, or its message when it has none.
type printHandler struct{ w *world }

func (printHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h printHandler) Handle(_ context.Context, r slog.Record) error {
	line := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "text" {
			line = a.Value.String()
		}
		return true
	})
	h.w.print(line)
	return nil
}

func (h printHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h printHandler) WithGroup(string) slog.Handler      { return h }
