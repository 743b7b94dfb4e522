package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Warehouse is one schema of a Postgres database. It is safe for concurrent use: one goroutine, started by Open and ended by Close, writes events;
// merges and queries have connections of their own.
type Warehouse struct {
	config  Config
	project int
	log     *slog.Logger
	now     func() time.Time

	address          address
	writing, reading *pgxpool.Pool

	preparing sync.Mutex
	prepared  bool         // whether the tables are up to date
	version   atomic.Value // string: the server's

	writer     warehouse.Writer
	batch      copyRows       // what the writer writes
	copies     spare          // what a merge writes
	partitions map[month]bool // that the writer knows to be there
	roomAfter  time.Time      // when the writer tries again to make one
	mended     atomic.Int64   // events and records
	failed     atomic.Value   // failure: the last write's
	changed    changes

	lockTimeout time.Duration
	step        func(name string) // for tests: called when a transaction is "staged" and "committed"
}

var (
	_ pipeline.Warehouse = (*Warehouse)(nil)
	_ pipeline.Opener    = (*Warehouse)(nil)
	_ pipeline.Closer    = (*Warehouse)(nil)
	_ pipeline.Checker   = (*Warehouse)(nil)
)

// New makes a Warehouse that Open will open. config is copied.
func New(config Config, env pipeline.Env) *Warehouse {
	w := &Warehouse{config: config, project: env.Project.ID, log: env.Log, now: env.Now, partitions: map[month]bool{}, copies: make(spare, 1),
		lockTimeout: lockTimeout, step: func(string) {}}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.now == nil {
		w.now = time.Now
	}
	return w
}

// Open brings the tables up to date and starts the writer. It fails when the server refuses the user, when a right is missing, and when a newer
// Prickle made the tables. A server that does not answer is no failure: what is written then fails until it does, and events wait in their queue.
func (w *Warehouse) Open(ctx context.Context) error {
	if err := w.connect(); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if err := w.ready(ctx); err != nil {
		if !isUnreachable(err) || ctx.Err() != nil {
			w.disconnect()
			return fmt.Errorf("postgres: %s: %w", w.address, w.advised(err))
		}
		w.log.Warn("the warehouse does not answer; events wait until it does", "address", w.address.String(), "error", shortened(err))
	}
	w.writer = warehouse.Writer{Store: "postgres", ProjectID: w.project, Insert: w.insert, Fault: isDataFault, Quotes: quotes, Sizes: sizes}
	w.writer.Start()
	return nil
}

// sizes: a transaction costs some milliseconds whatever is in it, and little for each event from a few thousand on.
var sizes = warehouse.Sizes{Events: 50_000, Bytes: 32 << 20, Enough: 5000, Rest: time.Second}

// Send stores events and returns nil when they are committed. An event that cannot be stored at all (a UUID that is none, properties that are not
// JSON) fails alone and for good; a server that does not answer, or cannot write, fails all of them for now.
func (w *Warehouse) Send(ctx context.Context, events []pipeline.Event) error {
	return w.writer.Send(ctx, events)
}

func (w *Warehouse) disconnect() {
	w.reading.Close()
	w.writing.Close()
	w.reading, w.writing = nil, nil
}

// Close ends the writer and the connections. All Rows must be closed before.
func (w *Warehouse) Close() error {
	if w.writing == nil {
		return nil
	}
	w.writer.Stop()
	w.disconnect()
	return nil
}

// openTimeout is how long the preparation may take; a migration of large tables may take minutes.
const openTimeout = 10 * time.Minute

// ready prepares the tables when that has not been done.
func (w *Warehouse) ready(ctx context.Context) error {
	w.preparing.Lock()
	defer w.preparing.Unlock()
	if w.prepared {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := w.again(func() error { return w.prepare(ctx) }); err != nil {
		return err
	}
	w.prepared = true
	return nil
}

// mostTries is how often a transaction is begun that another session keeps from its locks.
const mostTries = 3

// again runs a transaction until nothing of another session is in its way, mostTries times at most. Each try waits for the lock itself.
func (w *Warehouse) again(transaction func() error) error {
	for try := 1; ; try++ {
		err := transaction()
		if err == nil || try == mostTries || !mayPass(err) {
			return err
		}
		w.log.Warn("a transaction of the warehouse is tried again", "error", err)
	}
}

// Check connects, and looks whether the tables can be written. It changes nothing.
func (w *Warehouse) Check(ctx context.Context) error {
	if w.writing == nil {
		if err := w.connect(); err != nil {
			return fmt.Errorf("postgres: %w", err)
		}
		defer w.disconnect()
	}
	if err := w.check(ctx); err != nil {
		return fmt.Errorf("postgres: %s: %w", w.address, w.advised(err))
	}
	return nil
}

func (w *Warehouse) check(ctx context.Context) error {
	have, err := w.tablesVersion(ctx)
	if err != nil {
		return err
	}
	t, err := w.begin(ctx, w.writing, "")
	if err != nil {
		return err
	}
	defer t.rollback() // all of it
	if have == 0 {
		if err := w.migrate(ctx, t); err != nil {
			return err
		}
	}
	return t.exec(ctx, "CREATE TEMP TABLE _prickle_check (a integer) ON COMMIT DROP")
}
