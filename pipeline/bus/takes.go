package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// takesRead is how many messages of the journal are read to know the last takes, and takesKept how many takes are known of a lane.
const takesRead, takesKept = 5000, 512

// takes knows from the journal which frames were worked together.
type takes struct {
	mu   sync.Mutex
	read uint64                // the message of the journal up to which it was read
	ends map[workLane][]uint64 // sequences of the last frame of each take, rising
}

// after returns where the takes of a lane ended that hold frames behind the one given. Without the journal there are none: then a crash may
// bring something twice to destinations that do not know what they have.
func (t *takes) after(ctx context.Context, b *Bus, lane workLane, sequence uint64) []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.catchUp(ctx, b); err != nil && ctx.Err() == nil {
		b.log.Warn("reading what was worked before", "lane", lane.String(), "error", err)
	}
	ends := t.ends[lane]
	i, _ := slices.BinarySearch(ends, sequence+1)
	return slices.Clone(ends[i:])
}

func (t *takes) catchUp(ctx context.Context, b *Bus) error {
	r, err := b.JournalRange(ctx)
	if err != nil {
		return err
	}
	from := max(t.read+1, r.First, max(r.Last, takesRead)-takesRead+1)
	s := scanned{subjects: []string{journalSubject}, from: from, to: r.Last, ahead: smallAhead}
	return b.scan(ctx, b.journal, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		for line := range bytes.Lines(m.Data()) {
			t.note(line)
		}
		t.read = md.Sequence.Stream
		return nil
	})
}

// beginOfProcess is what the line of a ProcessRecord begins with.
var beginOfProcess = []byte(`{"process":`)

func (t *takes) note(line []byte) {
	var r struct {
		Process struct {
			Pipeline string `json:"pipeline"`
			Lane     int    `json:"lane"`
			Sequence uint64 `json:"sequence"`
			Last     uint64 `json:"last"`
			Again    bool   `json:"again"`
		} `json:"process"`
	}
	if !bytes.HasPrefix(line, beginOfProcess) || json.Unmarshal(line, &r) != nil || r.Process.Again {
		return // a record that cannot be read is for the books to tell of
	}
	lane, end := workLane{pipeline: r.Process.Pipeline, lane: r.Process.Lane}, max(r.Process.Sequence, r.Process.Last)
	if t.ends == nil {
		t.ends = map[workLane][]uint64{}
	}
	ends := t.ends[lane]
	if len(ends) > 0 && ends[len(ends)-1] >= end {
		return
	}
	if len(ends) == takesKept {
		ends = slices.Delete(ends, 0, takesKept/2)
	}
	t.ends[lane] = append(ends, end)
}
