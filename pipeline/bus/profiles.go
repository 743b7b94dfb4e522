package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	streamProfiles      = "PROFILES"
	profilesDescription = "Prickle: persons, groups and properties"
	profilesPrefix      = "profiles."
)

// Profiles keeps a value for each of millions of keys, the newest one only: persons, groups, and what is known of properties. It is a
// key-value bucket that also tells what has changed since. Keys are tokens separated by dots, as those of State. Its methods may be
// called concurrently.
type Profiles struct {
	bus    *Bus
	stream jetstream.Stream
	turn   chan struct{} // taken by the batch that is on its way
}

// Profiles opens the project's profiles, and makes their stream when there is none.
func (b *Bus) Profiles(ctx context.Context) (*Profiles, error) {
	name := b.config.streamName(streamProfiles)
	existing, err := b.js.Stream(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
	case err != nil:
		return nil, fmt.Errorf("stream %s: %w", name, err)
	case existing.CachedInfo().Config.Description != profilesDescription: // keeping the newest only would delete what is in it
		return nil, foreignStream(name)
	}
	stream, err := b.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: name, Description: profilesDescription, Subjects: []string{b.subject(profilesPrefix + ">")},
		Storage: jetstream.FileStorage, Replicas: b.config.Replicas, MaxMsgsPerSubject: 1, AllowDirect: true, MaxBytes: -1, MaxMsgs: -1,
		Discard: jetstream.DiscardOld, Duplicates: time.Second, AllowAtomicPublish: true,
	})
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", name, err)
	}
	return &Profiles{bus: b, stream: stream, turn: make(chan struct{}, 1)}, nil
}

// Profile is the value of a key, with the revision it has: the sequence of its last change, 0 for a key that has none.
type Profile struct {
	Key      string
	Value    []byte // nil for none
	Revision uint64
	Stored   time.Time // when it was changed; zero where Get did not find it
}

// longestKey is how many bytes a key may have. The server takes one that does not fit in a line of its protocol for a mistake, and cuts the connection that
// everything goes over.
const longestKey = 3 << 10

var errLongKey = fmt.Errorf("the key has more than %d bytes", longestKey)

// Get returns the value of a key, one without a value when there is none.
func (p *Profiles) Get(ctx context.Context, key string) (Profile, error) {
	if len(key) > longestKey {
		return Profile{}, fmt.Errorf("profile %.40q…: %w", key, errLongKey)
	}
	raw, err := p.stream.GetLastMsgForSubject(ctx, p.bus.subject(profilesPrefix+key))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return Profile{Key: key}, nil
	}
	if err != nil {
		return Profile{}, fmt.Errorf("profile %q: %w", key, unavailable(err))
	}
	return Profile{Key: key, Value: valueOf(raw.Data), Revision: raw.Sequence, Stored: raw.Time}, nil
}

// valueOf is nil for the empty value that Remove leaves.
func valueOf(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return data
}

// Save stores values in place of those with the revisions that the changes name, all at once, and sets their new revisions. A change whose
// key was changed by somebody else meanwhile is not stored, and its error is ErrConflict; the others are. A nil value leaves an empty one,
// which is how the key's removal becomes known by Changes. No key may be there twice.
func (p *Profiles) Save(ctx context.Context, changes []Profile) error {
	if err := p.bus.disk.room(streamDead); err != nil {
		return err
	}
	for i := range changes {
		if len(changes[i].Key) > longestKey {
			return fmt.Errorf("profile %.40q…: %w", changes[i].Key, errLongKey)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	var errs []error
	for rest := changes; len(rest) > 0; {
		n := batchOf(rest)
		errs = append(errs, p.save(ctx, rest[:n]))
		rest = rest[n:]
	}
	return errors.Join(errs...)
}

// save stores changes as a batch, or each for itself when they are too few for that or the server refuses one of them.
func (p *Profiles) save(ctx context.Context, changes []Profile) error {
	if len(changes) >= leastBatch {
		if done, err := p.saveBatch(ctx, changes); done || err != nil {
			return err
		}
	}
	return p.saveEach(ctx, changes)
}

func (p *Profiles) saveEach(ctx context.Context, changes []Profile) error {
	futures := make([]jetstream.PubAckFuture, 0, len(changes))
	for i := range changes {
		f, err := p.bus.js.PublishMsgAsync(p.message(&changes[i]), append(p.bus.storing(streamProfiles), jetstream.WithExpectLastSequencePerSubject(changes[i].Revision))...)
		if err != nil {
			return publishError(streamProfiles, err)
		}
		futures = append(futures, f)
	}
	var errs []error
	for i, f := range futures {
		select {
		case ack := <-f.Ok():
			changes[i].Revision = ack.Sequence
		case err := <-f.Err():
			if isConflict(err) {
				err = fmt.Errorf("profile %q: %w", changes[i].Key, ErrConflict)
			} else {
				err = publishError(streamProfiles, err)
			}
			errs = append(errs, err)
		case <-ctx.Done():
			return publishError(streamProfiles, ctx.Err())
		}
	}
	return errors.Join(errs...)
}

func (p *Profiles) message(c *Profile) *nats.Msg {
	return &nats.Msg{Subject: p.bus.subject(profilesPrefix + c.Key), Header: nats.Header{}, Data: c.Value}
}

// Begun is when the stream of the profiles was made.
func (p *Profiles) Begun() time.Time { return p.stream.CachedInfo().Created }

// Last is the sequence of the newest change, 0 when there has been none.
func (p *Profiles) Last(ctx context.Context) (uint64, error) {
	last, err := lastOf(ctx, p.stream)
	if err != nil {
		return 0, fmt.Errorf("profiles: %w", err)
	}
	return last, nil
}

// Changes calls yield for the values that were changed from one sequence to another, both included, in the order of their last change, until
// yield returns an error, which it returns. A value that was changed again after that is not among them.
func (p *Profiles) Changes(ctx context.Context, from, to uint64, yield func(Profile) error) error {
	return p.scan(ctx, scanned{subjects: []string{profilesPrefix + ">"}, from: from, to: to, ahead: profilesAhead}, yield)
}

// Each calls yield for the values whose keys begin with prefix, which ends in a dot, until yield returns an error, which it returns.
func (p *Profiles) Each(ctx context.Context, prefix string, yield func(Profile) error) error {
	last, err := p.Last(ctx)
	if err != nil {
		return err
	}
	return p.scan(ctx, scanned{subjects: []string{profilesPrefix + prefix + ">"}, from: 1, to: last, ahead: profilesAhead}, yield)
}

func (p *Profiles) scan(ctx context.Context, s scanned, yield func(Profile) error) error {
	return p.bus.scan(ctx, p.stream, s, func(m jetstream.Msg, md *jetstream.MsgMetadata) error {
		key := strings.TrimPrefix(p.bus.topic(m.Subject()), profilesPrefix)
		return yield(Profile{Key: key, Value: valueOf(m.Data()), Revision: md.Sequence.Stream, Stored: md.Timestamp})
	})
}

// profilesAhead is how many values a reader of changes holds; most are small.
const profilesAhead = 500

// Erase overwrites the value of a key and removes the key. What it had before, which Save replaced, is in no more than space of files that is to be used
// again.
func (p *Profiles) Erase(ctx context.Context, key string) error {
	subject := p.bus.subject(profilesPrefix + key)
	last, err := p.stream.GetLastMsgForSubject(ctx, subject)
	if err == nil {
		err = p.stream.SecureDeleteMsg(ctx, last.Sequence)
	}
	if err == nil || errors.Is(err, jetstream.ErrMsgNotFound) {
		err = p.stream.Purge(ctx, jetstream.WithPurgeSubject(subject)) // of one that was stored meanwhile
	}
	if err != nil {
		return fmt.Errorf("profile %q: %w", key, unavailable(err))
	}
	return nil
}
