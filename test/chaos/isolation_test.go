package chaos

import (
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
	"github.com/prickle-dev/prickle/test/chaos/result"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// Of twenty destinations five fail in five ways, and come back, again and again. Whatever is captured while they fail reaches the others before
// they are mended. How long it takes there is told in the row: the 99th percentile with all well, how far that differs from one time to the
// next, and with five failing. It is not judged here: it means something on a machine with nothing else to do.
func TestIsolation(t *testing.T) {
	phases, events := 2, 60
	if *rounds > 0 {
		phases, events = 5, 1000
	} else {
		t.Parallel()
	}
	s := openIsolation(t)
	s.prickle.Start()
	well, failing := []quantiles{s.phase(false, events)}, []quantiles(nil)
	for range phases {
		failing = append(failing, s.phase(true, events))
		well = append(well, s.phase(false, events))
	}
	s.row.Runs, s.row.Note = phases, compared(well, failing)
	s.row.note(s.judge())
	s.row.report(t)
}

// isolation is one project with many destinations.
type isolation struct {
	*testing.T
	ledger  *oracle.Ledger
	hooks   []*oracle.Receiver // of which the first ones fail, and the last behind TLS
	stalls  *stalling
	prickle *rig.Prickle
	clients []*oracle.Client
	row     row
}

const (
	destinations = 20
	failingHooks = 4 // beside the one behind TLS
)

func openIsolation(t *testing.T) *isolation {
	t.Helper()
	s := &isolation{T: t, ledger: oracle.NewLedger(*seed), row: row{Row: result.Row{Case: "five of twenty destinations fail"}}}
	var list strings.Builder
	for i := range destinations {
		hook := oracle.NewReceiver()
		server := httptest.NewUnstartedServer(hook)
		if i == destinations-1 {
			s.stalls = &stalling{Listener: server.Listener}
			server.Listener = s.stalls
			server.StartTLS()
			s.stalls.server = server
		} else {
			server.Start()
		}
		t.Cleanup(func() {
			server.CloseClientConnections()
			server.Close()
		})
		s.hooks = append(s.hooks, hook)
		fmt.Fprintf(&list, "      - webhook: {name: d%d, url: %q, retry: {first: 100ms, max: 1s}, breaker: {probe: 200ms, max: 1s}}\n", i, server.URL)
	}
	s.prickle = rig.NewPrickle(t, prickleBinary, t.TempDir(), map[string]string{
		"prickle.yaml": "capture: {listen: \"127.0.0.1:0\", keys: [k]}\npipelines:\n  main:\n    destinations:\n" + list.String(),
	})
	s.prickle.Env = []string{"SSL_CERT_FILE=" + s.stalls.certificate(t)}
	s.clients = clients(s.ledger, s.prickle.URL)[3:]
	for _, c := range s.clients {
		c.Pace = 200 * time.Millisecond // far from what the machine can do, or queues would be measured
	}
	return s
}

// quantiles are the median and the 99th percentile.
type quantiles [2]time.Duration

// phase sends events and tells how long they took to the destinations that are well.
func (s *isolation) phase(fail bool, events int) quantiles {
	s.Helper()
	before := make([]int, destinations)
	for i, h := range s.hooks {
		before[i] = h.Arrived()
	}
	ctx, mend := context.WithCancel(s.Context())
	defer mend()
	if fail {
		s.fail(ctx)
	}
	s.send(events)
	var times []time.Duration
	for i, h := range s.hooks[failingHooks : destinations-1] {
		rig.Eventually(s.T, "every healthy destination has everything", func() (bool, string) {
			return h.Arrived() >= s.ledger.Acknowledged(), fmt.Sprintf("%d of %d\n%s", h.Arrived(), s.ledger.Acknowledged(), s.prickle.Text())
		})
		arrivals, _, _ := h.Seen()
		for _, a := range arrivals[before[failingHooks+i]:] {
			times = append(times, a.At.Sub(s.ledger.Find(a.ID).Handed))
		}
	}
	mended := time.Now()
	mend()
	for _, h := range s.hooks {
		h.Break(nil)
	}
	s.stalls.stall(false)
	s.prickle.Settled()
	if fail {
		s.row.recovered(time.Since(mended))
	}
	slices.Sort(times)
	return quantiles{times[len(times)/2], times[len(times)*99/100]}
}

// fail breaks the first destinations and the last, each in its way, until ctx ends.
func (s *isolation) fail(ctx context.Context) {
	until := func(f oracle.Fault) oracle.Fault {
		return func(w http.ResponseWriter, r *http.Request, events []oracle.Arrival) oracle.Outcome {
			return f(w, r.WithContext(ctx), events)
		}
	}
	for i, f := range [failingHooks]oracle.Fault{until(new(rig.Hangs).Fault), until(rig.Drips), rig.Limits(time.Second), rig.Resets} {
		s.hooks[i].Break(f)
	}
	s.stalls.stall(true)
}

// send lets the clients send until so many events are acknowledged, and those are all.
func (s *isolation) send(events int) {
	s.Helper()
	ctx, cancel := s.prickle.Context()
	defer cancel()
	enough := make(chan struct{})
	var sending sync.WaitGroup
	for _, c := range s.clients {
		sending.Go(func() { c.Run(ctx, enough) })
	}
	err := s.ledger.Await(ctx, events)
	close(enough)
	sending.Wait()
	if err != nil {
		s.Fatalf("%v\n%s", err, s.prickle.Text())
	}
}

// judge asks the oracle about all twenty.
func (s *isolation) judge() oracle.Verdict {
	s.Helper()
	var observed []oracle.Observed
	for i, h := range s.hooks {
		o := oracle.Observed{Place: oracle.Place{Name: fmt.Sprintf("d%d", i), Loose: i == destinations-1}} // what does not get through TLS is not seen
		o.Arrivals, o.Disturbed, o.Nonsense = h.Seen()
		observed = append(observed, o)
	}
	v := oracle.Judge(s.ledger, observed)
	if err := v.Err(); err != nil {
		s.Errorf("%v\n%s", err, s.prickle.Text())
	}
	return v
}

// compared says in a few words what failing destinations cost the others.
func compared(well, failing []quantiles) string {
	p99 := func(list []quantiles) (middle, least, most time.Duration) {
		var sorted []time.Duration
		for _, q := range list {
			sorted = append(sorted, q[1].Round(100*time.Microsecond))
		}
		slices.Sort(sorted)
		return sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1]
	}
	a, least, most := p99(well)
	b, low, high := p99(failing)
	return fmt.Sprintf("p99 of the others: %s when all are well (%s to %s, a spread of %.0f%%), %s when five fail (%s to %s): %+.0f%%",
		a, least, most, 100*(float64(most)/float64(least)-1), b, low, high, 100*(float64(b)/float64(a)-1))
}

// stalling is the listener of a server behind TLS, which can take connections and say nothing.
type stalling struct {
	net.Listener
	server *httptest.Server

	mu   sync.Mutex
	on   bool
	held []net.Conn
}

// Accept hands out the connections that are not held.
func (l *stalling) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil || !l.hold(conn) {
			return conn, err
		}
	}
}

func (l *stalling) hold(conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.on {
		l.held = append(l.held, conn)
	}
	return l.on
}

// stall holds connections from now on and cuts those that are there, or cuts what was held and goes on as usual.
func (l *stalling) stall(on bool) {
	l.mu.Lock()
	l.on = on
	held := l.held
	l.held = nil
	l.mu.Unlock()
	for _, conn := range held {
		_ = conn.Close()
	}
	if on {
		l.server.CloseClientConnections()
	}
}

// certificate writes the server's certificate into a file.
func (l *stalling) certificate(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "certificate.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: l.server.Certificate().Raw})
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
