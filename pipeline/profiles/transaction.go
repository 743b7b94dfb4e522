package profiles

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// transaction is the changes of a commit on their way into the store: what was read, and of that what has changed.
type transaction struct {
	folder  *Folder
	entries map[string]*entry
	changed []*entry
	anew    bool            // what is at hand does not count
	persons [][]string      // by the change: the distinct ids of the person that it changed; nil for none
	dirty   map[string]bool // all of those
}

// entry is a value in a transaction: a person or a group, by its key.
type entry struct {
	profile bus.Profile
	cached  bool // it was at hand
	kept    bool // a change left it as it was
	person  *Person
	group   *Group
	changed bool
	marked  bool // the person was marked to go in this transaction
	going   bool // another one has taken over what the person has
	claimed bool // what nobody had points to a person now
}

const (
	personPrefix = "person."
	groupPrefix  = "group."
)

func personKey(id string) string { return personPrefix + id }

func (k groupKey) String() string { return groupPrefix + token(k.typ) + "." + token(k.key) }

func token(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func newTransaction(f *Folder) *transaction {
	return &transaction{folder: f, entries: map[string]*entry{}, dirty: map[string]bool{}}
}

func (t *transaction) get(ctx context.Context, key string) (*entry, error) {
	if e := t.entries[key]; e != nil {
		return e, nil
	}
	var e entry
	var err error
	if t.anew {
		e.profile, err = t.folder.store.Get(ctx, key)
	} else {
		e.profile, e.cached, err = t.folder.get(ctx, key)
	}
	if err != nil {
		return nil, err
	}
	t.entries[key] = &e
	if e.profile.Value == nil {
		return &e, nil
	}
	if strings.HasPrefix(key, personPrefix) {
		e.person = &Person{}
		err = json.Unmarshal(e.profile.Value, e.person)
	} else {
		e.group = &Group{}
		err = json.Unmarshal(e.profile.Value, e.group)
	}
	if err != nil {
		return nil, fmt.Errorf("profile %q: %w", key, err)
	}
	return &e, nil
}

func (t *transaction) touch(e *entry) {
	if !e.changed {
		e.changed = true
		t.changed = append(t.changed, e)
	}
}

// save stores what has changed. A merge is done in steps, each of which whoever comes next can go on from. The person that stays is there, for whoever
// came upon an id that points to nobody would make a person of it. What nobody had points to that. The person that goes is marked, with all that it has, so that nobody changes it any more; the one that stays takes it over; what
// pointed to the one points to the other; the mark and what the one had go.
func (t *transaction) save(ctx context.Context) error {
	var claimed, marked, staying, pointers, going []*entry
	for _, e := range t.changed {
		if e.going {
			going = append(going, e)
		}
		switch {
		case e.marked:
			marked = append(marked, e)
		case e.going: // as it is in the store it leads to the one that has taken over
		case e.claimed:
			claimed = append(claimed, e)
		case e.person != nil && e.person.MergedInto != "":
			pointers = append(pointers, e)
		default:
			staying = append(staying, e)
		}
	}
	if err := t.begin(ctx, claimed); err != nil {
		return err
	}
	for _, step := range [][]*entry{claimed, marked, staying, pointers} {
		if err := t.store(ctx, step); err != nil {
			return err
		}
	}
	for _, e := range going {
		e.person.clear()
	}
	return t.store(ctx, going)
}

// begin stores the persons that ids are to point to and that are not there yet, as persons of whom nothing is known.
func (t *transaction) begin(ctx context.Context, claimed []*entry) error {
	for _, e := range claimed {
		p, err := t.get(ctx, personKey(e.person.MergedInto))
		if err != nil {
			return err
		}
		if p.profile.Value != nil || p.person == nil {
			continue
		}
		whole := p.person
		p.person = &Person{ID: whole.ID, DistinctID: whole.DistinctID, Properties: json.RawMessage("{}"), CreatedAt: whole.CreatedAt, Identified: whole.Identified}
		err = t.store(ctx, []*entry{p})
		if p.person = whole; err != nil {
			return err
		}
	}
	return nil
}

// store saves values. After an error all that was read is read anew by the next transaction.
func (t *transaction) store(ctx context.Context, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	changes := make([]bus.Profile, len(entries))
	for i, e := range entries {
		value, err := e.value()
		if err != nil {
			return err
		}
		changes[i] = e.profile
		changes[i].Value = value
	}
	if err := t.folder.store.Save(ctx, changes); err != nil {
		t.forget()
		return err
	}
	for i, e := range entries {
		e.profile = changes[i]
		t.folder.keep(e.profile)
	}
	return nil
}

func (e *entry) value() ([]byte, error) {
	if e.person != nil {
		return encode(e.person)
	}
	return encode(e.group)
}

// encode is json.Marshal that leaves texts as they were sent: <, > and & as six bytes each would make a profile larger than its bound, and another one
// than what comes again.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// apply makes one change.
func (t *transaction) apply(ctx context.Context, c *change) error {
	t.persons = append(t.persons, nil)
	switch {
	case c.kind == group:
		return t.applyGroup(ctx, c)
	case c.idle && !t.dirty[c.distinctID] && !t.folder.news(c):
		return nil
	}
	p, err := t.personOf(ctx, c.distinctID)
	if err != nil {
		return err
	}
	if p != nil && p.person.Applied.has(c) {
		return t.goOn(ctx, c)
	}
	merged := false
	if c.other != "" {
		if p, merged, err = t.merge(ctx, p, c); err != nil {
			return err
		}
	}
	if p == nil {
		if p, err = t.create(ctx, c); err != nil {
			return err
		}
	}
	if p.person.apply(c) || merged {
		p.person.Applied.add(c.log, c.way, c.place)
		t.touch(p)
		ids := append(slices.Clone(p.person.Others), p.person.DistinctID)
		for _, id := range ids {
			t.dirty[id] = true
		}
		t.persons[len(t.persons)-1] = ids
		return nil
	}
	p.kept = true
	return nil
}

// goOn finishes the merge of a change that was made, if it was broken off behind the person that stays.
func (t *transaction) goOn(ctx context.Context, c *change) error {
	if c.other == "" {
		return nil
	}
	p, err := t.personOf(ctx, c.other)
	if err == nil && p != nil && p.changed {
		t.persons[len(t.persons)-1] = append(slices.Clone(p.person.Others), p.person.DistinctID)
	}
	return err
}

// outdated reports whether another process has changed what a change left as it was: by the value at hand it would be lost. What was changed here, Save
// compares.
func (t *transaction) outdated(ctx context.Context) (bool, error) {
	if !t.folder.config.Shared {
		return false, nil
	}
	for key, e := range t.entries {
		if !e.kept || e.changed || !e.cached {
			continue
		}
		now, err := t.folder.store.Get(ctx, key)
		if err != nil {
			return false, err
		}
		if now.Revision > e.profile.Revision || now.Revision == 0 && e.profile.Revision > 0 { // or a replica lags behind
			t.forget()
			return true, nil
		}
	}
	return false, nil
}

// forget has all that was read be read anew by the next transaction.
func (t *transaction) forget() {
	for key := range t.entries {
		t.folder.cache.Remove(key)
	}
}

func (t *transaction) applyGroup(ctx context.Context, c *change) error {
	g, err := t.get(ctx, c.group.String())
	if err != nil {
		return err
	}
	if g.group == nil {
		g.group = &Group{Type: c.group.typ, Key: c.group.key, Properties: json.RawMessage("{}"), CreatedAt: c.at.UTC()}
		t.touch(g)
	}
	if g.group.Applied.has(c) {
		return nil
	}
	after := update(g.group.Properties, &change{set: c.set})
	if string(after) == string(g.group.Properties) {
		g.kept = true
		return nil
	}
	g.group.Properties = after
	g.group.Applied.add(c.log, c.way, c.place)
	t.touch(g)
	return nil
}
