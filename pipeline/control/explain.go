package control

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// ExplainBackend is the part of Backend that tells what became of one event.
type ExplainBackend interface {
	// Explain tells an event's story, and how far it has come with looking for the event.
	Explain(ctx context.Context, r ExplainRequest, progress func(ExplainProgress)) (Story, error)
}

// ExplainRequest says which event.
type ExplainRequest struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since,omitzero"` // captured then or later; zero looks where the id says, and then everywhere
}

// ExplainProgress tells how far it is, in frames of the log.
type ExplainProgress struct {
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Story is what became of an event.
type Story struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Person    string          `json:"distinct_id"`
	Source    string          `json:"source"` // the name of the capture key
	Captured  []Captured      `json:"captured"`
	Pipelines []PipelineStory `json:"pipelines"`
	// JournalFrom is since when there are records of what became of events.
	JournalFrom time.Time       `json:"journal_from,omitzero"`
	Event       json.RawMessage `json:"event"` // as it was captured
}

// Captured is a time that the event was captured: more than one when its SDK has sent it again.
type Captured struct {
	Received time.Time `json:"received"`
	Stored   time.Time `json:"stored"`
	Lane     int       `json:"lane"`
	Frame    uint64    `json:"frame"`
	Place    int       `json:"place"` // in the frame, from 0
}

// PipelineStory is what a pipeline made of an event.
type PipelineStory struct {
	Name         string             `json:"name"`
	State        string             `json:"state"`        // passed, dropped, dead, waiting, not_its (captured before the pipeline was there) or unknown
	By           string             `json:"by,omitempty"` // the transform that dropped it, or the class of the dead letter
	At           time.Time          `json:"at,omitzero"`
	Config       int                `json:"config,omitempty"` // in force then
	Steps        []StepStory        `json:"steps,omitempty"`
	StepsNote    string             `json:"steps_note,omitempty"` // why there are none, or how they are to be taken
	Letter       uint64             `json:"letter,omitempty"`     // the dead letter, while it is kept
	Reason       string             `json:"reason,omitempty"`
	Destinations []DestinationStory `json:"destinations,omitempty"`
}

// StepStory is what a transform did when it was run once more on the event as it was captured.
type StepStory struct {
	Transform string   `json:"transform"`
	Outcome   string   `json:"outcome"` // unchanged, changed, several, dropped, kept or failed
	Changed   []string `json:"changed,omitempty"`
	Error     string   `json:"error,omitempty"`
}

// DestinationStory is what became of an event at a destination.
type DestinationStory struct {
	Name     string         `json:"name"`
	State    string         `json:"state"` // delivered, waiting, dead, filtered or unknown
	Until    time.Time      `json:"until,omitzero"`
	Letter   uint64         `json:"letter,omitempty"` // the dead letter, while it is kept
	Reason   string         `json:"reason,omitempty"`
	Attempts []AttemptStory `json:"attempts,omitempty"`
}

// AttemptStory is one attempt at a destination with the event in its batch.
type AttemptStory struct {
	At       time.Time     `json:"at"` // when it was over
	Attempt  int           `json:"attempt"`
	Outcome  string        `json:"outcome"` // of the batch
	Event    string        `json:"event"`   // delivered, dead, again, or unknown for a batch of which many failed
	Error    string        `json:"error,omitempty"`
	Response *DeadResponse `json:"response,omitempty"`
	Took     time.Duration `json:"took"`
	Batch    int           `json:"batch"`           // events in it, of 500 of its frames at most
	Again    bool          `json:"again,omitempty"` // a dead letter or an event of the log that was sent once more
	Config   int           `json:"config,omitempty"`
}

// Explain implements Backend.
func (c *Client) Explain(ctx context.Context, r ExplainRequest, progress func(ExplainProgress)) (Story, error) {
	var story Story
	err := c.many(ctx, "explain", r, func(p part) error {
		switch {
		case p.Explain != nil:
			progress(*p.Explain)
		case p.Story != nil:
			story = *p.Story
		}
		return nil
	})
	return story, err
}

func (s *Server) explain(w http.ResponseWriter, r *http.Request) {
	var in ExplainRequest
	if !decode(w, r, &in) {
		return
	}
	out := newLines(w)
	story, err := s.backend.Explain(r.Context(), in, func(p ExplainProgress) {
		_ = out.send(part{Explain: &p}) // a reader that has gone away ends the request's context
		out.flush()
	})
	if err == nil {
		err = out.send(part{Story: &story})
	}
	out.end(err)
}
