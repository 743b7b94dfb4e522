package warehouse

import "github.com/prickle-dev/prickle/pipeline"

// Stored is the state of a key that a store has.
type Stored struct {
	Version int64
	Deleted bool
	Hash    uint64
}

// Change is what a state does to the one that a store has of its key.
type Change int

const (
	Nothing Change = iota // it is older, or the same, or past its retention and new
	Insert                // the key is new; it may be a tombstone
	Replace               // the fields differ, or there is a tombstone
	Bury                  // it is a tombstone: the fields stay as they were last seen
	Touch                 // it is the same, of a later version, which the store has to know so that a state from in between cannot replace it
)

// Change compares the state with what the store has of its key, nil for nothing, and counts what it does. A Touch counts as unchanged.
func (s *State) Change(have *Stored, merged *pipeline.Merged) Change {
	deleted := s.DeletedAt != nil
	switch {
	case have == nil && s.Past:
	case have == nil && deleted:
		merged.Deleted++
		return Insert
	case have == nil:
		merged.Inserted++
		return Insert
	case s.Version < have.Version:
	case deleted && !have.Deleted:
		merged.Deleted++
		return Bury
	case !deleted && (have.Deleted || s.Hash != have.Hash):
		merged.Updated++
		return Replace
	case s.Version > have.Version:
		merged.Unchanged++
		return Touch
	}
	merged.Unchanged++
	return Nothing
}
