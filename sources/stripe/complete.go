package stripe

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/stripe/stripe-go/v76/form"

	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// complete returns object with every embedded list that Stripe has cut (invoice lines, subscription items) replaced by the whole list,
// read from its own path. The whole of it is read, not the rest: the embedded part may be in another order.
func (c *client) complete(ctx context.Context, object []byte) ([]byte, error) {
	for key, value := range rawjson.Members(object) {
		if rawjson.KindOf(value) != rawjson.Object || !bytes.Contains(value, []byte(`"has_more":true`)) {
			continue
		}
		var embedded struct {
			Object  string `json:"object"`
			HasMore bool   `json:"has_more"`
			URL     string `json:"url"`
		}
		if err := json.Unmarshal(value, &embedded); err != nil || embedded.Object != "list" || !embedded.HasMore {
			continue
		}
		items, err := c.children(ctx, embedded.URL)
		if err != nil {
			return nil, err
		}
		whole := rawjson.Set(value, "data", items)
		whole = rawjson.Set(whole, "has_more", []byte("false"))
		name, _ := rawjson.String(key)
		object = rawjson.Set(object, name, whole)
	}
	return object, nil
}

// children reads the whole list at address, a path with or without a query, as a JSON array.
func (c *client) children(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/v1/") {
		return nil, fmt.Errorf("embedded list: %q is not a path of the API", address)
	}
	var all [][]byte
	for f := (filter{}); ; {
		query := &form.Values{}
		for name, values := range u.Query() {
			for _, value := range values {
				query.Add(name, value)
			}
		}
		f.add(query)
		p, err := c.page(ctx, u.EscapedPath(), query, f.after)
		if err != nil {
			return nil, err
		}
		for _, item := range p.Data {
			all = append(all, item)
		}
		if !p.HasMore {
			return append(append([]byte{'['}, bytes.Join(all, []byte{','})...), ']'), nil
		}
		f.after = p.last().ID
	}
}
