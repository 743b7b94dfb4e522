package control

import (
	"context"
	"net/http"
	"time"
)

// ReplayBackend is the part of Backend that sends events of the log through a pipeline again.
type ReplayBackend interface {
	// StartReplay makes a job, which begins at once in the project's processes, and returns it.
	StartReplay(ctx context.Context, r ReplayRequest) (ReplayJob, error)
	// TryReplay counts what StartReplay would send.
	TryReplay(ctx context.Context, r ReplayRequest, progress func(ReplayJob)) (ReplayJob, error)
	// Replays lists the jobs, the oldest first.
	Replays(ctx context.Context) ([]ReplayJob, error)
	// FollowReplay reports how far a job is until it has ended, and returns it then.
	FollowReplay(ctx context.Context, id int, progress func(ReplayJob)) (ReplayJob, error)
	// ResumeReplay makes a job that was cancelled or has failed go on.
	ResumeReplay(ctx context.Context, id int) (ReplayJob, error)
	// CancelReplay ends a job.
	CancelReplay(ctx context.Context, id int) (ReplayJob, error)
}

// ReplayRequest says which events of the log to send again.
type ReplayRequest struct {
	Pipeline    string    `json:"pipeline"`
	Destination string    `json:"destination,omitempty"` // "" is all of the pipeline's
	Since       time.Time `json:"since"`                 // received then or later
	Until       time.Time `json:"until"`                 // received before
	Where       string    `json:"where,omitempty"`       // a condition on captured events
	Rate        float64   `json:"rate,omitempty"`        // at most so many events a second; 0 is no limit
}

// ReplayJob is a replay and how far it is.
type ReplayJob struct {
	ID int `json:"id"` // 0 for a try
	ReplayRequest
	State   string    `json:"state"` // running, done, cancelled or failed
	Waiting string    `json:"waiting,omitempty"`
	Error   string    `json:"error,omitempty"`
	Read    int64     `json:"read"`    // events of the log read so far
	Total   int64     `json:"total"`   // about how many there are to read
	Sent    int64     `json:"sent"`    // of these, sent into the pipeline: passed, dropped or dead
	Passed  int64     `json:"passed"`  // of which something came through the transforms
	Dropped int64     `json:"dropped"` // by the transforms
	Dead    int64     `json:"dead"`    // that are dead letters
	Copies  int64     `json:"copies"`  // handed to destinations
	Missed  uint64    `json:"missed,omitempty"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

type replayID struct {
	ID int `json:"id"`
}

// StartReplay implements Backend.
func (c *Client) StartReplay(ctx context.Context, r ReplayRequest) (ReplayJob, error) {
	return c.replayJob(ctx, "replay/start", r)
}

// ResumeReplay implements Backend.
func (c *Client) ResumeReplay(ctx context.Context, id int) (ReplayJob, error) {
	return c.replayJob(ctx, "replay/resume", replayID{id})
}

// CancelReplay implements Backend.
func (c *Client) CancelReplay(ctx context.Context, id int) (ReplayJob, error) {
	return c.replayJob(ctx, "replay/cancel", replayID{id})
}

func (c *Client) replayJob(ctx context.Context, path string, in any) (ReplayJob, error) {
	var j ReplayJob
	err := c.one(ctx, http.MethodPost, path, in, &j)
	return j, err
}

// Replays implements Backend.
func (c *Client) Replays(ctx context.Context) ([]ReplayJob, error) {
	var jobs []ReplayJob
	err := c.one(ctx, http.MethodPost, "replay/list", nil, &jobs)
	return jobs, err
}

// TryReplay implements Backend.
func (c *Client) TryReplay(ctx context.Context, r ReplayRequest, progress func(ReplayJob)) (ReplayJob, error) {
	return c.followJob(ctx, "replay/try", r, progress)
}

// FollowReplay implements Backend.
func (c *Client) FollowReplay(ctx context.Context, id int, progress func(ReplayJob)) (ReplayJob, error) {
	return c.followJob(ctx, "replay/follow", replayID{id}, progress)
}

func (c *Client) followJob(ctx context.Context, path string, in any, progress func(ReplayJob)) (ReplayJob, error) {
	var last ReplayJob
	err := c.many(ctx, path, in, func(p part) error {
		if p.Replay != nil {
			last = *p.Replay
			progress(last)
		}
		return nil
	})
	return last, err
}

func (s *Server) replayRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /replay/start", func(w http.ResponseWriter, r *http.Request) {
		var in ReplayRequest
		if decode(w, r, &in) {
			j, err := s.backend.StartReplay(r.Context(), in)
			answer(w, j, err)
		}
	})
	mux.HandleFunc("POST /replay/list", func(w http.ResponseWriter, r *http.Request) {
		jobs, err := s.backend.Replays(r.Context())
		answer(w, jobs, err)
	})
	for path, do := range map[string]func(context.Context, int) (ReplayJob, error){"resume": s.backend.ResumeReplay, "cancel": s.backend.CancelReplay} {
		mux.HandleFunc("POST /replay/"+path, func(w http.ResponseWriter, r *http.Request) {
			var in replayID
			if decode(w, r, &in) {
				j, err := do(r.Context(), in.ID)
				answer(w, j, err)
			}
		})
	}
	mux.HandleFunc("POST /replay/try", func(w http.ResponseWriter, r *http.Request) {
		var in ReplayRequest
		if decode(w, r, &in) {
			follow(w, func(progress func(ReplayJob)) (ReplayJob, error) {
				return s.backend.TryReplay(r.Context(), in, progress)
			})
		}
	})
	mux.HandleFunc("POST /replay/follow", func(w http.ResponseWriter, r *http.Request) {
		var in replayID
		if decode(w, r, &in) {
			follow(w, func(progress func(ReplayJob)) (ReplayJob, error) {
				return s.backend.FollowReplay(r.Context(), in.ID, progress)
			})
		}
	})
}

// follow writes a job's reports, and the last one whatever it is.
func follow(w http.ResponseWriter, run func(progress func(ReplayJob)) (ReplayJob, error)) {
	out := newLines(w)
	report := func(j ReplayJob) {
		_ = out.send(part{Replay: &j}) // a reader that has gone away ends the request's context
		out.flush()
	}
	j, err := run(report)
	if err == nil {
		report(j)
	}
	out.end(err)
}
