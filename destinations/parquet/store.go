package parquet

import (
	"context"
	"errors"
	"io"
	"time"
)

// store is where files are. Names have slashes, on every system.
type store interface {
	// open finds out whether the store can be written, and makes what it needs.
	open(ctx context.Context) error
	// put stores a file and returns nil when it is durable. Whoever reads the name finds either what was there or all of body.
	put(ctx context.Context, name string, body io.Reader, size int64) error
	// get opens a file; errAbsent when there is none.
	get(ctx context.Context, name string) (reader, error)
	// list tells the files below a folder, in the order of their names.
	list(ctx context.Context, folder string) ([]object, error)
	// remove removes a file; none is no mistake.
	remove(ctx context.Context, name string) error
	// removeParts removes what a put that was killed has left of a file, from before a point in time.
	removeParts(ctx context.Context, before time.Time) error
	// swap stores the manifest unless another is there than that of the tag, "" for none: then it returns errConflict.
	swap(ctx context.Context, body []byte, tag string) error
	// manifest returns the manifest and its tag, or nothing when there is none.
	manifest(ctx context.Context) (body []byte, tag string, err error)
}

// reader is an open file.
type reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// object is a file in a store.
type object struct {
	name    string
	size    int64
	changed time.Time
}

var (
	errAbsent   = errors.New("no such file")
	errConflict = errors.New("another process has put files of this lake together meanwhile")
)

const (
	incomingFolder = "incoming"
	eventsFolder   = "events"
	manifestName   = "_prickle/manifest.json"
	emptyName      = "_prickle/empty.parquet"
)
