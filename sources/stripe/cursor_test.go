package stripe

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

func TestPendingBecomesAvailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		old := account.Create(balanceTransactions, fields{"status": "pending"})
		w, s := newWarehouse(), newSource(t, account, func(c *Config) { c.Tables = []string{balanceTransactions} })
		w.sync(t, s)
		// No pass for longer than a transaction can be pending: the next one has to look back over both times.
		pause(60 * 24 * time.Hour)
		account.Update(balanceTransactions, old, fields{"status": "available"})
		w.sync(t, s)
		wantSame(t, w, account, balanceTransactions)

		young := account.Create(balanceTransactions, fields{"status": "pending"})
		w.sync(t, s)
		pause(time.Hour)
		account.Update(balanceTransactions, young, fields{"status": "available"})
		w.sync(t, s)
		pause(24 * time.Hour)
		w.sync(t, s)
		wantSame(t, w, account, balanceTransactions)
		for _, r := range account.Requests() {
			if r.URL != "http://stripe.test/v1/events?limit=1" && !strings.HasPrefix(r.URL, "http://stripe.test/v1/balance_transactions?") {
				t.Errorf("request %s", r.URL)
			}
		}
	})
}

// After a pause longer than the feed's memory all tables are read anew.
func TestFeedExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 5)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		for _, name := range tableNames() {
			account.Update(name, account.IDs(name)[0], fields{"n": 99})
			account.Create(name, nil)
		}
		pause(40 * 24 * time.Hour)
		w.sync(t, s)
		wantSame(t, w, account)
	})
}

// The object that a list stands on is deleted between two passes.
func TestPositionIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		for i := range 350 {
			account.Create(customers, fields{"n": i})
			if i%4 == 0 {
				pause(time.Second)
			}
		}
		pause(time.Hour)
		w, s := newWarehouse(), newSource(t, account, func(c *Config) { c.Tables = []string{customers} })
		died := errors.New("died")
		w.fail = func() (error, error) { return nil, died }
		for i := 0; ; i++ {
			err := w.run(t.Context(), s)
			if err == nil {
				break
			}
			if !errors.Is(err, died) || i > 20 {
				t.Fatalf("pass %d: %v", i, err)
			}
			if at := state0(t, w).Tables[customers].Reading; at != nil && slices.Contains(account.IDs(customers), at.After) {
				account.Delete(customers, at.After)
			}
			if i > 10 {
				w.fail = func() (error, error) { return nil, nil }
			}
		}
		wantSame(t, w, account, customers)
	})
}

func state0(t *testing.T, w *warehouse) *state {
	t.Helper()
	s, err := decodeState(w.cursor)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An object without a deletion event gets a minute to appear and is then buried.
func TestMissingObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		account.Announce("product.updated", fields{"id": "prod_gone"})
		began := time.Now()
		w.sync(t, s)
		if r := w.rows[products]["prod_gone"]; !r.Deleted {
			t.Errorf("row of an object that is missing\n got %+v\nwant a tombstone", r)
		}
		if waited := time.Since(began); waited < missingWait {
			t.Errorf("waited\n got %v\nwant %v", waited, missingWait)
		}
	})
}

// A deletion is believed: the object is not asked for, although it was changed before.
func TestDeletedObjectIsNotFetched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 2)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		for _, name := range []string{customers, products, prices} {
			id := account.IDs(name)[0]
			account.Update(name, id, fields{"n": 5})
			account.Delete(name, id)
		}
		began := time.Now()
		account.Requests()
		w.sync(t, s)
		wantSame(t, w, account)
		if took := time.Since(began); took > missingWait {
			t.Errorf("pass took\n got %v\nwant no wait", took)
		}
		for _, r := range account.Requests() {
			if !strings.Contains(r.URL, "?") {
				t.Errorf("request %s", r.URL)
			}
		}
	})
}

// A clock that is set back between two processes does not make the later state look older.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 2)
		w := newWarehouse()
		ahead := newSource(t, account, nil)
		ahead.client.versions.now = func() time.Time { return time.Now().Add(48 * time.Hour) }
		w.sync(t, ahead)
		account.Update(customers, account.IDs(customers)[0], fields{"n": 5})
		w.sync(t, newSource(t, account, nil))
		wantSame(t, w, account)
	})
}

func TestTablesAddedAndSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 3)
		w := newWarehouse()
		w.sync(t, newSource(t, account, func(c *Config) { c.Tables = []string{customers} }))
		pause(100 * 24 * time.Hour)
		w.sync(t, newSource(t, account, func(c *Config) { c.Tables = []string{customers} }))
		border := time.Now()
		fill(account, 3)
		pause(time.Hour)
		account.Requests()
		since := func(c *Config) { c.Since, c.Tables = border.Format(time.RFC3339), []string{customers, products} }
		w.sync(t, newSource(t, account, since))
		wantSame(t, w, account, customers)
		if got := len(w.alive(products)); got != 3 {
			t.Errorf("products since %v\n got %d\nwant 3", border, got)
		}
		for _, r := range account.Requests() {
			if strings.Contains(r.URL, "/v1/customers?") {
				t.Errorf("the old table was listed again: %s", r.URL)
			}
		}
		w.sync(t, newSource(t, account, func(c *Config) { c.Tables = []string{customers, products} }))
		wantSame(t, w, account, customers, products)
	})
}

// A warehouse that was restored from an older copy gets what has been read since, by the process that has read it.
func TestRestoredWarehouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 2)
		w, s := newWarehouse(), newSource(t, account, nil)
		w.sync(t, s)
		pause(time.Hour)
		w.sync(t, s)
		cursor, rows := w.cursor, maps.Clone(w.rows[customers])
		account.Update(customers, account.IDs(customers)[0], fields{"n": 77})
		w.sync(t, s)
		w.cursor, w.rows[customers] = cursor, rows
		w.sync(t, s)
		wantSame(t, w, account)
	})
}

func TestModeIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		w := newWarehouse()
		w.sync(t, newSource(t, account, nil))
		live := strings.Replace(testKey, "test", "live", 1)
		account.SetKey(live)
		account.Requests()
		err := newSource(t, account, func(c *Config) { c.Key = pipeline.Secret(live) }).Run(t.Context(), w.cursor, w.emit)
		if !pipeline.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), "hold test data and the key is a live key") {
			t.Errorf("a key of the other mode\n got %v", err)
		}
		if got := account.Requests(); len(got) != 0 {
			t.Errorf("requests with the wrong key: %v", got)
		}
	})
}
