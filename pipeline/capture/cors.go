package capture

import (
	"net/http"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// allowOrigin lets scripts of any page read the answer, errors included: without it browsers see no status at all and send again what
// should be final.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
	if origin := r.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "Retry-After") // else scripts cannot read it, and analytics.js keeps to it
	}
}

// preflight allows whatever a browser asks for. It does not tell the key, so it is refused only for pages that no key is for.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) error {
	if origin := originOf(r); origin != "" && !s.keys.allowOrigin(origin) {
		return wire.Forbidden("origin_not_allowed", "pages of this origin may not send with any key of this server: see origins of the keys")
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Max-Age", "900")
	if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
		h.Set("Access-Control-Allow-Headers", asked)
	}
	writeJSON(w, http.StatusOK, posthogSuccess)
	return nil
}
