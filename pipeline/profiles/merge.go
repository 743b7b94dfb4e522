package profiles

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/pipeline"
)

// mostIDs is how many distinct ids a person may have. A client that gives one id to everybody would otherwise make one person of all.
const mostIDs = 2000

// mostIDBytes is how many bytes they may have together: a person has to fit in a message of any server.
const mostIDBytes = 256 << 10

// mostMerges bounds how far a person that was merged is followed. A merge points all ids of a person to the one that stays, so that one step
// leads to the end, but for merges that are under way.
const mostMerges = 100

// personOf finds the person of a distinct id, nil for none. Merges that it comes upon half done it finishes.
func (t *transaction) personOf(ctx context.Context, distinctID string) (*entry, error) {
	return t.owner(ctx, uuid.UUID(pipeline.PersonID(t.folder.config.Project, distinctID)).String())
}

// owner is personOf for the id of a person, which may have been merged into another.
func (t *transaction) owner(ctx context.Context, id string) (*entry, error) {
	var way []*entry
	for len(way) < mostMerges {
		p, err := t.get(ctx, personKey(id))
		if err != nil || p.person == nil {
			return nil, err
		}
		if at := slices.Index(way, p); at >= 0 {
			p = t.breakCircle(way[at:])
		}
		if p.person.MergedInto == "" {
			return p, t.finish(ctx, p, way)
		}
		way = append(way, p)
		id = p.person.MergedInto
	}
	return nil, fmt.Errorf("person %s: merged more than %d times", id, mostMerges)
}

// finish lets p take over those on the way to it that are marked; the nearest wins.
func (t *transaction) finish(ctx context.Context, p *entry, way []*entry) error {
	for _, from := range slices.Backward(way) {
		if from != p && from.person.Pending && !from.going {
			if err := t.absorb(ctx, p, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// breakCircle makes the first of persons that were merged into each other at once, all of them marked, the one that stays.
func (t *transaction) breakCircle(circle []*entry) *entry {
	p := slices.MinFunc(circle, func(a, b *entry) int { return strings.Compare(a.person.ID, b.person.ID) })
	p.person.MergedInto, p.person.Pending = "", false
	t.touch(p)
	return p
}

// create makes the person of a change's distinct id, which has none.
func (t *transaction) create(ctx context.Context, c *change) (*entry, error) {
	id := uuid.UUID(pipeline.PersonID(t.folder.config.Project, c.distinctID)).String()
	p, err := t.get(ctx, personKey(id))
	if err != nil {
		return nil, err
	}
	at := c.at.UTC()
	p.person = &Person{ID: id, DistinctID: c.distinctID, Properties: json.RawMessage("{}"), CreatedAt: &at}
	t.touch(p)
	return p, nil
}

// merge makes one person of p, that of the change's distinct id, and that of its other id; either may be nil. It returns the person that stays,
// and whether they were two.
func (t *transaction) merge(ctx context.Context, p *entry, c *change) (stays *entry, merged bool, err error) {
	from, err := t.personOf(ctx, c.other)
	if err != nil {
		return nil, false, err
	}
	if p == nil && from == nil {
		if p, err = t.create(ctx, c); err != nil {
			return nil, false, err
		}
	}
	switch {
	case from == nil:
		return p, true, t.claim(ctx, c.other, p)
	case p == nil:
		return from, true, t.claim(ctx, c.distinctID, from)
	case p == from:
		t.join(p, c.distinctID)
		t.join(p, c.other)
		return p, false, nil
	case from.person.Identified && c.kind != dangerous, !t.room(p, slices.Concat(from.person.Others, []string{from.person.DistinctID})...):
		return p, false, nil
	}
	from.marked, from.person.MergedInto, from.person.Pending = true, p.person.ID, true
	from.person.Applied.add(c.log, c.way, c.place-1) // whoever finishes this must not let what came before it change p
	return p, true, t.absorb(ctx, p, from)
}

// join puts a distinct id that points to p among its ids, where a merge that was broken off has left it out.
func (t *transaction) join(p *entry, distinctID string) {
	if distinctID != p.person.DistinctID && !slices.Contains(p.person.Others, distinctID) {
		p.person.Others = append(p.person.Others, distinctID)
		t.touch(p)
	}
}

func (t *transaction) room(p *entry, more ...string) bool {
	size := 0
	for _, ids := range [][]string{p.person.Others, more} {
		for _, id := range ids {
			size += len(id)
		}
	}
	if len(p.person.Others)+len(more) <= mostIDs && size <= mostIDBytes {
		return true
	}
	t.folder.log.Warn("a person has too many distinct ids, so that no more are added: a client may give one id to everybody",
		"person", p.person.ID, "most", mostIDs)
	return false
}

// claim makes a distinct id that nobody has one of p's. The record under its own id is taken by that, so that nobody else makes a person of it
// meanwhile.
func (t *transaction) claim(ctx context.Context, distinctID string, p *entry) error {
	if !t.room(p, distinctID) {
		return nil
	}
	e, err := t.point(ctx, distinctID, p)
	if err == nil {
		e.claimed = true
	}
	return err
}

// point lets a distinct id point to p.
func (t *transaction) point(ctx context.Context, distinctID string, p *entry) (*entry, error) {
	id := uuid.UUID(pipeline.PersonID(t.folder.config.Project, distinctID)).String()
	e, err := t.get(ctx, personKey(id))
	if err != nil {
		return nil, err
	}
	if e.person == nil {
		e.person = &Person{ID: id, DistinctID: distinctID, Properties: json.RawMessage("{}")}
	}
	e.person.MergedInto = p.person.ID
	t.touch(e)
	t.join(p, distinctID)
	return e, nil
}

// absorb lets p take over a person that is marked.
func (t *transaction) absorb(ctx context.Context, p, from *entry) error {
	t.touch(from)
	t.touch(p)
	from.going, from.person.MergedInto = true, p.person.ID
	if !slices.Contains(p.person.Absorbed, from.person.ID) {
		p.person.take(from.person)
	}
	for _, id := range from.person.Others {
		if _, err := t.point(ctx, id, p); err != nil {
			return err
		}
	}
	t.join(p, from.person.DistinctID)
	return nil
}
