package control

import (
	"context"
	"net/http"
	"time"
)

// EraseBackend is the part of Backend that erases persons.
type EraseBackend interface {
	// Erase deletes a person everywhere it can, and checks that nothing is left. Doing it again finishes what a crash or an error left.
	Erase(ctx context.Context, r EraseRequest, progress func(step string)) (Erasure, error)
	// Erasures are the records of what was erased, the oldest first.
	Erasures(ctx context.Context) ([]Erasure, error)
}

// EraseRequest says whom.
type EraseRequest struct {
	ID       string `json:"id"`                 // the id of a person or a distinct id
	Distinct bool   `json:"distinct,omitempty"` // it is a distinct id, whatever it looks like
	DryRun   bool   `json:"dry_run,omitempty"`  // only count
}

// Erasure is the record of an erasure. It holds no id of the person, only a hash.
type Erasure struct {
	At         time.Time     `json:"at"`                   // what was captured until then is gone
	Hash       string        `json:"hash"`                 // of the first distinct id
	IDs        int           `json:"ids"`                  // how many distinct ids the person had
	Places     []ErasedPlace `json:"places,omitempty"`     // what was erased where
	Verified   bool          `json:"verified"`             // nothing of it was left
	Finished   time.Time     `json:"finished,omitzero"`    // zero while it is under way, or when it was broken off
	LogUntil   time.Time     `json:"log_until,omitzero"`   // when the log's retention will have removed the last event
	NotErased  []string      `json:"not_erased,omitempty"` // where copies may be that Prickle cannot erase
	Unfinished int           `json:"unfinished,omitempty"` // earlier erasures of the person that this one finishes
}

// ErasedPlace counts what was erased, or would be, in one place.
type ErasedPlace struct {
	Place string `json:"place"`
	What  string `json:"what"`
	Count int64  `json:"count"`
	Left  int64  `json:"left"` // that were there afterwards
}

// Erase implements Backend.
func (c *Client) Erase(ctx context.Context, r EraseRequest, progress func(string)) (Erasure, error) {
	var out Erasure
	err := c.many(ctx, "erase", r, func(p part) error {
		switch {
		case p.Erasure != nil:
			out = *p.Erasure
		case p.Step != "":
			progress(p.Step)
		}
		return nil
	})
	return out, err
}

// Erasures implements Backend.
func (c *Client) Erasures(ctx context.Context) ([]Erasure, error) {
	var out []Erasure
	err := c.one(ctx, http.MethodGet, "erasures", nil, &out)
	return out, err
}

func (s *Server) eraseRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /erasures", func(w http.ResponseWriter, r *http.Request) {
		all, err := s.backend.Erasures(r.Context())
		answer(w, all, err)
	})
	mux.HandleFunc("POST /erase", func(w http.ResponseWriter, r *http.Request) {
		var in EraseRequest
		if !decode(w, r, &in) {
			return
		}
		out := newLines(w)
		// A client that goes away does not leave half of it undone.
		done, err := s.backend.Erase(context.WithoutCancel(r.Context()), in, func(step string) {
			_ = out.send(part{Step: step}) // a reader that has gone away misses nothing that is not in the record
			out.flush()
		})
		_ = out.send(part{Erasure: &done}) // as above
		out.end(err)
	})
}
