package pipeline

import (
	"context"
	"encoding/json"
)

// Source reads an outside system.
//
// Run makes one pass: it reads everything from cursor to now and returns nil when it has caught up. The engine calls it on the source's
// schedule, never twice at once. cursor is the one committed last, nil at first; its content is the source's own business.
//
// Rows and position cannot come apart: emit returns only once the batch's records and its cursor are committed together. A Source moves
// its cursor only over what it has read completely. Run returns ctx's error when ctx ends.
type Source interface {
	// Streams lists what Run will yield, with the columns known in advance.
	Streams() []Stream
	Run(ctx context.Context, cursor Cursor, emit Emit) error
}

// Cursor is a source's position as a JSON document.
type Cursor = json.RawMessage

// Emit commits a batch. An error ends the pass: the source returns it.
type Emit func(ctx context.Context, batch SourceBatch) error

// SourceBatch is what a Source hands over in one go.
type SourceBatch struct {
	Records []Record
	Cursor  Cursor
	// Done and Total tell how far the pass is, in units of the source's choice; Total is 0 when it cannot be known.
	Done, Total int
}
