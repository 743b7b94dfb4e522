package postgres

import (
	"bytes"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

const (
	zeroEscape  = `\u0000`
	replacement = "\uFFFD"
)

// mendText replaces zero bytes, which no text of Postgres can hold.
func mendText(s string) string { return strings.ReplaceAll(s, "\x00", replacement) }

// hasZero reports whether JSON text holds a zero byte, escaped or, where it is no JSON, plain.
func hasZero(text []byte) bool {
	return bytes.IndexByte(text, 0) >= 0 || bytes.Contains(text, []byte(zeroEscape))
}

// mendZeros replaces them.
func mendZeros(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte{0}, []byte(replacement))
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		switch {
		case bytes.HasPrefix(text[i:], []byte(zeroEscape)):
			out = append(out, `\ufffd`...)
			i += len(zeroEscape)
		case text[i] == '\\' && i+1 < len(text):
			out = append(out, text[i], text[i+1])
			i += 2
		default:
			out = append(out, text[i])
			i++
		}
	}
	return out
}

// mendRow makes a row of the events table what Postgres takes, and reports whether something had to be replaced.
func mendRow(r *warehouse.EventRow) bool {
	properties := hasZero(r.Properties)
	if !properties && !strings.ContainsRune(r.Name+r.DistinctID+r.Source, 0) {
		return false
	}
	r.Name, r.DistinctID, r.Source = mendText(r.Name), mendText(r.DistinctID), mendText(r.Source)
	if properties {
		r.Properties, r.Groups = mendZeros(r.Properties), mendZeros(r.Groups)
		for i, text := range r.Extracted {
			r.Extracted[i] = mendText(text)
		}
	}
	return true
}

// mendRecords returns the records with zero bytes replaced, and how many those were. It copies what it changes.
func mendRecords(records []pipeline.Record) ([]pipeline.Record, int) {
	mended := 0
	for i := range records {
		r := &records[i]
		if !hasZero(r.Data) && strings.IndexByte(r.Key, 0) < 0 && len(r.Key) <= longestKey {
			continue
		}
		if mended == 0 {
			records = append([]pipeline.Record(nil), records...)
			r = &records[i]
		}
		mended++
		r.Key = shortKey(mendText(r.Key))
		if hasZero(r.Data) {
			r.Data = mendZeros(r.Data)
		}
	}
	return records, mended
}

// mendNumbers makes texts of the numbers that Postgres's numeric cannot hold, which are those with more than a few thousand digits when they are
// written out.
func mendNumbers(text []byte) []byte {
	if ok, _, _ := rawjson.Valid(text, rawjson.MaxDepth); !ok {
		return text
	}
	out := make([]byte, 0, len(text)+16)
	for i := 0; i < len(text); {
		n := 1
		switch c := text[i]; {
		case c == '"':
			n = stringEnd(text[i:])
		case c == '-' || c >= '0' && c <= '9':
			n = numberEnd(text[i:])
			if !isModest(text[i : i+n]) {
				out = append(out, '"')
				out = append(append(out, text[i:i+n]...), '"')
				i += n
				continue
			}
		}
		out = append(out, text[i:i+n]...)
		i += n
	}
	return out
}

func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

func numberEnd(text []byte) int {
	for i, c := range text {
		if bytes.IndexByte([]byte("+-.eE0123456789"), c) < 0 {
			return i
		}
	}
	return len(text)
}

// isModest reports whether a number has few digits and an exponent of at most four.
func isModest(number []byte) bool {
	mantissa, exponent := number, []byte(nil)
	if i := bytes.IndexAny(number, "eE"); i >= 0 {
		mantissa, exponent = number[:i], bytes.TrimLeft(number[i+1:], "+-0")
	}
	return len(mantissa) < 5000 && len(exponent) <= 4
}
