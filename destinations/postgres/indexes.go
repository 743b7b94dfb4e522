package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/prickle-dev/prickle/destinations/warehouse"
)

// indexed are the columns that the tables of sources are searched and joined by: when something was made, and what it belongs to. They are indexed by
// Compact and not when they are made, since a table is filled faster without.
var indexed = []string{
	"created", "created_at", "updated_at", "email",
	"customer", "customer_id", "subscription", "subscription_id", "invoice", "invoice_id", "charge", "charge_id", "price", "product", "product_id",
	"contact_id", "company_id", "deal_id", "order_id", "user_id", "account_id",
}

// indexStreams makes the indexes that are missing. What a table is in the middle of being copied into waits for them no longer than one load.
func (w *Warehouse) indexStreams(ctx context.Context) error {
	t, err := w.begin(ctx, w.writing, "", w.limitLocks(), w.lock("tables"))
	if err != nil {
		return err
	}
	defer t.rollback()
	rows, err := t.rows(ctx, `SELECT c.relname, a.attname, CASE a.atttypid WHEN 'timestamptz'::regtype THEN 'btree' ELSE 'hash' END FROM _prickle_tables AS p
		JOIN pg_catalog.pg_class AS c ON c.relname = p.table_name || '__rows' AND c.relnamespace = quote_ident(current_schema())::regnamespace
		JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = ANY(`+textArray(indexed)+`) AND NOT a.attisdropped
		WHERE NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index AS i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum) ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	var statements []string
	for _, row := range rows {
		// A B-tree would refuse a text that is longer than a third of its page, and what is no declared time may become text.
		statements = append(statements, fmt.Sprintf("CREATE INDEX ON %s USING %s (%s)", warehouse.Identifier(row[0]), row[2], warehouse.Identifier(row[1])))
	}
	return t.commit(ctx, strings.Join(append(statements, "SELECT 1"), "; "))
}
