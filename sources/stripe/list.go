package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"
)

// perPage is the most that Stripe puts on a page.
const perPage = 100

// page is one page of a list. Its items stay raw: the SDK's structs would drop fields they do not know.
type page struct {
	stripe.APIResource
	Data    []json.RawMessage `json:"data"`
	HasMore bool              `json:"has_more"`

	stamp stamp
	heads []head // of Data, one for each
}

// head is what the source has to know of an object.
type head struct {
	ID      string `json:"id"`
	Created int64  `json:"created"`
	Deleted bool   `json:"deleted"`
}

// filter bounds a list. The zero filter is the whole list from its newest object on.
type filter struct {
	from   int64 // created at this second or later; 0 is no bound
	before int64 // created before this second; 0 is no bound
	after  string
	limit  int // perPage when 0
}

func (f filter) add(query *form.Values) {
	if f.from != 0 {
		query.Add("created[gte]", strconv.FormatInt(f.from, 10))
	}
	if f.before != 0 {
		query.Add("created[lt]", strconv.FormatInt(f.before, 10))
	}
	if f.after != "" {
		query.Add("starting_after", f.after)
	}
	limit := f.limit
	if limit == 0 {
		limit = perPage
	}
	query.Add("limit", strconv.Itoa(limit))
}

// list reads one page of a table.
func (c *client) list(ctx context.Context, t *table, f filter) (*page, error) {
	query := &form.Values{}
	for name, value := range t.all {
		query.Add(name, value)
	}
	for _, name := range t.expand {
		query.Add("expand[]", "data."+name)
	}
	f.add(query)
	return c.page(ctx, t.path(), query, f.after)
}

// page reads one page and checks that it leads on: a list that turns in circles must end in an error, not in silence.
func (c *client) page(ctx context.Context, path string, query *form.Values, after string) (*page, error) {
	p := &page{}
	var err error
	if p.stamp, err = c.get(ctx, path, query, p); err != nil {
		return nil, err
	}
	p.heads = make([]head, len(p.Data))
	for i, item := range p.Data {
		if p.Data[i], err = compact(item); err != nil {
			return nil, fmt.Errorf("GET %s: %w", path, err)
		}
		if err := json.Unmarshal(item, &p.heads[i]); err != nil {
			return nil, fmt.Errorf("GET %s: item %d is not an object with an id", path, i)
		}
		if p.heads[i].ID == "" {
			return nil, fmt.Errorf("GET %s: item %d has no id", path, i)
		}
	}
	if p.HasMore && (len(p.heads) == 0 || p.last().ID == after) {
		return nil, fmt.Errorf("GET %s: the list does not advance after %q", path, after)
	}
	return p, nil
}

func (p *page) last() head { return p.heads[len(p.heads)-1] }

// compact drops the white space that Stripe indents with.
func compact(object []byte) ([]byte, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, object); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// object reads one object of a table by its id.
func (c *client) object(ctx context.Context, t *table, id string) (json.RawMessage, head, stamp, error) {
	var o struct {
		stripe.APIResource
		head
	}
	query := &form.Values{}
	for _, name := range t.expand {
		query.Add("expand[]", name)
	}
	path := stripe.FormatURLPath(t.path()+"/%s", id)
	s, err := c.get(ctx, path, query, &o)
	if err != nil {
		return nil, head{}, s, err
	}
	if o.ID != id {
		return nil, head{}, s, errors.New("GET " + path + ": the answer is another object")
	}
	raw, err := compact(o.LastResponse.RawJSON)
	return raw, o.head, s, err
}
