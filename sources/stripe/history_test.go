package stripe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

// TestRandomHistories applies random changes between and during passes that crash, are stopped and are rate-limited at random, and wants
// the warehouse to hold exactly the account at the end. PRICKLE_TEST_SEED repeats one history, PRICKLE_TEST_HISTORIES sets their number.
func TestRandomHistories(t *testing.T) {
	first, n := uint64(1), uint64(25)
	if v, err := strconv.ParseUint(os.Getenv("PRICKLE_TEST_HISTORIES"), 10, 64); err == nil {
		n = v
	}
	if v, err := strconv.ParseUint(os.Getenv("PRICKLE_TEST_SEED"), 10, 64); err == nil {
		first, n = v, 1
	}
	var total counts
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHistory(t, seed)
				h.run()
				total.add(h.counts)
			})
		})
	}
	t.Logf("%+v", total)
	if n >= 20 && (total.Crashes == 0 || total.Lost == 0 || total.Stops == 0 || total.Limits == 0 || total.During == 0 || total.Deletes == 0 || total.Reentered == 0) {
		t.Errorf("something never happened: %+v", total)
	}
}

// counts tells that the histories held what they should.
type counts struct{ Passes, Changes, During, Deletes, Crashes, Lost, Stops, Limits, Reentered int }

func (c *counts) add(o counts) {
	c.Passes += o.Passes
	c.Changes += o.Changes
	c.During += o.During
	c.Deletes += o.Deletes
	c.Crashes += o.Crashes
	c.Lost += o.Lost
	c.Stops += o.Stops
	c.Limits += o.Limits
	c.Reentered += o.Reentered
}

type history struct {
	t       *testing.T
	account *stripefake.Server
	w       *warehouse
	source  *Source

	mu     sync.Mutex // guards what follows, which is used by several requests at once
	counts counts
	rng    *rand.Rand
	unrest bool // changes and faults happen during requests
}

var errDied = errors.New("the process died")

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, account: stripefake.New(testKey), w: newWarehouse(), rng: rand.New(rand.NewPCG(seed, 7))}
	h.account.Lag = func() time.Duration {
		h.mu.Lock()
		defer h.mu.Unlock()
		return time.Duration(h.rng.IntN(2)) * time.Duration(h.rng.IntN(50)) * time.Second
	}
	h.account.Before = func(*http.Request) { h.disturb() }
	h.w.fail, h.w.slow = h.crash, 100*time.Millisecond
	h.restart()
	return h
}

// count adds one to a field of counts.
func (h *history) count(n *int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*n++
}

func (h *history) chance(percent int) bool { return h.n(100) < percent }

func (h *history) n(below int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rng.IntN(below)
}

// restart is a new process: nothing is kept but the warehouse.
func (h *history) restart() {
	c := Spec.NewConfig().(*Config)
	c.Key, c.BaseURL, c.Rate = testKey, "http://stripe.test", 100
	latency := func() time.Duration { return time.Duration(h.n(300)) * time.Millisecond }
	s, err := New(c, pipeline.Env{HTTP: stripefake.Client(h.account, latency), Now: time.Now})
	if err != nil {
		h.t.Fatal(err)
	}
	h.source = s
}

// disturb comes before every request.
func (h *history) disturb() {
	h.mu.Lock()
	unrest := h.unrest
	h.mu.Unlock()
	if !unrest {
		return
	}
	if h.chance(40) {
		h.change()
		h.count(&h.counts.During)
	}
	if h.chance(4) {
		h.count(&h.counts.Limits)
		faults := []stripefake.Fault{{Status: 429, RetryAfter: "2"}, {Status: 429}, {Status: 503, Body: "<html>"}}
		h.account.Fail(faults[h.n(len(faults))])
	}
}

// crash comes with every batch: the process may die before it is committed or right after.
func (h *history) crash() (before, after error) {
	h.mu.Lock()
	unrest := h.unrest
	h.mu.Unlock()
	switch {
	case unrest && h.chance(4):
		h.count(&h.counts.Lost)
		return errDied, nil
	case unrest && h.chance(4):
		h.count(&h.counts.Crashes)
		return nil, errDied
	}
	return nil, nil
}

func (h *history) run() {
	for range 250 + h.n(300) {
		h.create([]string{customers, customers, customers, invoices, balanceTransactions}[h.n(5)])
		if h.chance(3) {
			pause(time.Second)
		}
	}
	if h.chance(50) {
		pause(time.Hour) // so that the feed does not lead to the objects
	}
	for range 8 + h.n(8) {
		for range h.n(20) {
			h.change()
		}
		h.pass()
		gaps := []time.Duration{0, time.Second, 30 * time.Second, 5 * time.Minute, 3 * time.Hour, 26 * time.Hour}
		pause(gaps[h.n(len(gaps))])
	}
	h.setUnrest(false)
	pause(25 * time.Hour) // for the transactions' list and for events that are still unseen
	if err := h.w.run(h.t.Context(), h.source); err != nil {
		h.t.Fatalf("last pass: %v", err)
	}
	wantSame(h.t, h.w, h.account)
	if h.w.late > 0 {
		h.t.Errorf("%d batches were emitted after one that failed", h.w.late)
	}
}

func (h *history) setUnrest(on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unrest = on
}

// pass makes one pass that may end early, and starts a new process after a death.
func (h *history) pass() {
	h.count(&h.counts.Passes)
	h.setUnrest(true)
	defer h.setUnrest(false)
	ctx, cancel := h.t.Context(), context.CancelFunc(func() {})
	if h.chance(15) {
		ctx, cancel = context.WithTimeout(ctx, time.Duration(h.n(20_000))*time.Millisecond)
	}
	defer cancel()
	err := h.w.run(ctx, h.source)
	for _, r := range h.account.Requests() {
		if strings.Contains(r.URL, "created[lt]") && !strings.Contains(r.URL, "/events") {
			h.count(&h.counts.Reentered)
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, errDied):
		if h.chance(70) {
			h.restart()
		}
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		h.count(&h.counts.Stops)
	default:
		h.t.Fatalf("pass: %v", err)
	}
}

func (h *history) create(table string) {
	f := fields{"n": h.n(1000)}
	if table == invoices {
		f["status"] = []string{"draft", "open"}[h.n(2)]
	}
	if table == prices {
		f["tiers"] = []any{h.n(10)}
	}
	id := h.account.Create(table, f)
	if (table == invoices || table == subscriptions) && h.chance(10) {
		h.account.SetChildren(table, id, items(id, h.n(240))...)
	}
}

// change does one random thing to the account. Objects are looked up and changed in two steps, so mu of the server is not enough: only one
// change happens at a time.
func (h *history) change() {
	changing.Lock()
	defer changing.Unlock()
	h.count(&h.counts.Changes)
	if h.chance(10) && h.deletePosition() {
		return
	}
	table := tableNames()[h.n(len(tables))]
	ids := h.account.IDs(table)
	switch dice := h.n(100); {
	case table == refunds: // refunds come with a charge and do not change by themselves
		if all := h.account.IDs(charges); len(all) > 0 {
			h.account.Refund(all[h.n(len(all))], int64(h.n(100)))
		}
		return
	case len(ids) == 0 || dice < 30:
		h.create(table)
		return
	case dice < 50 && (table == customers || table == products || table == prices):
		h.count(&h.counts.Deletes)
		h.account.Delete(table, ids[h.n(len(ids))])
		return
	case dice < 60 && table == subscriptions:
		h.account.Update(table, ids[h.n(len(ids))], fields{"status": "canceled"})
		return
	case dice < 60 && table == invoices:
		id := h.account.Create(table, fields{"status": "draft"})
		h.account.Delete(table, id)
		return
	case dice < 70 && (table == subscriptions || table == invoices):
		id := ids[h.n(len(ids))]
		h.account.SetChildren(table, id, items(id, h.n(30))...)
		return
	case table == balanceTransactions:
		h.account.Update(table, ids[h.n(len(ids))], fields{"status": "available"})
		return
	}
	h.account.Update(table, ids[h.n(len(ids))], fields{"n": h.n(1000)})
}

var changing sync.Mutex

// deletePosition deletes an object on which a list stands, if there is one that can be deleted.
func (h *history) deletePosition() bool {
	h.w.mu.Lock()
	cursor := h.w.cursor
	h.w.mu.Unlock()
	s, err := decodeState(cursor)
	if err != nil {
		h.t.Error(err)
		return false
	}
	for _, table := range []string{customers, products, prices} {
		ts := s.Tables[table]
		if ts == nil || ts.Reading == nil || !slices.Contains(h.account.IDs(table), ts.Reading.After) {
			continue
		}
		h.count(&h.counts.Deletes)
		h.account.Delete(table, ts.Reading.After)
		return true
	}
	return false
}
