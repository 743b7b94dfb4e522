package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// takesBack is how far before its end the journal is read to know the last takes: longer than a take that is in hand waits for a busy disk, than a
// process is missed when it dies, and than a standing that can be written, or a server, may lag behind the journal. takesRead messages are read at
// most, and takesKept takes are known of a lane.
const takesBack, takesRead, takesKept = dedupWindow, 20_000, 512

// takesPatience is how long a lane waits for a journal that cannot be read. Without it, a crash may bring something twice to destinations that do not
// know what they have.
const takesPatience = 10 * time.Second

// stretch is the sequences of the first frame of a take and the last.
type stretch struct{ first, last uint64 }

// takes knows from the journal which frames were worked together.
type takes struct {
	back time.Duration // takesBack

	mu     sync.Mutex
	read   uint64                 // the message of the journal up to which it was read
	spans  map[workLane][]stretch // rising
	failed time.Time              // since when the journal cannot be read
}

// after returns the takes of a lane that hold frames behind the one given.
func (t *takes) after(ctx context.Context, b *Bus, lane workLane, sequence uint64) ([]stretch, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.catchUp(ctx, b); err != nil {
		if t.failed.IsZero() {
			t.failed = time.Now()
		}
		if ctx.Err() != nil || time.Since(t.failed) < takesPatience {
			return nil, err
		}
		b.log.Warn("what was worked last is not known: some of it may be sent twice", "lane", lane.String(), "error", err)
	} else {
		t.failed = time.Time{}
	}
	spans := t.spans[lane]
	i, _ := slices.BinarySearchFunc(spans, sequence+1, func(s stretch, at uint64) int { return int(int64(s.last) - int64(at)) })
	return slices.Clone(spans[i:]), nil
}

func (t *takes) catchUp(ctx context.Context, b *Bus) error {
	info, err := b.journal.Info(ctx)
	if err != nil {
		return unavailable(err)
	}
	last := info.State.LastSeq
	from := max(t.read+1, last+1-min(last, takesRead))
	if info.State.Msgs > 0 && last >= from {
		back, err := b.sequenceAt(ctx, b.journal, info.State.LastTime.Add(-t.back), last)
		if err != nil {
			return err
		}
		from = max(from, back)
	}
	s := scanned{subjects: []string{journalSubject}, from: from, to: last, ahead: smallAhead}
	return b.scan(ctx, b.journal, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		for line := range bytes.Lines(m.Data()) {
			t.note(line)
		}
		t.read = md.Sequence.Stream
		return nil
	})
}

// readTakes reads the last takes of the journal before anything is written to it, or what the last process had in hand might be too far back from its
// end when the first lane begins. A journal that cannot be read is read again then.
func (b *Bus) readTakes(ctx context.Context) error {
	if b.Shared() {
		return nil // other processes write all the time
	}
	b.takes.mu.Lock()
	defer b.takes.mu.Unlock()
	reading, cancel := context.WithTimeout(ctx, openTimeout) // a start that gives up would never succeed
	defer cancel()
	if err := b.takes.catchUp(reading, b); err != nil {
		b.log.Warn("the journal cannot be read: some of what was worked last may be sent twice", "error", err)
	}
	return ctx.Err()
}

// beginOfProcess is what the line of a ProcessRecord begins with.
var beginOfProcess = []byte(`{"process":`)

func (t *takes) note(line []byte) {
	var r struct {
		Process struct {
			Pipeline string `json:"pipeline"`
			Lane     int    `json:"lane"`
			Sequence uint64 `json:"sequence"`
			First    uint64 `json:"first"`
			Last     uint64 `json:"last"`
			Again    bool   `json:"again"`
		} `json:"process"`
	}
	if !bytes.HasPrefix(line, beginOfProcess) || json.Unmarshal(line, &r) != nil || r.Process.Again {
		return // a record that cannot be read is for the books to tell of
	}
	p := &r.Process
	if p.Last == 0 {
		p.First, p.Last = p.Sequence, p.Sequence
	}
	lane := workLane{pipeline: p.Pipeline, lane: p.Lane}
	if t.spans == nil {
		t.spans = map[workLane][]stretch{}
	}
	spans := t.spans[lane]
	if n := len(spans); n > 0 && spans[n-1].last >= p.Last {
		return // another frame of the same take, or a repeat
	}
	if len(spans) == takesKept {
		spans = slices.Delete(spans, 0, takesKept/2)
	}
	t.spans[lane] = append(spans, stretch{p.First, p.Last})
}
