package stripe

import (
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
)

// table is one of the account's collections. Its name is also its path below /v1/, and every list takes a filter on created.
type table struct {
	name string
	// all are parameters without which the list leaves objects out.
	all map[string]string
	// expand names parts of an object that are sent only when asked for.
	expand []string
	// silent: no events tell of changes, so the list is read again.
	silent  bool
	columns []pipeline.Column
}

func (t *table) path() string { return "/v1/" + t.name }

// tables are all tables in the order of the documentation.
var tables = []table{
	{name: customers, columns: customerColumns},
	{name: products, columns: productColumns},
	{name: prices, expand: []string{"currency_options", "tiers"}, columns: priceColumns},
	{name: subscriptions, all: map[string]string{"status": "all"}, columns: subscriptionColumns},
	{name: invoices, columns: invoiceColumns},
	{name: charges, columns: chargeColumns},
	{name: refunds, columns: refundColumns},
	{name: balanceTransactions, silent: true, columns: balanceTransactionColumns},
}

// The names of the tables.
const (
	customers           = "customers"
	products            = "products"
	prices              = "prices"
	subscriptions       = "subscriptions"
	invoices            = "invoices"
	charges             = "charges"
	refunds             = "refunds"
	balanceTransactions = "balance_transactions"
)

func tableNames() []string {
	names := make([]string, len(tables))
	for i := range tables {
		names[i] = tables[i].name
	}
	return names
}

func tableNamed(name string) *table {
	for i := range tables {
		if tables[i].name == name {
			return &tables[i]
		}
	}
	return nil
}

// group is the columns of one type, separated by spaces.
type group struct {
	of    pipeline.Type
	names string
}

func columns(groups ...group) []pipeline.Column {
	var out []pipeline.Column
	for _, g := range groups {
		for _, name := range strings.Fields(g.names) {
			out = append(out, pipeline.Column{Name: name, Type: g.of})
		}
	}
	return out
}
