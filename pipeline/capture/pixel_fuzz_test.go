package capture

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
)

// FuzzPixel checks that any query is answered with the image, and that what is stored of it is an event.
func FuzzPixel(f *testing.F) {
	f.Add("writeKey=wk_test_0001&userId=u&event=opened&properties.plan=pro&properties=x&context.page.url=%2F")
	f.Add("writeKey=wk_test_0001&anonymousId=%00%ff&event=a;b&properties..=1&.=2&timestamp=1&properties.a.b.c.d.e.f.g.h.i=1")
	f.Add("writeKey=wk_test_0001&userId=%zz&event=e&type=identify&traits.x=1&context.traits=%7B%7D&integrations.All=false")
	f.Fuzz(func(t *testing.T, query string) {
		fx := newFixture(t)
		for _, path := range []string{"/pixel/v1/track", "/pixel/v1/page"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.URL.RawQuery = query
			if answer := fx.do(r); answer.Code != http.StatusOK || answer.Body.String() != blank {
				t.Fatalf("%s: %d %q", path, answer.Code, answer.Body)
			}
		}
		for _, e := range fx.log.take(t) {
			if line := e.AppendJSON(nil); !json.Valid(line) || e.UUID == "" || e.Name == "" || e.DistinctID == "" || e.Timestamp.IsZero() {
				t.Fatalf("bad event: %s", line)
			}
		}
	})
}
