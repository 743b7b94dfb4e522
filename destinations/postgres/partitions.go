package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// month is a month since the year 0, of UTC.
type month int

func monthOf(t time.Time) month {
	t = t.UTC()
	return month(t.Year()*12 + int(t.Month()) - 1)
}

func (m month) start() time.Time {
	return time.Date(int(m)/12, time.Month(m%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// partition is the name of the month's table.
func (m month) partition() string { return "events_" + m.start().Format("2006_01") }

// oldest is the first month that gets a partition of its own, and monthsAhead how far those reach into the future. What a wrong clock or an import
// claims beyond is in the partition events_default: as many partitions as there are dates would slow every query down.
var oldest = monthOf(time.Date(2005, 1, 1, 0, 0, 0, 0, time.UTC))

const monthsAhead = 2

// retryPartition is how long rows of a month go to events_default after its partition could not be made.
const retryPartition = time.Minute

// wanted are the months of rows that have no partition yet and shall have one.
func (w *Warehouse) wanted(times func(yield func(time.Time) bool)) []month {
	now := w.now()
	var months []month
	var last month
	for t := range times {
		m := monthOf(t)
		if m == last {
			continue
		}
		last = m
		if m < oldest || m > monthOf(now)+monthsAhead || w.partitions[m] || slices.Contains(months, m) {
			continue
		}
		months = append(months, m)
	}
	return months
}

// makePartitions makes partitions for months. Only the writer of events calls it, and Compact through it.
func (w *Warehouse) makePartitions(ctx context.Context, months []month) error {
	if len(months) == 0 {
		return nil
	}
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("partitions"))
	if err != nil {
		return err
	}
	defer t.rollback()
	for _, m := range months {
		if err := w.makePartition(ctx, t, m); err != nil {
			return err
		}
	}
	if err := t.commit(ctx); err != nil {
		return err
	}
	for _, m := range months {
		w.partitions[m] = true
	}
	return nil
}

var errNoPartition = errors.New("is no partition of events")

// makePartition makes a table beside the others, moves there what the default partition holds of its month, and attaches it: that takes no lock that
// readers of other months would have to wait for.
func (w *Warehouse) makePartition(ctx context.Context, t *tx, m month) error {
	name := m.partition()
	state, err := t.one(ctx, `SELECT CASE WHEN c.relispartition THEN 'attached' ELSE 'detached' END FROM pg_catalog.pg_class AS c
		JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = `+warehouse.Literal(w.config.Schema)+` AND c.relname = `+warehouse.Literal(name))
	switch {
	case err != nil:
		return err
	case state == "attached":
		return nil
	case state == "detached":
		return fmt.Errorf("%s %w: rename it, or attach it (ALTER TABLE events ATTACH PARTITION)", w.named(name), errNoPartition)
	}
	from, to := warehouse.Literal(m.start().Format(time.RFC3339)), warehouse.Literal((m + 1).start().Format(time.RFC3339))
	return t.exec(ctx, strings.NewReplacer("$name", warehouse.Identifier(name), "$from", from, "$to", to).Replace(`
		CREATE TABLE $name (LIKE events INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
		WITH moved AS (DELETE FROM events_default WHERE timestamp >= $from AND timestamp < $to RETURNING *) INSERT INTO $name SELECT * FROM moved;
		ALTER TABLE events ATTACH PARTITION $name FOR VALUES FROM ($from) TO ($to)`))
}

// dropOld detaches and drops the partitions whose months are over the retention, and forgets the ids that belong to them.
func (w *Warehouse) dropOld(ctx context.Context) error {
	if w.config.Retention == 0 {
		return nil
	}
	keep := monthOf(w.now()) - month(w.config.Retention)
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("partitions"))
	if err != nil {
		return err
	}
	defer t.rollback()
	names, err := t.column(ctx, "SELECT inhrelid::regclass::text FROM pg_catalog.pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1")
	if err != nil {
		return err
	}
	var statements, dropped []string
	for _, name := range names {
		at, err := time.Parse("events_2006_01", strings.Trim(name, `"`))
		if err != nil || monthOf(at) >= keep {
			continue
		}
		dropped = append(dropped, name)
		statements = append(statements, "ALTER TABLE events DETACH PARTITION "+name, "DROP TABLE "+name)
	}
	statements = append(statements, "DELETE FROM events_default WHERE timestamp < "+warehouse.Literal(keep.start().Format(time.RFC3339)),
		fmt.Sprintf("DELETE FROM _prickle_uuids WHERE bucket < %d", bucketOf(keep.start())-1))
	if err := t.commit(ctx, statements...); err != nil {
		return err
	}
	for m := range w.partitions {
		if m < keep {
			delete(w.partitions, m)
		}
	}
	if len(dropped) > 0 {
		w.log.Info("months of events past the retention were dropped", "partitions", dropped)
	}
	return nil
}
