package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// secretsBucket is the key-value bucket of what can be erased.
const secretsBucket = "PRICKLE_SECRETS"

// Secrets keeps small things that must survive a restart, that all processes of a project share, and of which nothing is left when they are
// erased: what State deletes may still be in a file for long. The bucket is made when the first is stored. Its methods may be called
// concurrently; keys are as those of State.
type Secrets struct {
	bus *Bus

	mu     sync.Mutex
	kv     jetstream.KeyValue // nil until the bucket is there
	stream jetstream.Stream
}

// Secrets returns the project's secrets.
func (b *Bus) Secrets() *Secrets { return &Secrets{bus: b} }

// open finds the bucket, and makes it if it has to be there.
func (s *Secrets) open(ctx context.Context, create bool) (jetstream.KeyValue, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kv != nil {
		return s.kv, nil
	}
	b := s.bus
	bucket := b.config.streamName(secretsBucket)
	stream, err := b.js.Stream(ctx, "KV_"+bucket)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if !create {
			return nil, nil
		}
		// A bucket as the library would make it, but for the right to delete single messages, which overwrites them.
		stream, err = b.js.CreateStream(ctx, jetstream.StreamConfig{
			Name: "KV_" + bucket, Description: "Prickle: secrets that are erased in time", Subjects: []string{"$KV." + bucket + ".>"},
			Storage: jetstream.FileStorage, Replicas: b.config.Replicas, MaxMsgsPerSubject: 1, MaxMsgs: -1, MaxBytes: -1,
			Discard: jetstream.DiscardNew, AllowRollup: true, AllowDirect: true,
		})
	}
	if err == nil {
		s.kv, err = b.js.KeyValue(ctx, bucket)
	}
	if err != nil {
		s.kv = nil
		return nil, fmt.Errorf("secrets bucket %s: %w", bucket, unavailable(err))
	}
	s.stream = stream
	return s.kv, nil
}

// Get returns a secret, or nil when there is none.
func (s *Secrets) Get(ctx context.Context, key string) ([]byte, error) {
	kv, err := s.open(ctx, false)
	if kv == nil {
		return nil, err
	}
	entry, err := kv.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %q: %w", key, unavailable(err))
	}
	return entry.Value(), nil
}

// Create stores a secret, or returns ErrConflict when there is one.
func (s *Secrets) Create(ctx context.Context, key string, value []byte) error {
	if err := s.bus.disk.room(streamDead); err != nil {
		return err
	}
	kv, err := s.open(ctx, true)
	if err != nil {
		return err
	}
	_, err = kv.Create(ctx, key, value)
	if isConflict(err) {
		return fmt.Errorf("secret %q: %w", key, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("write secret %q: %w", key, unavailable(err))
	}
	return nil
}

// Put stores a secret in place of the one that is there, of which nothing is left.
func (s *Secrets) Put(ctx context.Context, key string, value []byte) error {
	if err := s.Erase(ctx, key); err != nil {
		return err
	}
	return s.Create(ctx, key, value)
}

// Keys lists the keys of all secrets, in no order.
func (s *Secrets) Keys(ctx context.Context) (keys []string, err error) {
	kv, err := s.open(ctx, false)
	if kv == nil {
		return nil, err
	}
	lister, err := kv.ListKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list secrets: %w", unavailable(err))
	}
	for key := range lister.Keys() {
		keys = append(keys, strings.Clone(key))
	}
	return keys, ctx.Err()
}

// Erase overwrites a secret. One that is not there is no error.
func (s *Secrets) Erase(ctx context.Context, key string) error {
	kv, err := s.open(ctx, false)
	if kv == nil {
		return err
	}
	entry, err := kv.Get(ctx, key)
	if err == nil {
		err = s.stream.SecureDeleteMsg(ctx, entry.Revision())
	}
	if err == nil || errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	return fmt.Errorf("erase secret %q: %w", key, unavailable(err))
}
