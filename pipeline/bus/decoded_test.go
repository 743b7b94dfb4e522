package bus

import (
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
)

// Frames are decoded once for all pipelines, and not kept for one.
func TestDecodedOnce(t *testing.T) {
	var d decoded
	lines := AppendFrame(nil, events(1, 3))
	decode := func(sequence uint64, wantShared bool) Frame {
		t.Helper()
		f, shared := d.frame(sequence, nats.Header{}, slices.Clone(lines))
		if shared != wantShared || uuids(f.Events) != uuids(events(1, 3)) {
			t.Errorf("frame %d: shared %v, want %v, events\n%s", sequence, shared, wantShared, uuids(f.Events))
		}
		return f
	}
	d.enter("web")
	d.enter("web")
	decode(1, false)
	decode(1, false)
	d.enter("app")
	first := decode(2, false)
	if second := decode(2, true); &first.Events[0] != &second.Events[0] {
		t.Error("it was decoded twice")
	}
	d.leave("web")
	decode(2, true)
	d.leave("web")
	decode(2, false)
	if len(d.frames)+len(d.order)+d.bytes != 0 {
		t.Errorf("%d frames are kept for one pipeline", len(d.frames))
	}
}

// The oldest ones make room for new ones.
func TestDecodedIsBounded(t *testing.T) {
	var d decoded
	d.enter("web")
	d.enter("app")
	lines := AppendFrame(nil, fat(1))
	n := uint64(2 * decodedBytes / len(lines))
	for i := range n {
		d.frame(i, nats.Header{}, lines)
	}
	if d.bytes > decodedBytes || len(d.frames) != len(d.order) || d.bytes != len(d.frames)*len(lines) {
		t.Errorf("%d bytes in %d frames, %d in order", d.bytes, len(d.frames), len(d.order))
	}
	if _, shared := d.frame(n-1, nats.Header{}, lines); !shared {
		t.Error("the newest one is gone")
	}
	if _, shared := d.frame(0, nats.Header{}, lines); shared {
		t.Error("the oldest one is kept")
	}
}
