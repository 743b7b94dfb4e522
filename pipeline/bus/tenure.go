package bus

import "context"

// tenure is the time in which this process works a lane.
type tenure struct {
	lane workLane
	// moved ends when the lane is to be given up: what is in hand may be finished, and nothing new begun.
	moved context.Context
	// cut ends when nobody can tell any more whose lane it is: nothing of it may be sent from then on.
	cut   context.Context
	leave context.CancelFunc // ends moved
	sever context.CancelFunc // ends both
}

// over reports whether a part of a tenure has ended.
func over(part context.Context) bool { return part.Err() != nil }

// endless is a tenure that nothing ends: with an embedded server, all lanes belong to this process.
var endless = &tenure{moved: context.Background(), cut: context.Background()}

// claim waits until the lane is this process's, which has joined its group, and nobody else is at it any more. It returns ctx's error when that
// ends first.
func (b *Bus) claim(ctx context.Context, l workLane) (*tenure, error) {
	if b.cluster == nil {
		return endless, ctx.Err()
	}
	c := b.cluster
	for {
		c.mu.Lock()
		t, changed := c.begin(l), c.changed
		c.mu.Unlock()
		if t != nil {
			return t, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// release ends a tenure: nothing of the lane is in hand any more.
func (b *Bus) release(t *tenure) {
	if t == endless {
		return
	}
	c := b.cluster
	c.mu.Lock()
	defer c.mu.Unlock()
	t.sever()
	delete(c.tenures, t.lane.String())
	c.bus.log.Debug("lane given up", "lane", t.lane.String())
	c.poke()
	c.announce()
}

// Owns reports whether a lane of a pipeline, or of a destination when that is not "", is this process's to work at this moment. With an
// embedded server every lane is; otherwise only those of pipelines and destinations that the process runs can be.
func (b *Bus) Owns(pipeline, destination string, lane int) bool {
	if b.cluster == nil {
		return true
	}
	b.cluster.mu.Lock()
	defer b.cluster.mu.Unlock()
	return b.cluster.owns(workLane{pipeline, destination, lane})
}

// owns is the one place that decides. The lane is this process's when the others have heard of it lately, when it has read what all had said
// before its last statement, and when they all know of the same processes as it does and are not at the lane any more.
func (c *cluster) owns(l workLane) bool {
	return c.place >= 0 && !c.fenced && c.inTouch() &&
		c.roster.heard >= c.saidAt && !c.doubt && c.said.View == c.roster.view &&
		c.owner(l) == c.place && c.roster.clear(l, c.place)
}

func (c *cluster) owner(l workLane) int { return c.roster.owner(l.group(), l.lane, c.bus.Lanes()) }

// begin starts a tenure, or returns nil.
func (c *cluster) begin(l workLane) *tenure {
	if c.tenures[l.String()] != nil || !c.owns(l) {
		return nil
	}
	t := &tenure{lane: l}
	t.cut, t.sever = context.WithCancel(context.Background())
	t.moved, t.leave = context.WithCancel(t.cut)
	c.tenures[l.String()] = t
	c.bus.log.Debug("lane begun", "lane", l.String())
	return t
}

// refresh ends the tenures of lanes that are another's by now, and lets those who wait for a lane ask again.
func (c *cluster) refresh() {
	for _, t := range c.tenures {
		if c.owner(t.lane) != c.place {
			t.leave()
		}
	}
	c.report()
	c.announce()
}

func (c *cluster) announce() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Share is this process's part of the work.
type Share struct {
	Processes int // that are known to work the project
	Process   int // the number of this one, from 0; -1 while the others do not know it
	Lanes     int // of pipelines and destinations that are this one's
	Of        int // that there are
}

// Share returns the process's part of the work at the moment. ok is false with an embedded server, which nobody shares.
func (b *Bus) Share() (s Share, ok bool) {
	if b.cluster == nil {
		return Share{}, false
	}
	b.cluster.mu.Lock()
	defer b.cluster.mu.Unlock()
	return b.cluster.share(), true
}

func (c *cluster) share() Share {
	s := Share{Processes: len(c.roster.members), Process: c.place}
	groups := map[string]bool{}
	for _, m := range c.roster.members {
		for _, group := range m.Groups {
			groups[group] = true
		}
	}
	for group := range groups {
		lanes := lanesOf(group, c.bus.Lanes())
		s.Of += lanes
		for lane := range lanes {
			if c.place >= 0 && c.roster.owner(group, lane, c.bus.Lanes()) == c.place {
				s.Lanes++
			}
		}
	}
	return s
}

// report tells the log when the shares have changed.
func (c *cluster) report() {
	if c.view == c.roster.view || c.place < 0 {
		return
	}
	c.view = c.roster.view
	if s := c.share(); s != c.told {
		c.told = s
		c.bus.log.Info("lanes are shared anew", "processes", s.Processes, "process", s.Process, "lanes", s.Lanes, "of", s.Of)
	}
}
