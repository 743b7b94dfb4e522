package chaos

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/test/chaos/oracle"
)

// middleman stands between the project and a receiver and does one thing wrong to the n-th event.
type middleman struct {
	next  http.Handler
	wrong func(m *middleman, events []json.RawMessage, at int) []json.RawMessage

	mu   sync.Mutex
	left int // events until the one
	held json.RawMessage
	done bool
}

// ServeHTTP hands a request on. Arrays come in order, lane by lane, so it works one at a time.
func (m *middleman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var events []json.RawMessage
	body, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(body, &events) != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if m.left -= len(events); m.left <= 0 && !m.done {
		events = m.wrong(m, events, len(events)-1)
	}
	var out bytes.Buffer
	out.WriteByte('[')
	out.Write(bytes.Join(raw(events), []byte{','}))
	out.WriteByte(']')
	r.Body = io.NopCloser(&out)
	m.next.ServeHTTP(w, r)
}

func raw(events []json.RawMessage) [][]byte {
	out := make([][]byte, len(events))
	for i, e := range events {
		out[i] = e
	}
	return out
}

func personOf(e json.RawMessage) string {
	var event struct {
		Person string `json:"distinct_id"`
	}
	_ = json.Unmarshal(e, &event)
	return event.Person
}

// wrongs are the faults of a middleman.
var wrongs = map[string]struct {
	do   func(m *middleman, events []json.RawMessage, at int) []json.RawMessage
	want string
}{
	"drops": {func(m *middleman, events []json.RawMessage, at int) []json.RawMessage {
		m.done = true
		return events[:at]
	}, " 1 lost, 0 doubled, 0 reordered, 0 altered"},
	"alters": {func(m *middleman, events []json.RawMessage, at int) []json.RawMessage {
		m.done = true
		events[at] = bytes.Replace(events[at], []byte(`"$ip":"10.0.0.1"`), []byte(`"$ip":"10.0.0.2"`), 1)
		return events
	}, " 0 lost, 0 doubled, 0 reordered, 1 altered"},
	"reorders": {func(m *middleman, events []json.RawMessage, at int) []json.RawMessage {
		if m.held == nil {
			m.held = events[at]
			return events[:at]
		}
		for i, e := range events {
			if personOf(e) == personOf(m.held) {
				m.done = true
				return append(append(append([]json.RawMessage(nil), events[:i+1]...), m.held), events[i+1:]...)
			}
		}
		return events
	}, " 0 lost, 0 doubled, 1 reordered, 0 altered"},
	"doubles": {func(m *middleman, events []json.RawMessage, at int) []json.RawMessage {
		m.done = true
		return append(events, events[at])
	}, " 1 repeated"},
}

// The oracle sees one fault among many events in a real run too: between the project and a destination stands a middleman who drops, alters,
// doubles or reorders one.
func TestOracleSeesMiddleman(t *testing.T) {
	many := 500
	if *rounds > 0 {
		many = 100_000
	}
	for name, wrong := range wrongs {
		t.Run(name, func(t *testing.T) {
			s := open(t, "", "")
			m := &middleman{next: s.hooks["all"], wrong: wrong.do, left: many}
			s.between("all", m)
			s.start()
			for _, c := range s.clients {
				c.Pace = 0
			}
			s.send()
			for !m.struck() {
				s.until(200)
			}
			s.calm()
			s.prickle.Settled()
			v := oracle.Judge(s.ledger, s.observed())
			for _, f := range v.Findings {
				if f.Place != "all" {
					if err := (oracle.Verdict{Findings: []oracle.Finding{f}}).Err(); err != nil {
						t.Errorf("a place without a middleman: %v", err)
					}
					continue
				}
				if !strings.Contains(f.String(), wrong.want) {
					t.Errorf("of %d events\n got %s\nwant%s", v.Acknowledged, f, wrong.want)
				}
				if red := (oracle.Verdict{Findings: []oracle.Finding{f}}).Err() != nil; red != (name != "doubles") {
					t.Errorf("red: %v", red) // a webhook may get an event twice, which is counted
				}
			}
		})
	}
}

func (m *middleman) struck() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.done
}

// between puts a handler in front of a receiver.
func (s *scene) between(name string, h http.Handler) {
	s.fronts[name].Store(&h)
}
