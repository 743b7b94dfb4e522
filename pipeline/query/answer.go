package query

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// answerBuffer is how much of an answer is there before anything is sent: until then an error is a status of its own.
const answerBuffer = 64 << 10

var errTooMany = errors.New("too many rows")

// answer is a Result that goes to a client.
type answer struct {
	Writer
	w      http.ResponseWriter
	format Format
	buffer *bufio.Writer
	sent   bool
	rows   int
	most   int
}

func newAnswer(w http.ResponseWriter, format Format, most int) *answer {
	a := &answer{w: w, format: format, most: most}
	a.buffer = bufio.NewWriterSize(sending{a}, answerBuffer)
	a.Writer = NewWriter(format, a.buffer)
	return a
}

// trailer tells at the end of a whole answer how many rows it had.
const trailer = "Prickle-Rows"

// sending sets the headers before the first byte.
type sending struct{ *answer }

func (s sending) Write(b []byte) (int, error) {
	if !s.sent {
		s.sent = true
		h := s.w.Header()
		h.Set("Content-Type", map[Format]string{JSON: "application/x-ndjson", CSV: "text/csv; charset=utf-8", Parquet: "application/vnd.apache.parquet"}[s.format])
		h.Set("Cache-Control", "no-store")
		h.Set("Trailer", trailer)
	}
	return s.w.Write(b)
}

// Row implements Result. One row more than allowed is an error.
func (a *answer) Row(values []any) error {
	if a.rows == a.most {
		return errTooMany
	}
	a.rows++
	return a.Writer.Row(values)
}

func (a *answer) started() bool { return a.sent }

// finish sends the rest.
func (a *answer) finish() error {
	if err := a.Close(); err != nil {
		return err
	}
	if _, err := (sending{a}).Write(nil); err != nil { // also for an answer without a byte
		return err
	}
	a.w.Header().Set(trailer, strconv.Itoa(a.rows))
	return a.buffer.Flush()
}

// breakOff ends an answer that is no whole one. A reader of JSON finds the reason in a line of its own; the connection is cut in any case.
func (a *answer) breakOff(reason error) {
	if a.format == JSON {
		_, _ = a.buffer.Write(append(errorLine(reason), '\n')) // as below
	}
	_ = a.buffer.Flush() // the client may be gone; there is nobody to tell
	_ = http.NewResponseController(a.w).Flush()
}

// errorLine is {"error": …}.
func errorLine(err error) []byte {
	line, _ := json.Marshal(map[string]string{"error": err.Error()}) // texts always are JSON
	return line
}
