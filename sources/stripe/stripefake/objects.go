package stripefake

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// kind is what the server knows about a table.
type kind struct {
	object, prefix string
	events         string   // prefix of its event types; "" when nothing announces changes
	created        string   // type of the event for a new object, "created" when empty
	hidden         []string // sent only when asked for
	deletable      bool
	child          string // the embedded list, or ""
}

var kinds = map[string]kind{
	"customers":            {object: "customer", prefix: "cus", events: "customer", deletable: true},
	"products":             {object: "product", prefix: "prod", events: "product", deletable: true},
	"prices":               {object: "price", prefix: "price", events: "price", deletable: true, hidden: []string{"tiers", "currency_options"}},
	"subscriptions":        {object: "subscription", prefix: "sub", events: "customer.subscription", child: "items"},
	"invoices":             {object: "invoice", prefix: "in", events: "invoice", deletable: true, child: "lines"},
	"charges":              {object: "charge", prefix: "ch", events: "charge", created: "succeeded"},
	"refunds":              {object: "refund", prefix: "re"},
	"balance_transactions": {object: "balance_transaction", prefix: "txn"},
}

type object struct {
	id       string
	created  int64
	fields   map[string]any
	children []map[string]any
	deleted  bool
}

type event struct {
	id, kind string
	created  int64
	visible  time.Time
	data     json.RawMessage
}

// Create makes an object and announces it, when its table has events. It returns the new id.
func (s *Server) Create(table string, fields map[string]any) (id string) {
	s.locked(func() { id = s.create(table, fields).id })
	return id
}

func (s *Server) create(table string, fields map[string]any) *object {
	k := kinds[table]
	s.serial++
	// The serial goes last and is scrambled: ids must not sort by age.
	id := fmt.Sprintf("%s_%08x%d", k.prefix, rand.Uint32(), s.serial)
	o := &object{id: id, created: s.Now().Unix(), fields: map[string]any{"livemode": false, "metadata": map[string]any{}}}
	maps.Copy(o.fields, fields)
	if table == "subscriptions" && o.fields["status"] == nil {
		o.fields["status"] = "active"
	}
	s.tables[table] = append(s.tables[table], o)
	if k.created == "" {
		k.created = "created"
	}
	s.announce(table, o, k.created)
	return o
}

// Update changes fields of an object and announces it. A subscription whose status becomes canceled is announced as deleted.
func (s *Server) Update(table, id string, fields map[string]any) {
	s.locked(func() {
		o := s.find(table, id)
		maps.Copy(o.fields, fields)
		if table == "subscriptions" && fields["status"] == "canceled" {
			s.announce(table, o, "deleted")
			return
		}
		s.announce(table, o, "updated")
	})
}

// SetChildren replaces the lines of an invoice or the items of a subscription and announces it.
func (s *Server) SetChildren(table, id string, children ...map[string]any) {
	s.locked(func() {
		o := s.find(table, id)
		o.children = children
		s.announce(table, o, "updated")
	})
}

// Delete removes an object and announces it. Of invoices only drafts can be deleted.
func (s *Server) Delete(table, id string) {
	s.locked(func() {
		o := s.find(table, id)
		if !kinds[table].deletable || table == "invoices" && o.fields["status"] != "draft" {
			panic("stripefake: " + table + " cannot be deleted")
		}
		s.announce(table, o, "deleted")
		o.deleted = true
	})
}

// Refund makes a refund of a charge. As for cards, the charge alone announces it.
func (s *Server) Refund(charge string, amount int64) (id string) {
	s.locked(func() {
		o := s.find("charges", charge)
		id = s.create("refunds", map[string]any{"charge": charge, "amount": amount, "status": "succeeded"}).id
		refunded, _ := o.fields["amount_refunded"].(int64)
		o.fields["amount_refunded"] = refunded + amount
		s.announce("charges", o, "refunded")
	})
	return id
}

// Announce adds an event of any type about any object, for what Create, Update and Delete do not do.
func (s *Server) Announce(kind string, data map[string]any) {
	s.locked(func() { s.addEvent(kind, indent(data)) })
}

func (s *Server) announce(table string, o *object, what string) {
	if k := kinds[table]; k.events != "" {
		s.addEvent(k.events+"."+what, indent(s.render(table, o, nil)))
	}
}

func (s *Server) addEvent(kind string, data []byte) {
	s.serial++
	e := &event{id: fmt.Sprintf("evt_%08x%d", rand.Uint32(), s.serial), kind: kind, created: s.Now().Unix(), data: data}
	e.visible = s.Now().Add(s.Lag())
	s.events = append(s.events, e)
}

func (s *Server) find(table, id string) *object {
	for _, o := range s.tables[table] {
		if o.id == id && !o.deleted {
			return o
		}
	}
	panic(fmt.Sprintf("stripefake: no %q in %s", id, table))
}

// IDs returns the ids of a table's objects that are alive, oldest first.
func (s *Server) IDs(table string) (ids []string) {
	s.locked(func() {
		for _, o := range s.tables[table] {
			if !o.deleted {
				ids = append(ids, o.id)
			}
		}
	})
	return ids
}

// Objects returns a table's objects that are alive, whole: with everything that can be asked for, and embedded lists to their end.
func (s *Server) Objects(table string) map[string]string {
	out := map[string]string{}
	s.locked(func() {
		for _, o := range s.tables[table] {
			if o.deleted {
				continue
			}
			v := s.render(table, o, kinds[table].hidden)
			if child := kinds[table].child; child != "" {
				v[child] = list(o.childPath(table), o.children, false)
			}
			b, err := json.Marshal(v)
			if err != nil {
				panic(err)
			}
			out[o.id] = string(b)
		}
	})
	return out
}

func (o *object) childPath(table string) string {
	if table == "subscriptions" {
		return "/v1/subscription_items?subscription=" + o.id
	}
	return "/v1/invoices/" + o.id + "/lines"
}

// render is an object as the API shows it, with the hidden fields that expand names.
func (s *Server) render(table string, o *object, expand []string) map[string]any {
	k := kinds[table]
	v := map[string]any{"id": o.id, "object": k.object, "created": o.created}
	maps.Copy(v, o.fields)
	for _, name := range k.hidden {
		if !slices.Contains(expand, name) {
			delete(v, name)
		}
	}
	if k.child != "" {
		shown := o.children[:min(Embedded, len(o.children))]
		v[k.child] = list(o.childPath(table), shown, len(o.children) > Embedded)
	}
	return v
}

func list[T any](path string, items []T, more bool) map[string]any {
	if items == nil {
		items = []T{}
	}
	return map[string]any{"object": "list", "url": path, "has_more": more, "data": items}
}

func missing(object, id, param string) refusal {
	return refuse(http.StatusNotFound, "invalid_request_error", "resource_missing", param, fmt.Sprintf("No such %s: '%s'", object, id))
}
