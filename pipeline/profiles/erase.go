package profiles

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// Everything is what there is of a person, by which it can be erased.
type Everything struct {
	DistinctIDs []string // all of the person
	PersonIDs   []string // pipeline.PersonID of each, which those that were merged away had
}

// Keys are those of the profiles.
func (e *Everything) Keys() []string {
	keys := make([]string, len(e.PersonIDs))
	for i, id := range e.PersonIDs {
		keys[i] = personKey(id)
	}
	return keys
}

// Tables are the rows of the tables that a Source fills.
func (e *Everything) Tables() []pipeline.KeyedRows {
	return []pipeline.KeyedRows{
		{Source: SourceName, Stream: personsStream, Keys: e.PersonIDs},
		{Source: SourceName, Stream: idsStream, Keys: e.DistinctIDs},
	}
}

// Everything finds all ids of the person that id belongs to: a distinct id or, unless distinct says that it is none, the id of a person. An id that
// no person has is a distinct id without one. The Folder must be a fresh one where other processes change persons.
func (f *Folder) Everything(ctx context.Context, id string, distinct bool) (Everything, error) {
	t := newTransaction(f)
	if parsed, err := uuid.Parse(id); err == nil && !distinct {
		p, err := t.owner(ctx, parsed.String())
		if err != nil {
			return Everything{}, err
		}
		if p != nil {
			return f.everything(append([]string{p.person.DistinctID}, p.person.Others...)), nil
		}
	}
	p, err := t.personOf(ctx, id)
	if err != nil || p == nil {
		return f.everything([]string{id}), err
	}
	return f.everything(append([]string{id, p.person.DistinctID}, p.person.Others...)), nil
}

func (f *Folder) everything(distinctIDs []string) Everything {
	var e Everything
	seen := map[string]bool{}
	for _, id := range distinctIDs {
		if !seen[id] {
			seen[id] = true
			e.DistinctIDs = append(e.DistinctIDs, strings.Clone(id))
			e.PersonIDs = append(e.PersonIDs, uuid.UUID(pipeline.PersonID(f.config.Project, id)).String())
		}
	}
	return e
}

// Of is Everything of distinct ids that are known already.
func (f *Folder) Of(distinctIDs ...string) Everything { return f.everything(distinctIDs) }

// Forget lets go of what is at hand, after somebody else has erased profiles.
func (f *Folder) Forget() {
	f.cache.Purge()
	f.known.Purge()
}
