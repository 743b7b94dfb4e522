package bus

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/prickle-dev/prickle/pipeline"
)

// What is packed comes out as it was; what does not get smaller is stored as it is.
func TestPacking(t *testing.T) {
	alike := benchmarkEvents(1, 200, 20)
	for name, c := range map[string]struct {
		events []pipeline.Event
		packed bool
	}{
		"events that are alike": {alike, true},
		"one small event":       {events(1, 1), false},
		"noise":                 {fat(1), false},
	} {
		t.Run(name, func(t *testing.T) {
			lines := AppendFrame(nil, c.events)
			payload, packed := packed(AppendFrame(nil, c.events))
			if packed != c.packed || packed && len(payload)*4 > len(lines) {
				t.Fatalf("%d bytes became %d, packed: %v; want packed: %v", len(lines), len(payload), packed, c.packed)
			}
			header := nats.Header{}
			if packed {
				header[headerPacked] = []string{packedS2}
			}
			got, err := unpack(header, payload)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(lines), string(got)); diff != "" {
				t.Error(diff)
			}
			if n := unpackedSize(header, payload); n != len(lines) {
				t.Errorf("size\n got %d\nwant %d", n, len(lines))
			}
		})
	}
}

// A frame that cannot be unpacked is one bad line, which holds up nobody.
func TestWhatCannotBeUnpacked(t *testing.T) {
	payload, _ := packed(AppendFrame(nil, benchmarkEvents(1, 100, 1)))
	for name, c := range map[string]struct {
		header nats.Header
		data   []byte
		want   error
	}{
		"of a newer version": {nats.Header{headerPacked: {"zstd"}}, payload, errNotPacked},
		"damaged":            {nats.Header{headerPacked: {packedS2}}, payload[:len(payload)/2], nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := frameOf(c.header, c.data)
			if len(f.Events) != 0 || len(f.Bad) != 1 || string(f.Bad[0].Line) != string(c.data) || f.Bad[0].Err == nil || c.want != nil && !errors.Is(f.Bad[0].Err, c.want) {
				t.Errorf("got %d events and the bad lines %v", len(f.Events), f.Bad)
			}
		})
	}
}

// A put-off frame stays packed, whole or in part.
func TestPutOffStaysPacked(t *testing.T) {
	b := open(t, t.TempDir())
	list := benchmarkEvents(1, 100, 1)
	if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage("events-1", list)); err != nil {
		t.Fatal(err)
	}
	q, err := b.Queue(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	if err := fetchOne(t, q).Retry(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	d := fetchOne(t, q)
	if uuids(d.Frame().Events) != uuids(list) {
		t.Errorf("put off\n%s", uuids(d.Frame().Events))
	}
	if err := d.Remainder(t.Context(), list[50:], 0); err != nil {
		t.Fatal(err)
	}
	d = fetchOne(t, q)
	if uuids(d.Frame().Events) != uuids(list[50:]) || headerValue(d.message.Headers(), headerPacked) != packedS2 {
		t.Errorf("the rest of it, packed %q\n%s", headerValue(d.message.Headers(), headerPacked), uuids(d.Frame().Events))
	}
	if err := d.Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A fetch is bounded by the lines, not by what is left of them when they are packed: as many frames as fit for certain.
func TestFetchCountsLines(t *testing.T) {
	b := open(t, t.TempDir())
	list := benchmarkEvents(1, 100, 1)
	size := len(AppendFrame(nil, list))
	for i := range 20 {
		if err := b.Publisher().Publish(DeliverTopic("web", "crm", 3), NewMessage(itoa(i), list)); err != nil {
			t.Fatal(err)
		}
	}
	q, err := b.Queue(t.Context(), "web", "crm", 3, InFlight)
	if err != nil {
		t.Fatal(err)
	}
	got, err := q.Fetch(t.Context(), FetchLimit{Frames: 20, Bytes: 3*frameBytes + size, Wait: fetchGrace})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 4 {
		t.Errorf("%d frames, want the first one and three that may be of %d bytes", len(got), frameBytes)
	}
	for _, d := range got {
		if err := d.Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkPacking(b *testing.B) {
	lines := AppendFrame(nil, benchmarkEvents(0, 100, 20))
	payload, _ := packed(AppendFrame(nil, benchmarkEvents(0, 100, 20)))
	header := nats.Header{headerPacked: {packedS2}}
	b.Run("pack", func(b *testing.B) {
		b.SetBytes(int64(len(lines)))
		b.ReportAllocs()
		dst := make([]byte, 2*len(lines))
		for b.Loop() {
			pack(dst, lines)
		}
		b.ReportMetric(float64(len(lines))/float64(len(payload)), "ratio")
	})
	b.Run("unpack", func(b *testing.B) {
		b.SetBytes(int64(len(lines)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := unpack(header, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
