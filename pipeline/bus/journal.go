package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Stored is a record on its way into the journal.
type Stored struct {
	bus    *Bus
	future jetstream.PubAckFuture
	start  time.Time
	size   int
	err    error
}

// Journal begins to store a record and returns at once. Whoever acknowledges a frame waits for its record before: then a process that is
// killed in between works the frame again, and the books know both times.
func (b *Bus) Journal(r *Record) *Stored {
	s := &Stored{bus: b, start: time.Now()}
	if s.err = b.disk.room(streamJournal); s.err != nil {
		return s
	}
	r.Lost = b.lost.Swap(0)
	switch number := int(b.number.Load()); {
	case r.Process != nil:
		r.Process.Config = number
	case r.Deliver != nil:
		r.Deliver.Config = number
	}
	m := &nats.Msg{Subject: b.subject(r.subject())}
	if m.Data, s.err = json.Marshal(r); s.err == nil {
		s.size = len(m.Data)
		s.future, s.err = b.js.PublishMsgAsync(m, jetstream.WithExpectStream(b.config.streamName(streamJournal)))
	}
	if s.err != nil {
		b.lost.Add(r.Lost)
	}
	return s
}

// SetConfig says what number the configuration in force has, for the records of the journal.
func (b *Bus) SetConfig(number int) { b.number.Store(int64(number)) }

// Wait returns when the record is stored, or cannot be. That is no reason not to go on: the books count it as lost.
func (s *Stored) Wait(ctx context.Context) error {
	if s.err == nil {
		s.err = await(streamJournal, []jetstream.PubAckFuture{s.future}, func(int) context.Context { return ctx })
	}
	stats := s.bus.stats[streamJournal]
	if stats.done(s.start, s.err) != nil {
		s.bus.lost.Add(1)
		now := time.Now().UnixNano()
		if before := s.bus.lostTold.Load(); now-before > int64(time.Minute) && s.bus.lostTold.CompareAndSwap(before, now) {
			s.bus.log.Warn("the journal cannot be written: the books will miss something", "error", s.err)
		}
		return s.err
	}
	stats.frame("1", s.size)
	return nil
}

func (r *Record) subject() string {
	switch {
	case r.Process != nil:
		return journalSubject("process", r.Process.Pipeline, "")
	case r.Deliver != nil:
		return journalSubject("deliver", r.Deliver.Pipeline, r.Deliver.Destination)
	}
	return journalSubject("books", "", "")
}

// JournalEntry is a record that was stored.
type JournalEntry struct {
	Sequence uint64
	Stored   time.Time
	Record
}

// JournalRange is what the journal holds.
type JournalRange struct {
	First, Last uint64    // sequences; First is Last+1 when it is empty
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

// ReadJournal calls yield for the records from one sequence to another, both included, in order, until yield returns an error, which it returns.
// With a pipeline it reads only that one's.
func (b *Bus) ReadJournal(ctx context.Context, pipeline string, from, to uint64, yield func(JournalEntry) error) error {
	subjects := []string{"journal.>"}
	if pipeline != "" {
		subjects = []string{journalSubject("process", pipeline, ""), journalSubject("deliver", pipeline, "*")}
	}
	return b.scan(ctx, b.journal, scanned{subjects: subjects, from: from, to: to, ahead: smallAhead}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		e := JournalEntry{Sequence: md.Sequence.Stream, Stored: md.Timestamp}
		if err := json.Unmarshal(m.Data(), &e.Record); err != nil {
			b.log.Warn("unreadable record in the journal", "sequence", e.Sequence, "error", err)
			e.Record = Record{Lost: 1}
		}
		return yield(e)
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
			places = append(places, Place{m[metadataPipeline], lane, info.Created.UTC(), info.AckFloor.Stream})
		}
	}
	if err := list.Err(); err != nil {
		return nil, fmt.Errorf("places of pipelines: %w", unavailable(err))
	}
	return places, nil
}
