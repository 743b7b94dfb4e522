package stripefake

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// extra are a list's parameters beside those that all lists have.
var extra = map[string][]string{"subscriptions": {"status"}, "refunds": {"charge"}}

func (s *Server) route(r *http.Request) any {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	table := parts[0]
	query := r.URL.Query()
	_, known := kinds[table]
	switch {
	case r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v1/"):
	case len(parts) == 1 && table == "events":
		s.permit(table)
		return s.listEvents(query)
	case len(parts) == 1 && table == "subscription_items":
		s.permit("subscriptions")
		return s.listChildren("subscriptions", query.Get("subscription"), "subscription", query)
	case len(parts) == 1 && known:
		s.permit(table)
		return s.listObjects(table, query)
	case len(parts) == 2 && known:
		s.permit(table)
		return s.retrieve(table, parts[1], query)
	case len(parts) == 3 && table == "invoices" && parts[2] == "lines":
		s.permit(table)
		return s.listChildren(table, parts[1], "invoice", query)
	}
	panic(refuse(http.StatusNotFound, "invalid_request_error", "", "", "Unrecognized request URL ("+r.Method+": "+r.URL.Path+")."))
}

func (s *Server) retrieve(table, id string, query url.Values) any {
	expand := expanded(query)
	check(query)
	k := kinds[table]
	for _, o := range s.tables[table] {
		switch {
		case o.id != id:
		case !o.deleted:
			return s.render(table, o, expand)
		case table == "customers": // the only one of these that stays known by its id
			return map[string]any{"id": o.id, "object": k.object, "deleted": true}
		}
	}
	panic(missing(k.object, id, "id"))
}

// entry is an item of a list with what it is sorted and bounded by.
type entry struct {
	id      string
	created int64
	value   any
}

func (s *Server) listObjects(table string, query url.Values) any {
	expand := expanded(query)
	check(query, append(extra[table], "limit", "starting_after", "created[gte]", "created[gt]", "created[lte]", "created[lt]")...)
	var all []entry
	for _, o := range slices.Backward(s.tables[table]) {
		switch {
		case o.deleted:
		case table == "subscriptions" && query.Get("status") != "all" && o.fields["status"] == "canceled":
		case query.Has("charge") && o.fields["charge"] != query.Get("charge"):
		default:
			all = append(all, entry{o.id, o.created, s.render(table, o, expand)})
		}
	}
	return paged("/v1/"+table, kinds[table].object, all, query)
}

func (s *Server) listChildren(table, parent, param string, query url.Values) any {
	names := []string{"limit", "starting_after"}
	if param != "invoice" { // which is a part of the path
		names = append(names, param)
	}
	check(query, names...)
	for _, o := range s.tables[table] {
		if o.id != parent || o.deleted {
			continue
		}
		var all []entry
		for _, c := range o.children {
			all = append(all, entry{id: c["id"].(string), value: c})
		}
		return paged(o.childPath(table), "item", all, query)
	}
	panic(missing(kinds[table].object, parent, param))
}

func (s *Server) listEvents(query url.Values) any {
	check(query, "limit", "starting_after", "created[gte]", "created[gt]", "created[lte]", "created[lt]")
	now := s.Now()
	var all []entry
	for _, e := range s.events {
		if e.visible.After(now) || e.created < now.Add(-Retention).Unix() {
			continue
		}
		all = append(all, entry{e.id, e.created, map[string]any{
			"id": e.id, "object": "event", "type": e.kind, "created": e.created, "api_version": "2020-08-27", "livemode": false,
			"data": map[string]any{"object": e.data},
		}})
	}
	// Inside a second the ids decide, and those are random.
	slices.SortFunc(all, func(a, b entry) int { return cmp.Or(cmp.Compare(b.created, a.created), cmp.Compare(a.id, b.id)) })
	return paged("/v1/events", "event", all, query)
}

// paged cuts a page out of a list that is in its order.
func paged(path, object string, all []entry, query url.Values) any {
	limit := number(query, "limit", 10)
	if limit < 1 || limit > 100 {
		panic(refuse(http.StatusBadRequest, "invalid_request_error", "parameter_invalid_integer", "limit", "Invalid integer: limit"))
	}
	gte, gt := number(query, "created[gte]", -1), number(query, "created[gt]", -1)
	lte, lt := number(query, "created[lte]", 1<<62), number(query, "created[lt]", 1<<62)
	if after := query.Get("starting_after"); after != "" {
		at := slices.IndexFunc(all, func(e entry) bool { return e.id == after })
		if at < 0 {
			panic(refuse(http.StatusBadRequest, "invalid_request_error", "resource_missing", "starting_after", fmt.Sprintf("No such %s: '%s'", object, after)))
		}
		all = all[at+1:]
	}
	var items []any
	more := false
	for _, e := range all {
		if e.created < gte || e.created <= gt || e.created > lte || e.created >= lt {
			continue
		}
		if more = int64(len(items)) == limit; more {
			break
		}
		items = append(items, e.value)
	}
	return list(path, items, more)
}

func number(query url.Values, name string, none int64) int64 {
	if !query.Has(name) {
		return none
	}
	n, err := strconv.ParseInt(query.Get(name), 10, 64)
	if err != nil {
		panic(refuse(http.StatusBadRequest, "invalid_request_error", "parameter_invalid_integer", name, "Invalid integer: "+query.Get(name)))
	}
	return n
}

// expanded takes the parameters expand[] or expand[0], expand[1], ... out of query and returns what they name.
func expanded(query url.Values) (names []string) {
	for parameter, values := range query {
		if strings.HasPrefix(parameter, "expand[") {
			delete(query, parameter)
			for _, v := range values {
				names = append(names, strings.TrimPrefix(v, "data."))
			}
		}
	}
	return names
}

func check(query url.Values, names ...string) {
	for name := range query {
		if !slices.Contains(names, name) {
			panic(refuse(http.StatusBadRequest, "invalid_request_error", "parameter_unknown", name, "Received unknown parameter: "+name))
		}
	}
}
