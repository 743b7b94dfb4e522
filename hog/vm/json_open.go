package vm

import (
	"strings"
	"sync"
)

// openContainers is what was read of the containers that are not closed yet, the innermost last: a container is made
// when its size is known.
type openContainers struct {
	items   []Value
	members []entry
	// How many of each there were at once.
	mostItems, mostMembers int
}

// containerPool has what readings outside of a run use; a machine keeps one of its own.
var containerPool = sync.Pool{New: func() any { return new(openContainers) }}

// keptContainers is how many items and members are kept for the next reading.
const keptContainers = 1024

// release gives the room back, without what was in it. After a mistake containers are still open.
func (d *jsonDecoder) release() {
	open := d.open
	if cap(open.items) > keptContainers || cap(open.members) > keptContainers {
		return
	}
	open.mostItems = max(open.mostItems, len(open.items))
	open.mostMembers = max(open.mostMembers, len(open.members))
	clear(open.items[:open.mostItems])
	clear(open.members[:open.mostMembers])
	open.items, open.mostItems = open.items[:0], 0
	open.members, open.mostMembers = open.members[:0], 0
	if d.m != nil {
		d.m.containers = open
	} else {
		containerPool.Put(open)
	}
}

// keysRead is what is known of the keys of an object that is not closed yet.
type keysRead struct {
	marks  uint64 // of all, see Dict
	twice  bool   // whether one is there twice; not looked for in a large object
	tagged bool   // whether it may be a record
}

// add takes in another key.
func (k *keysRead) add(key string, before []entry) {
	mark := markOf(key)
	if k.marks&mark != 0 && len(before) < indexFrom {
		k.twice = k.twice || placeIn(before, String(key)) >= 0
	}
	k.marks |= mark
	k.tagged = k.tagged || strings.HasPrefix(key, "__hog")
}
