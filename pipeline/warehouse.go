package pipeline

import (
	"context"
	"time"
)

// Store is a destination that keeps events where they can be looked after and erased. It is safe for concurrent use.
type Store interface {
	Destination

	// Capabilities tells what the store is and can do. It is known from Open on and asks nobody.
	Capabilities() Capabilities
	// Health asks the store how it is. Its error says why it cannot be asked.
	Health(ctx context.Context) (Health, error)
	// Compact does the housekeeping that makes a store smaller and faster: what many small writes left is put together, what is past its
	// retention goes. Writes and queries go on meanwhile. It may take minutes, and doing it again is cheap.
	Compact(ctx context.Context) error
	// Erase deletes what an Erasure names, for good and not only from sight, and returns how much that was once nothing of it is left for
	// queries. Doing it again does no harm; after an error any part of it may be done.
	Erase(ctx context.Context, e Erasure) (Erased, error)
}

// Warehouse is a store that holds tables: the events table, filled through Destination, and one table for each stream of each source.
type Warehouse interface {
	Store

	// Merge writes the load's records and its cursor in one transaction, making tables and columns as needed. Of several states of one
	// key the highest version stays; merging the same load again changes nothing. A record that is past its retention makes no new row, and
	// counts as unchanged then.
	Merge(ctx context.Context, load Load) (Merged, error)
	// Cursor returns the cursor committed last for a source, or nil.
	Cursor(ctx context.Context, source string) (Cursor, error)
	// Query runs one SQL statement that reads. A statement that would write is refused.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// FileStore is a Store that writes files, and counts them.
type FileStore interface {
	Store

	// Files tells what this process has written since Open, and what waits. It asks nobody.
	Files() FileCounts
}

// FileCounts is what a FileStore has written.
type FileCounts struct {
	// Files, Rows and Bytes are all that was written, what was put together included: a row counts with each file that it was written to.
	Files, Rows, Bytes int64
	// WaitingFiles and WaitingBytes are small files that wait to be put together, as they were found the last time and with those written since.
	WaitingFiles, WaitingBytes int64
}

// Erasure names what is deleted of somebody.
type Erasure struct {
	// DistinctIDs are those whose events go.
	DistinctIDs []string
	// Rows are those of tables that go. A table that does not exist has none of them.
	Rows []KeyedRows
	// Before is up to when: events received and states of rows read earlier go.
	Before time.Time
	// Count deletes nothing, and only counts.
	Count bool
}

// KeyedRows are rows of a source's table by the keys of their records, tombstones too.
type KeyedRows struct {
	Source, Stream string
	Keys           []string
}

// Erased counts what an Erase deleted, or would delete.
type Erased struct {
	Events, Rows int64
}

// Capabilities is what a store is and can do beyond what every Warehouse does.
type Capabilities struct {
	Store   string // as users call it: "DuckDB"
	Version string // of the store: "1.5.4"
	// Atomic says that a Merge's records and cursor become visible together, and an event's batch as a whole.
	Atomic bool
	// Shared says that other processes may read the store while Prickle writes to it.
	Shared bool
	// JSON says that the properties of events are in a type whose members the store reads without parsing text.
	JSON bool
}

// Health is how a store is.
type Health struct {
	Events int64 // rows of the events table, an estimate where counting is dear
	Bytes  int64 // on disk, of everything in the store that is Prickle's
	// Warnings are what someone should look at, one sentence each, that say what to do: "disk 93% full: …".
	Warnings []string
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
	// Types tells what the values of each of Columns are, whatever Go type they come as.
	Types() []ValueType
	Next() ([]any, error)
	Close() error
}

// ValueType is the type of a result's column. The zero value is one that has no logical type: its values are texts, or print as such.
type ValueType struct {
	Type Type
	// Decimals is how many digits a Decimal has after its point; a Decimal without any may be a whole number of 39 digits.
	Decimals int
}
