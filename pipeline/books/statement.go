package books

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Values of a balance.
const (
	Balanced   = "balanced"
	InFlight   = "in_flight"  // something is on its way, so nothing can be said
	Incomplete = "incomplete" // records were lost
	Unbalanced = "unbalanced" // nothing is on its way, and a sum does not hold
)

// Statement is what the books say.
type Statement struct {
	Since        time.Time `json:"since"`
	Balance      string    `json:"balance"` // the worst of all destinations'
	Lost         int64     `json:"lost"`    // records that are missing
	Destinations []Account `json:"destinations"`

	journal, log uint64
}

// Account says what became of the events of one destination: Accepted + Made + Brought = Delivered + Filtered + Dead + InFlight.
type Account struct {
	Pipeline    string           `json:"pipeline"`
	Destination string           `json:"destination"`
	Balance     string           `json:"balance"`
	Accepted    int64            `json:"accepted"`
	Made        int64            `json:"made,omitempty"`    // by transforms that made several events of one
	Brought     int64            `json:"brought,omitempty"` // that waited when the account was opened
	Delivered   int64            `json:"delivered"`
	Filtered    map[string]int64 `json:"filtered"` // by transform, or When
	Dead        map[string]int64 `json:"dead"`     // by class
	InFlight    int64            `json:"in_flight"`
}

// statement is what the books say of the project. It holds the lock.
func (k *Keeper) statement() Statement {
	b := k.books
	s := Statement{Since: b.Since, Balance: Balanced, Lost: b.Lost, Destinations: []Account{}, journal: b.Journal, log: b.Log}
	for _, pipeline := range slices.Sorted(maps.Keys(k.project)) {
		for _, name := range k.project[pipeline] {
			d := b.destination(pipeline, name)
			if d == nil {
				continue
			}
			waiting := b.Pipelines[pipeline].Waiting()
			dead := maps.Clone(d.Dead)
			for class, n := range d.Refused {
				dead[class] += n
			}
			s.Destinations = append(s.Destinations, Account{
				Pipeline: pipeline, Destination: name, Accepted: d.In + waiting, Made: d.Made, Brought: d.Brought,
				Delivered: d.Delivered, Filtered: maps.Clone(d.Filtered), Dead: dead, InFlight: waiting + d.Waiting(),
			})
		}
	}
	return s
}

// Statement brings the books up to date and says what is in them.
func (k *Keeper) Statement(ctx context.Context) (Statement, error) {
	before, err := k.ends(ctx)
	if err != nil {
		return Statement{}, err
	}
	status, err := k.bus.Status(ctx)
	if err != nil {
		return Statement{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.catchUp(ctx); err != nil {
		return Statement{}, fmt.Errorf("books: %w", err)
	}
	s := k.statement()
	// Only what stood still meanwhile can be compared.
	still := s.journal == before[0] && s.log == before[1]
	moving := movingPlaces(status)
	for i := range s.Destinations {
		a := &s.Destinations[i]
		a.Balance = balance(a, s.Lost, k.redone(a.Pipeline), still && !moving[place{a.Pipeline, ""}] && !moving[place{a.Pipeline, a.Destination}])
		s.Balance = worse(s.Balance, a.Balance)
	}
	return s, nil
}

func (k *Keeper) ends(ctx context.Context) ([2]uint64, error) {
	r, err := k.bus.JournalRange(ctx)
	if err != nil {
		return [2]uint64{}, err
	}
	last, err := k.bus.LastInLog(ctx)
	return [2]uint64{r.Last, last}, err
}

type place struct{ pipeline, destination string }

// movingPlaces are the pipelines and destinations with frames on their way.
func movingPlaces(st bus.Status) map[place]bool {
	moving := map[place]bool{}
	for _, c := range st.Consumers {
		if !c.Replayed && c.Pending+uint64(c.InFlight+c.Delayed) > 0 {
			moving[place{c.Pipeline, c.Destination}] = true
		}
	}
	return moving
}

func balance(a *Account, lost int64, redone, quiet bool) string {
	switch {
	case lost > 0:
		return Incomplete
	case a.InFlight == 0:
		return Balanced
	case quiet && redone: // what a frame came to first may have been delivered in part
		return Incomplete
	case quiet:
		return Unbalanced
	}
	return InFlight
}

// redone reports whether frames of a pipeline came to something else when they were worked again.
func (k *Keeper) redone(pipeline string) bool {
	p := k.books.Pipelines[pipeline]
	return p != nil && p.Redone > 0
}

// worse returns the balance that says less.
func worse(one, other string) string {
	for _, b := range []string{Unbalanced, Incomplete, InFlight} {
		if one == b || other == b {
			return b
		}
	}
	return Balanced
}

// checks is what the checks have found.
type checks struct {
	mu     sync.Mutex
	off    []Account // that did not balance at the last check
	suspic map[place]int64
	told   map[place]int64
}

// Unbalanced are the accounts that did not balance when it was last looked. It is cheap.
func (k *Keeper) Unbalanced() []Account {
	k.checks.mu.Lock()
	defer k.checks.mu.Unlock()
	return slices.Clone(k.checks.off)
}

// check looks whether the books balance, and tells the operator once of an account that does not, twice in a row by the same number.
func (k *Keeper) check(ctx context.Context) error {
	s, err := k.Statement(ctx)
	if err != nil {
		return err
	}
	c := &k.checks
	c.mu.Lock()
	defer c.mu.Unlock()
	found, off := map[place]int64{}, []Account(nil)
	for _, a := range s.Destinations {
		at := place{a.Pipeline, a.Destination}
		if a.Balance != Unbalanced {
			continue
		}
		found[at] = a.InFlight
		if c.suspic[at] != a.InFlight {
			continue
		}
		off = append(off, a)
		if c.told[at] != a.InFlight {
			k.log.Error("the books do not balance", "pipeline", a.Pipeline, "destination", a.Destination, "events", a.InFlight)
		}
	}
	c.suspic, c.off = found, off
	c.told = map[place]int64{}
	for _, a := range off {
		c.told[place{a.Pipeline, a.Destination}] = a.InFlight
	}
	return nil
}
