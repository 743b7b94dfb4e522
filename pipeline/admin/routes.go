package admin

import (
	"encoding/json"
	"net/http"
)

// Handler returns the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.deps.Metrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { plain(w, "alive\n") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /books", s.books)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		plain(w, "Prickle admin\n\n/metrics\n/healthz\n/readyz\n/books\n")
	})
	return mux
}

// readyz answers 200 or 503, with the reasons either way.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	state := s.deps.Ready(r.Context())
	status := http.StatusOK
	if len(state.Reasons) > 0 {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, struct {
		Ready       bool     `json:"ready"`
		Reasons     []Reason `json:"reasons"`
		Information []Reason `json:"information"`
	}{len(state.Reasons) == 0, some(state.Reasons), some(state.Information)})
}

// some makes an empty list of no list, for JSON.
func some(reasons []Reason) []Reason {
	if reasons == nil {
		return []Reason{}
	}
	return reasons
}

func (s *Server) books(w http.ResponseWriter, r *http.Request) {
	books, err := s.deps.Books.Books(r.Context())
	if err != nil {
		writeJSON(w, http.StatusServiceUnavailable, map[string]string{"error": err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, books)
}

func plain(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, "the answer cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client is gone; there is nobody to tell
}
