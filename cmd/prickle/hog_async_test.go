package main

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/hog"
)

// fetch sends what the program says and gives it what is answered.
func TestHogRunFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"method":"`+r.Method+`","body":`+string(body)+`,"key":"`+r.Header.Get("X-Key")+`"}`)
	}))
	t.Cleanup(server.Close)
	dir := project(t, map[string]string{"f.hog": `let answer := fetch('` + server.URL + `', {'method': 'put', 'body': {'a': [1]}, 'headers': {'X-Key': 'k'}})
print(answer.status, answer.body)`})
	code, out, errOut := run(t, "hog", "run", dir+"/f.hog", "--allow-fetch")
	if diff := cmp.Diff("201 {'method': 'PUT', 'body': {'a': [1]}, 'key': 'k'}\n", out); code != 0 || diff != "" {
		t.Errorf("exit code %d (-want +got)\n%s%s", code, diff, errOut)
	}
	if code, _, _ := run(t, "hog", "run", dir+"/f.hog"); code != 1 {
		t.Errorf("exit code without --allow-fetch\n got %d\nwant 1", code)
	}
}

func TestHogSleep(t *testing.T) {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sleep(canceled, []hog.Value{hog.Number(30)}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for _, v := range []hog.Value{hog.Number(0), hog.Number(-5), hog.Number(math.NaN()), hog.Null(), hog.String("many"), hog.String("0.001")} {
		if _, err := sleep(t.Context(), []hog.Value{v}); err != nil {
			t.Errorf("%v: %v", v, err)
		}
	}
	for _, seconds := range []float64{61, 1e300, math.Inf(1)} {
		if _, err := sleep(t.Context(), []hog.Value{hog.Number(seconds)}); err == nil {
			t.Errorf("%v seconds are slept", seconds)
		}
	}
}
