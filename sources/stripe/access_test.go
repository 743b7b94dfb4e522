package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/sources/stripe/stripefake"
)

// Stripe's message for a key without a permission, as it is documented.
const denial = "The provided key 'rk_test_*********7dc' does not have the required permissions for this endpoint on account 'acct_1'. " +
	"Having the 'rak_charge_read' permission would allow this request to continue."

func TestPermissionIsNamed(t *testing.T) {
	err := blocked(`table "charges"`, &apiError{status: 403, message: denial, request: "req_9"})
	want := `table "charges" is blocked: the key may not read it; give the key the permission "rak_charge_read" in the Stripe dashboard, ` +
		`Developers > API keys (request req_9)`
	if err.Error() != want || !pipeline.IsPermanent(err) {
		t.Errorf("blocked\n got %v\nwant %s", err, want)
	}
	err = blocked(`table "charges"`, &apiError{status: 403, message: "no"})
	if want := `read permission for table "charges"`; !strings.Contains(err.Error(), want) {
		t.Errorf("blocked\n got %v\nwant %s in it", err, want)
	}
}

func TestDeniedTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 5)
		account.Deny(invoices)
		w, s := newWarehouse(), newSource(t, account, nil)
		wantBlocked(t, w.run(t.Context(), s), invoices)
		wantBlocked(t, s.Check(t.Context()), invoices)
		rest := []string{customers, products, prices, subscriptions, charges, refunds, balanceTransactions}
		wantSame(t, w, account, rest...)

		// Withdrawn later, from two more tables; changes go on meanwhile.
		account.Allow(invoices)
		w.sync(t, s)
		wantSame(t, w, account)
		account.Deny(charges)
		for _, name := range tableNames() {
			account.Update(name, account.IDs(name)[1], fields{"n": 50})
		}
		pause(time.Hour)
		wantBlocked(t, w.run(t.Context(), s), charges)
		pause(24 * time.Hour)
		account.Allow(charges)
		w.sync(t, s)
		pause(25 * time.Hour)
		w.sync(t, s)
		wantSame(t, w, account, tableNames()[:6]...)
	})
}

func TestDeniedFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		fill(account, 5)
		account.Deny("events")
		w, s := newWarehouse(), newSource(t, account, nil)
		wantBlocked(t, w.run(t.Context(), s), "events")
		wantSame(t, w, account)
		account.Update(customers, account.IDs(customers)[1], fields{"n": 50})
		pause(24 * time.Hour)
		wantBlocked(t, w.run(t.Context(), s), "events")
		account.Allow("events")
		w.sync(t, s)
		wantSame(t, w, account)
	})
}

func wantBlocked(t *testing.T, err error, what string) {
	t.Helper()
	text := fmt.Sprint(err)
	if err == nil || strings.Count(text, "is blocked") != 1 || !strings.Contains(text, what) || !strings.Contains(text, "rak_") || !pipeline.IsPermanent(err) {
		t.Errorf("error for a key that may not read %s\n got %v", what, err)
	}
}

// The key is in no error, whatever goes wrong and however the error is printed or unwrapped.
func TestKeyIsNeverShown(t *testing.T) {
	echo := `{"error":{"type":"invalid_request_error","code":"` + testKey + `","param":"` + testKey + `","message":"key ` + testKey + ` is bad"}}`
	cases := map[string]func(*stripefake.Server){
		"wrong key": func(s *stripefake.Server) { s.SetKey("other") },
		"echo 400":  func(s *stripefake.Server) { s.Fail(stripefake.Fault{Status: 400, Body: echo}) },
		"echo 401":  func(s *stripefake.Server) { s.Fail(stripefake.Fault{Status: 401, Body: echo}) },
		"echo 403": func(s *stripefake.Server) {
			s.Fail(stripefake.Fault{Status: 200}, stripefake.Fault{Status: 403, Body: echo})
		},
		"echo no JSON":   func(s *stripefake.Server) { s.Fail(stripefake.Fault{Status: 404, Body: "<p>" + testKey}) },
		"echo 200":       func(s *stripefake.Server) { s.Fail(stripefake.Fault{Status: 200, Body: "<p>" + testKey}) },
		"other JSON 400": func(s *stripefake.Server) { s.Fail(stripefake.Fault{Status: 400, Body: `{"key":"` + testKey + `"}`}) },
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := stripefake.New(testKey)
				prepare(account)
				s, w := newSource(t, account, nil), newWarehouse()
				err := s.Run(t.Context(), nil, w.emit)
				if err == nil {
					t.Fatal("no error")
				}
				wantNoKey(t, err)
			})
		})
	}
}

func TestKeyIsNotShownByNetworkErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		s := newSource(t, account, nil)
		s.client = newClient(&Config{Key: testKey, BaseURL: "http://stripe.test", Rate: 15}, pipeline.Env{Now: time.Now, HTTP: &http.Client{
			Transport: failing{errors.New("proxy said no to " + testKey)},
		}})
		began := time.Now()
		err := s.Run(t.Context(), nil, newWarehouse().emit)
		if waited := time.Since(began); waited < 10*time.Minute || waited > patience+time.Minute {
			t.Errorf("gave up after\n got %v\nwant about %v", waited, patience)
		}
		if err == nil || !strings.Contains(err.Error(), "GET /v1/events: proxy said no") {
			t.Errorf("error\n got %v", err)
		}
		wantNoKey(t, err)
	})
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func wantNoKey(t *testing.T, err error) {
	t.Helper()
	queue := []error{err}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		if e == nil {
			continue
		}
		if text := fmt.Sprintf("%v %+v %#v", e, e, e); strings.Contains(text, testKey) {
			t.Errorf("the key is in %T: %s", e, text)
		}
		switch u := e.(type) { //nolint:errorlint // one level at a time
		case interface{ Unwrap() error }:
			queue = append(queue, u.Unwrap())
		case interface{ Unwrap() []error }:
			queue = append(queue, u.Unwrap()...)
		}
	}
}

func TestRefusedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New("rk_test_another")
		s := newSource(t, account, nil)
		for name, err := range map[string]error{"Run": s.Run(t.Context(), nil, newWarehouse().emit), "Check": s.Check(t.Context())} {
			if !pipeline.IsPermanent(err) || !strings.Contains(fmt.Sprint(err), "stripe refuses the key (status 401)") {
				t.Errorf("%s\n got %v", name, err)
			}
		}
		if got := account.Requests(); len(got) != 2 {
			t.Errorf("requests with a refused key\n got %d\nwant one for each call", len(got))
		}
	})
}

func TestCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		s := newSource(t, account, nil)
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := account.Requests()
		if len(got) != len(tables)+1 {
			t.Errorf("requests\n got %d\nwant %d", len(got), len(tables)+1)
		}
		for _, r := range got {
			if !strings.Contains(r.URL, "limit=1") {
				t.Errorf("request %s asks for more than a row", r.URL)
			}
		}
		account.Deny(customers)
		account.Deny("events")
		err := fmt.Sprint(s.Check(t.Context()))
		if strings.Count(err, "is blocked") != 2 {
			t.Errorf("Check with two permissions missing\n got %v", err)
		}
	})
}

func TestContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := stripefake.New(testKey)
		account.Fail(stripefake.Fault{Status: 429, RetryAfter: "600"})
		s := newSource(t, account, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if err := s.Run(ctx, nil, newWarehouse().emit); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run\n got %v\nwant %v", err, context.DeadlineExceeded)
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("stopped after\n got %v\nwant 1m", waited)
		}
	})
}
