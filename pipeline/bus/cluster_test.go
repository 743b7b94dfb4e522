package bus

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats-server/v2/server"

	"github.com/prickle-dev/prickle/pipeline"
)

// colony is a project that several processes work: what is captured in each lane is numbered, processed (copied to one destination) and
// delivered into a record.
type colony struct {
	*testing.T
	server *server.Server
	feeder *Bus
	beats  func(*cluster)
	fed    [8]int // frames captured, by lane

	mu      sync.Mutex
	came    [8]int // the numbers that have come, without a gap, by lane
	again   int    // how many came again
	total   int
	by      [8]int // the process that delivered last
	members []*worker
}

// worker is one process of a colony.
type worker struct {
	*colony
	number int
	bus    *Bus
	dead   atomic.Bool // it does nothing any more, as after SIGKILL
	stop   context.CancelFunc
	group  sync.WaitGroup
	gate   sync.RWMutex // locked while the process stands still, as after SIGSTOP
	frozen bool
	inHand atomic.Int64 // frames
}

func newColony(t *testing.T, beats func(*cluster)) *colony {
	t.Helper()
	c := &colony{T: t, beats: beats}
	c.server = outside(t, nil)
	c.feeder = c.connect()
	return c
}

func (c *colony) connect() *Bus {
	b := open(c, "", func(config *Config) { config.URL = c.server.ClientURL() })
	if c.beats != nil {
		c.beats(b.cluster)
	}
	return b
}

// feed captures so many frames of one event in every lane.
func (c *colony) feed(frames int) {
	c.Helper()
	for lane := range c.fed {
		var list []*message.Message
		for range frames {
			c.fed[lane]++
			list = append(list, NewMessage(strconv.Itoa(c.fed[lane]), []pipeline.Event{event(lane, c.fed[lane])}))
		}
		if err := c.feeder.Publisher().Publish(EventsTopic(lane), list...); err != nil {
			c.Fatal(err)
		}
	}
}

// join starts a process.
func (c *colony) join() *worker {
	c.Helper()
	w := &worker{colony: c, number: len(c.members), bus: c.connect()}
	c.members = append(c.members, w)
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	subscriber := w.bus.Subscriber("web")
	for lane := range w.bus.Lanes() {
		messages, err := subscriber.Subscribe(ctx, EventsTopic(lane))
		if err != nil {
			c.Fatal(err)
		}
		d, err := w.bus.Deliveries(ctx, "web", "crm", lane, InFlight)
		if err != nil {
			c.Fatal(err)
		}
		w.group.Go(func() { w.process(messages, lane) })
		w.group.Go(func() { w.deliver(ctx, d, lane) })
	}
	c.Cleanup(w.leave)
	return w
}

// leave ends it as a stop does.
func (w *worker) leave() {
	w.thaw() // the test has failed
	w.stop()
	w.group.Wait()
	if err := w.bus.Close(); err != nil && !w.dead.Load() {
		w.Errorf("process %d: close: %v", w.number, err)
	}
}

// die ends it as a kill does: in the middle of everything, and without a word.
func (w *worker) die() {
	w.dead.Store(true)
	w.bus.conn.Close()
}

func (w *worker) process(messages <-chan *message.Message, lane int) {
	for m := range messages {
		w.gate.RLock()
		copied := NewMessage(m.UUID, FramesOf(m)[0].Frame().Events)
		err := w.bus.Publisher().Publish(DeliverTopic("web", "crm", lane), copied)
		if err != nil || w.dead.Load() {
			m.Nack()
		} else {
			m.Ack()
		}
		w.gate.RUnlock()
	}
}

func (w *worker) deliver(ctx context.Context, d *Deliveries, lane int) {
	for ctx.Err() == nil {
		list, err := d.Fetch(ctx, FetchLimit{Frames: 7, Wait: time.Second})
		alive := d.Alive() // as of what is in hand
		w.inHand.Add(int64(len(list)))
		for _, frame := range list {
			w.gate.RLock()
			if err == nil && !w.dead.Load() && alive.Err() == nil {
				w.note(lane, frame)
				err = frame.Ack(ctx)
			} else {
				err = frame.Release()
			}
			w.inHand.Add(-1)
			w.gate.RUnlock()
		}
		d.Settled()
		if err != nil && ctx.Err() == nil {
			Pause(ctx, 20*time.Millisecond)
		}
	}
	_ = d.Close() // the connection may be gone
}

// note takes down what a process delivers.
func (w *worker) note(lane int, d *Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := d.Frame().Events[0].UUID
	n, err := strconv.Atoi(text[strings.LastIndexByte(text, '-')+1:])
	switch {
	case err != nil:
		w.Error(err)
	case n <= w.came[lane]:
		w.again++
	case n > w.came[lane]+1:
		w.Errorf("lane %d: process %d delivers %d after %d", lane, w.number, n, w.came[lane])
	default:
		w.came[lane] = n
		w.total++
	}
	w.by[lane] = w.number
}

// working is how many lanes a process may send something of.
func (w *worker) working() (n int) {
	w.bus.cluster.mu.Lock()
	defer w.bus.cluster.mu.Unlock()
	for _, t := range w.bus.cluster.tenures {
		if !over(t.cut) {
			n++
		}
	}
	return n
}

// drained waits until everything captured is delivered.
func (c *colony) drained() {
	c.Helper()
	eventually(c, func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.came != c.fed {
			return fmt.Sprintf("delivered by lane\n got %v\nwant %v", c.came, c.fed)
		}
		return ""
	})
}

// more waits until so many further frames are delivered, for which it feeds.
func (c *colony) more(frames int) {
	c.Helper()
	c.mu.Lock()
	want := c.total + frames
	c.mu.Unlock()
	c.feed(frames/8 + 1)
	eventually(c, func() string {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.total < want {
			return fmt.Sprintf("%d frames are delivered, want %d", c.total, want)
		}
		return ""
	})
}

// spread waits until the living processes have even shares of all lanes, and returns whose each lane of the destination is.
func (c *colony) spread(alive ...*worker) (owners [8]int) {
	c.Helper()
	eventually(c, func() string {
		for _, destination := range []string{"", "crm"} {
			load := map[int]int{}
			for lane := range owners {
				owners[lane] = -1
				for _, w := range alive {
					if w.bus.Owns("web", destination, lane) {
						if owners[lane] >= 0 {
							c.Errorf("lane %d of %q has two processes", lane, destination)
						}
						owners[lane] = w.number
						load[w.number]++
					}
				}
			}
			if slices.Contains(owners[:], -1) || len(load) != len(alive) || slices.Max(slices.Collect(maps.Values(load))) > (len(owners)+len(alive)-1)/len(alive) {
				return fmt.Sprintf("the lanes of %q are not even: %v", destination, owners)
			}
		}
		return ""
	})
	return owners
}

func (c *colony) repeats() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.again
}

// A process that joins gets its share, one that leaves gives it back, and nothing comes twice or out of order.
func TestJoinAndLeave(t *testing.T) {
	c := newColony(t, nil)
	one := c.join()
	c.spread(one)
	c.more(100)
	began := time.Now()
	c.feed(50)
	two := c.join()
	c.spread(one, two)
	t.Logf("a second process has its share after %s", time.Since(began))
	c.more(100)
	began = time.Now()
	c.feed(50)
	three := c.join()
	c.spread(one, two, three)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a third process has its share after %s, want 10 s at most", took)
	}
	c.more(100)
	c.drained()
	owners := c.spread(one, two, three)
	c.feed(1)
	c.drained()
	if c.by != owners {
		t.Errorf("delivered by\n got %v\nwant %v", c.by, owners)
	}
	began = time.Now()
	c.feed(50)
	one.leave()
	c.spread(two, three)
	t.Logf("a process that ends is replaced after %s", time.Since(began))
	c.more(100)
	c.drained()
	if c.repeats() > 0 {
		t.Errorf("%d frames came again", c.repeats())
	}
	if s, ok := two.bus.Share(); !ok || s.Processes != 2 || s.Lanes != 8 || s.Of != 16 {
		t.Errorf("share %+v, want half of 16 lanes and 2 processes", s)
	}
}

// What a dead process had in hand comes first, from those that take its lanes.
func TestDeathMovesLanes(t *testing.T) {
	c := newColony(t, nil)
	one, two, three := c.join(), c.join(), c.join()
	c.spread(one, two, three)
	c.more(100)
	two.gate.Lock() // it is in the middle of calls that do not end
	c.feed(100)
	eventually(t, func() string {
		if two.inHand.Load() == 0 {
			return "it has nothing in hand"
		}
		return ""
	})
	two.die()
	began := time.Now()
	c.spread(one, three)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the lanes of a dead process are taken over after %s, want 10 s at most", took)
	} else {
		t.Logf("the lanes of a dead process are taken over after %s", took)
	}
	if n := two.working(); n > 0 { // it was cut off, and its clock goes on
		t.Errorf("the process that was cut off still works %d lanes", n)
	}
	two.gate.Unlock()
	c.more(100)
	c.drained()
	t.Logf("%d of %d frames came again", c.repeats(), c.total)
}

// quick makes deaths quick to find out.
func quick(c *cluster) {
	c.beat, c.fence, c.quiet = 100*time.Millisecond, 1200*time.Millisecond, 1600*time.Millisecond
}

// A process that stands still and comes back does no harm: it gets nothing of lanes that are another's by now, and finds out.
func TestStandstill(t *testing.T) {
	c := newColony(t, quick)
	one, two := c.join(), c.join()
	c.spread(one, two)
	c.feed(300)
	for range 3 {
		one.freeze()
		c.spread(two)
		c.more(100)
		one.thaw()
		c.spread(one, two)
		c.more(100)
	}
	c.drained()
	t.Logf("%d of %d frames came again", c.repeats(), c.total)
}

// freeze stops everything in a process but what the client of the bus does by itself.
func (w *worker) freeze() {
	w.gate.Lock()
	w.bus.cluster.mu.Lock()
	w.frozen = true
}

func (w *worker) thaw() {
	if w.frozen {
		w.frozen = false
		w.bus.cluster.mu.Unlock()
		w.gate.Unlock()
	}
}

// Whatever joins and dies in whatever order under load: nothing is lost, and every lane keeps its order.
func TestRandomHistories(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 1))
	c := newColony(t, quick)
	alive := []*worker{c.join()}
	deaths := 0
	for range 16 {
		at := dice.IntN(len(alive))
		switch n := dice.IntN(5); {
		case n <= 1 && len(alive) > 1:
			alive[at].die()
			deaths++
			alive = slices.Delete(alive, at, at+1)
		case n == 2 && len(alive) > 1:
			alive[at].leave()
			alive = slices.Delete(alive, at, at+1)
		case len(alive) < 4:
			alive = append(alive, c.join())
		}
		c.more(dice.IntN(200))
		if dice.IntN(2) == 0 {
			c.spread(alive...)
		}
	}
	c.drained()
	t.Logf("%d deaths, %d of %d frames came again", deaths, c.repeats(), c.total)
}

// A queue's place that a server has lost is made again: its frames are there.
func TestLostPlaceIsMadeAgain(t *testing.T) {
	s := outside(t, nil)
	b := open(t, "", func(c *Config) { c.URL = s.ClientURL() })
	d := deliverable(t, b, 1, 2)
	ack(t, fetch(t, d, FetchLimit{Frames: 1, Wait: 10 * time.Second})...)
	d.Settled()
	if err := b.deliver.DeleteConsumer(t.Context(), d.config.Durable); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		got, err := d.Fetch(t.Context(), FetchLimit{Frames: 1, Wait: 100 * time.Millisecond})
		if len(got) != 1 || got[0].Sequence() != 2 {
			return fmt.Sprintf("%d frames, %v", len(got), err)
		}
		return ""
	})
}
