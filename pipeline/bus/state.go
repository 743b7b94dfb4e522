package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// stateBucket is the key-value bucket, in which small things survive a restart.
const stateBucket = "PRICKLE"

// ErrConflict says that a key of State was changed by somebody else since it was read.
var ErrConflict = errors.New("changed by somebody else")

// State keeps small things that must survive a restart and that all processes of a project share: positions, breakers, quotas,
// configuration versions. Keys are tokens separated by dots, of letters, digits, -, _, / and =, for example "breaker.web.crm". Each write
// costs a sync, so what changes often is written now and then. Its methods may be called concurrently.
type State struct {
	bus *Bus
	kv  jetstream.KeyValue
}

// State returns the project's state.
func (b *Bus) State() *State { return &State{bus: b, kv: b.kv} }

func (b *Bus) openState(ctx context.Context) error {
	name := b.config.streamName(stateBucket)
	kv, err := b.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: name, Description: "Prickle: what survives a restart", Storage: jetstream.FileStorage, Replicas: b.config.Replicas,
		MaxValueSize: -1, History: 1,
	})
	if err != nil {
		return fmt.Errorf("state bucket %s: %w", name, err)
	}
	b.kv = kv
	return nil
}

// Get returns a key's value and the revision to give to Update, or (nil, 0, nil) when there is none.
func (s *State) Get(ctx context.Context, key string) (value []byte, revision uint64, err error) {
	entry, err := s.kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, s.failed("read", key, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// Put stores a value whatever was there before.
func (s *State) Put(ctx context.Context, key string, value []byte) error {
	if err := s.bus.disk.room(streamDead); err != nil {
		return err
	}
	if _, err := s.kv.Put(ctx, key, value); err != nil {
		return s.failed("write", key, err)
	}
	return nil
}

// Update stores a value in place of the one that Get returned with revision; 0 is a key that is not there. It returns the new revision,
// or ErrConflict when the key was changed meanwhile.
func (s *State) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if err := s.bus.disk.room(streamDead); err != nil {
		return 0, err
	}
	write := func() (uint64, error) { return s.kv.Update(ctx, key, value, revision) }
	if revision == 0 {
		write = func() (uint64, error) { return s.kv.Create(ctx, key, value) }
	}
	next, err := write()
	if isConflict(err) {
		return 0, fmt.Errorf("state %q: %w", key, ErrConflict)
	}
	if err != nil {
		return 0, s.failed("write", key, err)
	}
	return next, nil
}

// Delete removes a key. One that is not there is no error.
func (s *State) Delete(ctx context.Context, key string) error {
	if err := s.kv.Purge(ctx, key); err != nil {
		return s.failed("delete", key, err)
	}
	return nil
}

// remove deletes a key if its revision is the given one, and returns ErrConflict when it is not.
func (s *State) remove(ctx context.Context, key string, revision uint64) error {
	err := s.kv.Purge(ctx, key, jetstream.LastRevision(revision))
	if isConflict(err) {
		return fmt.Errorf("state %q: %w", key, ErrConflict)
	}
	if err != nil {
		return s.failed("delete", key, err)
	}
	return nil
}

// Keys lists the keys below prefix, which is whole tokens ("breaker.web"), sorted.
func (s *State) Keys(ctx context.Context, prefix string) ([]string, error) {
	lister, err := s.kv.ListKeysFiltered(ctx, prefix+".>")
	if err != nil {
		return nil, s.failed("list", prefix, err)
	}
	var keys []string
	for key := range lister.Keys() {
		keys = append(keys, strings.Clone(key))
	}
	if err := ctx.Err(); err != nil {
		return nil, s.failed("list", prefix, err)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

func (s *State) failed(verb, key string, err error) error {
	return fmt.Errorf("%s state %q: %w", verb, key, unavailable(err))
}

// isConflict recognises a refused compare-and-set. A replicated stream has a code of its own for it.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrKeyExists) || errors.As(err, &api) &&
		(api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
