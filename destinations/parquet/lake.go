package parquet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/prickle-dev/prickle/destinations/warehouse"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// Lake is a destination. It is safe for concurrent use: one goroutine writes pieces, another puts them together; both are started by Open and ended by
// Close.
type Lake struct {
	config  Config
	project int32
	log     *slog.Logger
	now     func() time.Time
	store   store
	writer  warehouse.Writer

	// Of the goroutine that writes.
	rows   []row
	buffer bytes.Buffer
	out    *parquet.GenericWriter[row]
	parts  map[string]int64

	compacting sync.Mutex // held by Compact
	waiting    int64      // bytes of pieces since the last signal; the writer's
	full       chan struct{}
	stop       context.CancelFunc
	stopped    chan struct{}

	counts  counts
	trouble atomic.Pointer[string] // why the last Compact by itself failed; nil when it did not
}

var (
	_ pipeline.FileStore = (*Lake)(nil)
	_ pipeline.Opener    = (*Lake)(nil)
	_ pipeline.Closer    = (*Lake)(nil)
	_ pipeline.Checker   = (*Lake)(nil)
)

// sizes make pieces of some 10 MB at full speed: each costs the same sync or request.
var sizes = warehouse.Sizes{Events: 60_000, Bytes: 32 << 20, Enough: 20_000, Rest: 250 * time.Millisecond}

// New makes a Lake that Open will open. config is copied.
func New(config Config, env pipeline.Env) *Lake {
	l := &Lake{config: config, project: int32(min(env.Project.ID, math.MaxInt32)), log: env.Log, now: env.Now, parts: map[string]int64{}, full: make(chan struct{}, 1)} //nolint:gosec // bounded
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.now == nil {
		l.now = time.Now
	}
	return l
}

// connect makes the store.
func (l *Lake) connect() (store, error) {
	if l.config.S3 == nil {
		return &local{root: l.config.Path}, nil
	}
	return newBucket(*l.config.S3, nil)
}

// Open finds out whether the lake can be used, makes its folder when there is none, and starts the goroutines.
func (l *Lake) Open(ctx context.Context) error {
	if err := l.open(ctx); err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	l.writer = warehouse.Writer{Store: "parquet", ProjectID: int(l.project), Insert: l.insert, Fault: func(error) bool { return false }, Sizes: sizes}
	l.writer.Start()
	background, stop := context.WithCancel(context.Background())
	l.stop, l.stopped = stop, make(chan struct{})
	go l.keep(background)
	return nil
}

func (l *Lake) open(ctx context.Context) (err error) {
	if l.store, err = l.connect(); err != nil {
		return err
	}
	if err := l.store.open(ctx); err != nil {
		return err
	}
	if _, err := l.manifest(ctx); err != nil {
		return err
	}
	l.out = newWriter(&l.buffer)
	if err := l.out.Close(); err != nil {
		return err
	}
	return l.store.put(ctx, emptyName, bytes.NewReader(l.buffer.Bytes()), int64(l.buffer.Len()))
}

// Check implements pipeline.Checker: it finds out whether the lake can be reached, and changes nothing.
func (l *Lake) Check(ctx context.Context) error {
	if l.config.S3 == nil {
		return nil // a folder is made when it is needed
	}
	s, err := l.connect()
	if err == nil {
		err = s.open(ctx)
	}
	if err != nil {
		return fmt.Errorf("parquet: %w", err)
	}
	return nil
}

// Close ends the goroutines. Pieces stay as they are.
func (l *Lake) Close() error {
	if l.stop == nil {
		return nil
	}
	l.stop()
	l.writer.Stop()
	<-l.stopped
	return nil
}

// Send stores events and returns nil when they are durable. Properties that are not JSON, and a UUID that is none, fail alone and for good.
func (l *Lake) Send(ctx context.Context, events []pipeline.Event) error {
	var bad map[int]error
	for i := range events {
		if err := broken(events[i].Properties); err != nil {
			if bad == nil {
				bad = map[int]error{}
			}
			bad[i] = pipeline.Permanent(fmt.Errorf("parquet: %w", err))
		}
	}
	if bad == nil {
		return l.writer.Send(ctx, events)
	}
	return l.sendGood(ctx, events, bad)
}

func broken(properties []byte) error {
	if len(properties) == 0 {
		return nil
	}
	ok, offset, tooDeep := rawjson.Valid(properties, rawjson.MaxDepth)
	switch {
	case tooDeep:
		return fmt.Errorf("properties: nested deeper than %d", rawjson.MaxDepth)
	case !ok:
		return fmt.Errorf("properties: not JSON at byte %d", offset)
	}
	return nil
}

// sendGood sends the events that are not bad.
func (l *Lake) sendGood(ctx context.Context, events []pipeline.Event, bad map[int]error) error {
	var good []pipeline.Event
	var places []int
	for i := range events {
		if bad[i] == nil {
			good, places = append(good, events[i]), append(places, i)
		}
	}
	if len(good) > 0 {
		err := l.writer.Send(ctx, good)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		for i, err := range pipeline.EventErrors(err, len(good)) {
			if err != nil {
				bad[places[i]] = err
			}
		}
	}
	return &pipeline.BatchError{Failed: bad}
}

// partitionsKey is where a piece tells how many rows of which partition it has.
const partitionsKey = "prickle.partitions"

// insert writes a piece.
func (l *Lake) insert(ctx context.Context, events []warehouse.EventRow) error {
	now := l.now().UnixMicro()
	l.rows = l.rows[:0]
	var n namer
	clear(l.parts)
	for i := range events {
		l.rows = append(l.rows, row{})
		r := &l.rows[i]
		r.set(&events[i], l.project, now)
		n.add(r)
	}
	l.count()
	parts, err := json.Marshal(l.parts)
	if err != nil {
		return err
	}
	l.buffer.Reset()
	l.out.Reset(&l.buffer)
	l.out.SetKeyValueMetadata(partitionsKey, string(parts))
	if _, err := l.out.Write(l.rows); err != nil {
		return err
	}
	if err := l.out.Close(); err != nil {
		return err
	}
	clear(l.rows) // which alias the events
	size := int64(l.buffer.Len())
	if err := l.store.put(ctx, incomingFolder+"/"+n.name(), bytes.NewReader(l.buffer.Bytes()), size); err != nil {
		return err
	}
	l.counts.wrote(int64(len(l.rows)), size)
	l.counts.waits(1, size)
	if l.waiting += size; l.waiting >= int64(l.config.File.Bytes) {
		l.waiting = 0
		select {
		case l.full <- struct{}{}:
		default: // it has been told
		}
	}
	return nil
}

// count finds out how many of the rows are of which partition. Rows that follow each other mostly are of one.
func (l *Lake) count() {
	const dayMicros = 24 * 3600 * 1e6
	var day, n int64
	name := ""
	for i := range l.rows {
		r := &l.rows[i]
		if d := floor(r.Timestamp, dayMicros); name == "" || d != day {
			l.parts[name] += n
			day, n, name = d, 0, r.partition(l.config.Partition)
		}
		n++
	}
	l.parts[name] += n
	delete(l.parts, "")
}

func floor(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

// keep puts pieces together until ctx ends.
func (l *Lake) keep(ctx context.Context) {
	defer close(l.stopped)
	ticker := time.NewTicker(l.config.File.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-l.full:
		}
		err := l.Compact(ctx)
		l.trouble.Store(nil)
		if err != nil && ctx.Err() == nil {
			l.log.Warn("the pieces of the lake stay as they are for now", "error", err)
			text := err.Error()
			l.trouble.Store(&text)
		}
	}
}
