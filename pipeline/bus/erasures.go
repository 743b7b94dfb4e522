package bus

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/prickle-dev/prickle/pipeline"
)

// Erasure is the record of one erasure, and the tombstone of the ids in it: what was captured of them before is not to be seen any more. The log
// cannot be rewritten, so everybody who takes events out of it leaves those out until the log's retention has removed them for good.
type Erasure struct {
	ID string    `json:"id"` // the first of Hashes, or what tells it from an earlier erasure of the same id
	At time.Time `json:"at"`
	// Hashes are of the distinct ids, which are not kept themselves: an HMAC with a secret of the project.
	Hashes []string `json:"hashes"`
	// Result is what was erased, as the one who did it wrote it down; nil until it is done.
	Result json.RawMessage `json:"result,omitempty"`
}

const (
	erasurePrefix = "erasures"
	saltKey       = "tombstones.salt"
	saltSize      = 32
)

// Erasures knows whose events are not to be seen any more. All readers of a process share it. It is safe for concurrent use.
type Erasures struct {
	bus     *Bus
	secrets *Secrets

	mu    sync.Mutex
	salt  []byte // nil until there is an erasure
	told  func()
	hand  *sync.WaitGroup // what was begun since the last Fence
	known atomic.Pointer[tombstones]
}

// tombstones is a set that is not changed any more.
type tombstones struct {
	salt   []byte
	until  map[string]time.Time // by hash
	newest time.Time
}

// Erasures returns the project's erasures.
func (b *Bus) Erasures() *Erasures { return b.erasures }

// openErasures reads what was erased. Where other processes may erase too, it goes on reading until the bus is closed.
func (b *Bus) openErasures(ctx context.Context) error {
	e := &Erasures{bus: b, secrets: b.Secrets(), hand: &sync.WaitGroup{}}
	e.known.Store(&tombstones{})
	b.erasures = e
	watch, err := b.kv.Watch(ctx, erasurePrefix+".>", jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("erasures: %w", unavailable(err))
	}
	defer context.AfterFunc(ctx, func() { _ = watch.Stop() })()
	for entry := range watch.Updates() {
		if entry == nil { // all that there were
			break
		}
		if err := e.learn(ctx, entry.Value()); err != nil {
			return errors.Join(err, watch.Stop())
		}
	}
	if err := watch.Stop(); err != nil {
		return fmt.Errorf("erasures: %w", unavailable(err))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.Shared() {
		go e.follow(b.closed)
	}
	return nil
}

// follow learns of the erasures of other processes.
func (e *Erasures) follow(ctx context.Context) {
	for ; ctx.Err() == nil; Pause(ctx, reopenPause) {
		watch, err := e.bus.kv.Watch(ctx, erasurePrefix+".>", jetstream.IgnoreDeletes())
		if err != nil {
			continue
		}
		end := context.AfterFunc(ctx, func() { _ = watch.Stop() })
		for entry := range watch.Updates() {
			if entry == nil {
				continue
			}
			if err := e.learn(ctx, entry.Value()); err != nil {
				if ctx.Err() == nil {
					e.bus.log.Error("an erasure of another process cannot be read, and is read again: until then its person's events may still be seen here", "error", err)
				}
				break
			}
		}
		end()
		_ = watch.Stop() // all are read anew
	}
}

// learn takes a record in.
func (e *Erasures) learn(ctx context.Context, value []byte) error {
	var r Erasure
	if err := json.Unmarshal(value, &r); err != nil {
		return fmt.Errorf("erasures: %w", err)
	}
	salt, err := e.secret(ctx)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.known.Load()
	next := &tombstones{salt: salt, until: make(map[string]time.Time, len(before.until)+len(r.Hashes)), newest: before.newest}
	for hash, at := range before.until {
		next.until[hash] = at
	}
	for _, hash := range r.Hashes {
		if r.At.After(next.until[hash]) {
			next.until[hash] = r.At
		}
	}
	if r.At.After(next.newest) {
		next.newest = r.At
	}
	e.known.Store(next)
	if e.told != nil {
		e.told()
	}
	return nil
}

// Tell has call called whenever something was erased, here or elsewhere: when that begins, and when it is done.
func (e *Erasures) Tell(call func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.told = call
}

// secret returns the project's salt, and makes it when there is none.
func (e *Erasures) secret(ctx context.Context) ([]byte, error) {
	e.mu.Lock()
	have := e.salt
	e.mu.Unlock()
	if have != nil {
		return have, nil
	}
	salt, err := e.secrets.Get(ctx, saltKey)
	if err == nil && salt == nil {
		made := make([]byte, saltSize)
		_, _ = rand.Read(made) // crypto/rand stops the program rather than fail
		if err = e.secrets.Create(ctx, saltKey, made); err == nil || errors.Is(err, ErrConflict) {
			salt, err = e.secrets.Get(ctx, saltKey)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("erasures: %w", err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.salt = salt
	return salt, nil
}

// Hash returns what is kept of a distinct id that was erased.
func (e *Erasures) Hash(ctx context.Context, distinctID string) (string, error) {
	salt, err := e.secret(ctx)
	return hashOf(salt, distinctID), err
}

func hashOf(salt []byte, distinctID string) string {
	h := hmac.New(sha256.New, salt)
	_, _ = h.Write([]byte(distinctID)) // a hash takes every write
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Has reports whether an event was captured before its distinct id was erased. While nothing captured before the last erasure comes, it costs a
// comparison.
func (e *Erasures) Has(event *pipeline.Event) bool {
	known := e.known.Load()
	if !event.ReceivedAt.Before(known.newest) {
		return false
	}
	return event.ReceivedAt.Before(known.until[hashOf(known.salt, event.DistinctID)])
}

// Any reports whether anything was erased after a time, so that Has may be true of events that were captured since.
func (e *Erasures) Any(since time.Time) bool { return since.Before(e.known.Load().newest) }

// Begin is called before events are looked at by Has and handed on, and the function that it returns when they are stored: Fence waits for that.
func (e *Erasures) Begin() (end func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	hand := e.hand
	hand.Add(1)
	return hand.Done
}

// Fence returns once everything is at its end that this process began before. What is begun meanwhile waits for nothing.
func (e *Erasures) Fence(ctx context.Context) error {
	e.mu.Lock()
	before := e.hand
	e.hand = &sync.WaitGroup{}
	e.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		before.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Put stores a record in place of the one with the same ID. From then on Has knows it, here; other processes know it within a moment.
func (e *Erasures) Put(ctx context.Context, r Erasure) error {
	value, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("erasures: %w", err)
	}
	if err := e.bus.State().Put(ctx, erasurePrefix+"."+r.ID, value); err != nil {
		return err
	}
	return e.learn(ctx, value)
}

// List returns all records, in the order of their IDs.
func (e *Erasures) List(ctx context.Context) (all []Erasure, err error) {
	state := e.bus.State()
	keys, err := state.Keys(ctx, erasurePrefix)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		value, _, err := state.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		var r Erasure
		if err := json.Unmarshal(value, &r); err != nil {
			return nil, fmt.Errorf("state %q: %w", key, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// DropLetters overwrites dead letters that were given up before a time, whose events match. With count it only counts them.
func (e *Erasures) DropLetters(ctx context.Context, before time.Time, count bool, match func(distinctID string) bool) (letters int64, err error) {
	b := e.bus
	var found []uint64
	err = b.EachDead(ctx, DeadFilter{}, 0, func(l DeadLetter) error {
		event, err := pipeline.ParseEvent(l.Event)
		if err == nil && match(event.DistinctID) && event.ReceivedAt.Before(before) {
			found = append(found, l.ID)
		}
		return nil
	})
	if err != nil || count {
		return int64(len(found)), err
	}
	for _, id := range found {
		if err := b.dead.SecureDeleteMsg(ctx, id); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return letters, fmt.Errorf("erase dead letter %d: %w", id, unavailable(err))
		}
		letters++
	}
	return letters, nil
}
