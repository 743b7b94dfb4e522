package deliver

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

var (
	simCount = flag.Int("sim.count", 2000, "histories of TestSimulation")
	simSeed  = flag.Uint64("sim.seed", 1, "the seed of the first, which the others count up from")
)

// simPlan is a history before it happens: everything that the seed decides, but for the dice of each lane.
type simPlan struct {
	seed      uint64
	strict    bool
	wholesale bool // poison spoils its batch without a word on which event it is
	reclaim   bool // a new process takes back what the last one had in hand
	lanes     int
	batch     pipeline.Batch
	policy    Policy
	breaker   Breaker
	faults    float64
	events    []*simEvent
	frames    []simPublish
	moods     []simMood
	restarts  []simRestart
	healed    time.Duration
	start     time.Time
}

type simPublish struct {
	at     time.Duration
	lane   int
	events []pipeline.Event
}

type simMood struct {
	until time.Duration
	mood  string
}

type simRestart struct {
	at   time.Duration
	kill bool
}

func pick[T any](dice *rand.Rand, of ...T) T { return of[dice.IntN(len(of))] }

func newSimPlan(seed uint64) *simPlan {
	dice := rand.New(rand.NewPCG(seed, 0x5eed))
	p := &simPlan{
		seed: seed, strict: dice.IntN(2) == 0, wholesale: dice.IntN(2) == 0, reclaim: dice.IntN(4) > 0, lanes: 1 + dice.IntN(3),
		batch:  pipeline.Batch{Events: pick(dice, 1, 3, 10), Wait: pick(dice, 0, 50*time.Millisecond, 45*time.Second)},
		faults: pick(dice, 0, 0, 0.02, 0.1),
		policy: Policy{
			First: pick(dice, 50*time.Millisecond, time.Second, 8*time.Second), Max: pick(dice, 10*time.Second, time.Minute),
			Factor: pick(dice, 1, 2, 5.0), Jitter: pick(dice, 0, 0.2, 1), GiveUp: pick(dice, 30*time.Second, 10*time.Minute),
		},
	}
	if dice.IntN(4) > 0 {
		p.breaker = Breaker{
			Failures: pick(dice, 1, 3, 10), After: pick(dice, 0, 10*time.Second),
			Probe: pick(dice, time.Second, 5*time.Second), Max: pick(dice, 5*time.Second, time.Minute),
		}
	}
	p.addEvents(dice)
	p.addMoods(dice)
	for range dice.IntN(4) {
		p.restarts = append(p.restarts, simRestart{at: time.Duration(dice.Int64N(int64(p.healed))), kill: dice.IntN(3) > 0})
	}
	return p
}

// addEvents makes frames as process does: each with the next events of persons of one lane.
func (p *simPlan) addEvents(dice *rand.Rand) {
	persons, numbers := 1+dice.IntN(6), map[int]int{}
	special := pick(dice, 0, 0, 0.05, 0.3)
	var at time.Duration
	for range 1 + dice.IntN(20) {
		at += time.Duration(dice.Int64N(int64(pick(dice, time.Millisecond, time.Second, 10*time.Second))))
		f := simPublish{at: at, lane: dice.IntN(p.lanes)}
		for range 1 + dice.IntN(FrameEvents(p.batch)) {
			person := dice.IntN(persons)*p.lanes + f.lane
			numbers[person]++
			e := &simEvent{
				uuid: fmt.Sprintf("p%d-e%d", person, numbers[person]), person: fmt.Sprint("p", person), number: numbers[person], lane: f.lane,
			}
			if dice.Float64() < special {
				e.nature = pick(dice, "poison", "panic", "stubborn")
			}
			p.events = append(p.events, e)
			f.events = append(f.events, pipeline.Event{UUID: e.uuid, Name: "step", DistinctID: e.person})
		}
		p.frames = append(p.frames, f)
	}
	p.healed = at
}

func (p *simPlan) addMoods(dice *rand.Rand) {
	var until time.Duration
	for until < p.healed {
		until += time.Duration(1 + dice.Int64N(int64(pick(dice, time.Second, 10*time.Second, 2*time.Minute))))
		p.moods = append(p.moods, simMood{until: until, mood: pick(dice, "well", "well", "flaky", "down", "hang", "limit")})
	}
	p.healed = until
}

// mood is the destination's at a time; after the last one it is well.
func (p *simPlan) mood(now time.Time) string {
	for _, m := range p.moods {
		if now.Before(p.start.Add(m.until)) {
			return m.mood
		}
	}
	return "well"
}

func (p *simPlan) String() string {
	return fmt.Sprintf("seed %d: strict %t, wholesale %t, reclaim %t, %d lanes, batch %+v, faults %v\npolicy %+v\nbreaker %+v\nmoods %v\nrestarts %v",
		p.seed, p.strict, p.wholesale, p.reclaim, p.lanes, p.batch, p.faults, p.policy, p.breaker, p.moods, p.restarts)
}

// simWorld runs a plan.
type simWorld struct {
	plan   *simPlan
	judge  *simJudge
	stream *simStream
	store  simStore
}

// simStore keeps the breaker's state over restarts.
type simStore struct {
	mu    sync.Mutex
	state []byte
}

func (s *simStore) Get(context.Context, string) ([]byte, uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, 0, nil
}

func (s *simStore) Put(_ context.Context, _ string, state []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	return nil
}

// simulate plays the history of a seed and returns what was broken. It must be called in a bubble.
func simulate(seed uint64, mutation string) []string {
	p := newSimPlan(seed)
	p.start = time.Now()
	j := newSimJudge(p)
	w := &simWorld{plan: p, judge: j, stream: newSimStream(p.lanes, seed, j)}
	w.stream.mutation, w.stream.faults = mutation, p.faults
	stop := w.run()
	for at := time.Duration(0); !w.done(at); at += 100 * time.Millisecond {
		for len(p.frames) > 0 && p.frames[0].at <= at {
			w.stream.publish(p.frames[0].lane, p.frames[0].events)
			p.frames = p.frames[1:]
		}
		for i := 0; i < len(p.restarts); i++ {
			if p.restarts[i].at <= at {
				w.end(p.restarts[i].kill, stop)
				stop = w.run()
				p.restarts = append(p.restarts[:i], p.restarts[i+1:]...)
			}
		}
		if at > p.healed {
			w.stream.mu.Lock()
			w.stream.faults = 0
			w.stream.mu.Unlock()
		}
		if at > p.healed+p.policy.GiveUp+time.Hour {
			j.fail("the stream is not empty an hour after everything was well: %+v", w.stream.breaker())
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.end(false, stop)
	w.stream.records.balance(j, len(p.events))
	return j.verdict()
}

func (w *simWorld) done(at time.Duration) bool {
	return at > w.plan.healed && len(w.plan.frames) == 0 && w.stream.empty()
}

// run starts the stage as a new process does.
func (w *simWorld) run() (stop func()) {
	s, p, process := w.stream, w.plan, w.stream.process
	out := outside{
		lanes: p.lanes,
		open: func(_ context.Context, lane, inFlight int) (queue, error) {
			return &simQueue{stream: s, process: process, lane: lane, inFlight: inFlight}, nil
		},
		bury: s.bury(process), journal: s.journal(process),
		chance: rand.New(rand.NewPCG(p.seed, 1)).Float64,
	}
	var mu sync.Mutex
	chance := out.chance
	out.chance = func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return chance()
	}
	stage := newStage(Target{
		Pipeline: "p", Name: "d", Destination: &simDestination{plan: p, judge: w.judge, stream: s, process: process},
		Batch: p.batch, Retry: p.policy, Breaker: p.breaker, Strict: p.strict, State: &w.store,
	}, out, slog.New(slog.DiscardHandler))
	s.mu.Lock()
	s.breaker = stage.Breaker
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- stage.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			w.judge.fail("the stage ended with %v", err)
		}
	}
}

// end ends the process: killed in the middle of whatever it does, or asked to stop.
func (w *simWorld) end(kill bool, stop func()) {
	if kill {
		w.stream.restart(w.plan.reclaim)
		stop()
		return
	}
	w.stream.stopping()
	began := time.Now()
	stop()
	if took := time.Since(began); took > defaultSendTimeout+sendGrace+settleTime {
		w.judge.fail("a stop took %s", took)
	}
	w.stream.restart(w.plan.reclaim)
}

// TestSimulation plays random histories: a destination that is down, hangs, fails in part, refuses, limits the rate or loses its answers;
// calls to the bus that get lost; processes that are stopped and killed; and checks after each that every event was delivered or dead-lettered,
// in order, and all else that simJudge knows.
func TestSimulation(t *testing.T) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(*simCount) && !t.Failed(); i = next.Add(1) - 1 {
				seed := *simSeed + uint64(i)
				if broken := played(t, seed, ""); broken != nil {
					t.Errorf("%s\nbroken:\n%s", newSimPlan(seed), strings.Join(broken, "\n"))
				}
			}
		})
	}
	group.Wait()
}

func played(t *testing.T, seed uint64, mutation string) (broken []string) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { broken = simulate(seed, mutation) })
	return broken
}

// A stream that breaks its word is found out, each way of it in a few histories: the judge can see what it is there for.
func TestSimulationFindsFaults(t *testing.T) {
	for mutation, want := range map[string]string{
		"drop": "is lost", "double": "is sent again", "double letter": "dead letters", "reorder": "arrives before", "forget attempts": "is handed out as attempt",
		"forget record": "the books do not balance",
	} {
		t.Run(mutation, func(t *testing.T) {
			for seed := range uint64(200) {
				if broken := played(t, seed, mutation); broken != nil {
					if got := strings.Join(broken, "\n"); strings.Contains(got, want) {
						return
					}
				}
			}
			t.Errorf("200 histories with a stream that does %q, and none was found to be broken by %q", mutation, want)
		})
	}
}
