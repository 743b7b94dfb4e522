package webhooks

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture"
)

// A request that finds everybody busy waits for its turn, but not forever, and nothing of it is lost: the service is told to send again.
func TestTurn(t *testing.T) {
	c := DefaultConfig()
	c.Verify.Scheme = "none"
	c.Map = Map{Event: pipeline.Code{Text: `"e"`}, DistinctID: pipeline.Code{Text: `"d"`}}
	w, err := New("in", c, pipeline.Env{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	receive := func(t *testing.T) (stored int, err error) {
		r := capture.WebhookRequest{HTTP: httptest.NewRequest(http.MethodPost, "/webhooks/in", nil), Now: time.Now()}
		_, err = w.Receive(t.Context(), r, func(events [][]byte) error { stored = len(events); return nil })
		return stored, err
	}
	n := int64(0)
	for w.running.TryAcquire(1) {
		n++
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if stored, err := receive(t); !errors.Is(err, capture.ErrOverloaded) || stored != 0 || time.Since(start) != longestWait {
			t.Errorf("after %v: %d stored, %v", time.Since(start), stored, err)
		}
	})
	w.running.Release(n)
	if stored, err := receive(t); err != nil || stored != 1 {
		t.Errorf("when it is free: %d stored, %v", stored, err)
	}
}
