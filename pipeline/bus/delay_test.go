package bus

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// A delayed frame comes again after its time and not before, ahead of what is new then, with its attempts counted.
func TestDelay(t *testing.T) {
	d := deliverable(t, open(t, t.TempDir()), 1, 2, 3)
	list := fetch(t, d, FetchLimit{Frames: 2, Wait: time.Second})
	const delay = 300 * time.Millisecond
	began := time.Now()
	if err := list[0].Delay(delay); err != nil {
		t.Fatal(err)
	}
	ack(t, list[1])
	behind := fetch(t, d, FetchLimit{Frames: 1, Wait: time.Second})
	if got := sizes(behind); got != "[3]" {
		t.Fatalf("while a frame is delayed\n got %s\nwant [3]", got)
	}
	again := fetch(t, d, FetchLimit{Frames: 1, Wait: 10 * time.Second})
	if waited := time.Since(began); waited < delay {
		t.Errorf("a frame delayed by %s came after %s", delay, waited)
	}
	if got := again[0]; sizes(again) != "[1]" || got.Attempts() != 2 || got.Sequence() != list[0].Sequence() || !got.FirstAt().Equal(list[0].FirstAt()) {
		t.Errorf("after its delay\n got %s, attempt %d, sequence %d, first at %s", sizes(again), got.Attempts(), got.Sequence(), got.FirstAt())
	}
}

// What was delayed or in hand when the process ended comes again at once and in order. Its attempts begin anew, but for those that are written on it.
func TestRestartTakesBackAll(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	d := deliverable(t, b, 1, 2, 3, 4)
	for attempt := 1; attempt <= 2; attempt++ {
		for _, f := range fetch(t, d, FetchLimit{Frames: 2, Wait: 5 * time.Second}) {
			if f.Attempts() != attempt {
				t.Fatalf("before the restart\n got attempt %d\nwant %d", f.Attempts(), attempt)
			}
			if err := f.Release(); err != nil {
				t.Fatal(err)
			}
		}
	}
	in := fetch(t, d, FetchLimit{Frames: 3, Wait: 5 * time.Second})
	if sizes(in) != "[1 2]" && sizes(in) != "[1 2 3]" {
		t.Fatalf("in hand %s", sizes(in))
	}
	if len(in) == 2 {
		in = append(in, fetch(t, d, FetchLimit{Frames: 1, Wait: 5 * time.Second})...)
	}
	if err := in[0].Delay(time.Hour); err != nil {
		t.Fatal(err)
	}
	ack(t, in[1])
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	list := fetch(t, deliveries(t, open(t, dir)), everything)
	for _, f := range list {
		got = append(got, fmt.Sprintf("%d events, attempt %d", len(f.Frame().Events), f.Attempts()))
	}
	want := []string{"1 events, attempt 1", "3 events, attempt 1", "4 events, attempt 1"}
	if !slices.Equal(got, want) {
		t.Errorf("after the restart\n got %q\nwant %q", got, want)
	}
}

// With one frame in flight, the server hands out nothing behind a frame that is in hand or delayed, nor after a restart.
func TestOneInFlight(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	deliverable(t, b, 1, 2, 3)
	one := func(b *Bus) *Deliveries {
		d, err := b.Deliveries(t.Context(), "web", "crm", 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d := one(b)
	first := fetch(t, d, everything)
	if sizes(first) != "[1]" || fetch(t, d, nothing) != nil {
		t.Fatalf("with one in hand\n got %s and more\nwant [1] alone", sizes(first))
	}
	if err := first[0].Delay(time.Hour); err != nil {
		t.Fatal(err)
	}
	if more := fetch(t, d, nothing); more != nil {
		t.Fatalf("behind a delayed frame came %s", sizes(more))
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	d = one(open(t, dir))
	for _, want := range []string{"[1]", "[2]", "[3]"} {
		got := fetch(t, d, everything)
		if sizes(got) != want {
			t.Fatalf("after the restart\n got %s\nwant %s", sizes(got), want)
		}
		ack(t, got...)
	}
}
