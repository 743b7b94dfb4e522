package stripe

import (
	"encoding/json"
	"fmt"
	"strings"
)

// feed is the list of events, which is read like a table's.
var feed = table{name: "events"}

// title is how a table is named in errors.
func (t *table) title() string {
	if t == &feed {
		return "the event feed (events)"
	}
	return fmt.Sprintf("table %q", t.name)
}

// event is what is taken from an event: which objects to fetch.
type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Created int64  `json:"created"`
	Data    struct {
		Object map[string]json.RawMessage `json:"object"`
	} `json:"data"`
}

// key names what to fetch: an object of a table or, with of, all of them that belong to the object id.
type key struct {
	table string
	id    string
	of    string // the list's parameter that takes id
}

// rule says what an event of a type, given by its prefix, has changed: which objects, by the field of the event's object that holds their
// id.
type rule struct {
	prefix  string
	deleted bool
	touched []touched
}

type touched struct {
	table string
	field string
	of    string
}

// rules are tried for the longest prefix. Parents are touched where their own event may be missing. That a subscription is "deleted"
// means that it was cancelled, so it is fetched.
var rules = []rule{
	{prefix: "customer.created", touched: []touched{{table: customers, field: "id"}}},
	{prefix: "customer.updated", touched: []touched{{table: customers, field: "id"}}},
	{prefix: "customer.deleted", touched: []touched{{table: customers, field: "id"}}, deleted: true},
	{prefix: "customer.source.", touched: []touched{{table: customers, field: "customer"}}},
	{prefix: "customer.tax_id.", touched: []touched{{table: customers, field: "customer"}}},
	{prefix: "customer.discount.", touched: []touched{{table: customers, field: "customer"}, {table: subscriptions, field: "subscription"}}},
	{prefix: "customer.subscription.", touched: []touched{{table: subscriptions, field: "id"}}},
	{prefix: "product.", touched: []touched{{table: products, field: "id"}}},
	{prefix: "product.deleted", touched: []touched{{table: products, field: "id"}}, deleted: true},
	{prefix: "price.", touched: []touched{{table: prices, field: "id"}}},
	{prefix: "price.deleted", touched: []touched{{table: prices, field: "id"}}, deleted: true},
	{prefix: "invoice.", touched: []touched{{table: invoices, field: "id"}}},
	{prefix: "invoice.deleted", touched: []touched{{table: invoices, field: "id"}}, deleted: true},
	{prefix: "invoiceitem.", touched: []touched{{table: invoices, field: "invoice"}}},
	{prefix: "credit_note.", touched: []touched{{table: invoices, field: "invoice"}}},
	{prefix: "charge.", touched: []touched{{table: charges, field: "id"}}},
	{prefix: "charge.dispute.", touched: []touched{{table: charges, field: "charge"}}},
	// A card refund is announced by its charge alone.
	{prefix: "charge.refunded", touched: []touched{{table: charges, field: "id"}, {table: refunds, field: "id", of: "charge"}}},
	{prefix: "charge.refund.", touched: []touched{{table: refunds, field: "id"}, {table: charges, field: "charge"}}},
	{prefix: "refund.", touched: []touched{{table: refunds, field: "id"}, {table: charges, field: "charge"}}},
}

// keys returns what an event has touched, and whether it was deleted by that. Types that concern no table touch nothing.
func (e *event) keys() (keys []key, deleted bool) {
	var best *rule
	for i := range rules {
		if r := &rules[i]; strings.HasPrefix(e.Type, r.prefix) && (best == nil || len(r.prefix) > len(best.prefix)) {
			best = r
		}
	}
	if best == nil {
		return nil, false
	}
	for _, t := range best.touched {
		if id := idOf(e.Data.Object[t.field]); id != "" {
			keys = append(keys, key{table: t.table, id: id, of: t.of})
		}
	}
	return keys, best.deleted
}

// idOf reads a reference: an id, or an object with one, or null.
func idOf(value json.RawMessage) string {
	var id string
	if json.Unmarshal(value, &id) == nil {
		return id
	}
	var h head
	if json.Unmarshal(value, &h) == nil {
		return h.ID
	}
	return ""
}
