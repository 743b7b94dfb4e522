package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Warehouse is one DuckDB file with everything in it. It is safe for concurrent use: one goroutine, started by Open and ended by Close,
// does all writing, and queries have connections of their own.
type Warehouse struct {
	config  Config
	project int
	log     *slog.Logger
	now     func() time.Time

	file    *claim
	db      *database
	conn    *sql.Conn // the writer's
	version string    // of DuckDB
	writer  warehouse.Writer

	life    sync.RWMutex // held by who uses db, but for the writer, and by the writer while it opens the file again
	dead    atomic.Bool  // the file has to be opened again
	upkeep  sync.Mutex   // held by what writes and removes files of months
	exports exports      // the writer's; whoever holds upkeep may read it
	mark    time.Time    // the writer's: later inserts have later times
	trimmed time.Time    // the writer's: when memory was last given back
	// appended is the writer's: how many events came since the last checkpoint, which begins a row group.
	appended int
	// written is the writer's: how many came before that since the file was opened. It is opened anew after anewAfter.
	written, anewAfter int
	crash              func(step string) error
}

var (
	_ pipeline.Warehouse = (*Warehouse)(nil)
	_ pipeline.Opener    = (*Warehouse)(nil)
	_ pipeline.Closer    = (*Warehouse)(nil)
)

// New makes a Warehouse that Open will open. config is copied.
func New(config Config, env pipeline.Env) *Warehouse {
	w := &Warehouse{config: config, log: env.Log, now: env.Now, project: env.Project.ID, anewAfter: anewAfter}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.now == nil {
		w.now = time.Now
	}
	return w
}

// Open makes the file and its folder when they do not exist, brings its tables up to date and starts the writer. It fails when another
// process has the file open, when it is not a DuckDB file, and when a newer DuckDB or a newer Prickle wrote it.
func (w *Warehouse) Open(ctx context.Context) error {
	file, err := claimFile(w.config.Path, forWriting)
	if err != nil {
		return err
	}
	if err := w.open(ctx, file); err != nil {
		file.release()
		return fmt.Errorf("duckdb: %s: %w", w.config.Path, err)
	}
	w.file = file
	w.writer = warehouse.Writer{
		Store: "duckdb", ProjectID: w.project, Insert: w.insert, Fault: isDataFault, Quotes: quotes, Sizes: sizes,
		After: w.tidy,
	}
	w.writer.Start()
	return nil
}

func (w *Warehouse) open(ctx context.Context, file *claim) (err error) {
	db, err := openDatabase(ctx, file, settings{
		memory: w.config.MemoryLimit, threads: w.config.threads(), files: w.config.Files, lakes: w.config.Lakes, exportDir: w.config.Export.Dir,
	})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	if err := migrate(ctx, conn, w.project, w.now()); err != nil {
		return errors.Join(err, conn.Close())
	}
	if w.version == "" { // it stays what it is when the file is opened again, beside who reads it
		if err := conn.QueryRowContext(ctx, "SELECT ltrim(version(), 'v')").Scan(&w.version); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	if err := showLakes(ctx, conn, w.config.Lakes); err != nil {
		return errors.Join(err, conn.Close())
	}
	w.db, w.conn = db, conn
	if err := w.openExports(ctx, conn); err != nil {
		w.db, w.conn = nil, nil
		return errors.Join(err, conn.Close())
	}
	return nil
}

// Close ends the writer, writes the log of the database into its file, and closes it.
func (w *Warehouse) Close() error {
	if w.file == nil {
		return nil
	}
	w.writer.Stop()
	var err error
	if w.db != nil { // or it could not be opened again
		err = errors.Join(w.conn.Close(), w.db.Close())
		w.db = nil
	}
	w.file.release()
	w.file = nil
	if err != nil {
		return fmt.Errorf("duckdb: close %s: %w", w.config.Path, err)
	}
	return nil
}

// Send stores events and returns nil when they are on disk. An event that cannot be stored at all (a UUID that is none, properties that are
// not JSON) fails alone and for good; a full disk, or memory used up by queries, fails all of them for now.
func (w *Warehouse) Send(ctx context.Context, events []pipeline.Event) error {
	return w.writer.Send(ctx, events)
}

// sizes: a transaction costs milliseconds whatever is in it, and little for each event from a few thousand on.
var sizes = warehouse.Sizes{Events: 50_000, Bytes: 64 << 20, Enough: 4000, Rest: 100 * time.Millisecond}

// Query runs one SQL statement that reads: SELECT, EXPLAIN, DESCRIBE, SHOW, SUMMARIZE or a PRAGMA that only shows. Anything that writes,
// changes a setting, or touches files or the network is refused. The result is computed before Query returns and counts towards the
// memory limit. ctx holds for the Rows too. Rows must be closed before the Warehouse.
func (w *Warehouse) Query(ctx context.Context, query string, args ...any) (pipeline.Rows, error) {
	db, release, err := w.use(ctx)
	if err != nil {
		return nil, fmt.Errorf("duckdb: query: %w", err)
	}
	rows, err := db.query(ctx, query, args)
	if err != nil {
		err = w.noticed(err) // while it is this database that the error is of
		release()
		return nil, err
	}
	rows.released = release
	return rows, nil
}

// Reader is a DuckDB file opened only for queries.
type Reader struct {
	file *claim
	db   *database
}

// OpenForQuery opens the warehouse at path without writing to it, for when no other process has it open. It fails when the file does not
// exist, when it is open in another process, and in the cases in which Open does.
func OpenForQuery(ctx context.Context, path string) (*Reader, error) {
	file, err := claimFile(path, forReading)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, file, settings{readOnly: true})
	if err == nil {
		if err = checkReadable(ctx, db); err != nil {
			err = errors.Join(err, db.Close())
		}
	}
	if err != nil {
		file.release()
		return nil, fmt.Errorf("duckdb: %s: %w", path, err)
	}
	return &Reader{file: file, db: db}, nil
}

// Query is Warehouse.Query.
func (r *Reader) Query(ctx context.Context, query string, args ...any) (pipeline.Rows, error) {
	rows, err := r.db.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Close closes the file. All Rows must be closed before.
func (r *Reader) Close() error {
	err := r.db.Close()
	r.file.release()
	return err
}

// database is an open DuckDB with a connection pool for the writer and the connector that queries get their connections from.
type database struct {
	*sql.DB
	connector connector
	files     bool   // queries may name files
	exportDir string // where the files of months are; "" when there never were any
}
