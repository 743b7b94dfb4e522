package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/result"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// scene is a project under load, and what the oracle knows of it.
type scene struct {
	*testing.T
	rng       *rand.Rand
	ledger    *oracle.Ledger
	dir       string
	prickle   *rig.Prickle
	others    []*rig.Prickle              // of the same cluster
	hooks     map[string]*oracle.Receiver // by the destination's name
	clients   []*oracle.Client
	fronts    map[string]*atomic.Pointer[http.Handler] // what stands before them
	places    []oracle.Place
	restarted bool // its counters began anew
	row       row
	slowest   time.Duration // takeover

	cancel context.CancelFunc // ends the load when the test fails
	enough chan struct{}
	load   sync.WaitGroup
}

// guard is a transform that changes nothing and fails on marked events.
const guard = `
if (event.properties.mark = 'throws') { throw Error('marked') }
if (event.properties.mark = 'spins') { while (true) {} }
return event
`

// project is the usual one: a pipeline that leaves events alone, into a warehouse, a webhook that takes arrays of all events, and one that
// takes every tenth event by itself; and a pipeline with a Hog function, into a webhook. Retries are quick, so that recovery is what is
// measured and not waiting.
const project = `
capture: {listen: "%s", keys: [k]}
%s
pipelines:
  plain:
    transforms:
      - filter: event.name != "never"
    destinations:
      - warehouse
      - webhook: {name: all, url: "%s", array: true, batch: {events: 100}, retry: {first: 100ms, max: 1s}}
      - webhook: {name: one, when: event.name == "tenth", url: "%s", retry: {first: 100ms, max: 1s}}
  guarded:
    transforms:
      - hog: {file: guard.hog, limits: {time: 100ms}}
    destinations:
      - webhook: {name: hog, url: "%s", array: true, batch: {events: 100}, retry: {first: 100ms, max: 1s}}
`

// pipelineOf says which pipeline a destination of the project is in.
func pipelineOf(destination string) string {
	if destination == "hog" {
		return "guarded"
	}
	return "plain"
}

// open makes the usual scene in a new folder; bus is the bus section of its configuration. It does not run yet.
func open(t *testing.T, name, bus string) *scene {
	t.Helper()
	return openIn(t, name, t.TempDir(), bus)
}

func openIn(t *testing.T, name, dir, bus string) *scene {
	t.Helper()
	return openAt(t, name, dir, bus, "127.0.0.1")
}

// openAt makes it with receivers at an address.
func openAt(t *testing.T, name, dir, bus, address string) *scene {
	t.Helper()
	if *rounds == 0 {
		t.Parallel() // the short form need not measure
	}
	s := &scene{
		T: t, rng: rand.New(rand.NewPCG(*seed, 2)), ledger: oracle.NewLedger(*seed), dir: dir,
		hooks: map[string]*oracle.Receiver{}, fronts: map[string]*atomic.Pointer[http.Handler]{}, row: row{Row: result.Row{Case: name}},
	}
	var urls []any
	for _, name := range []string{"all", "one", "hog"} {
		s.hooks[name] = oracle.NewReceiver()
		s.fronts[name] = new(atomic.Pointer[http.Handler])
		s.between(name, s.hooks[name])
		urls = append(urls, serve(t, address, s.fronts[name]))
	}
	s.prickle = rig.NewPrickle(t, prickleBinary, dir, map[string]string{
		"prickle.yaml": fmt.Sprintf(project, append([]any{"127.0.0.1:0", bus}, urls...)...), "guard.hog": guard,
	})
	tenth := func(e *oracle.Event) bool { return e.Name() == oracle.Tenth }
	s.places = []oracle.Place{{Name: "warehouse", Warehouse: true}, {Name: "all"}, {Name: "one", Wants: tenth}, {Name: "hog", Same: oracle.SameValues}}
	s.clients = clients(s.ledger, s.prickle.URL)
	return s
}

// harm makes all receivers answer by f; nil mends them.
func (s *scene) harm(f oracle.Fault) {
	for _, h := range s.hooks {
		h.Break(f)
	}
}

func serve(t *testing.T, address string, front *atomic.Pointer[http.Handler]) string {
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*front.Load()).ServeHTTP(w, r) }))
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

// clients are what SDKs on servers and in browsers are: few that send batches, several that send events one by one.
func clients(ledger *oracle.Ledger, url func() string) []*oracle.Client {
	var list []*oracle.Client
	for i, batch := range []int{50, 20, 7, 1, 1, 1} {
		c := &oracle.Client{Ledger: ledger, URL: url, Key: "k", Batch: batch, Gzip: i%2 == 1, Timeout: 30 * time.Second, Pace: 20 * time.Millisecond}
		for n := range 5 {
			c.Persons = append(c.Persons, fmt.Sprintf("person-%d-%d", i, n))
		}
		list = append(list, c)
	}
	return list
}

// start runs the project.
func (s *scene) start() {
	s.Helper()
	s.prickle.Start()
}

// restart runs it again.
func (s *scene) restart() {
	s.Helper()
	s.restarted = true
	s.prickle.Start()
}

// send lets the clients send until calm.
func (s *scene) send() {
	ctx, cancel := context.WithCancel(s.Context())
	s.cancel, s.enough = cancel, make(chan struct{})
	for _, c := range s.clients {
		s.load.Go(func() { c.Run(ctx, s.enough) })
	}
	s.Cleanup(func() {
		cancel()
		s.load.Wait()
	})
}

// until waits for more acknowledged events while the clients send.
func (s *scene) until(more int) {
	s.Helper()
	ctx, cancel := s.prickle.Context()
	if len(s.others) > 0 { // of whom one may be dead
		ctx, cancel = context.WithTimeout(s.Context(), rig.Patience)
	}
	defer cancel()
	if err := s.ledger.Await(ctx, more); err != nil {
		s.refusals()
		s.Fatalf("no %d further events were acknowledged: %v\n%s", more, err, s.texts())
	}
}

// texts is what the processes have printed.
func (s *scene) texts() string {
	text := s.prickle.Text()
	for i, p := range s.others {
		text += fmt.Sprintf("\nprocess %d\n%s", i+1, p.Text())
	}
	return text
}

// repeats is how many requests had to be sent again.
func (s *scene) repeats() (n int64) {
	for _, c := range s.clients {
		n += c.Repeats.Load()
	}
	return n
}

// refused waits until further requests had to be sent again so often.
func (s *scene) refused(more int64) {
	s.Helper()
	before := s.repeats()
	rig.Eventually(s.T, "requests are refused", func() (bool, string) { return s.repeats() >= before+more, s.prickle.Text() })
}

// calm ends the sending. Every request is acknowledged then.
func (s *scene) calm() {
	s.Helper()
	close(s.enough)
	done := make(chan struct{})
	go func() {
		s.load.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(rig.Patience):
		s.Fatalf("clients cannot get rid of their last requests\n%s", s.prickle.Text())
	}
	s.cancel()
	s.refusals()
}

func (s *scene) refusals() {
	s.Helper()
	for _, c := range s.clients {
		if text := c.Refused.Load(); text != nil {
			s.Errorf("a client was told to give up: %s", *text)
		}
	}
}

// longRun is how often it is judged in a run of many rounds: each time looks at all events.
const longRun = 50

// rounds does harm so often: the case's own number in the short form. Each ends with everything mended. Every few rounds the clients
// stop, and once all is quiet the oracle judges; the time from the end of the harm until then is the recovery.
func (s *scene) rounds(short, every int, harm func(n int)) {
	s.Helper()
	count := short
	if *rounds > 0 {
		count = *rounds
	}
	every = max(every, count/longRun)
	for n := range count {
		if s.enough == nil {
			s.send()
		}
		harm(n)
		if s.Failed() {
			s.FailNow()
		}
		if (n+1)%every == 0 || n == count-1 {
			s.settle()
			s.judge()
			s.enough = nil
		}
	}
	s.row.Runs = count
	s.fresh()
	s.row.report(s.T)
}

// settle stops the clients and waits until nothing is on its way.
func (s *scene) settle() {
	s.Helper()
	mended := time.Now()
	s.calm()
	s.books(s.prickle.Settled())
	s.row.recovered(time.Since(mended))
}

// observed is what is to be found at every place.
func (s *scene) observed() []oracle.Observed {
	s.Helper()
	out := make([]oracle.Observed, len(s.places))
	for i, p := range s.places {
		out[i].Place = p
		out[i].Dead = s.prickle.Dead(pipelineOf(p.Name), p.Name)
		if p.Name == "warehouse" {
			for _, p := range append([]*rig.Prickle{s.prickle}, s.others...) {
				out[i].Arrivals = append(out[i].Arrivals, p.Rows()...)
			}
			slices.SortStableFunc(out[i].Arrivals, func(a, b oracle.Arrival) int { return a.At.Compare(b.At) })
			continue
		}
		out[i].Arrivals, out[i].Disturbed, out[i].Nonsense = s.hooks[p.Name].Seen()
	}
	return out
}

// judge asks the oracle.
func (s *scene) judge() {
	s.Helper()
	v := oracle.Judge(s.ledger, s.observed())
	s.row.note(v)
	if err := v.Err(); err != nil {
		s.Fatalf("%v\n%s", err, s.prickle.Text())
	}
}

// books checks the counters of a quiet project. Those of destinations are only complete when it was never started anew.
func (s *scene) books(st control.Status) {
	s.Helper()
	for _, p := range st.Pipelines {
		if p.In != p.Passed+p.Dropped+p.Dead {
			s.Errorf("pipeline %s: %d in, but %d passed, %d dropped and %d dead", p.Name, p.In, p.Passed, p.Dropped, p.Dead)
		}
		if s.restarted {
			continue
		}
		// What was refused may have been stored in part.
		if p.In < st.Captured || p.In > st.Captured && s.repeats() == 0 {
			s.Errorf("pipeline %s: %d in of %d captured", p.Name, p.In, st.Captured)
		}
		for _, d := range p.Destinations {
			if d.Name != "one" && d.Delivered+d.Dead != p.Passed {
				s.Errorf("%s/%s: %d delivered and %d dead of %d passed", p.Name, d.Name, d.Delivered, d.Dead, p.Passed)
			}
		}
	}
}

// fresh sends one more event, which must arrive everywhere.
func (s *scene) fresh() {
	s.Helper()
	c := &oracle.Client{Ledger: s.ledger, URL: s.prickle.URL, Key: "k", Persons: []string{"fresh"}, Timeout: 30 * time.Second}
	ctx, cancel := context.WithTimeout(s.Context(), rig.Patience)
	defer cancel()
	var last *oracle.Event
	for last == nil || last.Name() != oracle.Tenth { // which both webhooks want
		var err error
		if last, err = c.Send(ctx, oracle.Plain); err != nil {
			s.Fatalf("%v\n%s", err, s.prickle.Text())
		}
	}
	is := func(a oracle.Arrival) bool { return a.ID == last.ID }
	rig.Eventually(s.T, "a fresh event is everywhere", func() (bool, string) {
		for _, o := range s.observed() {
			if !slices.ContainsFunc(o.Arrivals, is) {
				return false, "it is not in " + o.Name
			}
		}
		return true, ""
	})
	s.prickle.Settled()
	s.judge()
}
