package stdout_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/destinations/stdout"
	"github.com/prickle-dev/prickle/pipeline"
)

const line = `{"uuid":"01890b5c-0000-7000-8000-000000000001","event":"purchase","distinct_id":"u1","timestamp":"2026-08-20T10:00:00.123Z",` +
	`"received_at":"2026-08-20T10:00:01.000Z","source":"web","properties":{"plan":"pro\n"}}`

func events(t testing.TB, n int) []pipeline.Event {
	t.Helper()
	var out []pipeline.Event
	for range n {
		e, err := pipeline.ParseEvent([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func TestSend(t *testing.T) {
	tests := map[string]string{
		"json": line + "\n" + line + "\n",
		"text": strings.Repeat(`2026-08-20T10:00:00.123Z  "purchase"  "u1"  {"plan":"pro\n"}`+"\n", 2),
	}
	for format, want := range tests {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := stdout.New(stdout.Config{Format: format}, &b).Send(t.Context(), events(t, 2)); err != nil {
				t.Fatal(err)
			}
			if b.String() != want {
				t.Errorf("\n got %s\nwant %s", b.String(), want)
			}
		})
	}
}

type broken struct{}

var errPipe = errors.New("broken pipe")

func (broken) Write([]byte) (int, error) { return 0, errPipe }

func TestSendFails(t *testing.T) {
	err := stdout.New(stdout.Config{Format: "json"}, broken{}).Send(t.Context(), events(t, 1))
	if !errors.Is(err, errPipe) || pipeline.IsPermanent(err) {
		t.Errorf("\n got %v\nwant %v, to be tried again", err, errPipe)
	}
}

func TestLanesDoNotMix(t *testing.T) {
	var b bytes.Buffer
	s := stdout.New(stdout.Config{Format: "json"}, &b)
	var lanes sync.WaitGroup
	for range 8 {
		lanes.Go(func() {
			for range 50 {
				if err := s.Send(t.Context(), events(t, 3)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	lanes.Wait()
	if want := strings.Repeat(line+"\n", 8*50*3); b.String() != want {
		t.Errorf("lines are mixed: %d bytes, want %d", b.Len(), len(want))
	}
}

func TestValidate(t *testing.T) {
	config := stdout.Spec.NewConfig().(*stdout.Config)
	if err := config.Validate(); err != nil {
		t.Errorf("the default is refused: %v", err)
	}
	config.Format = "yaml"
	if err := config.Validate(); err == nil || err.Error() != `unknown format "yaml"; write json or text` {
		t.Errorf("got %v", err)
	}
}
