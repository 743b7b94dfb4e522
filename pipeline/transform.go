package pipeline

import "context"

// Transform turns one event into none, one or several.
//
// Apply appends to out what becomes of e, and returns out. Appending nothing means that the event is dropped on purpose, which is
// counted under the transform's name. An error means that the transform could not do its work: the event is then dead-lettered, dropped
// or kept by the transform's on_error setting, and whatever was appended is ignored.
//
// Apply is called by many goroutines at once. It does no I/O and does not keep e or out. Events it makes out of one get UUIDs of their own.
type Transform interface {
	Apply(ctx context.Context, e Event, out []Event) ([]Event, error)
}
