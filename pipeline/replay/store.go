package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

const (
	// prefix of the keys of jobs in bus.State.
	prefix = "replay"
	// signal is a key that is written when a job is new or goes on, so that looking for one costs a read of one key.
	signal = "replays"
	// kept is how many jobs that have ended are remembered.
	kept = 100
)

// store keeps jobs.
type store struct {
	state *bus.State
	now   func() time.Time
}

func key(id int) string { return prefix + "." + strconv.Itoa(id) }

// errNoJob says that there is no job of a number.
var errNoJob = errors.New("there is no such replay; `prickle replay list` shows them")

func (s *store) get(ctx context.Context, id int) (*Job, uint64, error) {
	text, revision, err := s.state.Get(ctx, key(id))
	if err != nil {
		return nil, 0, err
	}
	if text == nil {
		return nil, 0, fmt.Errorf("replay %d: %w", id, errNoJob)
	}
	j := new(Job)
	if err := json.Unmarshal(text, j); err != nil {
		return nil, 0, fmt.Errorf("replay %d: %w", id, err)
	}
	return j, revision, nil
}

// put stores a job in place of what revision is of; 0 is nothing.
func (s *store) put(ctx context.Context, j *Job, revision uint64) (uint64, error) {
	j.Updated = s.now().UTC()
	text, err := json.Marshal(j)
	if err != nil {
		return 0, fmt.Errorf("replay %d: %w", j.ID, err)
	}
	return s.state.Update(ctx, key(j.ID), text, revision)
}

// list returns all jobs, the oldest first.
func (s *store) list(ctx context.Context) ([]*Job, error) {
	keys, err := s.state.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var jobs []*Job
	for _, k := range keys {
		id, err := strconv.Atoi(strings.TrimPrefix(k, prefix+"."))
		if err != nil {
			continue
		}
		j, _, err := s.get(ctx, id)
		switch {
		case errors.Is(err, errNoJob): // removed meanwhile
			continue
		case err != nil:
			return nil, err
		}
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(a, b *Job) int { return a.ID - b.ID })
	return jobs, nil
}

// add stores a new job under the next number, and forgets the oldest of those that have ended.
func (s *store) add(ctx context.Context, j *Job) error {
	jobs, err := s.list(ctx)
	if err != nil {
		return err
	}
	if n := len(jobs); n > 0 {
		j.ID = jobs[n-1].ID
	}
	for {
		j.ID++
		_, err := s.put(ctx, j, 0)
		if errors.Is(err, bus.ErrConflict) {
			continue // somebody else's
		}
		if err != nil {
			return err
		}
		break
	}
	for _, old := range jobs[:max(len(jobs)-kept, 0)] {
		if old.State != Running {
			if err := s.state.Delete(ctx, key(old.ID)); err != nil {
				return err
			}
		}
	}
	return s.tell(ctx)
}

// change applies do to a job as it is now. An error of do leaves the job as it is.
func (s *store) change(ctx context.Context, id int, do func(*Job) error) (*Job, error) {
	for {
		j, revision, err := s.get(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := do(j); err != nil {
			return j, err
		}
		if _, err := s.put(ctx, j, revision); !errors.Is(err, bus.ErrConflict) {
			return j, err
		}
	}
}

// tell makes whoever holds the lease look for jobs.
func (s *store) tell(ctx context.Context) error {
	return s.state.Put(ctx, signal, []byte(s.now().UTC().Format(time.RFC3339Nano)))
}

// told returns what changes with every tell.
func (s *store) told(ctx context.Context) (uint64, error) {
	_, revision, err := s.state.Get(ctx, signal)
	return revision, err
}
