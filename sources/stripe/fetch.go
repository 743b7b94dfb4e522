package stripe

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v76/form"
	"golang.org/x/sync/errgroup"

	"github.com/prickle-dev/prickle/pipeline"
)

// missingWait is how long an object that is missing without a deletion may take to appear.
const missingWait = time.Minute

// refetch commits the present state of every object that keys name, each fetched once. The result names the tables that could not be
// read because the key may not.
func (p *pass) refetch(ctx context.Context, keys map[key]struct{}) (unread map[string]bool, err error) {
	todo := make([]key, 0, len(keys))
	for k := range keys {
		todo = append(todo, k)
	}
	slices.SortFunc(todo, func(a, b key) int { return strings.Compare(a.table+" "+a.of+" "+a.id, b.table+" "+b.of+" "+b.id) })
	unread = map[string]bool{}
	missing, err := p.fetchAll(ctx, todo, unread, false)
	if err != nil || len(missing) == 0 {
		return unread, err
	}
	timer := time.NewTimer(missingWait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	_, err = p.fetchAll(ctx, missing, unread, true)
	return unread, err
}

// fetchAll fetches and commits keys, a page's worth at a time. Those that do not exist are returned, or become tombstones when bury is set.
func (p *pass) fetchAll(ctx context.Context, keys []key, unread map[string]bool, bury bool) (missing []key, err error) {
	for chunk := range slices.Chunk(keys, perPage) {
		results := make([]fetched, len(chunk))
		work, workCtx := errgroup.WithContext(ctx)
		work.SetLimit(inFlight)
		for i, k := range chunk {
			work.Go(func() (err error) {
				results[i], err = p.fetch(workCtx, k)
				return err
			})
		}
		if err := work.Wait(); err != nil {
			return nil, err
		}
		var records []pipeline.Record
		for i, r := range results {
			switch {
			case r.denied:
				unread[chunk[i].table] = true
			case r.missing && bury:
				records = append(records, pipeline.Record{
					Stream: chunk[i].table, Key: chunk[i].id, Version: r.stamp.version, Deleted: true, At: r.stamp.at,
				})
			case r.missing:
				missing = append(missing, chunk[i])
			}
			records = append(records, r.records...)
		}
		if len(records) == 0 {
			continue
		}
		if err := p.commit(ctx, records, func(*state) {}); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// fetched is what became of a key.
type fetched struct {
	records         []pipeline.Record
	missing, denied bool
	stamp           stamp
}

func (p *pass) fetch(ctx context.Context, k key) (f fetched, err error) {
	if p.isBlocked(k.table) {
		return fetched{denied: true}, nil
	}
	t := tableNamed(k.table)
	if k.of != "" {
		f.records, err = p.fetchChildren(ctx, t, k)
	} else {
		f, err = p.fetchObject(ctx, t, k.id)
	}
	if hasStatus(err, http.StatusForbidden) && p.block(t, err) {
		return fetched{denied: true}, nil
	}
	return f, err
}

// fetchObject reads one object with its embedded lists. Only the object's own absence counts as missing: what is gone from a list while it
// is read makes the object be read again.
func (p *pass) fetchObject(ctx context.Context, t *table, id string) (fetched, error) {
	var object []byte
	for range pageTries {
		raw, h, s, err := p.client.object(ctx, t, id)
		if isMissing(err, "") {
			return fetched{missing: true, stamp: s}, nil
		}
		if err == nil && !h.Deleted {
			object, err = p.client.complete(ctx, raw)
		}
		if isMissing(err, "") {
			continue
		}
		if err != nil {
			return fetched{}, err
		}
		return fetched{records: []pipeline.Record{row(t, h, object, s)}, stamp: s}, nil
	}
	return fetched{}, errVanishing
}

// fetchChildren lists the objects of a table that belong to another object.
func (p *pass) fetchChildren(ctx context.Context, t *table, k key) (out []pipeline.Record, err error) {
	for f := (filter{}); ; {
		query := &form.Values{}
		query.Add(k.of, k.id)
		f.add(query)
		list, err := p.client.page(ctx, t.path(), query, f.after)
		if isMissing(err, k.of) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		records, err := p.records(ctx, t, list)
		if err != nil {
			return nil, err
		}
		if out = append(out, records...); !list.HasMore {
			return out, nil
		}
		f.after = list.last().ID
	}
}
