package bus

import (
	"context"
	"errors"
	"slices"
	"time"
)

// An embedded server that syncs always does so with where a lane stands, too, whenever something is acknowledged. It need not know at once: the journal
// does. So a lane that is busy acknowledges every settleEvery, or when settledFrames are settled, and one that is not when nothing has come for
// settlePause.
const (
	settleEvery   = 2 * time.Second
	settledFrames = 128
	settlePause   = 50 * time.Millisecond
)

// journalKnows reports whether what was settled can be told from the journal: where every write is synced, a record is never there without what was
// stored before it.
func (b *Bus) journalKnows() bool { return !b.Shared() && b.config.Sync == SyncAlways }

// settle notes that a take is settled.
func (t *taker) settle(done *take) error {
	if len(t.settled) == 0 {
		t.since = time.Now()
	}
	t.settled = append(t.settled, done.messages...)
	t.done = max(t.done, done.frames[len(done.frames)-1].Sequence)
	if t.frames == 1 || !t.bus.journalKnows() || len(t.settled) >= settledFrames || time.Since(t.since) >= settleEvery {
		return t.acknowledge()
	}
	return nil
}

// acknowledge tells the server of the frames that are settled.
func (t *taker) acknowledge() error {
	if len(t.settled) == 0 {
		return nil
	}
	all := take{messages: t.settled}
	t.settled = nil
	return all.ack()
}

// inProgress keeps the frames from being handed out again.
func (t *take) inProgress() error {
	var errs []error
	for _, m := range t.messages {
		errs = append(errs, m.InProgress())
	}
	return errors.Join(errs...)
}

// ack settles the frames, and waits for the server, so that a clean stop never repeats one. The first frame is the last, because the lane's place
// moves when that is settled: whenever it is interrupted, all of them come again, or none.
func (t *take) ack() error {
	for _, m := range slices.Backward(t.messages[1:]) {
		if err := m.Ack(); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), publishTimeout)
	defer cancel()
	return t.messages[0].DoubleAck(ctx)
}
