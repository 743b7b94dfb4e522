package bus

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// The times by which processes know of each other's end. None of them compares its clock with another's: each counts how long it has heard
// nothing while it could hear.
const (
	clusterBeat  = time.Second     // between two statements of a process
	clusterFence = 4 * time.Second // after the last one that was stored, a process works nothing any more
	clusterQuiet = 5 * time.Second // when nothing was heard of a process for so long, the others take its lanes
)

// membersPrefix is where the statements are in the bucket; the places follow.
const membersPrefix = "members."

// cluster is the processes that work a project on an outside server, and this one among them. It decides which lanes this process works.
//
// Every process keeps a key of the bucket, which it rewrites again and again with a statement. Whoever has not been heard for a while loses
// the key to another process, which everybody sees at the same revision; whoever cannot write stops working well before that. From the
// processes there are follows whose each lane is, and a process begins with one only after all the others have stated that they know.
type cluster struct {
	bus                *Bus
	id                 string
	beat, fence, quiet time.Duration
	contact            atomic.Pointer[time.Time] // when the last statement that was stored was sent; nil when that does not count any more

	mu       sync.Mutex
	roster   roster
	place    int            // -1 while this process has none
	said     statement      // the last one known to be stored
	saidAt   uint64         // its revision
	doubt    bool           // another one may be stored by now
	fenced   bool           // nothing was stored for too long
	caughtUp bool           // the roster is complete
	groups   map[string]int // how many work each
	tenures  map[string]*tenure
	changed  chan struct{} // closed when there may be a lane to begin with
	told     Share         // to the log
	view     uint64        // when that was told
	fencer   *time.Timer

	kick chan struct{} // asks for a statement
	stop context.CancelFunc
	runs sync.WaitGroup
}

func newCluster(b *Bus) *cluster {
	return &cluster{
		bus: b, id: nuid.Next(), beat: clusterBeat, fence: clusterFence, quiet: clusterQuiet, place: -1,
		groups: map[string]int{}, tenures: map[string]*tenure{}, changed: make(chan struct{}), kick: make(chan struct{}, 1),
	}
}

// join makes the process one that works the group's lanes, until leave. The first one makes it known to the others.
func (c *cluster) join(group string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups[group]++
	if c.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		c.stop = cancel
		c.runs.Go(func() { c.speak(ctx) })
		c.runs.Go(func() { c.listen(ctx) })
	}
	c.poke()
}

// leave takes back a join. The others are told with the next statement: in a reload, the group's next stage is about to join.
func (c *cluster) leave(group string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups[group]--; c.groups[group] == 0 {
		delete(c.groups, group)
	}
}

// close lets the others have everything at once. Nothing is being worked any more.
func (c *cluster) close() {
	c.mu.Lock()
	stop := c.stop
	c.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	c.runs.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sever()
	if c.fencer != nil {
		c.fencer.Stop()
	}
	if c.place < 0 || !c.bus.conn.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := c.bus.State().remove(ctx, membersPrefix+strconv.Itoa(c.place), c.saidAt); err != nil {
		c.bus.log.Debug("leaving the other processes", "error", err) // they will find out
	}
}

// poke asks for a statement now.
func (c *cluster) poke() {
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

// speak states what this process works, at every beat and when something is new.
func (c *cluster) speak(ctx context.Context) {
	beat := time.NewTicker(c.beat)
	defer beat.Stop()
	for {
		beaten := false
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			beaten = true
		case <-c.kick:
		}
		if c.state(ctx, beaten); beaten {
			c.expel(ctx)
		}
	}
}

// stateTimeout bounds one attempt to store a statement.
const stateTimeout = time.Second

// state stores a statement. Without a beat it does so only when there is something to say.
func (c *cluster) state(ctx context.Context, beaten bool) {
	place, revision, s, news := c.draft(beaten)
	if s == nil || !news && !beaten {
		return
	}
	value, err := json.Marshal(s)
	sent := time.Now()
	if err == nil {
		attempt, cancel := context.WithTimeout(ctx, stateTimeout)
		defer cancel()
		revision, err = c.bus.State().Update(attempt, membersPrefix+strconv.Itoa(place), value, revision)
	}
	if err != nil { // it may be stored all the same, which will be heard
		c.bus.log.Debug("telling the other processes", "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.ID != c.id {
		return // taken for dead meanwhile
	}
	c.place = place
	c.stored(s, revision)
	c.contact.Store(&sent)
	c.fenced = false
	c.watchClock()
	c.refresh()
}

// draft is what is to be said now and where; nil when nothing can be said yet.
func (c *cluster) draft(beaten bool) (place int, revision uint64, s *statement, news bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.caughtUp {
		return 0, 0, nil, false
	}
	s = &statement{ID: c.id, Groups: c.works(beaten)}
	if c.place < 0 {
		if len(s.Groups) == 0 {
			return 0, 0, nil, false
		}
		c.doubt = true
		return c.roster.free(), 0, s, true
	}
	s.View = c.roster.view
	for key, t := range c.tenures {
		if c.owner(t.lane) != c.place {
			s.Holds = append(s.Holds, key)
		}
	}
	slices.Sort(s.Holds)
	if news = !s.equal(&c.said); news {
		c.doubt = true
	}
	return c.place, c.saidAt, s, news
}

// works lists the groups. One that has just been left is still among them, until a beat.
func (c *cluster) works(beaten bool) []string {
	groups := maps.Clone(c.groups)
	if !beaten {
		for _, group := range c.said.Groups {
			groups[group]++
		}
	}
	return slices.Sorted(maps.Keys(groups))
}

// stored takes note of a statement that is in the bucket.
func (c *cluster) stored(s *statement, revision uint64) {
	if revision > c.saidAt {
		c.said, c.saidAt, c.doubt = *s, revision, false
	}
}

// inTouch reports by this process's own clock whether the others can have no reason yet to take its lanes.
func (c *cluster) inTouch() bool {
	at := c.contact.Load()
	return at != nil && time.Since(*at) < c.fence
}

// watchClock arms the fence anew.
func (c *cluster) watchClock() {
	left := time.Until(c.contact.Load().Add(c.fence))
	if c.fencer == nil {
		c.fencer = time.AfterFunc(left, c.shut)
		return
	}
	c.fencer.Reset(left)
}

// shut ends all work when nothing could be stored for too long: the others may be about to take the lanes.
func (c *cluster) shut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inTouch() {
		return // since this moment
	}
	c.fenced = true
	c.bus.log.Warn("the bus cannot be reached, so that other processes may take the lanes over: nothing is worked any more", "lanes", len(c.tenures))
	c.sever()
}

func (c *cluster) sever() {
	for _, t := range c.tenures {
		t.sever()
	}
}

// expel takes the key of every process that has not been heard for too long.
func (c *cluster) expel(ctx context.Context) {
	for place, revision := range c.silent() {
		attempt, cancel := context.WithTimeout(ctx, stateTimeout)
		err := c.bus.State().remove(attempt, membersPrefix+strconv.Itoa(place), revision)
		cancel()
		if err == nil {
			c.bus.log.Info("another process is gone: its lanes are taken over", "process", place)
		} else if !errors.Is(err, ErrConflict) { // else it was heard, or somebody else was faster
			c.bus.log.Debug("taking over", "process", place, "error", err)
		}
	}
}

func (c *cluster) silent() map[int]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	silent := map[int]uint64{}
	for place, m := range c.roster.members {
		if place != c.place && m.quiet >= c.quiet {
			silent[place] = m.revision
		}
	}
	return silent
}

// listen reads what all processes say, and begins anew when it does not hear what this one has said.
func (c *cluster) listen(ctx context.Context) {
	for ctx.Err() == nil {
		c.mu.Lock()
		c.roster.heard = 0
		c.mu.Unlock()
		if err := c.follow(ctx); err != nil {
			c.bus.log.Debug("listening to the other processes", "error", err)
			Pause(ctx, c.beat)
		}
	}
}

// follow reads until ctx ends, the connection was lost in between, or what this process has said does not come back.
func (c *cluster) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen, heard := c.bus.disturbances(), uint64(0)
	watcher, err := c.bus.kv.Watch(ctx, membersPrefix+"*")
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }() // fails without a connection, and then there is nothing to stop
	look := time.NewTicker(c.beat)
	defer look.Stop()
	last, missed := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, ok := <-watcher.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			if c.hear(entry) {
				now := time.Now()
				c.listened(min(now.Sub(last), 2*c.beat))
				last = now
			}
		case <-look.C:
			if heard, missed = c.missed(heard, missed); missed > 2 || c.bus.disturbances() != seen {
				return nil
			}
		}
	}
}

// missed counts for how many beats in a row nothing was heard although something is to be heard: what this process has said last.
func (c *cluster) missed(before uint64, times int) (heard uint64, now int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if heard = c.roster.heard; heard >= c.saidAt || heard != before {
		return heard, 0
	}
	return heard, times + 1
}

// hear takes in one entry; nil is the end of what was there before. It reports whether it is the process's own.
func (c *cluster) hear(entry jetstream.KeyValueEntry) (own bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.refresh()
	if entry == nil {
		c.caughtUp = true
		c.poke()
		return false
	}
	place, err := strconv.Atoi(strings.TrimPrefix(entry.Key(), membersPrefix))
	if err != nil {
		return false
	}
	var s *statement
	if entry.Operation() == jetstream.KeyValuePut {
		s = &statement{}
		if err := json.Unmarshal(entry.Value(), s); err != nil {
			c.bus.log.Warn("a process says what this version does not understand", "process", place, "error", err)
			return false
		}
	}
	if c.roster.apply(place, entry.Revision(), s) {
		c.poke()
	}
	switch {
	case s != nil && s.ID == c.id && (c.place < 0 || c.place == place):
		c.place = place
		c.stored(s, entry.Revision())
		return true
	case place == c.place && entry.Revision() > c.saidAt:
		c.bus.log.Warn("the other processes took this one for dead: it begins anew", "process", place, "lanes", len(c.tenures))
		c.sever()
		c.id, c.place = nuid.Next(), -1
		c.contact.Store(nil)
		c.said, c.saidAt, c.doubt = statement{}, 0, false
		c.poke()
	}
	return false
}

func (c *cluster) listened(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.roster.listened(d)
}
