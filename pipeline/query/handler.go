package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxBody is the largest question, in bytes.
const maxBody = 1 << 20

// Handler is the server without its address.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /query", s.ask)
	mux.HandleFunc("GET /query", s.ask)
	if len(s.config.Origins) > 0 {
		mux.HandleFunc("OPTIONS /query", s.preflight)
	}
	return mux
}

// question is a Request with the format of its answer.
type question struct {
	Request
	Format string `json:"format,omitempty"`
}

// refusal is an answer without rows.
type refusal struct {
	status  int
	outcome outcome
	err     error
}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	s.allowOrigin(w, r)
	q, format, no := s.admit(w, r)
	if no == nil {
		no = s.slot(func() *refusal { return s.answer(w, r, q, format) })
	}
	if no == nil {
		s.count(answered)
		return
	}
	s.count(no.outcome)
	if no.status == 0 {
		panic(http.ErrAbortHandler) // cuts the connection: whoever has half an answer has to see that it is no whole one
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if no.outcome == busy {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(no.status)
	_, _ = w.Write(append(errorLine(no.err), '\n')) // the client is gone; there is nobody to tell
}

func (s *Server) count(o outcome) { s.stats.outcomes[o].Add(1) }

// admit finds out what is asked and whether by somebody who may.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (Request, Format, *refusal) {
	if !s.keys.opens(r) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="prickle"`)
		return Request{}, "", &refusal{http.StatusUnauthorized, unauthorized, errors.New("want Authorization: Bearer and one of query.keys")}
	}
	q, err := read(w, r)
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return Request{}, "", &refusal{http.StatusRequestEntityTooLarge, malformed, fmt.Errorf("the question is larger than %d bytes", maxBody)}
	}
	var format Format
	if err == nil {
		format, err = ParseFormat(q.Format)
	}
	switch {
	case err != nil:
	case q.SQL == "":
		err = errors.New("sql: there is none")
	case q.Limit < 0:
		err = errors.New("limit: want 0 or more")
	}
	if err != nil {
		return Request{}, "", &refusal{http.StatusBadRequest, malformed, err}
	}
	return q.Request, format, nil
}

// read takes a question from the body, or from the address of a GET.
func read(w http.ResponseWriter, r *http.Request) (question, error) {
	q := question{Format: string(JSON)}
	if r.Method == http.MethodPost {
		dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&q); err != nil {
			return q, fmt.Errorf(`want {"sql": …, "params": […], "format": …, "limit": …}: %w`, err)
		}
		return q, nil
	}
	for name, values := range r.URL.Query() {
		switch name {
		case "sql":
			q.SQL = values[0]
		case "format":
			q.Format = values[0]
		case "param":
			for _, text := range values {
				q.Params = append(q.Params, Param(text))
			}
		case "limit":
			var err error
			if q.Limit, err = strconv.Atoi(values[0]); err != nil {
				return q, fmt.Errorf("limit: %q is no number", values[0])
			}
		default:
			return q, fmt.Errorf("unknown %q: use sql, param, format and limit", name)
		}
	}
	return q, nil
}

// slot does work unless there is too much of it.
func (s *Server) slot(work func() *refusal) *refusal {
	select {
	case s.slots <- struct{}{}:
	default:
		return &refusal{http.StatusTooManyRequests, busy, fmt.Errorf("%d questions are being answered (query.concurrent): ask again", s.config.Concurrent)}
	}
	s.stats.Running.Add(1)
	began := time.Now()
	defer func() {
		s.stats.Duration.Since(began)
		s.stats.Running.Add(-1)
		<-s.slots
	}()
	return work()
}

// answer asks the store and sends what it says. A refusal without a status means that a part of the answer is on its way.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q Request, format Format) *refusal {
	ctx, cancel := context.WithTimeout(r.Context(), s.config.Timeout)
	defer cancel()
	// A client that does not read holds its place no longer than the store could take. The time for reading the question is over: left as it is, its
	// end would be taken for the client's. Neither can fail on the connections of a Server.
	conn := http.NewResponseController(w)
	_, _ = conn.SetWriteDeadline(time.Now().Add(s.config.Timeout+time.Second)), conn.SetReadDeadline(time.Time{})
	out := newAnswer(w, format, s.config.Rows)
	err := s.store.Query(ctx, q, out)
	if err == nil {
		err = out.finish()
	}
	s.stats.Rows.Add(uint64(out.rows)) //nolint:gosec // a count
	if err == nil {
		return nil
	}
	no := &refusal{http.StatusBadRequest, refused, err}
	switch {
	case r.Context().Err() != nil:
		no = &refusal{0, gone, err}
	case ctx.Err() != nil:
		no = &refusal{http.StatusGatewayTimeout, late, fmt.Errorf("the answer takes longer than %s (query.timeout)", s.config.Timeout)}
	case errors.Is(err, errTooMany):
		no = &refusal{http.StatusUnprocessableEntity, tooMany, fmt.Errorf("the answer has more than %d rows (query.rows): ask for fewer, or give a limit", s.config.Rows)}
	}
	if no.status != 0 && out.started() {
		out.breakOff(no.err)
		no.status = 0
		if no.outcome == refused {
			no.outcome = broken
		}
	}
	return no
}

// allowOrigin lets the scripts of pages read the answer, if they may.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if len(s.config.Origins) == 0 || origin == "" {
		return
	}
	w.Header().Add("Vary", "Origin")
	if slices.Contains(s.config.Origins, "*") || slices.Contains(s.config.Origins, origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	s.allowOrigin(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		w.Header().Set("Access-Control-Max-Age", "600")
	}
	w.WriteHeader(http.StatusNoContent)
}
