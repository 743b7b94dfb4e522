package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/fetch"
	"github.com/prickle-dev/prickle/hog/vm"
)

// longestSleep is how long one call of sleep may wait, so that a slip of the pen does not stop a script for a day.
const longestSleep = time.Minute

// sleep is the function of the language: it waits for a number of seconds, and not at all for what is none.
func sleep(ctx context.Context, args []hog.Value) (hog.Value, error) {
	seconds := 0.0
	if len(args) > 0 {
		seconds = vm.ToNumber(args[0])
	}
	if !(seconds > 0) {
		return hog.Null(), ctx.Err()
	}
	if seconds > longestSleep.Seconds() {
		return hog.Value{}, fmt.Errorf("at most %v seconds at a time, got %v", longestSleep.Seconds(), seconds)
	}
	timer := time.NewTimer(time.Duration(seconds * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return hog.Value{}, ctx.Err()
	case <-timer.C:
		return hog.Null(), nil
	}
}

// fetchTimeout bounds one call of fetch.
const fetchTimeout = 30 * time.Second

// doFetch asks the network.
func doFetch(ctx context.Context, args []hog.Value) (hog.Value, error) {
	r, err := parseFetch(args)
	if err != nil {
		return hog.Value{}, err
	}
	return r.Do(ctx, &http.Client{Timeout: fetchTimeout})
}

// parseFetch reads the arguments of a call, and wants all of its options to mean something.
func parseFetch(args []hog.Value) (fetch.Request, error) {
	r, err := fetch.Parse(args)
	return r, errors.Join(err, fetch.Check(args))
}

// refuseFetch says what the program asked for and how to allow it.
func refuseFetch(_ context.Context, args []hog.Value) (hog.Value, error) {
	r, err := parseFetch(args)
	if err != nil {
		return hog.Value{}, err
	}
	return hog.Value{}, fmt.Errorf("%s %s is not allowed; add --allow-fetch to let the program use the network", r.Method, withoutSecrets(r.URL))
}

// withoutSecrets is a URL without the parts that may hold a key: user, query and fragment.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
