package control

import (
	"context"
	"encoding/json"
	"time"

	"github.com/prickle-dev/prickle/pipeline/query"
)

// Backend is everything that a command can ask of a project, running or not.
type Backend interface {
	// Status tells what runs and how much has passed.
	Status(ctx context.Context) (Status, error)
	// Query runs one reading SQL statement on the warehouse and hands the result over as it is read.
	Query(ctx context.Context, q query.Request, result query.Result) error
	// Tail calls yield with the line of every event captured from now on for which the expr where holds (all, when it is empty), until ctx
	// ends or yield returns an error.
	Tail(ctx context.Context, where string, yield func(line json.RawMessage) error) error
	// Reload reads the project's files again and goes on with what they say; see app.App.
	Reload(ctx context.Context) (Changes, error)
	// Sync makes one pass of a source and reports how it goes.
	Sync(ctx context.Context, source string, progress func(Progress)) error
	DeadBackend
	ReplayBackend
	ConfigBackend
	ExplainBackend
	EraseBackend
	WarehouseBackend
}

// Status is what a running process knows of itself.
type Status struct {
	Project   string           `json:"project"`
	PID       int              `json:"pid"`
	Capture   string           `json:"capture"`         // the address it listens on
	Admin     string           `json:"admin,omitempty"` // the address of the admin endpoint; "" when it is off
	Query     string           `json:"query,omitempty"` // the address of the query endpoint; "" when it is off
	Started   time.Time        `json:"started"`
	Config    int              `json:"config,omitempty"`   // the number of the configuration in force; 0 when it could not be kept
	Webhooks  []string         `json:"webhooks,omitempty"` // their names
	Captured  int64            `json:"captured"`           // events accepted since the start
	Rejected  int64            `json:"rejected"`           // requests refused since the start
	Pipelines []PipelineStatus `json:"pipelines"`
	Dead      int64            `json:"dead"`     // dead letters kept
	Pending   int64            `json:"pending"`  // frames waiting to be processed or delivered, or in hand
	Retrying  int64            `json:"retrying"` // frames waiting for their next attempt
	Sources   []SourceStatus   `json:"sources,omitempty"`
	Keys      []KeyStatus      `json:"keys,omitempty"`
	Share     *Share           `json:"share,omitempty"` // nil with an embedded server, which nobody shares
	Books     *BooksStatus     `json:"books,omitempty"`
	Warnings  []string         `json:"warnings,omitempty"` // of the warehouses, and that the files are refused
}

// BooksStatus are the books over all runs of the project.
type BooksStatus struct {
	Since        time.Time       `json:"since"`
	Balance      string          `json:"balance"` // balanced, in_flight, incomplete or unbalanced
	Lost         int64           `json:"lost"`    // records that are missing
	Destinations []AccountStatus `json:"destinations"`
}

// AccountStatus says what became of the events of one destination: Accepted + Made + Brought = Delivered + Filtered + Dead + InFlight.
type AccountStatus struct {
	Pipeline    string           `json:"pipeline"`
	Destination string           `json:"destination"`
	Balance     string           `json:"balance"`
	Accepted    int64            `json:"accepted"`
	Made        int64            `json:"made,omitempty"`    // by transforms that made several events of one
	Brought     int64            `json:"brought,omitempty"` // that waited when the account was opened
	Delivered   int64            `json:"delivered"`
	Filtered    map[string]int64 `json:"filtered"` // by transform, or "(when)" for the destination's condition
	Dead        map[string]int64 `json:"dead"`     // by class
	InFlight    int64            `json:"in_flight"`
}

// Share is a process's part of the work, where several share an outside server.
type Share struct {
	Processes int `json:"processes"` // that are known to work the project
	Process   int `json:"process"`   // the number of this one, from 0; -1 while the others do not know it
	Lanes     int `json:"lanes"`     // of pipelines and destinations that are this one's
	Of        int `json:"of"`        // that there are
}

// KeyStatus tells how far the allowance of a capture key or a webhook that has a rate or a quota is used.
type KeyStatus struct {
	Name    string `json:"name"`
	Webhook bool   `json:"webhook,omitempty"`
	Rate    int64  `json:"rate,omitempty"`   // events a second; 0 is no limit
	Quota   string `json:"quota,omitempty"`  // for people; "" is no limit
	Period  string `json:"period,omitempty"` // the quota's current one, such as "2026-03"
	Used    int64  `json:"used"`             // events in it, of all processes
	Events  int64  `json:"events,omitempty"` // that the quota allows
	// OverRate and OverQuota count events refused since the start of the process.
	OverRate  int64 `json:"over_rate"`
	OverQuota int64 `json:"over_quota"`
}

// PipelineStatus counts events of one pipeline since the start of the process.
type PipelineStatus struct {
	Name         string              `json:"name"`
	In           int64               `json:"in"`
	Passed       int64               `json:"passed"`
	Dropped      int64               `json:"dropped"`
	Dead         int64               `json:"dead"`
	Replayed     *ReplayedStatus     `json:"replayed,omitempty"` // what was sent once more, which the others do not count
	Contract     *ContractStatus     `json:"contract,omitempty"` // nil for a project without contracts
	Destinations []DestinationStatus `json:"destinations"`
}

// ContractStatus counts the events of one pipeline that violated their contract; those that were worked again count again.
type ContractStatus struct {
	Warned      int64 `json:"warned"`
	Quarantined int64 `json:"quarantined"`
	Rejected    int64 `json:"rejected"`
}

// ReplayedStatus counts events of one pipeline that were sent through it once more: dead letters, and events of the log.
type ReplayedStatus struct {
	In      int64 `json:"in"`
	Passed  int64 `json:"passed"`
	Dropped int64 `json:"dropped"`
	Dead    int64 `json:"dead"`
}

// DestinationStatus counts events of one destination since the start of the process.
type DestinationStatus struct {
	Name      string `json:"name"`
	Delivered int64  `json:"delivered"`
	Retried   int64  `json:"retried"`
	Dead      int64  `json:"dead"`
	LastError string `json:"last_error,omitempty"`

	Replayed     int64 `json:"replayed,omitempty"`      // delivered once more, which Delivered does not count
	ReplayedDead int64 `json:"replayed_dead,omitempty"` // dead letters of these

	Breaker BreakerStatus `json:"breaker"`
	// PausedUntil is when something is sent again, after the destination named a time (Retry-After) or many batches in a row failed.
	PausedUntil time.Time `json:"paused_until,omitzero"`
}

// BreakerStatus tells whether a destination is taken to be up.
type BreakerStatus struct {
	State     string    `json:"state"`                // off, closed, open or half-open
	Since     time.Time `json:"since,omitzero"`       // it has been so; since it opened, for half-open
	NextProbe time.Time `json:"next_probe,omitzero"`  // when a batch may go to see, for open
	LastError string    `json:"last_error,omitempty"` // of the batch that opened it or of the last probe
}

// SourceStatus tells how a source's last pass went.
type SourceStatus struct {
	Name      string    `json:"name"`
	Running   bool      `json:"running"`
	Elsewhere bool      `json:"elsewhere,omitempty"` // another process makes the passes
	LastEnd   time.Time `json:"last_end,omitzero"`
	LastError string    `json:"last_error,omitempty"`
	Records   int64     `json:"records"` // read by the running pass, else by the last one
}

// Progress is one report of a pass of a source.
type Progress struct {
	Stream  string         `json:"stream,omitempty"` // the stream written last
	Done    int            `json:"done"`
	Total   int            `json:"total"` // 0 when it cannot be known
	Records map[string]int `json:"records"`
}
