package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
)

// Warehouse is one database of a ClickHouse server. It is safe for concurrent use: one goroutine, started by Open and ended by Close, inserts
// events; Merges come one after the other; queries have connections of their own.
type Warehouse struct {
	config  Config
	options *clickhouse.Options
	project int
	log     *slog.Logger
	now     func() time.Time

	conn      clickhouse.Conn
	abilities abilities
	layout    layout
	writer    *warehouse.Writer
	blocks    chan *eventBlock // for each insert that may be under way
	overload  overload
	merging   turn
	lastTick  atomic.Int64
	lastError atomic.Pointer[failure]
}

// turn is had by one at a time. Unlike a mutex it is not waited for longer than a context lasts.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// tick is a version for a row of a control table: higher than all before it, whatever the clock does.
func (w *Warehouse) tick() uint64 {
	for {
		last := w.lastTick.Load()
		next := max(last+1, w.now().UnixMicro())
		if w.lastTick.CompareAndSwap(last, next) {
			return uint64(next)
		}
	}
}

// failure is the last insert that failed, for Health.
type failure struct {
	at  time.Time
	err error
}

var (
	_ pipeline.Warehouse = (*Warehouse)(nil)
	_ pipeline.Opener    = (*Warehouse)(nil)
	_ pipeline.Closer    = (*Warehouse)(nil)
)

// New makes a Warehouse that Open will connect. config is copied; the files of its TLS are read.
func New(config Config, env pipeline.Env) (*Warehouse, error) {
	options, err := config.options()
	if err != nil {
		return nil, err
	}
	w := &Warehouse{config: config, options: options, project: env.Project.ID, log: env.Log, now: env.Now, merging: make(turn, 1)}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.now == nil {
		w.now = time.Now
	}
	return w, nil
}

// Open connects, finds out what the server can do, brings the tables up to date and starts the writer. It fails with what to do when the
// server cannot be reached or does not let the user in, when the database does not exist, when the server is older than 24.8, and when a
// newer Prickle made the tables.
func (w *Warehouse) Open(ctx context.Context) error {
	conn, err := clickhouse.Open(w.options)
	if err != nil {
		return fmt.Errorf("clickhouse: %w", w.explain(ctx, err))
	}
	w.conn = conn
	if err := w.open(ctx); err != nil {
		_ = conn.Close()
		w.conn = nil
		return fmt.Errorf("clickhouse: %w", w.explain(ctx, err))
	}
	w.writer = &warehouse.Writer{
		Store: "clickhouse", ProjectID: w.project, Insert: w.insert,
		Fault:  func(err error) bool { return errors.Is(err, errTime) || isValueFault(err) },
		Quotes: isValueFault,
		Sizes:  w.sizes(), Parallel: inserts,
	}
	w.blocks = make(chan *eventBlock, inserts)
	for range inserts {
		w.blocks <- &eventBlock{}
	}
	w.writer.Start()
	return nil
}

func (w *Warehouse) open(ctx context.Context) error {
	var err error
	if w.abilities, err = probe(ctx, w.conn, w.config.JSON); err != nil {
		return err
	}
	w.layout = layout{database: w.options.Auth.Database, cluster: w.config.Cluster, json: w.abilities.json, retention: w.config.Retention}
	return w.migrate(ctx)
}

// Close ends the writer and the connections.
func (w *Warehouse) Close() error {
	if w.conn == nil {
		return nil
	}
	w.writer.Stop()
	err := w.conn.Close()
	w.conn = nil
	if err != nil {
		return fmt.Errorf("clickhouse: close: %w", err)
	}
	return nil
}

// Capabilities tells what the server is and can do.
func (w *Warehouse) Capabilities() pipeline.Capabilities {
	return pipeline.Capabilities{Store: "ClickHouse", Version: w.abilities.version, Shared: true, JSON: w.abilities.json}
}

// Send stores events and returns nil when the server has them. An event that cannot be stored at all fails alone and for good.
func (w *Warehouse) Send(ctx context.Context, events []pipeline.Event) error {
	return w.writer.Send(ctx, events)
}
