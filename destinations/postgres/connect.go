package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// writeConnections is how many transactions write at once: events, a merge, and the care for tables.
const writeConnections = 3

// longestRow is how many bytes a row of a query may have, which is in memory as a whole, several times over while it is written out.
const longestRow = 64 << 20

// address is where the database is, for messages.
type address struct{ host, user, database string }

func (a address) String() string { return a.host + "/" + a.database }

// poolConfig is the driver's form of the configuration. Nothing that a session keeps is used, since a pooler hands out another session for
// every transaction: no prepared statements, no settings but those of a transaction, no parameters at the start but the name.
func (c *Config) poolConfig() (*pgxpool.Config, error) {
	p, err := pgxpool.ParseConfig(string(c.URL))
	if err != nil {
		return nil, errors.New("url: cannot be used") // the driver's text may quote it
	}
	if c.Password != "" {
		p.ConnConfig.Password = string(c.Password)
	}
	p.ConnConfig.RuntimeParams["application_name"] = "prickle"
	p.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	if c.Protocol == simple {
		p.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	}
	p.ConnConfig.StatementCacheCapacity, p.ConnConfig.DescriptionCacheCapacity = 0, 0
	return p, nil
}

func addressOf(p *pgxpool.Config) address {
	host := p.ConnConfig.Host
	if !strings.HasPrefix(host, "/") {
		host = net.JoinHostPort(host, strconv.Itoa(int(p.ConnConfig.Port)))
	}
	return address{host: host, user: p.ConnConfig.User, database: p.ConnConfig.Database}
}

// connect makes the pools; it reaches no server.
func (w *Warehouse) connect() error {
	writing, err := w.config.poolConfig()
	if err != nil {
		return err
	}
	reading := writing.Copy()
	writing.MaxConns, reading.MaxConns = writeConnections, int32(w.config.Connections)
	writing.MinConns, reading.MinConns = 0, 0
	reading.ConnConfig.MaxProtocolMessageBodyLen = longestRow
	w.address = addressOf(writing)
	if w.writing, err = pgxpool.NewWithConfig(context.Background(), writing); err != nil {
		return err
	}
	if w.reading, err = pgxpool.NewWithConfig(context.Background(), reading); err != nil {
		w.writing.Close()
		return err
	}
	return nil
}

// tx is a transaction on one connection. What does not return a result is sent as it is, several statements at once.
type tx struct {
	conn *pgxpool.Conn
	open bool
}

// begin begins a transaction in which names without a schema are ours and times are in UTC. Further statements go along with it. A connection that
// died while nobody used it is replaced.
func (w *Warehouse) begin(ctx context.Context, pool *pgxpool.Pool, mode string, statements ...string) (*tx, error) {
	first := "BEGIN " + mode + "; SET LOCAL search_path = " + warehouse.Identifier(w.config.Schema) + ", public; SET LOCAL TimeZone = 'UTC'; " +
		"SET LOCAL DateStyle = 'ISO'; SET LOCAL standard_conforming_strings = on"
	for left := pool.Config().MaxConns; ; left-- {
		conn, err := pool.Acquire(ctx)
		if err != nil {
			return nil, err
		}
		t := &tx{conn: conn, open: true}
		if err = t.exec(ctx, strings.Join(append([]string{first}, statements...), "; ")); err == nil {
			return t, nil
		}
		dead := conn.Conn().IsClosed() && (code(err) == "" || isUnreachable(err)) && ctx.Err() == nil
		t.rollback()
		if !dead || left == 0 {
			return nil, err
		}
	}
}

// lockTimeout is how long a statement waits for a lock that another session holds, before the transaction is given up and tried again.
const lockTimeout = 5 * time.Second

func (w *Warehouse) limitLocks() string {
	return fmt.Sprintf("SET LOCAL lock_timeout = %d", w.lockTimeout.Milliseconds())
}

// lock takes a lock that this or another process has for the same purpose, until the transaction's end.
func (w *Warehouse) lock(purpose string) string {
	return fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", hash64("prickle\x00"+w.config.Schema+"\x00"+purpose))
}

func (t *tx) exec(ctx context.Context, statements string) error {
	_, err := t.conn.Conn().PgConn().Exec(ctx, statements).ReadAll()
	return err
}

// affect runs one statement and returns how many rows it wrote.
func (t *tx) affect(ctx context.Context, statement string) (int, error) {
	results, err := t.conn.Conn().PgConn().Exec(ctx, statement).ReadAll()
	if err != nil || len(results) == 0 {
		return 0, err
	}
	return int(results[len(results)-1].CommandTag.RowsAffected()), nil
}

func (t *tx) commit(ctx context.Context, statements ...string) error {
	results, err := t.conn.Conn().PgConn().Exec(ctx, strings.Join(append(statements, "COMMIT"), "; ")).ReadAll()
	if err != nil {
		return err
	}
	if last := results[len(results)-1].CommandTag.String(); last != "COMMIT" {
		return fmt.Errorf("the server answered %s to a commit", last)
	}
	t.open = false
	return nil
}

// rollback ends the transaction, if it has not ended, and gives the connection back. One that is broken is thrown away.
func (t *tx) rollback() {
	if t.open && !t.conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
		defer cancel()
		if err := t.exec(ctx, "ROLLBACK"); err != nil {
			_ = t.conn.Conn().Close(ctx)
		}
	}
	t.open = false
	t.conn.Release()
}

// rollbackTimeout is how long a rollback may take before the connection is thrown away instead.
const rollbackTimeout = 5 * time.Second

// copyIn fills a table by a binary COPY.
func (t *tx) copyIn(ctx context.Context, table string, rows *copyRows) error {
	_, err := t.conn.Conn().PgConn().CopyFrom(ctx, rows.reader(), "COPY "+table+" FROM STDIN (FORMAT binary)")
	rows.lent = rows.lent || err != nil
	return err
}

// rows runs a query and returns its rows, as text.
func (t *tx) rows(ctx context.Context, query string) ([][]string, error) {
	results, err := t.conn.Conn().PgConn().Exec(ctx, query).ReadAll()
	if err != nil {
		return nil, err
	}
	rows := make([][]string, len(results[0].Rows))
	for i, row := range results[0].Rows {
		for _, v := range row {
			rows[i] = append(rows[i], string(v))
		}
	}
	return rows, nil
}

// column runs a query and returns the first value of each row, as text.
func (t *tx) column(ctx context.Context, query string) ([]string, error) {
	rows, err := t.rows(ctx, query)
	var values []string
	for _, row := range rows {
		values = append(values, row[0])
	}
	return values, err
}

// one is the value that a query returns, as text; "" when there is no row.
func (t *tx) one(ctx context.Context, query string) (string, error) {
	values, err := t.column(ctx, query)
	if err != nil || len(values) == 0 {
		return "", err
	}
	return values[0], nil
}

// hash64 is a number for a text, for locks.
func hash64(s string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s)) // a hash takes every write
	return int64(h.Sum64())
}
