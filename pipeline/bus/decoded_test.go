package bus

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// Frames are decoded once for all pipelines, and not kept for one.
func TestDecodedOnce(t *testing.T) {
	var d decoded
	lines, stored := AppendFrame(nil, events(1, 3)), time.Unix(1_800_000_000, 0)
	decode := func(sequence uint64) *pipeline.Event {
		t.Helper()
		f := d.frame(sequence, stored, nats.Header{}, slices.Clone(lines))
		if uuids(f.Events) != uuids(events(1, 3)) {
			t.Errorf("frame %d:\n%s", sequence, uuids(f.Events))
		}
		return &f.Events[0]
	}
	d.enter("web")
	d.enter("web")
	if one := decode(1); one == decode(1) {
		t.Error("it is kept for one pipeline")
	}
	d.enter("app")
	first := decode(2)
	if first != decode(2) {
		t.Error("it was decoded twice")
	}
	stored = stored.Add(time.Second)
	if first == decode(2) {
		t.Error("a frame of a log that was begun anew is taken for the one before")
	}
	stored = stored.Add(-time.Second)
	d.leave("web")
	if first != decode(2) {
		t.Error("it was decoded twice")
	}
	d.leave("web")
	if first == decode(2) || len(d.frames)+len(d.order)+d.bytes != 0 {
		t.Errorf("%d frames are kept for one pipeline", len(d.frames))
	}
}

// The oldest ones make room for new ones.
func TestDecodedIsBounded(t *testing.T) {
	var d decoded
	d.enter("web")
	d.enter("app")
	lines := AppendFrame(nil, fat(1))
	decode := func(i uint64) *pipeline.Event { return &d.frame(i, time.Time{}, nats.Header{}, lines).Events[0] }
	n := uint64(2 * decodedBytes / len(lines))
	oldest, newest := decode(0), (*pipeline.Event)(nil)
	for i := range n {
		newest = decode(i)
	}
	if d.bytes > decodedBytes || len(d.frames) != len(d.order) || d.bytes != len(d.frames)*len(lines) {
		t.Errorf("%d bytes in %d frames, %d in order", d.bytes, len(d.frames), len(d.order))
	}
	if decode(n-1) != newest {
		t.Error("the newest one is gone")
	}
	if decode(0) == oldest {
		t.Error("the oldest one is kept")
	}
}
