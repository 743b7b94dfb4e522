package stripe

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

// cursorFormat is the number of the cursor's form. A cursor of another form is refused.
const cursorFormat = 1

const (
	overlap = 10 * time.Minute    // read again below a cursor
	settle  = time.Minute         // how long the event feed may take to be complete
	kept    = 29 * 24 * time.Hour // Stripe keeps events for 30 days
	warned  = 25 * 24 * time.Hour // from this age of the cursor on the log warns
	pending = 35 * 24 * time.Hour // a balance transaction is settled by then
	relist  = 24 * time.Hour      // how often the transactions of that time are read again
)

// state is the cursor as a document. All times are seconds by Stripe's clock.
type state struct {
	Format int `json:"format"`
	// Mode is that of the key, live or test, so that the two never mix in one table.
	Mode string `json:"mode,omitempty"`
	// Version is the highest record version that was given out.
	Version int64 `json:"version"`
	// Events: every change announced before this time has been read.
	Events int64                  `json:"events"`
	Tables map[string]*tableState `json:"tables"`
}

// tableState is where one table stands.
type tableState struct {
	// Since is the bound on creation that the backfill was made with.
	Since int64 `json:"since,omitempty"`
	// Reading is the list that is being read, nil when there is none.
	Reading *reading `json:"reading,omitempty"`
	// Read is when the last list that was read completely was begun; 0 means that the backfill is not done.
	Read int64 `json:"read,omitempty"`
	// Relisted is the same for lists that reached back over the pending time.
	Relisted int64 `json:"relisted,omitempty"`
	// Reread: changes could not be fetched, so that the table needs a new backfill.
	Reread bool `json:"reread,omitempty"`
}

// reading is a position in a list.
type reading struct {
	Start  int64  `json:"start"`            // when it was begun
	From   int64  `json:"from,omitempty"`   // objects created from here on
	Before int64  `json:"before,omitempty"` // and before this, when the list had to be entered anew
	After  string `json:"after,omitempty"`  // the last object of the last committed page
	At     int64  `json:"at,omitempty"`     // when that object was created
}

func decodeState(cursor pipeline.Cursor) (*state, error) {
	s := &state{Format: cursorFormat}
	if len(cursor) > 0 {
		if err := json.Unmarshal(cursor, s); err != nil {
			return nil, pipeline.Permanent(fmt.Errorf("cursor: %w", err))
		}
	}
	if s.Format != cursorFormat {
		return nil, pipeline.Permanent(fmt.Errorf("cursor has format %d, this version reads %d; use the version that wrote it or a newer one", s.Format, cursorFormat))
	}
	if s.Tables == nil {
		s.Tables = map[string]*tableState{}
	}
	return s, nil
}

// setMode refuses a key of the other mode.
func (s *state) setMode(mode string) error {
	if s.Mode != "" && mode != "" && mode != s.Mode {
		return pipeline.Permanent(fmt.Errorf("the tables hold %s data and the key is a %s key; use a %s key, or another source name for the %s data", s.Mode, mode, s.Mode, mode))
	}
	if mode != "" {
		s.Mode = mode
	}
	return nil
}

// expired reports whether events may have been lost between the cursor and now.
func (s *state) expired(now int64) bool { return s.Events != 0 && now-s.Events > seconds(kept) }

// plan fits the state to the tables that are selected: new ones get a backfill, the others keep their place. A table that is left out is
// forgotten, because its changes are no longer followed.
func (s *state) plan(selected []*table, since, now int64) {
	followed := false
	old := s.Tables
	s.Tables = make(map[string]*tableState, len(selected))
	for _, t := range selected {
		ts := old[t.name]
		if ts != nil && !ts.Reread && since >= ts.Since {
			s.Tables[t.name] = ts
			followed = followed || !t.silent
			continue
		}
		s.Tables[t.name] = &tableState{Since: since, Reading: &reading{Start: now, From: since}}
	}
	if !followed {
		s.Events = now
	}
}

// begin starts to read a silent table again: what is new, and from time to time also what may have changed.
func (ts *tableState) begin(now int64) {
	from := ts.Read - seconds(overlap)
	if now-ts.Relisted >= seconds(relist) {
		from = ts.Relisted - seconds(pending)
	}
	ts.Reading = &reading{Start: now, From: max(from, ts.Since)}
}

// done notes that the list was read to its end.
func (ts *tableState) done() {
	r := ts.Reading
	if r.From <= max(ts.Since, ts.Relisted-seconds(pending)) {
		ts.Relisted = r.Start
	}
	ts.Read, ts.Reading = r.Start, nil
}

// done counts the tables that have no list to read.
func (s *state) done() (n int) {
	for _, ts := range s.Tables {
		if ts.Reading == nil {
			n++
		}
	}
	return n
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// phases is a line for the log: what is going to be read.
func (s *state) phases() string {
	var lists []string
	for _, name := range tableNames() {
		if ts := s.Tables[name]; ts != nil && ts.Reading != nil {
			lists = append(lists, name)
		}
	}
	return strings.Join(lists, ",")
}
