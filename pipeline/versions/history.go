package versions

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// Store is where versions are kept; *bus.State is one.
type Store interface {
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	Delete(ctx context.Context, key string) error
	Keys(ctx context.Context, prefix string) ([]string, error)
}

// Keep is how many versions are kept; older ones are forgotten.
const Keep = 100

// History are the versions that are kept. Its methods may be called concurrently.
type History struct {
	store Store
	limit int // bytes of a value of the store
	now   func() time.Time
}

// New makes the history in a store that takes values of up to limit bytes.
func New(store Store, limit int) *History { return &History{store: store, limit: limit, now: time.Now} }

const prefix = "config"

// ErrUnknown says that there is no version of a number, or none any more.
var ErrUnknown = errors.New("no such configuration")

// Record keeps files as the next version, and forgets the oldest beyond Keep. When they are those of the latest version, it returns that one.
func (h *History) Record(ctx context.Context, files []File, cause string) (*Version, error) {
	next := &Version{Cause: cause, Files: slices.Clone(files)}
	slices.SortFunc(next.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	for {
		numbers, err := h.numbers(ctx)
		if err != nil {
			return nil, err
		}
		next.Number, next.At = 1, h.now().UTC()
		if n := len(numbers); n > 0 {
			latest, err := h.Get(ctx, numbers[n-1])
			if err == nil && !latest.Withheld && len(Changed(latest, next)) == 0 {
				return latest, nil
			}
			if err != nil && !errors.Is(err, ErrUnknown) {
				return nil, err
			}
			next.Number = numbers[n-1] + 1
		}
		err = h.create(ctx, next)
		switch {
		case err == nil:
			h.forget(ctx, numbers)
			return next, nil
		case !errors.Is(err, bus.ErrConflict): // else another process was faster
			return nil, err
		}
	}
}

func (h *History) create(ctx context.Context, v *Version) error {
	value, err := v.encode()
	if err == nil && len(value) > h.limit {
		kept := *v
		kept.Withheld, kept.Files = true, nil
		for _, f := range v.Files {
			kept.Files = append(kept.Files, File{Name: f.Name})
		}
		value, err = kept.encode()
	}
	if err != nil {
		return err
	}
	_, err = h.store.Update(ctx, key(v.Number), value, 0)
	return err
}

// forget removes the oldest of numbers, so that with a newer one Keep are left. What cannot be removed is removed at the next time.
func (h *History) forget(ctx context.Context, numbers []int) {
	for len(numbers) >= Keep {
		if h.store.Delete(ctx, key(numbers[0])) != nil {
			return
		}
		numbers = numbers[1:]
	}
}

// Get returns a version, or an error that is ErrUnknown and names those that there are.
func (h *History) Get(ctx context.Context, number int) (*Version, error) {
	value, revision, err := h.store.Get(ctx, key(number))
	if err != nil {
		return nil, err
	}
	if revision == 0 {
		return nil, h.unknown(ctx, number)
	}
	v, err := decode(value)
	if err != nil {
		return nil, fmt.Errorf("configuration %d: %w", number, err)
	}
	return v, nil
}

func (h *History) unknown(ctx context.Context, number int) error {
	numbers, err := h.numbers(ctx)
	switch {
	case err != nil:
		return err
	case len(numbers) == 0:
		return fmt.Errorf("configuration %d: %w; none is kept yet: the first one is when the project runs", number, ErrUnknown)
	}
	return fmt.Errorf("configuration %d: %w; those from %d to %d are kept: see prickle config list", number, ErrUnknown, numbers[0], numbers[len(numbers)-1])
}

// List returns all versions, the oldest first.
func (h *History) List(ctx context.Context) ([]*Version, error) {
	numbers, err := h.numbers(ctx)
	if err != nil {
		return nil, err
	}
	var all []*Version
	for _, n := range numbers {
		v, err := h.Get(ctx, n)
		if errors.Is(err, ErrUnknown) {
			continue // forgotten meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

func (h *History) numbers(ctx context.Context) ([]int, error) {
	keys, err := h.store.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, k := range keys {
		if n, err := strconv.Atoi(strings.TrimPrefix(k, prefix+".")); err == nil {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func key(number int) string { return fmt.Sprintf("%s.%d", prefix, number) }
