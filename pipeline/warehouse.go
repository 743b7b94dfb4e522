package pipeline

import "context"

// Warehouse is a store that holds tables: the events table, filled through Destination, and one table for each stream of each source.
// It is safe for concurrent use.
type Warehouse interface {
	Destination

	// Merge writes the load's records and its cursor in one transaction, making tables and columns as needed. Of several states of one
	// key the highest version stays; merging the same load again changes nothing.
	Merge(ctx context.Context, load Load) (Merged, error)
	// Cursor returns the cursor committed last for a source, or nil.
	Cursor(ctx context.Context, source string) (Cursor, error)
	// Query runs one SQL statement that reads. A statement that would write is refused.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// Load is one batch of a source's records with the cursor that follows them.
type Load struct {
	Source  string // the source's name in the configuration: prefix of its tables and key of its cursor
	Streams []Stream
	Records []Record
	Cursor  Cursor
}

// Merged counts what a Merge did.
type Merged struct {
	Inserted, Updated, Deleted, Unchanged int
}

// Rows is a query's result. Next returns io.EOF after the last row; the slice is valid until the next call. Values are nil, bool, int64,
// uint64, float64, string, []byte, time.Time, or something that prints well with fmt.
type Rows interface {
	Columns() []string
	Next() ([]any, error)
	Close() error
}
