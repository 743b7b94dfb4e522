package capture

import (
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Seconds for which browsers keep a script: one in a folder of its own is of one version, one beside it is replaced by the next.
const (
	keepVersioned = "public, max-age=86400"
	keepCurrent   = "public, max-age=300"
)

// scriptTypes are the types of the files that PostHog's web SDK loads, whatever the machine takes them for.
var scriptTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".map": "application/json", ".json": "application/json",
}

// static serves a file of the folder capture.static (spec 4.3). Nothing outside of it can be reached, by links neither, and no hidden file.
func (s *Server) static(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		file := s.openStatic(name)
		if file == nil {
			return notFound()
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return notFound()
		}
		h := w.Header()
		if kind, ok := scriptTypes[path.Ext(name)]; ok {
			h.Set("Content-Type", kind)
		}
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", keepCurrent)
		if strings.Contains(name, "/") {
			h.Set("Cache-Control", keepVersioned)
		}
		http.ServeContent(w, r, path.Base(name), info.ModTime(), file)
		return nil
	}
}

// openStatic opens a file, or returns nil.
func (s *Server) openStatic(name string) *os.File {
	if s.config.Static.Path == "" {
		return nil
	}
	for element := range strings.SplitSeq(name, "/") {
		if element == "" || element[0] == '.' {
			return nil
		}
	}
	file, err := os.OpenInRoot(s.config.Static.Path, filepath.FromSlash(name))
	if err != nil {
		return nil
	}
	return file
}
