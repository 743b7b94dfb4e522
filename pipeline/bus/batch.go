package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// A batch is messages that the server stores together or not at all (JetStream's atomic batch publishing), with one sync for all of them in place of one for
// each. It costs a few milliseconds whatever is in it, so that fewer than leastBatch are stored sooner one by one. mostBatch is half of what a server
// allows as it comes, and mostBatchBytes keeps small what it holds twice meanwhile.
const leastBatch, mostBatch, mostBatchBytes = 16, 500, 4 << 20

// Headers of a message in a batch.
const (
	headerBatch       = "Nats-Batch-Id"
	headerBatchNumber = "Nats-Batch-Sequence" // from 1 on
	headerBatchCommit = "Nats-Batch-Commit"   // on the last one
)

// batchOf is how many of the changes, from the first on, go together.
func batchOf(changes []Profile) int {
	n, size := 0, 0
	for ; n < len(changes) && n < mostBatch && (n == 0 || size < mostBatchBytes); n++ {
		size += len(changes[n].Key) + len(changes[n].Value)
	}
	return n
}

// saveBatch stores changes together, and sets their revisions. It reports false when the server refuses them, whatever the reason: it does not say which of
// them it was. Nothing is stored then, but for a disk that failed between two of them: those that were are conflicts for who stores them each for itself.
func (p *Profiles) saveBatch(ctx context.Context, changes []Profile) (done bool, err error) {
	select {
	case p.turn <- struct{}{}: // messages of too many batches at once would not fit in what the server has before it
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return false, publishError(streamProfiles, ctx.Err())
	}
	id := nuid.Next()
	last := len(changes) - 1
	for i := range changes {
		m := p.message(&changes[i])
		m.Header.Set(headerBatch, id)
		m.Header.Set(headerBatchNumber, strconv.Itoa(i+1))
		m.Header.Set(jetstream.ExpectedStreamHeader, p.bus.config.streamName(streamProfiles))
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(changes[i].Revision, 10))
		if i < last {
			if err := p.bus.conn.PublishMsg(m); err != nil {
				return false, publishError(streamProfiles, err)
			}
			continue
		}
		m.Header.Set(headerBatchCommit, "1")
		answer, err := p.bus.conn.RequestMsgWithContext(ctx, m)
		if err != nil {
			return false, publishError(streamProfiles, err)
		}
		var ack struct {
			Error    *jetstream.APIError `json:"error"`
			Sequence uint64              `json:"seq"`
			Count    int                 `json:"count"`
		}
		if err := json.Unmarshal(answer.Data, &ack); err != nil {
			return false, publishError(streamProfiles, fmt.Errorf("answer to a batch: %w", err))
		}
		if ack.Error != nil || ack.Count != len(changes) {
			return false, nil
		}
		for i := range changes {
			changes[i].Revision = ack.Sequence - uint64(last-i)
		}
	}
	return true, nil
}
