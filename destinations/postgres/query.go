package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prickle-dev/prickle/pipeline"
)

// Query runs one SQL statement that reads: SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW, in a read-only transaction. Parameters are $1, $2 and
// so on. A function that may have an effect is refused, also where the user that Prickle is could call it. When ctx has a deadline, the server
// gives up by then too. The rows come as the server makes them; they must be closed, or their connection is not free for the next query.
func (w *Warehouse) Query(ctx context.Context, sql string, args ...any) (pipeline.Rows, error) {
	r, err := w.query(ctx, sql, args)
	switch {
	case err == nil:
		return r, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("postgres: query: %w", w.advised(err))
}

func (w *Warehouse) query(ctx context.Context, sql string, args []any) (_ pipeline.Rows, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	calls, err := checkStatement(sql)
	if err != nil {
		return nil, err
	}
	if err := w.ready(ctx); err != nil {
		return nil, err
	}
	t, err := w.begin(ctx, w.reading, "READ ONLY", statementTimeout(ctx))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			t.rollback()
		}
	}()
	if err := t.checkCalls(ctx, calls); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	mode := pgx.QueryExecModeDescribeExec
	if w.config.Protocol == simple {
		mode = pgx.QueryExecModeSimpleProtocol
	}
	result, err := t.conn.Query(ctx, sql, append([]any{mode, pgx.QueryResultFormats{pgx.TextFormatCode}}, args...)...)
	if err != nil {
		cancel()
		return nil, err
	}
	r := &rows{ctx: ctx, cancel: cancel, tx: t, result: result}
	// The first row is asked for here, so that what is wrong with the statement is this call's error.
	r.first = result.Next()
	if err := result.Err(); err != nil {
		cancel()
		result.Close()
		return nil, err
	}
	return r, nil
}

// statementTimeout has the server stop a statement when nobody waits for it any more, even when the connection is gone.
func statementTimeout(ctx context.Context) string {
	deadline, ok := ctx.Deadline()
	if !ok {
		return "SET LOCAL statement_timeout = 0"
	}
	return fmt.Sprintf("SET LOCAL statement_timeout = %d", max(1, time.Until(deadline).Milliseconds()))
}

// rows is the result of a query with the connection that it comes from.
type rows struct {
	ctx    context.Context
	cancel context.CancelFunc
	tx     *tx
	result pgx.Rows
	first  bool // whether Next was called on result for a row that is still to be handed out
	ended  bool
	closed bool
	values []any
}

func (r *rows) Columns() []string {
	fields := r.result.FieldDescriptions()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

func (r *rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if !r.ended {
		r.cancel() // what has not been read would have to be
	}
	r.result.Close()
	r.cancel()
	r.tx.rollback()
	if err := r.result.Err(); err != nil && r.ended && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("postgres: query: %w", err)
	}
	return nil
}
