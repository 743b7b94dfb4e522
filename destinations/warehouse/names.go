package warehouse

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

const (
	rowsSuffix = "__rows"
	allSuffix  = "__all"

	// longestName is where names are cut, so that the same ones fit in Postgres.
	longestName = 63
	// longestTable leaves room for the suffixes.
	longestTable = longestName - len(rowsSuffix)
)

// ColumnName makes a column's name of a field's: camel case is split, letters are lower-cased, every run of other characters is one "_",
// a leading digit gets a "_" before it, and an "x" (or "x_") stands before the prefix of our own columns and names that stores have for columns of
// their own.
func ColumnName(field string) string {
	name := snake(field)
	switch {
	case strings.Trim(name, "_") == "":
		return "field_" + hash8(field)
	case strings.HasPrefix(name, "_sync_"):
		name = "x" + name
	case slices.Contains(storesOwn, name):
		name = "x_" + strings.TrimLeft(name, "_")
	case name[0] >= '0' && name[0] <= '9':
		name = "_" + name
	}
	return shorten(name, field, longestName)
}

// storesOwn are columns that every table has: Postgres refuses others of these names, in DuckDB they hide the number by which a row is changed, and in
// ClickHouse what says that it is deleted.
var storesOwn = []string{"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "rowid", "_row_exists", "_block_number", "_block_offset"}

// SecondColumnName is for a field whose ColumnName another field has. It depends on the field alone, so it is found again.
func SecondColumnName(field string) string { return distinct(ColumnName(field), field, longestName) }

// TableName is <source>_<stream> by the same rules, and <stream> alone for a source of Prickle's own, whose name begins with "_". It never begins
// with "_", as our control tables do, and never holds "__", as their suffixes do.
func TableName(source, stream string) string {
	full := fullName(source, stream)
	name := strings.TrimLeft(snake(full), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "t_" + name
	}
	return shorten(name, full, longestTable)
}

// SecondTableName is for a stream whose TableName is taken by another one, or by something that is not ours.
func SecondTableName(source, stream string) string {
	return distinct(TableName(source, stream), source+"\x00"+stream, longestTable)
}

func fullName(source, stream string) string {
	if strings.HasPrefix(source, "_") {
		return stream
	}
	return source + "_" + stream
}

func distinct(name, full string, longest int) string {
	return name[:min(len(name), longest-9)] + "_" + hash8(full)
}

func shorten(name, full string, longest int) string {
	if len(name) <= longest {
		return name
	}
	return distinct(name, full, longest)
}

func hash8(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprintf("%08x", h.Sum32())
}

func snake(s string) string {
	out := make([]byte, 0, len(s)+8)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if startsWord(s, i) {
			out = append(out, '_')
		}
		switch {
		case isUpper(c):
			c += 'a' - 'A'
		case !isLower(c) && !isDigit(c):
			c = '_'
		}
		if c == '_' && len(out) > 0 && out[len(out)-1] == '_' {
			continue
		}
		out = append(out, c)
	}
	return string(out)
}

// startsWord finds the seams of camel case: customerID has one before the I, HTTPServer before the S.
func startsWord(s string, i int) bool {
	if i == 0 || !isUpper(s[i]) {
		return false
	}
	before := s[i-1]
	return isLower(before) || isDigit(before) || isUpper(before) && i+1 < len(s) && isLower(s[i+1])
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
