package mask

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
)

var (
	rounds = flag.Int("mask.rounds", 2, "how many projects are made")
	seed   = flag.Uint64("mask.seed", 1, "seed of the first; the others follow")
)

const (
	pipelines = 6
	perPhase  = 24 // events of each pipeline
)

// A mask that fails on an event lets nothing of it through: not live, not while the configuration is replaced or refused, not after a restart,
// and not when dead letters or the log are sent again.
func TestFailedMasksLetNothingThrough(t *testing.T) {
	tried := map[string]int{}
	sums := map[surety]int{}
	for n := range uint64(*rounds) {
		t.Run(fmt.Sprintf("seed %d", *seed+n), func(t *testing.T) {
			r := newRound(t, *seed+n, tried)
			r.play()
			for _, events := range r.events {
				for _, e := range events {
					sums[e.arrives]++
				}
			}
		})
	}
	if sums[no] == 0 || sums[yes] == 0 {
		t.Errorf("events that must not arrive: %d, that must: %d: want some of each", sums[no], sums[yes])
	}
	t.Logf("events that must not arrive: %d, that may: %d, that must: %d; what was wrong: %v", sums[no], sums[maybe], sums[yes], tried)
	if *rounds < 20 {
		return
	}
	for _, known := range slices.Concat(hogTroubles, exprTroubles, goTroubles) {
		if tried[known.name] == 0 {
			t.Errorf("no transform was made that %s", known.name)
		}
	}
}

// round is one project, and what is known of its events.
type round struct {
	*project
	rng    *rand.Rand
	tried  map[string]int
	where  [][]place  // by pipeline: where its events have the secret
	chains []chain    // in force
	events [][]*event // by pipeline, of all phases
	n      int
}

func newRound(t *testing.T, seed uint64, tried map[string]int) *round {
	r := &round{project: newProject(t), rng: rand.New(rand.NewPCG(seed, 11)), tried: tried, events: make([][]*event, pipelines)}
	for range pipelines {
		where := slices.Clone(places)
		r.rng.Shuffle(len(where), func(i, j int) { where[i], where[j] = where[j], where[i] })
		r.where = append(r.where, where[:1+r.rng.IntN(5)])
	}
	return r
}

// newChains makes other masks and writes them down.
func (r *round) newChains() []chain {
	var made []chain
	var lists []string
	for _, where := range r.where {
		c := newChain(r.rng, where, r.tried)
		var list strings.Builder
		for i := range c {
			list.WriteString(c[i].item(fmt.Sprintf("step%d", i)))
		}
		made, lists = append(made, c), append(lists, list.String())
	}
	r.write(lists)
	return made
}

// captured makes further events, which will go through one of the sets of chains.
func (r *round) captured(sets ...[]chain) (bodies []string) {
	for i := range pipelines {
		for range perPhase {
			e := &event{n: r.n}
			r.n++
			if r.rng.IntN(4) > 0 {
				e.trouble = pick(r.rng, troubles)
			}
			var through []chain
			for _, set := range sets {
				through = append(through, set[i])
			}
			e.captured(through...)
			r.events[i] = append(r.events[i], e)
			bodies = append(bodies, e.body(r.rng, eventName(i), r.where[i]))
		}
	}
	return bodies
}

func (r *round) play() {
	r.chains = r.newChains()
	r.start()
	r.send(r.captured(r.chains))
	r.judge("live")

	old := r.configuration()
	for _, broken := range brokenMasks {
		r.write(slices.Repeat([]string{broken}, 1+r.rng.IntN(pipelines)))
		if _, err := r.app.Reload(r.Context()); err == nil {
			r.Fatalf("a broken configuration is put in force:\n%s", r.configuration())
		}
	}
	r.send(r.captured(r.chains))
	r.judge("with a broken configuration")

	next := r.newChains()
	var sending sync.WaitGroup
	both := r.captured(r.chains, next)
	sending.Go(func() {
		for part := range slices.Chunk(both, 10) {
			r.send(part)
		}
	})
	if _, err := r.app.Reload(r.Context()); err != nil {
		r.Fatalf("%v\nbefore:\n%s\nafter:\n%s", err, old, r.configuration())
	}
	sending.Wait()
	r.chains = next
	r.judge("during a reload")

	r.send(r.captured(r.chains))
	r.stop() // with frames in hand
	r.start()
	r.judge("after a restart")

	r.replayDead()
	r.judge("after a replay of dead letters")
	r.replayLog()
	r.judge("after a replay of the log")
}

// brokenMasks are transforms of a project that must be refused: it has no other mask.
var brokenMasks = []string{
	"      - hog: {code: \"return event +\"}\n",
	"      - hog: {code: \"return evnt\"}\n",
	"      - hog: gone.hog\n",
	"      - mask: [event.properties.email]\n",
	"      - hash: [event.name]\n",
	"      - drop_properties: [email]\n",
	"      - map: {event.properties.email: \"sha257(event.properties.email)\"}\n",
	"      - filter: \"event.properties.email ==\"\n",
	"      - {name: mask, on_error: let_through, hash: [event.properties.email]}\n",
	"      - {hash: [\n",
}

func (r *round) replayDead() {
	r.Helper()
	if _, err := r.app.ReplayDead(r.Context(), control.DeadReplay{}, func(control.DeadProgress) {}); err != nil {
		r.Fatal(err)
	}
	for i, events := range r.events {
		for _, e := range events {
			e.replayedFromDead(r.chains[i])
		}
	}
}

func (r *round) replayLog() {
	r.Helper()
	for i := range r.chains {
		job, err := r.app.StartReplay(r.Context(), control.ReplayRequest{Pipeline: fmt.Sprintf("p%d", i), Since: time.Now().Add(-time.Hour), Until: time.Now()})
		if err == nil {
			job, err = r.app.FollowReplay(r.Context(), job.ID, func(control.ReplayJob) {})
		}
		if err != nil || job.State != "done" {
			r.Fatalf("replay %+v: %v", job, err)
		}
		for _, e := range r.events[i] {
			e.replayedFromLog(r.chains[i])
		}
	}
}

// judge compares what has left the process with what may have.
func (r *round) judge(phase string) {
	r.Helper()
	r.settled()
	rows := r.rows()
	received := map[string]string{"a webhook": r.hook.String(), "stdout": r.out.String(), "the warehouse": rows}
	seen := maps.Clone(received)
	maps.Copy(seen, r.shown())
	seen["the log"], seen["spans"] = r.log.String(), r.spans.Text()
	for what, text := range seen {
		for line := range strings.Lines(text) {
			if holds(line) {
				r.Errorf("%s: the secret is in %s: %.600s", phase, what, line)
				break
			}
		}
	}
	for what, lines := range received {
		r.compare(phase+": "+what, r.numbers(what, lines), func(e *event) surety { return e.arrives })
	}
	r.compare(phase+": dead letters", r.dead(), func(e *event) surety { return e.dies })
	if r.Failed() {
		r.Fatalf("the configuration\n%s", r.configuration())
	}
}

// compare finds events that are where they must not be, and those that are not where they must.
func (r *round) compare(what string, found map[int]bool, expected func(*event) surety) {
	r.Helper()
	for i, events := range r.events {
		for _, e := range events {
			want := expected(e)
			if want == maybe || found[e.n] == (want == yes) {
				continue
			}
			r.Errorf("%s: event %d of pipeline %d, in trouble %q: found %v, want %v", what, e.n, i, e.trouble, found[e.n], want == yes)
			return
		}
	}
}
