package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
)

const (
	firstWindow = int64(time.Hour / time.Second)
	lastWindow  = 24 * firstWindow
)

// window is a stretch of the feed that has been read to its end.
type window struct {
	touched map[key]struct{}
	deleted map[key]int64 // with the time of the deletion
	events  map[string]int64
}

// catchUp follows the feed from the cursor to its end. A stretch is followed by its objects before the cursor moves over it. The last
// stretch has no upper bound, so that the newest changes arrive, but the cursor stays behind while the feed may be incomplete there.
func (p *pass) catchUp(ctx context.Context) error {
	for size := firstWindow; ; {
		from := p.state.Events
		now := p.client.now().Unix()
		to, last := from+size, from+size >= now
		if last {
			to = 0
		}
		w, pages, err := p.readWindow(ctx, filter{from: from - seconds(overlap), before: to})
		if err != nil {
			return err
		}
		if err := p.apply(ctx, w, from, min(from+size, now-seconds(settle))); err != nil {
			return err
		}
		if last {
			return nil
		}
		if pages == 1 {
			size = min(2*size, lastWindow)
		}
	}
}

// readWindow collects what the events of a stretch have touched. It starts over when an event that it stands on has expired.
func (p *pass) readWindow(ctx context.Context, f filter) (*window, int, error) {
	w := &window{touched: map[key]struct{}{}, deleted: map[key]int64{}, events: map[string]int64{}}
	for pages := 1; ; pages++ {
		list, err := p.client.list(ctx, &feed, f)
		if err != nil && f.after != "" && isMissing(err, "starting_after") {
			f.after = ""
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		for _, raw := range list.Data {
			var e event
			if err := json.Unmarshal(raw, &e); err != nil {
				return nil, 0, errors.New("an event cannot be read")
			}
			p.collect(w, &e)
		}
		if !list.HasMore {
			return w, pages, nil
		}
		f.after = list.last().ID
	}
}

func (p *pass) collect(w *window, e *event) {
	if _, known := p.seen[e.ID]; known {
		return
	}
	w.events[e.ID] = e.Created
	keys, deleted := e.keys()
	for _, k := range keys {
		if p.state.Tables[k.table] == nil {
			continue
		}
		if deleted {
			w.deleted[k] = e.Created
		} else {
			w.touched[k] = struct{}{}
		}
	}
}

// apply commits what a stretch led to and then moves the cursor.
func (p *pass) apply(ctx context.Context, w *window, from, to int64) error {
	var gone []pipeline.Record
	for k, at := range w.deleted {
		delete(w.touched, k) // ids are never used again
		version, _ := p.client.versions.next()
		gone = append(gone, pipeline.Record{Stream: k.table, Key: k.id, Version: version, Deleted: true, At: time.Unix(at, 0).UTC()})
	}
	for len(gone) > perPage {
		if err := p.commit(ctx, gone[:perPage], func(*state) {}); err != nil {
			return err
		}
		gone = gone[perPage:]
	}
	unread, err := p.refetch(ctx, w.touched)
	if err != nil {
		return err
	}
	if to = max(from, to); to == from && len(gone) == 0 && len(unread) == 0 {
		p.remember(w.events, to)
		return nil
	}
	err = p.commit(ctx, gone, func(s *state) {
		s.Events = to
		for table := range unread {
			s.Tables[table].Reread = true
		}
	})
	if err != nil {
		return err
	}
	p.remember(w.events, to)
	return nil
}

// remember keeps the events that will be read again although they have been followed.
func (p *pass) remember(events map[string]int64, cursor int64) {
	for id, at := range events {
		p.seen[id] = at
	}
	for id, at := range p.seen {
		if at < cursor-seconds(overlap) {
			delete(p.seen, id)
		}
	}
}
