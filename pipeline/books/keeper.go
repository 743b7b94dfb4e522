package books

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

const (
	// readEvery is how often the books are brought up to date while nobody asks for them, and saveEvery how often they are written down. A start
	// reads what came after that.
	readEvery, saveEvery = time.Second, 5 * time.Second
	// checkEvery is how often it is looked whether they balance.
	checkEvery = 10 * time.Second
	// stateKey is where they are written down.
	stateKey = "books"
	// reread is how many records before those that are in the books are read at a start, to know repeats of them.
	reread = 20_000
)

// Project are the pipelines of a project with the names of their destinations.
type Project map[string][]string

// Keeper keeps the books of a project up to date. Of several processes each keeps them for itself, from the same journal, and whoever is first
// writes them down. Its methods may be called concurrently.
type Keeper struct {
	bus *bus.Bus
	log *slog.Logger
	now func() time.Time

	mu       sync.Mutex
	books    *Books
	project  Project
	revision uint64 // of what was written down last, by whomever
	saved    uint64 // the journal's sequence in it

	checks checks
}

// NewKeeper makes a keeper. It does no I/O.
func NewKeeper(b *bus.Bus, log *slog.Logger) *Keeper {
	return &Keeper{bus: b, log: log.With("component", "books"), now: time.Now}
}

// Open reads the books, brings them up to date, and opens accounts for what is new. Nothing of the project works yet.
func (k *Keeper) Open(ctx context.Context, p Project) error {
	if err := k.load(ctx); err != nil {
		return fmt.Errorf("books: %w", err)
	}
	return k.Begin(ctx, p)
}

// load reads what was written down, and of the journal before that what it takes to know repeats.
func (k *Keeper) load(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := New(k.now().UTC())
	text, revision, err := k.bus.State().Get(ctx, stateKey)
	if err != nil {
		return err
	}
	if revision > 0 {
		if err := json.Unmarshal(text, b); err != nil {
			return fmt.Errorf("state %q: %w", stateKey, err)
		}
	}
	k.books, k.revision, k.saved = b, revision, b.Journal
	if b.Journal == 0 {
		return k.sinceFirst(ctx)
	}
	from := max(b.Journal, reread) - reread + 1
	return k.bus.ReadJournal(ctx, from, b.Journal, func(e bus.JournalEntry) error {
		b.Remember(e)
		return nil
	})
}

// sinceFirst has books that were never written down begin with what the journal begins with, which a process has left that was killed before.
func (k *Keeper) sinceFirst(ctx context.Context) error {
	r, err := k.bus.JournalRange(ctx)
	if err == nil && r.First <= r.Last {
		k.books.Since = r.Oldest.UTC()
	}
	return err
}

// Begin says what the project is from now on, and opens accounts for what is new in it, which has not begun to work.
func (k *Keeper) Begin(ctx context.Context, p Project) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.catchUp(ctx); err != nil {
		return fmt.Errorf("books: %w", err)
	}
	k.project = p
	begin, err := k.news(ctx)
	if err != nil || begin == nil {
		return err
	}
	if err := k.bus.Journal(&bus.Record{Begin: begin}).Wait(ctx); err != nil {
		return fmt.Errorf("books: %w", err)
	}
	return k.catchUp(ctx)
}

// news are the accounts to be opened, nil for none.
func (k *Keeper) news(ctx context.Context) (*bus.BeginRecord, error) {
	places, err := k.bus.Places(ctx)
	if err != nil {
		return nil, fmt.Errorf("books: %w", err)
	}
	begin := &bus.BeginRecord{Waiting: map[string]map[string]int{}}
	for _, place := range places {
		if _, ours := k.project[place.Pipeline]; ours && k.books.News(place) {
			begin.Places = append(begin.Places, place)
		}
	}
	for pipeline, destinations := range k.project {
		for _, name := range destinations {
			if k.books.destination(pipeline, name) != nil {
				continue
			}
			if begin.Waiting[pipeline] == nil {
				begin.Waiting[pipeline] = map[string]int{}
			}
			if begin.Waiting[pipeline][name], err = k.bus.WaitingEvents(ctx, pipeline, name); err != nil {
				return nil, fmt.Errorf("books: %w", err)
			}
		}
	}
	if len(begin.Places)+len(begin.Waiting) == 0 {
		return nil, nil
	}
	return begin, nil
}

// catchUp reads the journal, and then the log, to their ends: an event that is in the journal is in the log.
func (k *Keeper) catchUp(ctx context.Context) error {
	r, err := k.bus.JournalRange(ctx)
	if err != nil {
		return err
	}
	b := k.books
	if missing := int64(r.First) - int64(b.Journal) - 1; missing > 0 && b.Journal > 0 {
		b.Lost += missing
		k.log.Error("records left the journal before they were in the books: see bus.journal_retain and bus.journal_max_bytes", "records", missing)
		b.Journal = r.First - 1
	}
	err = k.bus.ReadJournal(ctx, max(b.Journal+1, r.First), r.Last, func(e bus.JournalEntry) error {
		b.Enter(e)
		if e.Begin == nil {
			return nil
		}
		err := k.begin(ctx, e.Begin.Places)
		if err != nil {
			b.Journal = e.Sequence - 1 // the message is entered again; what of it is in the books is known as a repeat
		}
		return err
	})
	if err != nil {
		return err
	}
	last, err := k.bus.LastInLog(ctx)
	if err != nil {
		return err
	}
	err = k.bus.CountLog(ctx, b.Log+1, last, b.Count)
	if err == nil {
		b.Log = max(b.Log, last) // what was not there is gone
	}
	return err
}

// begin opens the accounts of places. The first ones say from where on the log is counted.
func (k *Keeper) begin(ctx context.Context, places []bus.Place) error {
	b := k.books
	if b.Log == 0 && len(places) > 0 {
		b.Log = slices.MinFunc(places, func(a, b bus.Place) int { return cmp.Compare(a.Done, b.Done) }).Done
	}
	for _, p := range places {
		if !b.News(p) {
			continue
		}
		missed := int64(0)
		err := k.bus.CountLog(ctx, p.Done+1, b.Log, func(f bus.LogCount) {
			if f.Lane == p.Lane {
				missed += int64(f.Events)
			}
		})
		if err != nil {
			return err
		}
		b.Begin(p, missed)
	}
	return nil
}

// Run keeps the books until ctx ends, and writes them down at last.
func (k *Keeper) Run(ctx context.Context) error {
	read, save, check := time.NewTicker(readEvery), time.NewTicker(saveEvery), time.NewTicker(checkEvery)
	for _, t := range []*time.Ticker{read, save, check} {
		defer t.Stop()
	}
	failing := false
	for {
		var err error
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveEvery)
			defer cancel()
			k.warn(errors.Join(k.read(last), k.save(last)), &failing)
			return nil
		case <-read.C:
			err = k.read(ctx)
		case <-save.C:
			err = k.save(ctx)
		case <-check.C:
			err = k.check(ctx)
		}
		if ctx.Err() == nil {
			k.warn(err, &failing)
		}
	}
}

// warn tells the operator once.
func (k *Keeper) warn(err error, failing *bool) {
	if err != nil && !*failing {
		k.log.Warn("the books are behind", "error", err)
	}
	*failing = err != nil
}

func (k *Keeper) read(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.catchUp(ctx)
}

// save writes the books down unless another process was first.
func (k *Keeper) save(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.saved == k.books.Journal && k.revision > 0 {
		return nil
	}
	text, err := json.Marshal(k.books)
	if err != nil {
		return fmt.Errorf("books: %w", err)
	}
	revision, err := k.bus.State().Update(ctx, stateKey, text, k.revision)
	if errors.Is(err, bus.ErrConflict) {
		_, k.revision, err = k.bus.State().Get(ctx, stateKey)
		return err
	}
	if err == nil {
		k.revision, k.saved = revision, k.books.Journal
	}
	return err
}

// Begun is the sequence of the log behind which a lane belongs to a pipeline, 0 when that is not known.
func (k *Keeper) Begun(pipeline string, lane int) uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.books == nil {
		return 0
	}
	if l := k.books.lane(pipeline, lane); l != nil {
		return l.Begun
	}
	return 0
}
