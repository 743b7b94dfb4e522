package bus

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// FindInLog calls found for the captured frames, from one sequence to another, that hold an event of the given id, with its place in the
// frame. progress is told how far it is, frame by frame.
func (b *Bus) FindInLog(ctx context.Context, id string, from, to uint64, progress func(sequence uint64), found func(f LogFrame, place int) error) error {
	return b.scan(ctx, b.events, scanned{subjects: []string{eventsAll + ">"}, from: from, to: to}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		progress(md.Sequence.Stream)
		f := LogFrame{Frame: frameOf(m.Headers(), m.Data()), Sequence: md.Sequence.Stream, Stored: md.Timestamp}
		f.Lane = laneOfSubject(m.Subject())
		for i := range f.Events {
			if f.Events[i].UUID == id && !b.erasures.Has(&f.Events[i]) {
				if err := found(f, i); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// FindDead calls found for the dead letters of an event that were buried since a time, oldest first.
func (b *Bus) FindDead(ctx context.Context, id string, since time.Time, found func(DeadLetter) error) error {
	last, err := lastOf(ctx, b.dead)
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	from, err := b.sequenceAt(ctx, b.dead, since, last)
	if err != nil {
		return err
	}
	want := []byte(id)
	return b.scan(ctx, b.dead, scanned{subjects: []string{"dead.>"}, from: from, to: last}, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		if !bytes.Contains(m.Data(), want) || textOf(m.Data(), "uuid") != id {
			return nil
		}
		l, err := letterFrom(md.Sequence.Stream, m.Headers(), m.Data())
		if err != nil {
			return err
		}
		return found(l)
	})
}

// JournalSince is the sequence of the journal's first message that was stored at a time or later.
func (b *Bus) JournalSince(ctx context.Context, t time.Time) (uint64, error) {
	last, err := lastOf(ctx, b.journal)
	if err != nil {
		return 0, fmt.Errorf("journal: %w", err)
	}
	return b.sequenceAt(ctx, b.journal, t, last)
}

// Retain is how long the log keeps events.
func (b *Bus) Retain() time.Duration { return b.config.Retain }
