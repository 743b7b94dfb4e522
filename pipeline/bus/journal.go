package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stored is a record on its way into the journal.
type Stored struct {
	line []byte
	lost int64 // that it tells of
	done chan struct{}
	err  error // once done is closed
}

// journal writes records. Those that come while a message is on its way go into the next one together: what costs is the message, which is
// synced to disk, not the record.
type journal struct {
	mu      sync.Mutex
	waiting []*Stored
	busy    bool

	number atomic.Int64 // of the configuration in force
	lost   int64        // records that could not be stored, and that no record tells of
	told   time.Time    // when the operator was told of it
}

// Journal begins to store a record and returns at once. Whoever acknowledges a frame waits for its record before: then a process that is
// killed in between works the frame again, and the books know both times.
func (b *Bus) Journal(r *Record) *Stored {
	j := &b.records
	switch number := int(j.number.Load()); {
	case r.Process != nil:
		r.Process.Config = number
	case r.Deliver != nil:
		r.Deliver.Config = number
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &Stored{lost: j.lost, done: make(chan struct{})}
	r.Lost, j.lost = j.lost, 0
	line, err := json.Marshal(r)
	if err != nil { // which no record is a reason for
		j.lost += r.Lost + 1
		s.err = fmt.Errorf("record of the journal: %w", err)
		close(s.done)
		return s
	}
	s.line = append(line, '\n')
	j.waiting = append(j.waiting, s)
	if !j.busy {
		j.busy = true
		go b.writeJournal()
	}
	return s
}

// Wait returns when the record is stored, or cannot be. That is no reason not to go on: the books count it as lost.
func (s *Stored) Wait(ctx context.Context) error {
	select {
	case <-s.done:
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("journal: %w", context.Cause(ctx))
	}
}

// SetConfig says what number the configuration in force has, for the records of the journal.
func (b *Bus) SetConfig(number int) { b.records.number.Store(int64(number)) }

// writeJournal stores what waits, until nothing does.
func (b *Bus) writeJournal() {
	j := &b.records
	for {
		j.mu.Lock()
		group := j.take(b.maxEvent())
		j.busy = len(group) > 0
		j.mu.Unlock()
		if len(group) == 0 {
			return
		}
		m := &nats.Msg{Subject: b.subject(journalSubject), Header: nats.Header{headerCount: {strconv.Itoa(len(group))}}}
		for _, s := range group {
			m.Data = append(m.Data, s.line...)
		}
		err := b.publish(context.Background(), streamJournal, m)
		if err != nil {
			b.lose(group, err)
		}
		for _, s := range group {
			s.err = err
			close(s.done)
		}
	}
}

// take removes the first records that wait, as many as fit into a message.
func (j *journal) take(limit int) []*Stored {
	n, size := 0, 0
	for n < len(j.waiting) && (n == 0 || size+len(j.waiting[n].line) <= limit) {
		size += len(j.waiting[n].line)
		n++
	}
	group := slices.Clone(j.waiting[:n])
	j.waiting = slices.Delete(j.waiting, 0, n)
	return group
}

// lose notes records that could not be stored, for the next one to tell of.
func (b *Bus) lose(group []*Stored, err error) {
	j := &b.records
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, s := range group {
		j.lost += s.lost + 1
	}
	if time.Since(j.told) > time.Minute {
		j.told = time.Now()
		b.log.Warn("the journal cannot be written: the books will miss something", "error", err)
	}
}

// JournalEntry is a record that was stored.
type JournalEntry struct {
	Sequence uint64 // of its message
	Stored   time.Time
	Record
}

// JournalRange is what the journal holds.
type JournalRange struct {
	First, Last uint64    // sequences of messages; First is Last+1 when it is empty
	Oldest      time.Time // when the first was stored
}

// JournalRange returns what the journal holds.
func (b *Bus) JournalRange(ctx context.Context) (JournalRange, error) {
	info, err := b.journal.Info(ctx)
	if err != nil {
		return JournalRange{}, fmt.Errorf("journal: %w", unavailable(err))
	}
	return JournalRange{max(info.State.FirstSeq, 1), info.State.LastSeq, info.State.FirstTime}, nil
}

// smallAhead is how many messages a scan holds that are small.
const smallAhead = 500

// ReadJournal calls yield for the records of the messages from one sequence to another, both included, in order, until yield returns an error,
// which it returns. A message may hold several.
func (b *Bus) ReadJournal(ctx context.Context, from, to uint64, yield func(JournalEntry) error) error {
	s := scanned{subjects: []string{journalSubject}, from: from, to: to, ahead: smallAhead}
	return b.scan(ctx, b.journal, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		for line := range bytes.Lines(m.Data()) {
			e := JournalEntry{Sequence: md.Sequence.Stream, Stored: md.Timestamp}
			if err := json.Unmarshal(line, &e.Record); err != nil {
				b.log.Warn("unreadable record in the journal", "sequence", e.Sequence, "error", err)
				e.Record = Record{Lost: 1}
			}
			if err := yield(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// LogCount is a frame of EVENTS without its events.
type LogCount struct {
	Sequence uint64
	Lane     int
	Events   int
}

// CountLog calls yield for the captured frames from one sequence to another, as ReadLog does, without reading their events.
func (b *Bus) CountLog(ctx context.Context, from, to uint64, yield func(LogCount)) error {
	s := scanned{subjects: []string{eventsAll + ">"}, from: from, to: to, headersOnly: true, ahead: smallAhead}
	return b.scan(ctx, b.events, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		count, err := strconv.Atoi(headerValue(m.Headers(), headerCount))
		if err != nil {
			count = 1 // not written by Prickle: a line
		}
		yield(LogCount{md.Sequence.Stream, laneOfSubject(m.Subject()), count})
		return nil
	})
}

// LastInLog is the sequence of the frame that was captured last.
func (b *Bus) LastInLog(ctx context.Context) (uint64, error) {
	last, err := lastOf(ctx, b.events)
	if err != nil {
		return 0, fmt.Errorf("event log: %w", err)
	}
	return last, nil
}

// Places returns where each pipeline stands in each lane.
func (b *Bus) Places(ctx context.Context) ([]Place, error) {
	var places []Place
	list := b.events.ListConsumers(ctx)
	for info := range list.Info() {
		if m := info.Config.Metadata; m[metadataPipeline] != "" && m[metadataReplay] == "" {
			lane, _ := strconv.Atoi(m[metadataLane])
			places = append(places, Place{m[metadataPipeline], lane, placeSince(info), floor(info)})
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("places of pipelines: %w", unavailable(err))
	}
	return places, nil
}
