package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// A block ends at so many events or bytes of properties.
const (
	blockEvents = 50_000
	blockBytes  = 16 << 20
)

// inserts is how many inserts are under way at once: the server works on one while the next is put together. Copies of an event in two of them become
// one like any others.
const inserts = 2

func (w *Warehouse) sizes() warehouse.Sizes {
	return warehouse.Sizes{Events: blockEvents, Bytes: blockBytes, Enough: blockEvents, Pace: w.config.Pace}
}

// The earliest copy of an event that was received has the highest version, and stays.
const latestVersion = 1<<63 - 1

// eventBlock is a block of events as columns. Its slices are used again for every block; their texts alias the events.
type eventBlock struct {
	projects              []uint32
	uuids, persons        []uuid.UUID
	texts                 [][]string // of the text columns, in the order of eventColumns
	times, received, made []int64    // milliseconds since 1970
	versions              []uint64
}

func (b *eventBlock) reset() {
	if b.texts == nil {
		b.texts = make([][]string, len(eventColumns))
	}
	b.projects, b.uuids, b.persons = b.projects[:0], b.uuids[:0], b.persons[:0]
	b.times, b.received, b.made, b.versions = b.times[:0], b.received[:0], b.made[:0], b.versions[:0]
	for i := range b.texts {
		clear(b.texts[i]) // what they alias must not be kept
		b.texts[i] = b.texts[i][:0]
	}
}

// Places of the columns in eventColumns: those before session_id, the first of warehouse.Extracted, and those after it.
const (
	atEvent, atDistinctID, atProperties = 2, 3, 6
	atSession, atGroups, atSource       = 7, 8, 9
)

func (b *eventBlock) add(r *warehouse.EventRow, project int, now int64) {
	b.projects = append(b.projects, uint32(project))
	b.uuids, b.persons = append(b.uuids, r.UUID), append(b.persons, r.PersonID)
	b.times, b.received = append(b.times, r.Event.Timestamp.UnixMilli()), append(b.received, r.Event.ReceivedAt.UnixMilli())
	b.made = append(b.made, now)
	b.versions = append(b.versions, uint64(latestVersion-r.Event.ReceivedAt.UnixMilli()))
	b.text(atEvent, r.Name)
	b.text(atDistinctID, r.DistinctID)
	b.text(atProperties, rawjson.Alias(r.Properties))
	b.text(atGroups, rawjson.Alias(r.Groups))
	b.text(atSource, r.Source)
	b.text(atSession, r.Extracted[0])
	for i, s := range r.Extracted[1:] {
		b.text(atSource+1+i, s)
	}
}

func (b *eventBlock) text(at int, s string) { b.texts[at] = append(b.texts[at], s) }

// column is the values of a column.
func (b *eventBlock) column(at int) any {
	switch eventColumns[at].name {
	case "project_id":
		return b.projects
	case "uuid":
		return b.uuids
	case "person_id":
		return b.persons
	case "timestamp":
		return b.times
	case "received_at":
		return b.received
	case "inserted_at":
		return b.made
	case "version":
		return b.versions
	}
	return b.texts[at]
}

// insert stores rows as one block under a token made of their UUIDs: the server drops a block that it has already. When it is not sure
// whether a block arrived, the very same one is sent again. Rows with times that the type of the columns does not hold in every version of the
// server are refused here.
func (w *Warehouse) insert(ctx context.Context, rows []warehouse.EventRow) error {
	block := <-w.blocks
	defer func() { w.blocks <- block }()
	block.reset()
	token, now := fnv.New128a(), w.now().UnixMilli()
	for i := range rows {
		if err := checkTimes(&rows[i]); err != nil {
			return err
		}
		block.add(&rows[i], w.project, now)
		_, _ = token.Write(rows[i].UUID[:]) // a hash takes everything
	}
	name := fmt.Sprintf("prickle-%d-%x", len(rows), token.Sum(nil))
	err := w.again(ctx, func() error {
		return w.send(ctx, eventsRows, eventColumns, block.column, name)
	})
	err = w.overload.judge(w.explain(ctx, err))
	if err != nil {
		w.lastError.Store(&failure{w.now(), err})
	}
	return err
}

var errTime = errors.New("time: want a year from 1900 to 2299, which is what ClickHouse keeps")

func checkTimes(r *warehouse.EventRow) error {
	for _, t := range []time.Time{r.Event.Timestamp, r.Event.ReceivedAt} {
		if t.Year() < firstYear || t.Year() > lastYear {
			return errTime
		}
	}
	return nil
}

// The years that DateTime64 holds in all versions.
const firstYear, lastYear = 1900, 2299

// insertSettings make an insert final when it is answered: not put together with others by the server, and on all shards.
var insertSettings = clickhouse.Settings{
	"async_insert": 0, "insert_distributed_sync": 1, "insert_deduplicate": 1, "max_partitions_per_insert_block": 0,
}

// send inserts a block of columns. A token names the block: the server drops another one of the same name.
func (w *Warehouse) send(ctx context.Context, into string, columns []eventColumn, values func(int) any, token string) error {
	settings := maps.Clone(insertSettings)
	if token != "" {
		settings["insert_deduplication_token"] = token
	}
	known := make([]clickhouse.ColumnNameAndType, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		known[i] = clickhouse.ColumnNameAndType{Name: c.name, Type: c.typ}
		if c.typ == lowText {
			// Over HTTP, where the client names the types, the server makes the dictionary, at a third of what it costs here.
			known[i].Type = "String"
		}
		names[i] = identifier(c.name)
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithColumnNamesAndTypes(known))
	batch, err := w.conn.PrepareBatch(ctx, insertInto(into, names), driver.WithReleaseConnection())
	if err != nil {
		return err
	}
	for i := range columns {
		if err := batch.Column(i).Append(values(i)); err != nil {
			return errors.Join(fmt.Errorf("column %s: %w", columns[i].name, err), batch.Abort())
		}
	}
	return batch.Send()
}

func insertInto(table string, quoted []string) string {
	text := "INSERT INTO " + identifier(table) + " ("
	for i, n := range quoted {
		if i > 0 {
			text += ", "
		}
		text += n
	}
	return text + ")"
}

// unsureTries is how often a block whose fate is unknown is sent again at once. After that its events are the queue's to send again, in
// blocks that may be cut otherwise; what arrived twice is then put together by the engine and by FINAL.
const unsureTries = 2

func (w *Warehouse) again(ctx context.Context, send func() error) error {
	for try := 0; ; try++ {
		err := send()
		if !isUnsure(err) || try == unsureTries {
			return err
		}
		select {
		case <-time.After(time.Duration(1+try) * 300 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// overload slows down when the server asks for it. It belongs to the writer's goroutine.
type overload struct {
	mu    sync.Mutex
	delay time.Duration
}

const firstDelay, longestDelay = 2 * time.Second, 2 * time.Minute

// judge gives an error of a server with too much to do a delay that doubles until an insert succeeds. The events wait in their queue meanwhile, so
// that the next inserts are larger.
func (o *overload) judge(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.delay = 0
		return nil
	case !isOverload(err):
		return err
	}
	o.delay = min(max(2*o.delay, firstDelay), longestDelay)
	return pipeline.RetryAfter(err, o.delay)
}
