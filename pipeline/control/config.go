package control

import (
	"context"
	"net/http"
	"time"
)

// ConfigBackend is the part of Backend that is about the configurations that were put in force.
type ConfigBackend interface {
	// Configs lists those that are kept, the oldest first.
	Configs(ctx context.Context) ([]ConfigVersion, error)
	// DiffConfigs compares two by their numbers, file by file; 0 is the one in force. Files that are the same are left out, and secrets have
	// stars.
	DiffConfigs(ctx context.Context, from, to int) (ConfigDiff, error)
	// RollbackConfig writes the files of one into the project's folder, and goes on with them when the project runs.
	RollbackConfig(ctx context.Context, r RollbackRequest) (Rollback, error)
}

// ConfigVersion is a configuration that was put in force.
type ConfigVersion struct {
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	Cause   string    `json:"cause"`
	Changed []string  `json:"changed"` // files, against the version before
	InForce bool      `json:"in_force"`
}

// ConfigDiff says how two configurations differ.
type ConfigDiff struct {
	From  int        `json:"from"`
	To    int        `json:"to"`
	Files []FileDiff `json:"files"`
}

// FileDiff says how a file differs.
type FileDiff struct {
	Name string `json:"name"`
	Diff string `json:"diff"` // unified
}

// RollbackRequest says which configuration to go back to.
type RollbackRequest struct {
	Number int  `json:"number"`
	Force  bool `json:"force,omitempty"` // also when edits are lost that no kept configuration has
}

// Rollback says what going back did.
type Rollback struct {
	Written []string `json:"written,omitempty"` // files
	Removed []string `json:"removed,omitempty"`
	Number  int      `json:"number,omitempty"` // of the configuration now in force; 0 when the project does not run
	Changes Changes  `json:"changes"`          // in the running process
}

type diffRequest struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Configs implements Backend.
func (c *Client) Configs(ctx context.Context) ([]ConfigVersion, error) {
	var all []ConfigVersion
	err := c.one(ctx, http.MethodPost, "config/list", nil, &all)
	return all, err
}

// DiffConfigs implements Backend.
func (c *Client) DiffConfigs(ctx context.Context, from, to int) (ConfigDiff, error) {
	var d ConfigDiff
	err := c.one(ctx, http.MethodPost, "config/diff", diffRequest{from, to}, &d)
	return d, err
}

// RollbackConfig implements Backend.
func (c *Client) RollbackConfig(ctx context.Context, r RollbackRequest) (Rollback, error) {
	var done Rollback
	err := c.one(ctx, http.MethodPost, "config/rollback", r, &done)
	return done, err
}

func (s *Server) configRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /config/list", func(w http.ResponseWriter, r *http.Request) {
		all, err := s.backend.Configs(r.Context())
		answer(w, all, err)
	})
	mux.HandleFunc("POST /config/diff", func(w http.ResponseWriter, r *http.Request) {
		var in diffRequest
		if decode(w, r, &in) {
			d, err := s.backend.DiffConfigs(r.Context(), in.From, in.To)
			answer(w, d, err)
		}
	})
	mux.HandleFunc("POST /config/rollback", func(w http.ResponseWriter, r *http.Request) {
		var in RollbackRequest
		if decode(w, r, &in) {
			// A client that goes away does not undo half of it.
			done, err := s.backend.RollbackConfig(context.WithoutCancel(r.Context()), in)
			answer(w, done, err)
		}
	})
}
