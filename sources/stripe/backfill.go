package stripe

import (
	"context"
	"errors"

	"github.com/prickle-dev/prickle/pipeline"
)

// pageTries is how often something is read again that changed while it was read.
const pageTries = 3

var errVanishing = errors.New("objects vanish while they are read; the next pass tries again")

// readTable reads the list that an earlier pass left unfinished or that is new, and then what has come since in a silent table.
func (p *pass) readTable(ctx context.Context, t *table) error {
	ts := p.state.Tables[t.name]
	if ts.Reading != nil {
		if err := p.readList(ctx, t, ts); err != nil {
			return err
		}
	}
	if !t.silent {
		return nil
	}
	err := p.exclusive(ctx, func() error {
		ts.begin(p.start)
		return nil
	})
	if err != nil {
		return err
	}
	return p.readList(ctx, t, ts)
}

// readList reads a list from its position to its end, one commit for each page.
func (p *pass) readList(ctx context.Context, t *table, ts *tableState) error {
	r := ts.Reading
	for {
		f := filter{from: r.From, before: r.Before, after: r.After}
		list, records, err := p.readPage(ctx, t, f)
		if err != nil && r.After != "" && isMissing(err, "starting_after") {
			// The object was deleted meanwhile. Objects of the same second may be on either side of it, so that second is read again.
			err = p.commit(ctx, nil, func(*state) {
				r.After, r.Before = "", r.At+1
				if r.At == 0 {
					r.Before = 0
				}
			})
			if err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		err = p.commit(ctx, records, func(*state) {
			if !list.HasMore {
				ts.done()
				return
			}
			r.After, r.At = list.last().ID, list.last().Created
		})
		if err != nil || !list.HasMore {
			return err
		}
	}
}

// readPage reads one page with its embedded lists. An object that is deleted between the two makes it read the page again.
func (p *pass) readPage(ctx context.Context, t *table, f filter) (list *page, records []pipeline.Record, err error) {
	for range pageTries {
		if list, err = p.client.list(ctx, t, f); err != nil {
			return nil, nil, err
		}
		records, err = p.records(ctx, t, list)
		if err == nil || !isMissing(err, "") {
			return list, records, err
		}
	}
	return nil, nil, errVanishing
}

// records makes the page's rows.
func (p *pass) records(ctx context.Context, t *table, list *page) ([]pipeline.Record, error) {
	out := make([]pipeline.Record, len(list.Data))
	for i, object := range list.Data {
		whole, err := p.client.complete(ctx, object)
		if err != nil {
			return nil, err
		}
		out[i] = row(t, list.heads[i], whole, list.stamp)
	}
	return out, nil
}

// row makes the record of an object as it was read.
func row(t *table, h head, object []byte, s stamp) pipeline.Record {
	r := pipeline.Record{Stream: t.name, Key: h.ID, Data: object, Version: s.version, At: s.at}
	if h.Deleted {
		r.Data, r.Deleted = nil, true
	}
	return r
}
