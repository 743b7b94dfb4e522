package duckdb

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var errNotARead = errors.New("duckdb: query: want exactly one statement that reads: SELECT, FROM, EXPLAIN, DESCRIBE, SHOW or SUMMARIZE")

// explainPrefix is what stands before the statement that an EXPLAIN is about.
var explainPrefix = regexp.MustCompile(`(?is)^\s*explain\s+(analyze\s+)?(\(\s*(analyze|format\s+\w+)(\s*,\s*(analyze|format\s+\w+))*\s*\)\s*)?`)

// allow refuses everything but one statement that reads, by the syntax tree that DuckDB itself makes of it. A read-only transaction and a
// locked configuration are not enough: some functions have effects when they are called from a SELECT, and one of them,
// enable_logging with a file, ends the process.
//
// With files, the functions that read them are allowed too; which folders they may read is DuckDB's setting.
func allow(ctx context.Context, c connection, query string, files bool) error {
	result, err := c.QueryContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR",
		[]driver.NamedValue{{Ordinal: 1, Value: explainPrefix.ReplaceAllString(query, "")}})
	if err != nil {
		return queryError(ctx, err)
	}
	row := make([]driver.Value, 1)
	if err := errors.Join(result.Next(row), result.Close()); err != nil {
		return queryError(ctx, err)
	}
	text, _ := row[0].(string)
	var tree struct {
		Type       string            `json:"error_type"`
		Message    string            `json:"error_message"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(text), &tree); err != nil {
		return fmt.Errorf("duckdb: query: syntax tree: %w", err)
	}
	switch {
	case tree.Type == "parser":
		return fmt.Errorf("duckdb: query: %s", tree.Message)
	case len(tree.Statements) != 1:
		return errNotARead
	}
	var statement any
	if err := json.Unmarshal(tree.Statements[0], &statement); err != nil {
		return fmt.Errorf("duckdb: query: syntax tree: %w", err)
	}
	if name := forbidden(statement, files); name != "" {
		return fmt.Errorf("duckdb: query: %s is not allowed", name)
	}
	return nil
}

// forbidden returns what must not be in the tree and is, or "".
func forbidden(node any, files bool) string {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			if name := forbidden(child, files); name != "" {
				return name
			}
		}
	case map[string]any:
		if name, ok := node["function_name"].(string); ok && !scalarAllowed(name) {
			return "the function " + name
		}
		if node["id"] == "VARIANT" { // made of JSON it recurses as the functions do that scalarAllowed refuses
			return "the type VARIANT"
		}
		call, isTable := node["function"].(map[string]any)
		if isTable = isTable && node["type"] == "TABLE_FUNCTION"; isTable {
			if name, _ := call["function_name"].(string); !tableAllowed(name) && (!files || !readsFiles(name)) {
				return "the function " + name
			}
		}
		for key, child := range node {
			if isTable && key == "function" {
				child = slices.Collect(maps.Values(call)) // its name is no scalar function's
			}
			if name := forbidden(child, files); name != "" {
				return name
			}
		}
	}
	return ""
}

// tableAllowed knows the table functions that compute, or that describe the database. The others read files, take addresses of memory, run
// SQL given as text, or change the process.
func tableAllowed(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "range", "generate_series", "unnest", "repeat_row", "json_each", "json_tree", "summary", "histogram", "histogram_values",
		"pg_timezone_names", "icu_calendar_names":
		return true
	}
	return strings.HasPrefix(name, "duckdb_") || strings.HasPrefix(name, "pragma_")
}

// readsFiles knows the table functions that read files of rows. Those of JSON are not among them: see scalarAllowed for why.
func readsFiles(name string) bool {
	switch strings.ToLower(name) {
	case "read_parquet", "parquet_scan", "read_csv", "read_csv_auto", "glob":
		return true
	}
	return false
}

// scalarAllowed refuses the functions that change or reveal the process, those of DuckDB's JSON that recurse over a text without a bound, which
// ends the process when the text is made for it, and those whose result or work is out of all proportion to their arguments and neither counts
// against the memory limit nor ends with its context.
func scalarAllowed(name string) bool {
	switch strings.ToLower(name) {
	case "write_log", "sleep_ms", "pg_sleep", "nextval", "getenv",
		"json_structure", "json_group_structure", "json_merge_patch", "json_contains",
		"json_transform", "json_transform_strict", "from_json", "from_json_strict",
		"json_serialize_plan", "json_deserialize_sql", // which do in part what the statement in their argument does
		"printf", "format", "repeat", "lpad", "rpad", "list_resize", "array_resize", "bitstring", "range", "generate_series", // but in FROM, row by row
		"levenshtein", "editdist3", "damerau_levenshtein", "jaro_similarity", "jaro_winkler_similarity":
		return false
	}
	return true
}
