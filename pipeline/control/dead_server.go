package control

import (
	"context"
	"net/http"
	"time"
)

func (s *Server) deadRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /dead/list", s.deadList)
	mux.HandleFunc("POST /dead/count", func(w http.ResponseWriter, r *http.Request) {
		var f DeadFilter
		if !decode(w, r, &f) {
			return
		}
		counts, err := s.backend.CountDead(r.Context(), f)
		answer(w, counts, err)
	})
	mux.HandleFunc("POST /dead/replay", func(w http.ResponseWriter, r *http.Request) {
		var in DeadReplay
		deadChange(w, r, &in, func(ctx context.Context, progress func(DeadProgress)) (int, error) {
			return s.backend.ReplayDead(ctx, in, progress)
		})
	})
	mux.HandleFunc("POST /dead/drop", func(w http.ResponseWriter, r *http.Request) {
		var in DeadFilter
		deadChange(w, r, &in, func(ctx context.Context, progress func(DeadProgress)) (int, error) {
			return s.backend.DropDead(ctx, in, progress)
		})
	})
}

func (s *Server) deadList(w http.ResponseWriter, r *http.Request) {
	var f DeadFilter
	if !decode(w, r, &f) {
		return
	}
	out := newLines(w)
	out.end(s.backend.DeadLetters(r.Context(), f, func(l DeadLetter) error { return out.send(part{Letter: &l}) }))
}

// progressEvery is how often progress is reported.
const progressEvery = 100 * time.Millisecond

func deadChange(w http.ResponseWriter, r *http.Request, in any, change func(context.Context, func(DeadProgress)) (int, error)) {
	if !decode(w, r, in) {
		return
	}
	out := newLines(w)
	var last time.Time
	done, err := change(r.Context(), func(p DeadProgress) {
		if time.Since(last) < progressEvery {
			return
		}
		last = time.Now()
		_ = out.send(part{Dead: &p}) // a reader that has gone away ends the request's context, and with it the change
		out.flush()
	})
	_ = out.send(part{Dead: &DeadProgress{Done: done}}) // as above
	out.end(err)
}
