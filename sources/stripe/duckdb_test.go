package stripe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/destinations/duckdb"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/ingest"
	"github.com/prickle-dev/prickle/sources/stripe"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

// An account arrives in DuckDB through a Runner and can be asked with SQL; a change and a deletion follow in the next pass.
func TestIntoDuckDB(t *testing.T) {
	config := duckdb.Spec.NewConfig().(*duckdb.Config)
	config.Path = filepath.Join(t.TempDir(), "w.duckdb")
	w := duckdb.New(*config, pipeline.Env{})
	if err := w.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	account := stripefake.New("sk_test_1")
	server := httptest.NewServer(account)
	defer server.Close()
	runner := newRunner(t, server, w)

	price := account.Create("prices", map[string]any{"unit_amount": 999, "unit_amount_decimal": "999.5", "active": true})
	keep := account.Create("customers", map[string]any{"email": "a@example.com", "metadata": map[string]any{"plan": "pro"}})
	drop := account.Create("customers", map[string]any{"email": "b@example.com"})
	account.Create("subscriptions", map[string]any{"customer": keep, "status": "canceled", "canceled_at": 1_700_000_000})
	sync(t, runner)
	account.Update("prices", price, map[string]any{"unit_amount": 1000})
	account.Delete("customers", drop)
	sync(t, runner)

	for query, want := range map[string]string{
		`SELECT unit_amount, unit_amount_decimal, active FROM shop_prices`:                     "1000 999.500000000000 true",
		`SELECT email, metadata->>'plan' FROM shop_customers`:                                  "a@example.com pro",
		`SELECT count(*) FROM shop_customers__all WHERE _sync_deleted`:                         "1",
		`SELECT epoch(canceled_at)::BIGINT, status FROM shop_subscriptions`:                    "1700000000 canceled",
		`SELECT count(*) FROM shop_customers c JOIN shop_subscriptions s ON s.customer = c.id`: "1",
		`SELECT count(*), sum(inserted)::BIGINT, sum(deleted)::BIGINT, sum(rows_read) >= 6, count(error), bool_and(ended_at >= started_at) FROM sync_runs WHERE status = 'succeeded' AND "trigger" = 'command'`: "2 4 1 true 0 true",
		`SELECT count(*), min(succeeded_at) = (SELECT max(ended_at) FROM sync_runs), count(*) FILTER (WHERE run IN (SELECT id FROM sync_runs)) FROM sync_streams`:                                               "8 true 8",
		`SELECT typeof(created), typeof(livemode), typeof(metadata) FROM shop_customers LIMIT 1`:                                                                                                                "TIMESTAMP WITH TIME ZONE BOOLEAN JSON",
	} {
		if diff := cmp.Diff(want, row(t, w, query)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
}

func newRunner(t *testing.T, server *httptest.Server, w ingest.Warehouse) *ingest.Runner {
	t.Helper()
	config := stripe.Spec.NewConfig().(*stripe.Config)
	config.Key, config.BaseURL, config.Rate = "sk_test_1", server.URL, 100
	source, err := stripe.New(config, pipeline.Env{HTTP: server.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return ingest.New(ingest.Deps{Source: source, Name: "shop", Warehouse: w, History: true})
}

func sync(t *testing.T, r *ingest.Runner) {
	t.Helper()
	if err := r.Sync(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

// row is the first row of a query, its values separated by spaces.
func row(t *testing.T, w pipeline.Warehouse, query string) string {
	t.Helper()
	rows, err := w.Query(context.Background(), query)
	if err != nil {
		t.Errorf("%s: %v", query, err)
		return ""
	}
	defer rows.Close()
	values, err := rows.Next()
	if errors.Is(err, io.EOF) {
		return "no row"
	}
	if err != nil {
		t.Errorf("%s: %v", query, err)
	}
	out := ""
	for i, v := range values {
		if i > 0 {
			out += " "
		}
		out += fmt.Sprint(v)
	}
	return out
}
