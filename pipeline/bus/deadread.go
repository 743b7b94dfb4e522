package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// EachDead calls yield for the letters that filter selects, with an ID above after, oldest first, until yield returns an error, which it returns.
// Letters that are buried after the call began are left out, so what is replayed and fails again meanwhile does not come a second time.
// It holds only a few letters in memory.
func (b *Bus) EachDead(ctx context.Context, filter DeadFilter, after uint64, yield func(DeadLetter) error) error {
	return b.eachDead(ctx, filter, after, false, yield)
}

func (b *Bus) eachDead(ctx context.Context, filter DeadFilter, after uint64, headersOnly bool, yield func(DeadLetter) error) error {
	subject, err := filter.subject()
	if err != nil {
		return err
	}
	last, err := lastOf(ctx, b.dead)
	if err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	s := scanned{subjects: []string{subject}, from: after + 1, to: last, headersOnly: headersOnly && !filter.readsEvent()}
	return b.scan(ctx, b.dead, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		letter, err := letterFrom(md.Sequence.Stream, m.Headers(), m.Data())
		if err != nil {
			return err
		}
		if !filter.Match(&letter) {
			return nil
		}
		return yield(letter)
	})
}

// errEnough ends a reading.
var errEnough = errors.New("enough")

// DeadLetters returns up to limit letters that filter selects, oldest first, with an ID above after. To read on, pass the last one's ID.
func (b *Bus) DeadLetters(ctx context.Context, filter DeadFilter, after uint64, limit int) ([]DeadLetter, error) {
	if limit <= 0 {
		return nil, nil
	}
	var letters []DeadLetter
	err := b.EachDead(ctx, filter, after, func(l DeadLetter) error {
		if letters = append(letters, l); len(letters) == limit {
			return errEnough
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return letters, nil
}

// DeadCount counts the letters of one kind.
type DeadCount struct {
	Pipeline    string
	Destination string // empty when a transform failed
	Class       string
	Letters     int
}

// CountDead counts the letters that filter selects, by pipeline, destination and class, in that order.
func (b *Bus) CountDead(ctx context.Context, filter DeadFilter) ([]DeadCount, error) {
	letters := map[DeadCount]int{}
	err := b.eachDead(ctx, filter, 0, true, func(l DeadLetter) error {
		letters[DeadCount{Pipeline: l.Pipeline, Destination: l.Destination, Class: l.Class}]++
		return nil
	})
	counts := make([]DeadCount, 0, len(letters))
	for c, n := range letters {
		c.Letters = n
		counts = append(counts, c)
	}
	slices.SortFunc(counts, func(a, b DeadCount) int {
		return cmp.Or(cmp.Compare(a.Pipeline, b.Pipeline), cmp.Compare(a.Destination, b.Destination), cmp.Compare(a.Class, b.Class))
	})
	return counts, err
}

// DeadLetter returns one letter, or ErrNotFound.
func (b *Bus) DeadLetter(ctx context.Context, id uint64) (DeadLetter, error) {
	m, err := b.rawLetter(ctx, id)
	if err != nil {
		return DeadLetter{}, err
	}
	return letterFrom(m.Sequence, m.Header, m.Data)
}

func (b *Bus) rawLetter(ctx context.Context, id uint64) (*jetstream.RawStreamMsg, error) {
	if id == 0 {
		return nil, fmt.Errorf("dead letter %d: %w", id, ErrNotFound)
	}
	m, err := b.dead.GetMsg(ctx, id)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("dead letter %d: %w", id, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("dead letter %d: %w", id, unavailable(err))
	}
	return m, nil
}
