package pipeline

import "time"

// Record is one row of a source's stream at one moment: what a Source yields and a Warehouse merges.
type Record struct {
	// Stream names the collection, for example "customers". The warehouse derives the table name from the source and the stream.
	Stream string
	// Key is the row's primary key inside the stream. Never empty.
	Key string
	// Data is the raw JSON object as it was received. A tombstone may have none.
	Data []byte
	// Version orders states of one key: a row is replaced only by a version at least as high. Microseconds of the moment the request that
	// read it was started.
	Version int64
	// Deleted makes the record a tombstone: the row stays and is marked.
	Deleted bool
	// At is when the record was read, or when the deletion happened if the source tells.
	At time.Time
}

// Type is the logical type of a declared column.
type Type string

// The logical types. How each is stored is the warehouse's business.
const (
	Boolean Type = "boolean"
	Integer Type = "integer" // 64-bit
	Float   Type = "float"
	Decimal Type = "decimal" // text in the source, 38 digits, 12 of them decimals
	String  Type = "string"
	Instant Type = "instant" // RFC 3339 text or seconds since 1970 in the source; a point in time in the warehouse
	JSON    Type = "json"    // objects and arrays
)

// Further types of the results of queries, which no stream declares.
const (
	UUID   Type = "uuid"   // text of 36 characters
	Date   Type = "date"   // text, 2026-08-20
	Binary Type = "binary" // bytes that need not be text
)

// Column declares a stream's top-level field with its type. Fields that are not declared get a column by the type of the first value
// seen.
type Column struct {
	Name string
	Type Type
}

// Stream describes one collection of a Source.
type Stream struct {
	Name    string
	Columns []Column
}
