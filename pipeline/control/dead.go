package control

import (
	"context"
	"encoding/json"
	"time"
)

// DeadBackend is the part of Backend that is about dead letters. Whatever it does, it does letter by letter: there may be millions.
type DeadBackend interface {
	// DeadLetters calls yield for the dead letters that f selects, oldest first, until yield returns an error.
	DeadLetters(ctx context.Context, f DeadFilter, yield func(DeadLetter) error) error
	// CountDead counts the dead letters that f selects by pipeline, destination and class.
	CountDead(ctx context.Context, f DeadFilter) ([]DeadCount, error)
	// ReplayDead sends dead letters through again and removes them; it returns how many. What fails does not stop it; the error tells of the
	// first failures.
	ReplayDead(ctx context.Context, r DeadReplay, progress func(DeadProgress)) (int, error)
	// DropDead removes dead letters for good, as ReplayDead does.
	DropDead(ctx context.Context, f DeadFilter, progress func(DeadProgress)) (int, error)
}

// DeadFilter selects dead letters. The zero value selects all.
type DeadFilter struct {
	IDs         []uint64  `json:"ids,omitempty"`
	Pipeline    string    `json:"pipeline,omitempty"`
	Destination string    `json:"destination,omitempty"`
	Class       string    `json:"class,omitempty"`
	Reason      string    `json:"reason,omitempty"` // a part of the reason, in any case
	Event       string    `json:"event,omitempty"`  // the event's name
	Person      string    `json:"person,omitempty"` // the event's distinct_id
	Since       time.Time `json:"since,omitzero"`   // given up then or later
	Until       time.Time `json:"until,omitzero"`   // given up before
	Limit       int       `json:"limit,omitempty"`  // at most so many; 0 means no limit
}

// DeadReplay says which dead letters go where.
type DeadReplay struct {
	DeadFilter
	To   string  `json:"to,omitempty"`   // another destination of the letters' pipeline, "destination" or "pipeline/destination"; "" is their own
	Rate float64 `json:"rate,omitempty"` // at most so many a second; 0 is no limit
}

// DeadLetter is an event that could not be processed or delivered.
type DeadLetter struct {
	ID          uint64          `json:"id"`
	Pipeline    string          `json:"pipeline"`
	Destination string          `json:"destination,omitempty"` // empty when a transform failed
	Only        string          `json:"only,omitempty"`        // the destination that a replay of the log was for, when a transform failed in it
	Component   string          `json:"component"`             // the transform or destination that failed
	Class       string          `json:"class,omitempty"`       // the kind of the reason
	Reason      string          `json:"reason"`
	Response    *DeadResponse   `json:"response,omitempty"`
	Attempts    int             `json:"attempts"`
	FirstAt     time.Time       `json:"first_at"`
	LastAt      time.Time       `json:"last_at"`
	Event       json.RawMessage `json:"event"`
}

// DeadResponse is what the other side answered.
type DeadResponse struct {
	Status string `json:"status"`
	Body   string `json:"body,omitempty"`
}

// DeadCount counts dead letters of one kind.
type DeadCount struct {
	Pipeline    string `json:"pipeline"`
	Destination string `json:"destination,omitempty"`
	Class       string `json:"class,omitempty"`
	Letters     int    `json:"letters"`
}

// DeadProgress tells how far a change of dead letters is.
type DeadProgress struct {
	Done int `json:"done"` // letters changed
}

// DeadLetters implements Backend.
func (c *Client) DeadLetters(ctx context.Context, f DeadFilter, yield func(DeadLetter) error) error {
	return c.many(ctx, "dead/list", f, func(p part) error {
		if p.Letter == nil {
			return nil
		}
		return yield(*p.Letter)
	})
}

// CountDead implements Backend.
func (c *Client) CountDead(ctx context.Context, f DeadFilter) ([]DeadCount, error) {
	var out []DeadCount
	err := c.one(ctx, "POST", "dead/count", f, &out)
	return out, err
}

// ReplayDead implements Backend.
func (c *Client) ReplayDead(ctx context.Context, r DeadReplay, progress func(DeadProgress)) (int, error) {
	return c.changeDead(ctx, "dead/replay", r, progress)
}

// DropDead implements Backend.
func (c *Client) DropDead(ctx context.Context, f DeadFilter, progress func(DeadProgress)) (int, error) {
	return c.changeDead(ctx, "dead/drop", f, progress)
}

// changeDead returns what was changed until the end also when that is an error.
func (c *Client) changeDead(ctx context.Context, path string, in any, progress func(DeadProgress)) (int, error) {
	done := 0
	err := c.many(ctx, path, in, func(p part) error {
		if p.Dead != nil {
			done = p.Dead.Done
			progress(*p.Dead)
		}
		return nil
	})
	return done, err
}
