package control

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prickle-dev/prickle/pipeline/query"
)

type (
	tailRequest struct {
		Where string `json:"where,omitempty"`
	}
	syncRequest struct {
		Source string `json:"source"`
	}
	single struct {
		Value any    `json:"value,omitempty"`
		Error string `json:"error,omitempty"`
	}
	// part is one line of an answer with many. One field is set, or none for a result that has no columns, and no rows.
	part struct {
		Columns  []query.Column   `json:"columns,omitempty"`
		Row      []any            `json:"row,omitempty"`
		Event    json.RawMessage  `json:"event,omitempty"`
		Progress *Progress        `json:"progress,omitempty"`
		Letter   *DeadLetter      `json:"letter,omitempty"`
		Dead     *DeadProgress    `json:"dead,omitempty"`
		Replay   *ReplayJob       `json:"replay,omitempty"`
		Explain  *ExplainProgress `json:"explain,omitempty"`
		Story    *Story           `json:"story,omitempty"`
		Erasure  *Erasure         `json:"erasure,omitempty"`
		Step     string           `json:"step,omitempty"`
		Error    string           `json:"error,omitempty"`
		End      bool             `json:"end,omitempty"`
	}
)

// maxSocketPath is the length that a unix socket's path may have on every system we build for.
const maxSocketPath = 100

// SocketPath is where the process that owns the data folder listens: prickle.sock in it, or, when that path is too long for a socket, a name
// made from it in a folder of the user's own among the temporary files (see ownFolder).
func SocketPath(dataDir string) string {
	if abs, err := filepath.Abs(dataDir); err == nil {
		dataDir = abs
	}
	path := filepath.Join(dataDir, "prickle.sock")
	if len(path) <= maxSocketPath {
		return path
	}
	sum := sha256.Sum256([]byte(dataDir))
	return filepath.Join(os.TempDir(), "prickle-"+strconv.Itoa(os.Getuid()), hex.EncodeToString(sum[:8])+".sock")
}

// ownFolder makes sure that nobody else can put a socket where SocketPath points: its folder, when that is not the data folder, must be the
// user's own and closed to others.
func ownFolder(dataDir string) error {
	dir := filepath.Dir(SocketPath(dataDir))
	if abs, err := filepath.Abs(dataDir); err == nil && dir == abs {
		return nil
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ownedByUser(info) {
		return fmt.Errorf("%s belongs to somebody else, or is open to others: remove it, or use a data folder with a shorter path", dir)
	}
	return nil
}

// lines writes parts, one a line.
type lines struct {
	w   http.ResponseWriter
	buf *bufio.Writer
	enc *json.Encoder
}

func newLines(w http.ResponseWriter) *lines {
	w.Header().Set("Content-Type", "application/x-ndjson")
	buf := bufio.NewWriterSize(w, 64<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return &lines{w: w, buf: buf, enc: enc}
}

func (l *lines) send(p part) error { return l.enc.Encode(p) }

// resultLines sends a result.
type resultLines struct{ *lines }

// Columns implements query.Result.
func (l resultLines) Columns(columns []query.Column) error { return l.send(part{Columns: columns}) }

// Row implements query.Result.
func (l resultLines) Row(values []any) error { return l.send(part{Row: values}) }

func (l *lines) flush() {
	_ = l.buf.Flush() // a failed write shows in the next one and ends the request's context
	if f, ok := l.w.(http.Flusher); ok {
		f.Flush()
	}
}

func (l *lines) end(err error) {
	last := part{End: true}
	if err != nil {
		last = part{Error: err.Error()}
	}
	_ = l.send(last) // as in flush
	l.flush()
}
