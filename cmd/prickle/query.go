package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/spf13/cobra"
)

// queryFlags are what `prickle query` is told beside the SQL.
type queryFlags struct {
	format, file, out string
	params            []string
	limit             int
	timeout           time.Duration
	timing            bool
}

func newQuery(p *projectFlag) *cobra.Command {
	var f queryFlags
	cmd := &cobra.Command{
		Use:   "query SQL",
		Short: "Run a SQL query on the warehouse, while the project runs or not",
		Long: `Runs one SQL statement that reads, on the warehouse of the project: on the running process when there is one, else on
the file. Events are in the table events (uuid, event, distinct_id, timestamp, properties, source, received_at, inserted_at); the tables of a
source are named after it, for example stripe_customers. A statement that would write is refused.`,
		Example: `  prickle query "SELECT event, count(*) AS n FROM events GROUP BY event ORDER BY n DESC"
  prickle query --format json "SELECT uuid, properties->>'$.plan' AS plan FROM events WHERE event = 'purchase'"
  prickle query --out customers.csv "SELECT * FROM stripe_customers"
  prickle query --file month.sql --param 2026-08-01 --param 2026-09-01 --out august.parquet`,
		Args: func(cmd *cobra.Command, args []string) error { return usage(cmd, (f.file == "") == (len(args) == 1)) },
		RunE: func(cmd *cobra.Command, args []string) error { return runQuery(cmd, p, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.format, "format", "f", "", "how to write rows: table, json (one object a line), csv or parquet; the default is what the name of --out ends in, else table")
	flags.StringVarP(&f.out, "out", "o", "", "write to this `file`, which appears when it is complete")
	flags.StringVar(&f.file, "file", "", "read the SQL from this `file`, - for standard input")
	flags.StringArrayVar(&f.params, "param", nil, "the `value` of the next parameter ($1, $2 or ?), or N=value that of the Nth; numbers, true, false and null are such, everything else is text")
	flags.IntVar(&f.limit, "limit", 0, "give at most so many rows; 0 is all")
	flags.DurationVar(&f.timeout, "timeout", 0, "give up after this time; 0 is never")
	flags.BoolVar(&f.timing, "timing", false, "tell on standard error how many rows there were and how long it took")
	return cmd
}

func runQuery(cmd *cobra.Command, p *projectFlag, f queryFlags, args []string) error {
	request, err := f.request(p.std.in, args)
	if err != nil {
		return err
	}
	out, err := newOutput(f.format, f.out, p.std.out)
	if err != nil {
		return err
	}
	ctx, cancel := cmd.Context(), context.CancelFunc(func() {})
	if f.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
	}
	defer cancel()
	timed := &timedResult{Result: out, began: time.Now()}
	err = p.with(ctx, needWarehouse, func(b control.Backend) error { return b.Query(ctx, request, timed) })
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("the query took longer than %s (--timeout)", f.timeout)
	}
	if err = out.end(err); err != nil {
		return err
	}
	if f.timing {
		fmt.Fprintln(p.std.err, timed)
	}
	return nil
}

// request is what to ask.
func (f queryFlags) request(in io.Reader, args []string) (q query.Request, err error) {
	switch {
	case f.limit < 0:
		return q, fmt.Errorf("--limit %d: want 0 or more", f.limit)
	case f.timeout < 0:
		return q, fmt.Errorf("--timeout %s: want 0 or more", f.timeout)
	}
	q.Limit = f.limit
	if q.SQL, err = f.sql(in, args); err != nil {
		return q, err
	}
	q.Params, err = parseParams(f.params)
	return q, err
}

func (f queryFlags) sql(in io.Reader, args []string) (string, error) {
	var text []byte
	var err error
	switch f.file {
	case "":
		return args[0], nil
	case "-":
		text, err = io.ReadAll(in)
	default:
		text, err = os.ReadFile(f.file)
	}
	if err != nil {
		return "", fmt.Errorf("--file: %w", err)
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", fmt.Errorf("--file %s: there is no SQL in it", f.file)
	}
	return string(text), nil
}

// timedResult notes when the rows of a result come.
type timedResult struct {
	query.Result
	began time.Time
	first time.Duration
	rows  int
}

func (r *timedResult) Row(values []any) error {
	if r.rows++; r.rows == 1 {
		r.first = time.Since(r.began)
	}
	return r.Result.Row(values)
}

// String is the line of --timing.
func (r *timedResult) String() string {
	line := count(r.rows, "row")
	if r.rows > 0 {
		line += fmt.Sprintf(", the first after %s", r.first.Round(time.Microsecond))
	}
	return line + fmt.Sprintf(", %s in all", time.Since(r.began).Round(time.Microsecond))
}
