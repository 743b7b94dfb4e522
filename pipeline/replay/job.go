package replay

import (
	"fmt"
	"strings"
	"time"
)

// State says whether a job goes on.
type State string

// The states of a job.
const (
	Running   State = "running"   // going on, in whichever process holds the lease
	Done      State = "done"      // everything was sent
	Cancelled State = "cancelled" // ended by the user; Resume goes on with it
	Failed    State = "failed"    // ended by an error; Resume tries again
)

// Request says what to send again.
type Request struct {
	Pipeline    string    `json:"pipeline"`
	Destination string    `json:"destination,omitempty"` // "" is all of the pipeline's
	Since       time.Time `json:"since"`                 // received then or later
	Until       time.Time `json:"until"`                 // received before
	Where       string    `json:"where,omitempty"`       // a condition on captured events; "" is all
	Rate        float64   `json:"rate,omitempty"`        // at most so many events a second; 0 is no limit
}

// Validate reports what is wrong with the request itself.
func (r *Request) Validate() error {
	switch {
	case r.Since.IsZero():
		return fmt.Errorf("since: want a time to begin at")
	case !r.Since.Before(r.Until):
		return fmt.Errorf("since %s is not before until %s: give the earlier time to since", stamp(r.Since), stamp(r.Until))
	case r.Rate < 0:
		return fmt.Errorf("rate: want a number of events a second, or 0 for no limit, got %v", r.Rate)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Position is the event that comes next.
type Position struct {
	Frame uint64 `json:"frame"` // its sequence in the log
	Event int    `json:"event"` // its number in the frame, from 0
}

// Counts says what a job has done so far.
type Counts struct {
	Frames  uint64 `json:"frames"`  // frames of the log that are done with
	Read    int64  `json:"read"`    // events read
	Sent    int64  `json:"sent"`    // of these, in the time and by the condition, sent into the pipeline: passed, dropped or dead
	Passed  int64  `json:"passed"`  // events of which something came through the transforms
	Dropped int64  `json:"dropped"` // events that the transforms dropped
	Dead    int64  `json:"dead"`    // events that are dead letters
	Copies  int64  `json:"copies"`  // handed to destinations
}

// Job is a replay and how far it is.
type Job struct {
	ID int `json:"id"`
	Request

	First    uint64   `json:"first"` // frame
	Last     uint64   `json:"last"`
	Position Position `json:"position"`
	Counts   Counts   `json:"counts"`

	State   State     `json:"state"`
	Holder  string    `json:"holder,omitempty"`  // the pass that works on it: whoever writes another name takes it over
	Waiting string    `json:"waiting,omitempty"` // for what it waits at the moment
	Error   string    `json:"error,omitempty"`   // of a Failed one
	Missed  uint64    `json:"missed,omitempty"`  // frames that left the log before they were read
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// Total is how many events there are to read, or a guess: frames hold different numbers.
func (j *Job) Total() int64 {
	all := j.Last - j.First + 1
	if j.Last < j.First {
		all = 0
	}
	switch {
	case j.State == Done || j.Counts.Frames >= all:
		return j.Counts.Read
	case j.Counts.Frames == 0:
		return max(int64(all), j.Counts.Read)
	}
	return max(j.Counts.Read, j.Counts.Read*int64(all)/int64(j.Counts.Frames))
}

// unknown is an error about a name, with the known ones.
func unknown(what, name string, known []string, near func(string, []string) string) error {
	switch hint := near(name, known); {
	case hint != "":
		return fmt.Errorf("%s %q: there is none of that name; did you mean %q?", what, name, hint)
	case len(known) == 0:
		return fmt.Errorf("%s %q: there is none of that name", what, name)
	}
	return fmt.Errorf("%s %q: there is none of that name; there is %s", what, name, strings.Join(known, ", "))
}
