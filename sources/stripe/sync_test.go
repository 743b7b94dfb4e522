package stripe

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

// fields is short for an object's fields.
type fields = map[string]any

func items(prefix string, n int) (out []map[string]any) {
	for i := range n {
		out = append(out, fields{"id": fmt.Sprintf("%s_%d", prefix, i), "object": "item", "quantity": i})
	}
	return out
}

// fill makes a few objects in every table, so long ago that the feed does not lead to them.
func fill(account *stripefake.Server, n int) {
	for _, name := range tableNames() {
		for i := range n {
			account.Create(name, fields{"n": i, "status": "new"})
		}
	}
	pause(time.Hour)
}

func TestBackfillAndTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 130)
		price := account.Create(prices, fields{"unit_amount": 5, "tiers": []any{1, 2}, "currency_options": fields{"eur": 7}})
		account.Create(subscriptions, fields{"status": "canceled"})
		pause(time.Hour)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		wantSame(t, w, account)
		if w.batches < 16 {
			t.Errorf("batches\n got %d\nwant at least two pages of eight tables", w.batches)
		}
		for _, r := range account.Requests() {
			if r.Status != 200 || r.Version != "2023-10-16" {
				t.Errorf("request %+v", r)
			}
		}

		pause(5 * time.Minute)
		account.Update(prices, price, fields{"unit_amount": 6, "tiers": []any{3}})
		account.Delete(customers, account.IDs(customers)[7])
		account.Delete(products, account.IDs(products)[7])
		account.Delete(prices, account.IDs(prices)[7])
		draft := account.Create(invoices, fields{"status": "draft"})
		w.sync(t, s)
		wantSame(t, w, account)
		account.Delete(invoices, draft)
		account.Create(balanceTransactions, fields{"status": "pending"})
		w.sync(t, s)
		wantSame(t, w, account)
		if r := w.rows[invoices][draft]; !r.Deleted || len(r.Data) != 0 {
			t.Errorf("deleted draft\n got %+v\nwant a tombstone", r)
		}
	})
}

// A pass with nothing new asks for little: the probe, the feed twice and the newest balance transactions.
func TestQuietPassIsCheap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 20)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		pause(15 * time.Minute)
		account.Update(customers, account.IDs(customers)[0], fields{"n": -1})
		w.sync(t, s)
		account.Requests()
		pause(time.Minute)
		w.sync(t, s)
		got := account.Requests()
		if len(got) > 4 {
			t.Errorf("requests of a pass in which nothing has happened\n got %d: %v\nwant 4", len(got), got)
		}
		for _, r := range got {
			u, err := url.Parse(r.URL)
			if err != nil || u.Path != "/v1/balance_transactions" {
				continue
			}
			from, err := strconv.ParseInt(u.Query().Get("created[gte]"), 10, 64)
			if err != nil || time.Since(time.Unix(from, 0)) > time.Hour {
				t.Errorf("request\n got %s\nwant the newest transactions only", r.URL)
			}
		}
	})
}

func TestOldSubscriptionIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		id := account.Create(subscriptions, nil)
		w, s := newWarehouse(), newSource(t, account, func(c *Config) { c.Tables = []string{subscriptions} })
		for range 20 {
			w.sync(t, s)
			pause(20 * 24 * time.Hour)
		}
		account.Update(subscriptions, id, fields{"status": "canceled"})
		w.sync(t, s)
		wantSame(t, w, account, subscriptions)
		if r := w.rows[subscriptions][id]; r.Deleted {
			t.Error("a cancelled subscription became a tombstone")
		}
	})
}

func TestCutListsAreCompleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		invoice, subscription := account.Create(invoices, nil), account.Create(subscriptions, nil)
		account.SetChildren(invoices, invoice, items("il", 237)...)
		account.SetChildren(subscriptions, subscription, items("si", 23)...)
		pause(time.Hour)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		wantSame(t, w, account)
		account.SetChildren(subscriptions, subscription, items("si", 18)...)
		account.SetChildren(invoices, invoice, items("il", 3)...)
		w.sync(t, s)
		wantSame(t, w, account)
	})
}

// A list that changes while it is completed is read again, in the backfill and afterwards.
func TestCutListChangesWhileItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		id := account.Create(invoices, nil)
		account.SetChildren(invoices, id, items("a", 237)...)
		pause(time.Hour)
		var replace atomic.Pointer[string] // requests come from several goroutines
		account.Before = func(r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/lines") || !r.URL.Query().Has("starting_after") {
				return
			}
			if prefix := replace.Swap(nil); prefix != nil {
				account.SetChildren(invoices, id, items(*prefix, 150)...)
			}
		}
		w, s := newWarehouse(), newSource(t, account, func(c *Config) { c.Tables = []string{invoices} })
		for _, prefix := range []string{"b", "c", "d"} {
			replace.Store(&prefix)
			began := time.Now()
			account.Update(invoices, id, fields{"n": prefix})
			w.sync(t, s)
			if took := time.Since(began); took >= missingWait {
				t.Errorf("pass took\n got %v\nwant no wait", took)
			}
			if w.rows[invoices][id].Deleted {
				t.Error("an invoice whose lines have changed became a tombstone")
			}
			w.sync(t, s)
			wantSame(t, w, account, invoices)
			pause(time.Hour)
		}
	})
}

// Two changes within one second end in the later state, whatever the order in which the feed shows them.
func TestSameSecond(t *testing.T) {
	for i := range 8 {
		synctest.Test(t, func(t *testing.T) {
			account := stripefake.New(testKey)
			lags := []time.Duration{0, 50 * time.Second}
			account.Lag = func() time.Duration { lags[0], lags[1] = lags[1], lags[0]; return lags[i%2] }
			w, s := newWarehouse(), newSource(t, account, nil)
			id := account.Create(customers, fields{"n": 0})
			w.sync(t, s)
			account.Update(customers, id, fields{"n": 1})
			account.Update(customers, id, fields{"n": 2})
			for range 3 {
				w.sync(t, s)
				pause(40 * time.Second)
			}
			wantSame(t, w, account)
		})
	}
}

// Events that arrive in the feed later than they were made are read as long as overlap and settle time allow.
func TestLateEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 2)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		account.Lag = func() time.Duration { return overlap + settle - 15*time.Second }
		pause(time.Hour)
		account.Update(customers, account.IDs(customers)[0], fields{"n": 77})
		for range 60 {
			w.sync(t, s)
			pause(20 * time.Second)
		}
		wantSame(t, w, account)
	})
}

func TestRefundsAndParents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		charge, customer := account.Create(charges, fields{"amount": 100}), account.Create(customers, nil)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		account.Refund(charge, 10)
		account.Refund(charge, 20)
		account.Announce("invoice.upcoming", fields{"object": "invoice"})
		account.Announce("made.up", fields{"id": "x"})
		w.sync(t, s)
		wantSame(t, w, account)
		account.Requests()
		account.Announce("customer.source.created", fields{"id": "card_1", "customer": customer})
		account.Announce("charge.dispute.created", fields{"id": "dp_1", "charge": fields{"id": charge}})
		w.sync(t, s)
		asked := map[string]int{}
		for _, r := range account.Requests() {
			asked[r.URL]++
		}
		for _, path := range []string{"/v1/customers/" + customer, "/v1/charges/" + charge} {
			if got := asked["http://stripe.test"+path]; got != 1 {
				t.Errorf("requests of %s\n got %d\nwant 1", path, got)
			}
		}
	})
}
