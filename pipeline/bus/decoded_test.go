package bus

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// What another pipeline reads, or is still to read, is nobody's room.
func TestDecodedFrameHasNoRoom(t *testing.T) {
	var d decoded
	d.enter("web")
	d.enter("app")
	lines := AppendFrame(nil, events(1, 3))
	for range 2 {
		room := make([]pipeline.Event, 0, 8)
		f := d.frame(room, 1, time.Time{}, nats.Header{}, lines)
		if &f.Events[0] == &room[:1][0] || f.Room() != nil {
			t.Error("a frame that is read by others was decoded in somebody's room, or is")
		}
	}
	if f := d.frame(nil, 1, time.Time{}, nats.Header{}, lines); uuids(f.Events) != uuids(events(1, 3)) {
		t.Errorf("what the next one reads\n%s", uuids(f.Events))
	}
}

// Frames are decoded once for all pipelines, and not kept for one.
func TestDecodedOnce(t *testing.T) {
	var d decoded
	lines, stored := AppendFrame(nil, events(1, 3)), time.Unix(1_800_000_000, 0)
	decode := func(sequence uint64) *pipeline.Event {
		t.Helper()
		f := d.frame(nil, sequence, stored, nats.Header{}, slices.Clone(lines))
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
	d.enter("shop") // two read what web has decoded, and it is kept for the third
	d.enter("mail")
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
	d.leave("shop")
	d.leave("mail")
	if first == decode(2) || len(d.frames)+d.order.Len()+d.bytes != 0 {
		t.Errorf("%d frames are kept for one pipeline", len(d.frames))
	}
}

// A frame is let go of when all pipelines have read it, whatever others there are.
func TestDecodedUntilAllHaveIt(t *testing.T) {
	var d decoded
	for _, pipeline := range []string{"web", "app", "shop"} {
		d.enter(pipeline)
	}
	lines := AppendFrame(nil, events(1, 3))
	read := func(sequence uint64) *pipeline.Event {
		return &d.frame(nil, sequence, time.Time{}, nats.Header{}, lines).Events[0]
	}
	first, _ := read(1), read(2)
	for range 2 {
		if read(2); read(1) != first {
			t.Error("it was decoded twice")
		}
	}
	if len(d.frames)+d.order.Len()+d.bytes != 0 {
		t.Errorf("%d frames with %d bytes are kept, %d in order; all have read them", len(d.frames), d.bytes, d.order.Len())
	}
}

// The oldest ones make room for new ones.
func TestDecodedIsBounded(t *testing.T) {
	var d decoded
	d.enter("web")
	d.enter("app")
	lines := AppendFrame(nil, fat(1))
	decode := func(i uint64) *pipeline.Event { return &d.frame(nil, i, time.Time{}, nats.Header{}, lines).Events[0] }
	n := uint64(2 * decodedBytes / len(lines))
	oldest, newest := decode(0), (*pipeline.Event)(nil)
	for i := range n {
		newest = decode(i)
	}
	if d.bytes > decodedBytes || len(d.frames) != d.order.Len() || d.bytes != len(d.frames)*len(lines) {
		t.Errorf("%d bytes in %d frames, %d in order", d.bytes, len(d.frames), d.order.Len())
	}
	if decode(n-1) != newest {
		t.Error("the newest one is gone")
	}
	if decode(0) == oldest {
		t.Error("the oldest one is kept")
	}
}

// BenchmarkDecoded has ten pipelines read eight lanes in takes of 40 frames of about 100 KB, all lanes of one pipeline after those of the other, which is
// as far apart as pipelines get that keep up. An operation is one take of each lane by each pipeline.
func BenchmarkDecoded(b *testing.B) {
	const lanes, pipelines, frames = 8, 10, 40
	var d decoded
	for i := range pipelines {
		d.enter(string(rune('a' + i)))
	}
	lines := AppendFrame(nil, events(1, 1000))
	lines = lines[:bytes.LastIndexByte(lines[:min(len(lines), 100<<10)], '\n')+1]
	data, _ := packed(lines)
	header := nats.Header{headerPacked: {packedS2}}
	b.ReportAllocs()
	begin, fresh := uint64(0), map[*pipeline.Event]bool{}
	for b.Loop() {
		clear(fresh)
		for range pipelines {
			for i := range uint64(lanes * frames) {
				fresh[&d.frame(nil, begin+i, time.Time{}, header, data).Events[0]] = true
			}
		}
		begin += lanes * frames
	}
	b.ReportMetric(float64(len(fresh))/(lanes*frames), "decoded/frame")
}
