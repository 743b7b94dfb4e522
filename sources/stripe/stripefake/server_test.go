package stripefake

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"
)

const key = "sk_test_1"

// sdk is Stripe's own client, talking to s.
func sdk(s *Server, key string) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		HTTPClient: Client(s, nil), URL: stripe.String("http://stripe.test"), MaxNetworkRetries: stripe.Int64(0),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	return client.New(key, &stripe.Backends{API: backend, Connect: backend, Uploads: backend})
}

// clocked is an account whose clock the test moves.
func clocked() (*Server, *time.Time) {
	now := time.Unix(1_700_000_000, 0)
	s := New(key)
	s.Now = func() time.Time { return now }
	return s, &now
}

func TestSDKReadsLists(t *testing.T) {
	s, now := clocked()
	var want []string
	for i := range 25 {
		id := s.Create("customers", map[string]any{"name": fmt.Sprint(i)})
		want = append([]string{id}, want...)
		*now = now.Add(time.Second)
	}
	params := &stripe.CustomerListParams{}
	params.Limit = stripe.Int64(10)
	var got []string
	list := sdk(s, key).Customers.List(params)
	for list.Next() {
		got = append(got, list.Customer().ID)
	}
	if diff := cmp.Diff(want, got); diff != "" || list.Err() != nil {
		t.Errorf("customers, newest first: %v\n%s", list.Err(), diff)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("pages\n got %d\nwant 3", n)
	}
	bounded := &stripe.CustomerListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThanOrEqual: 1_700_000_005, LesserThan: 1_700_000_008}}
	got = nil
	for list := sdk(s, key).Customers.List(bounded); list.Next(); {
		got = append(got, list.Customer().Name)
	}
	if diff := cmp.Diff([]string{"7", "6", "5"}, got); diff != "" {
		t.Errorf("customers created in a range\n%s", diff)
	}
}

func TestSDKReadsObjects(t *testing.T) {
	s, _ := clocked()
	api := sdk(s, key)
	customer, product := s.Create("customers", nil), s.Create("products", nil)
	price := s.Create("prices", map[string]any{"tiers": []any{map[string]any{"unit_amount": 3}}})
	invoice := s.Create("invoices", map[string]any{"status": "draft"})
	var lines []map[string]any
	for i := range 12 {
		lines = append(lines, map[string]any{"id": fmt.Sprintf("il_%d", i)})
	}
	s.SetChildren("invoices", invoice, lines...)

	in, err := api.Invoices.Get(invoice, nil)
	if err != nil || len(in.Lines.Data) != Embedded || !in.Lines.HasMore {
		t.Errorf("embedded list\n got %+v, %v\nwant the first %d", in, err, Embedded)
	}
	p, err := api.Prices.Get(price, nil)
	if err != nil || p.Tiers != nil {
		t.Errorf("price\n got %+v, %v\nwant no tiers", p, err)
	}
	expanded := &stripe.PriceParams{}
	expanded.AddExpand("tiers")
	if p, err = api.Prices.Get(price, expanded); err != nil || len(p.Tiers) != 1 {
		t.Errorf("price with tiers\n got %+v, %v", p, err)
	}

	s.Delete("customers", customer)
	s.Delete("products", product)
	if c, err := api.Customers.Get(customer, nil); err != nil || !c.Deleted {
		t.Errorf("deleted customer\n got %+v, %v\nwant deleted: true", c, err)
	}
	_, err = api.Products.Get(product, nil)
	wantError(t, err, http.StatusNotFound, "resource_missing", "id")
	after := &stripe.CustomerListParams{}
	after.StartingAfter = &customer
	list := api.Customers.List(after)
	list.Next()
	wantError(t, list.Err(), http.StatusBadRequest, "resource_missing", "starting_after")
}

func TestRefusals(t *testing.T) {
	s, _ := clocked()
	_, err := sdk(s, "sk_test_2").Customers.Get("cus_1", nil)
	wantError(t, err, http.StatusUnauthorized, "", "")
	s.Deny("customers")
	_, err = sdk(s, key).Customers.Get("cus_1", nil)
	wantError(t, err, http.StatusForbidden, "", "")
	s.Allow("customers")
	s.Fail(Fault{Status: http.StatusTooManyRequests, RetryAfter: "3", Reason: "global-rate"})
	_, err = sdk(s, key).Customers.Get("cus_1", nil)
	wantError(t, err, http.StatusTooManyRequests, "rate_limit", "")
	params := &stripe.CustomerListParams{}
	params.Limit = stripe.Int64(101)
	list := sdk(s, key).Customers.List(params)
	list.Next()
	wantError(t, list.Err(), http.StatusBadRequest, "parameter_invalid_integer", "limit")
	other := &stripe.CustomerListParams{Email: stripe.String("a@example.com")} // known to Stripe, not to this server
	list = sdk(s, key).Customers.List(other)
	list.Next()
	wantError(t, list.Err(), http.StatusBadRequest, "parameter_unknown", "email")
}

func wantError(t *testing.T, err error, status int, code, param string) {
	t.Helper()
	var e *stripe.Error
	if !errors.As(err, &e) || e.HTTPStatusCode != status || string(e.Code) != code || e.Param != param || e.RequestID == "" || e.Msg == "" {
		t.Errorf("error\n got %v\nwant status %d, code %q, param %q", err, status, code, param)
	}
}

func TestFeed(t *testing.T) {
	s, now := clocked()
	kinds := func() (out []string) {
		for list := sdk(s, key).Events.List(nil); list.Next(); {
			out = append(out, string(list.Event().Type))
		}
		return out
	}
	next := func() { *now = now.Add(time.Minute) }
	customer := s.Create("customers", nil)
	next()
	s.Update("customers", customer, map[string]any{"name": "x"})
	next()
	sub := s.Create("subscriptions", nil)
	next()
	s.Update("subscriptions", sub, map[string]any{"status": "canceled"})
	next()
	s.Refund(s.Create("charges", nil), 5)
	s.Create("balance_transactions", nil)
	next()
	s.Lag = func() time.Duration { return 30 * time.Second }
	s.Delete("customers", customer)
	want := []string{
		"customer.subscription.deleted", "customer.subscription.created", "customer.updated", "customer.created",
	}
	got := kinds()
	if len(got) != 6 || got[0] == got[1] {
		t.Fatalf("events\n got %v\nwant two of a charge and %v", got, want)
	}
	if diff := cmp.Diff(want, got[2:]); diff != "" {
		t.Errorf("events, newest first\n%s", diff)
	}
	next()
	if got := kinds(); len(got) != 7 || got[0] != "customer.deleted" {
		t.Errorf("events after the lag\n got %v", got)
	}
	*now = now.Add(Retention)
	if got := kinds(); len(got) != 0 {
		t.Errorf("events after 30 days\n got %v\nwant none", got)
	}
	canceled := sdk(s, key).Subscriptions.List(nil)
	if canceled.Next() {
		t.Error("a cancelled subscription is listed without being asked for")
	}
}
