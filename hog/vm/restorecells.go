package vm

import (
	"maps"
	"slices"
	"strconv"
)

// makeCells makes the captured variables without their values, which may lead to functions that hold them.
func (r *restorer) makeCells() {
	for _, v := range r.list(r.state, "upvalues") {
		d, _ := v.AsDict()
		closed, _ := d.get("closed")
		id := r.count(d, "id")
		if id < 1 || r.cells[id] != nil {
			r.fail("a captured variable has no number of its own")
			return
		}
		r.cells[id] = &cell{open: !closed.Truthy()}
	}
}

// fillCells gives captured variables their values or their slots.
func (r *restorer) fillCells() {
	saved := map[int]*Dict{}
	for _, v := range r.list(r.state, "upvalues") {
		d, _ := v.AsDict()
		saved[r.count(d, "id")] = d
	}
	var open []*cell
	for _, id := range slices.Sorted(maps.Keys(r.cells)) {
		c := r.cells[id]
		c.slot = int32(shifted(r.shifts, r.count(saved[id], "location")))
		if c.open {
			open = append(open, c)
			continue
		}
		value, _ := saved[id].get("value")
		c.value = r.at("upvalues."+strconv.Itoa(id), value)
	}
	r.link(open)
}

// link gives the machine the captured variables that live on the stack.
func (r *restorer) link(open []*cell) {
	slices.SortFunc(open, func(a, b *cell) int { return int(a.slot) - int(b.slot) })
	for i, c := range open {
		if c.slot < 0 || i > 0 && open[i-1].slot == c.slot {
			r.fail("a captured variable has the slot %d, which is none of its own", c.slot)
			return
		}
		c.openedBy(r.m)
		c.next, r.m.open = r.m.open, c
	}
}

// reuseCells gives the machine the defects of the reference.
func (r *restorer) reuseCells() {
	r.m.defects, r.m.root.program.defects = true, true
	for _, id := range slices.Sorted(maps.Keys(r.cells)) {
		r.m.reused = append(r.m.reused, r.cells[id])
	}
}
