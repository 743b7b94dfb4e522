package bus

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
)

// workLane is one lane of a pipeline (destination is "") or of a destination: what one process works at a time.
type workLane struct {
	pipeline, destination string
	lane                  int
}

// groupOnly stands for a destination in what EventsOnlyTopic is for a pipeline: a group of one lane. No destination has such a name.
const groupOnly = "*"

// lanesOf is how many lanes a group has in a project of so many.
func lanesOf(group string, lanes int) int {
	if strings.HasSuffix(group, "/"+groupOnly) {
		return 1
	}
	return lanes
}

// group is what the lanes of a pipeline or of a destination have in common.
func (l workLane) group() string {
	if l.destination == "" {
		return l.pipeline
	}
	return l.pipeline + "/" + l.destination
}

func (l workLane) String() string { return fmt.Sprintf("%s/%d", l.group(), l.lane) }

// statement is what a process says of itself, again and again. What it works is, at any time, only what is its own in the view that it
// has stated last, and what it holds beside. That is what lets another process begin with a lane and know that nobody else is at it.
type statement struct {
	ID     string   `json:"id"`              // of this run of the process
	View   uint64   `json:"view"`            // of the processes, as it knows them; 0 before it knows any
	Groups []string `json:"groups"`          // whose lanes it works, sorted
	Holds  []string `json:"holds,omitempty"` // lanes that are another's in that view and that it has not given up yet, sorted
}

func (s *statement) equal(o *statement) bool {
	return s.ID == o.ID && s.View == o.View && slices.Equal(s.Groups, o.Groups) && slices.Equal(s.Holds, o.Holds)
}

// member is a process as the others see it.
type member struct {
	statement
	revision uint64        // of the statement
	quiet    time.Duration // how long it could have been heard since, and was not
}

// roster is what one process knows of all, itself included, by the place of each. It is what the statements in the bucket say up to the
// revision heard, and nothing else, so that all processes that have read as far know the same. It has no lock and no clock of its own.
type roster struct {
	members map[int]*member
	last    map[int]uint64 // revisions by place, also of those that are gone
	heard   uint64         // the revision up to which everything has been heard
	view    uint64         // names the members and what they work

	owners map[string][]int // by group, as far as they have been asked for
}

// apply takes in what a place says from a revision on; nil is that nobody has it any more. It reports whether anything is different.
func (r *roster) apply(place int, revision uint64, s *statement) bool {
	r.heard = max(r.heard, revision)
	if revision <= r.last[place] {
		return false // heard once more
	}
	if r.members == nil {
		r.members, r.last = map[int]*member{}, map[int]uint64{}
	}
	before := r.members[place]
	r.last[place] = revision
	if s == nil {
		delete(r.members, place)
	} else {
		r.members[place] = &member{statement: *s, revision: revision}
	}
	if before == nil && s == nil || before != nil && s != nil && before.equal(s) {
		return false
	}
	r.owners, r.view = nil, r.digest()
	return true
}

// digest names what decides on the owners. It is never 0.
func (r *roster) digest() uint64 {
	h := fnv.New64a()
	for _, place := range slices.Sorted(maps.Keys(r.members)) {
		fmt.Fprintf(h, "%d %s %q\n", place, r.members[place].ID, r.members[place].Groups)
	}
	return max(h.Sum64(), 1)
}

// listened says that everybody could have been heard for so long; it is called between two statements of the own place.
func (r *roster) listened(d time.Duration) {
	for _, m := range r.members {
		m.quiet += d
	}
}

// owner returns the place whose lane of a group it is, or -1.
func (r *roster) owner(group string, lane, lanes int) int {
	owners, ok := r.owners[group]
	if !ok {
		var places []int
		for place, m := range r.members {
			if slices.Contains(m.Groups, group) {
				places = append(places, place)
			}
		}
		owners = share(group, lanesOf(group, lanes), places)
		if r.owners == nil {
			r.owners = map[string][]int{}
		}
		r.owners[group] = owners
	}
	if lane >= len(owners) {
		return -1
	}
	return owners[lane]
}

// clear reports whether everybody but the one at the place has stated that it knows of the same processes and does not hold the lane.
func (r *roster) clear(l workLane, place int) bool {
	key := l.String()
	for other, m := range r.members {
		if other == place {
			continue
		}
		if _, holds := slices.BinarySearch(m.Holds, key); holds || m.View != r.view {
			return false
		}
	}
	return true
}

// free is the first place that nobody has.
func (r *roster) free() int {
	place := 0
	for r.members[place] != nil {
		place++
	}
	return place
}

// share gives each lane of a group to one of the places, none more than one more than another. Which one is by rendezvous: each place has a
// weight for each lane, and the heaviest with room for one more gets it, so that little else moves when a place comes or goes.
func share(group string, lanes int, places []int) []int {
	if len(places) == 0 {
		return nil
	}
	slices.Sort(places)
	most, more := lanes/len(places), lanes%len(places) // so many for each, and for so many one more
	load := map[int]int{}
	owners := make([]int, lanes)
	for number := range owners {
		room := slices.DeleteFunc(slices.Clone(places), func(p int) bool { return load[p] > most || load[p] == most && more == 0 })
		p := slices.MaxFunc(room, func(a, b int) int { return cmp.Compare(weight(group, number, a), weight(group, number, b)) })
		if load[p] == most {
			more--
		}
		load[p]++
		owners[number] = p
	}
	return owners
}

func weight(group string, number, place int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d %d", group, number, place)
	w := h.Sum64() // of which similar texts share the upper bits
	w ^= w >> 33
	w *= 0xff51afd7ed558ccd
	w ^= w >> 33
	w *= 0xc4ceb9fe1a85ec53
	return w ^ w>>33
}
