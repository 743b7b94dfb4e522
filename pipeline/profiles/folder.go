package profiles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Store is where profiles are kept: bus.Profiles.
type Store interface {
	Get(ctx context.Context, key string) (bus.Profile, error)
	Save(ctx context.Context, changes []bus.Profile) error
}

const (
	// cached is how many values a Folder keeps at hand, and known how many distinct ids it remembers to have a person.
	cached, known = 20_000, 200_000
	// mostCached is how many bytes a value may have to be kept at hand; of a larger one is known only that what was there before is not it.
	mostCached = 4 << 10
	// attempts is how often a commit is tried when other lanes change the same persons.
	attempts = 20
)

// Folder folds events into profiles. All stages of a process share one: it keeps what was read last at hand. It is safe for concurrent
// use.
type Folder struct {
	config Deps
	store  Store
	log    *slog.Logger
	mu     sync.Mutex // of what is put in the cache
	cache  *lru.Cache[string, bus.Profile]
	known  *lru.Cache[string, lifted] // the distinct ids that have a person, and what was lifted for it
}

// Deps is what a Folder works with. Store and Log are required.
type Deps struct {
	Store   Store
	Project int       // whose persons they are
	Began   time.Time // when the log began that events are from
	Shared  bool      // other processes change the store too
	Lift    bool      // properties of events become those of their persons
	Log     *slog.Logger
}

// NewFolder makes a Folder.
func NewFolder(d Deps) *Folder {
	cache, _ := lru.New[string, bus.Profile](cached) // its error is about a size below 1
	ids, _ := lru.New[string, lifted](known)
	return &Folder{config: d, store: d.Store, log: d.Log, cache: cache, known: ids}
}

// Watch makes a Watch of what a pipeline makes of events. It belongs to one goroutine.
func (f *Folder) Watch(pipeline string) *Watch { return &Watch{folder: f, pipeline: pipeline} }

// Watch collects what the events of some frames mean, in order, until they are committed together.
type Watch struct {
	folder   *Folder
	pipeline string
	changes  []change
	from     origin // of the last event
	part     int    // its number among those of that origin
}

// origin is what an event was made of: an event of the log. A transform may make several of one.
type origin struct {
	lane     int
	sequence uint64
	index    int
}

// Reset forgets what was collected.
func (w *Watch) Reset() {
	clear(w.changes)
	w.changes, w.from, w.part = w.changes[:0], origin{}, 0
}

// Event takes an event in that came by a lane, with the sequence of its frame in the log and its number in that. It keeps nothing of the event's
// memory. Events of one number are told apart by their order.
func (w *Watch) Event(e *pipeline.Event, lane int, sequence uint64, index int) {
	if from := (origin{lane, sequence, index}); from == w.from {
		w.part++
	} else {
		w.from, w.part = from, 0
	}
	c, ok := read(e)
	if !ok {
		return
	}
	if !w.folder.config.Lift || unlifted[e.Name] {
		c.lifting = lifted{}
	}
	if c.idle = !w.folder.news(&c); c.idle && (c.lifting.lasting == 0 || len(w.changes) == 0) {
		return
	}
	if c.lifting.bits != 0 {
		c.lifted = liftOf(e.Properties)
	}
	c.distinctID, c.way, c.place = strings.Clone(c.distinctID), wayOf(w.pipeline, lane), placeOf(sequence, index, w.part)
	c.log = w.folder.config.Began.UnixNano()
	w.changes = append(w.changes, c)
}

// Commit makes the changes and returns nil once they are stored. After an error some of them may be; making them again, in another process
// too, does no harm.
func (w *Watch) Commit(ctx context.Context) error {
	for rest := w.changes; len(rest) > 0; {
		n := together(rest)
		if err := w.folder.commit(ctx, rest[:n]); err != nil {
			return fmt.Errorf("profiles: %w", err)
		}
		rest = rest[n:]
	}
	return nil
}

// together is how many changes are made at once: one that merges persons alone, so that what came before it is stored whenever it is made again.
// The others concern a person each and do not meet.
func together(changes []change) int {
	for i := range changes {
		if changes[i].other != "" {
			return max(i, 1)
		}
	}
	return len(changes)
}

func (f *Folder) commit(ctx context.Context, changes []change) error {
	for range attempts {
		t := newTransaction(f)
		for i := range changes {
			if err := t.apply(ctx, &changes[i]); err != nil {
				return err
			}
		}
		old, err := t.outdated(ctx)
		if err == nil && old {
			continue
		}
		if err == nil {
			err = t.save(ctx)
		}
		if err == nil {
			f.learn(changes, t.persons)
			return nil
		}
		if !errors.Is(err, bus.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("%w %d times in a row", bus.ErrConflict, attempts)
}

// news reports whether a change may say something new.
func (f *Folder) news(c *change) bool {
	before, ok := f.known.Get(c.distinctID)
	return !ok || !c.empty() || before.news(c.lifting)
}

// learn notes what is known of distinct ids after changes. What was lifted of the events of one id may have been overwritten by those of another.
func (f *Folder) learn(changes []change, persons [][]string) {
	for i := range changes {
		c := &changes[i]
		for _, id := range persons[i] {
			if id != c.distinctID && f.known.Contains(id) {
				f.known.Add(id, lifted{})
			}
		}
		switch before, _ := f.known.Peek(c.distinctID); {
		case c.kind == group: // which makes no person
		case c.empty():
			f.known.Add(c.distinctID, before.and(c.lifting))
		default:
			f.known.Add(c.distinctID, lifted{})
		}
	}
}

// get is Store.Get with what is at hand, and says whether it was.
func (f *Folder) get(ctx context.Context, key string) (p bus.Profile, cached bool, err error) {
	if p, ok := f.cache.Get(key); ok && (p.Value != nil || p.Revision == 0) {
		return p, true, nil
	}
	if p, err = f.store.Get(ctx, key); err == nil {
		f.keep(p)
	}
	return p, false, err
}

// keep has a value at hand from now on, unless a newer one is: who reads and writes at the same time is not heard in order.
func (f *Folder) keep(p bus.Profile) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(p.Value) > mostCached {
		p.Value = nil
	}
	if have, ok := f.cache.Peek(p.Key); !ok || have.Revision <= p.Revision {
		f.cache.Add(p.Key, p)
	}
}

// Person returns the person of a distinct id, nil when there is none. In a store that is shared it is read anew.
func (f *Folder) Person(ctx context.Context, distinctID string) (*Person, error) {
	t := newTransaction(f)
	t.anew = f.config.Shared
	p, err := t.personOf(ctx, distinctID)
	if err != nil || p == nil {
		return nil, err
	}
	return p.person, nil
}
