package stripe

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/form"
	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"
	"github.com/stripe/stripe-mock/spec"

	"github.com/prickle-dev/prickle/pipeline"
)

var loadSpec = sync.OnceValues(func() (*spec.Spec, error) { return server.LoadSpec(embedded.OpenAPISpec, "") })

// mock runs stripe-mock, which refuses what API version 2023-10-16 does not know, and notes every answer that is not a success.
func mock(t *testing.T) (*Source, *refusals) {
	t.Helper()
	api, err := loadSpec()
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		t.Fatal(err)
	}
	stub, err := server.NewStubServer(fixtures, api, true, false)
	if err != nil {
		t.Fatal(err)
	}
	log := &refusals{paths: map[string]int{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		stub.HandleRequest(answer, r)
		log.note(r, answer)
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	t.Cleanup(s.Close)
	source, err := New(&Config{Key: "sk_test_123", BaseURL: s.URL, Rate: 100}, pipeline.Env{HTTP: s.Client(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return source, log
}

type refusals struct {
	mu    sync.Mutex
	paths map[string]int
	bad   []string
}

func (l *refusals) note(r *http.Request, answer *httptest.ResponseRecorder) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paths[r.URL.Path]++
	if answer.Code != http.StatusOK {
		l.bad = append(l.bad, r.URL.String()+": "+answer.Body.String())
	}
}

func (l *refusals) want(t *testing.T, paths ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, bad := range l.bad {
		t.Errorf("stripe-mock refuses %s", bad)
	}
	for _, path := range paths {
		if l.paths[path] == 0 {
			t.Errorf("%s was not asked for; what was: %v", path, l.paths)
		}
	}
}

func TestMockSync(t *testing.T) {
	source, log := mock(t)
	w := newWarehouse()
	w.sync(t, source)
	w.sync(t, source)
	if err := source.Check(t.Context()); err != nil {
		t.Error(err)
	}
	var paths []string
	for i := range tables {
		paths = append(paths, tables[i].path())
		if got := len(w.alive(tables[i].name)); got == 0 {
			t.Errorf("rows of %s\n got none", tables[i].name)
		}
	}
	log.want(t, append(paths, "/v1/events")...)
}

// Every request in its longest form.
func TestMockRequests(t *testing.T) {
	source, log := mock(t)
	c := source.client
	var paths []string
	for _, tb := range source.asked() {
		if _, err := c.list(t.Context(), tb, filter{from: 1, before: 2_000_000_000, after: "x_1"}); err != nil {
			t.Error(err)
		}
		if tb == &feed || tb.silent {
			continue
		}
		_, h, _, err := c.object(t.Context(), tb, "x_1")
		if err != nil || h.ID != "x_1" {
			t.Errorf("object of %s\n got %q, %v", tb.name, h.ID, err)
		}
		paths = append(paths, tb.path()+"/x_1")
	}
	for _, address := range []string{"/v1/invoices/in_1/lines", "/v1/subscription_items?subscription=sub_1"} {
		if _, err := c.children(t.Context(), address); err != nil {
			t.Error(err)
		}
		path, _, _ := strings.Cut(address, "?")
		paths = append(paths, path)
	}
	query := &form.Values{}
	query.Add("charge", "ch_1")
	filter{after: "re_1"}.add(query)
	if _, err := c.page(t.Context(), "/v1/refunds", query, ""); err != nil {
		t.Error(err)
	}
	log.want(t, paths...)
}

// stripe-mock does refuse: the tests above would notice a wrong parameter.
func TestMockRefuses(t *testing.T) {
	source, _ := mock(t)
	query := &form.Values{}
	query.Add("no_such", "1")
	if _, err := source.client.page(t.Context(), "/v1/customers", query, ""); !hasStatus(err, http.StatusBadRequest) {
		t.Errorf("an unknown parameter\n got %v\nwant status 400", err)
	}
	if got, want := stripe.APIVersion, "2023-10-16"; got != want {
		t.Errorf("API version\n got %s\nwant %s", got, want)
	}
}

// The declared columns are exactly the fields of the API's description, with types that follow from theirs.
func TestColumns(t *testing.T) {
	var api struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]property `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(embedded.OpenAPISpec, &api); err != nil {
		t.Fatal(err)
	}
	for i := range tables {
		want := map[string]pipeline.Type{}
		for name, p := range api.Components.Schemas[strings.TrimSuffix(tables[i].name, "s")].Properties {
			want[name] = p.column(t, name)
		}
		got := map[string]pipeline.Type{}
		for _, c := range tables[i].columns {
			got[c.Name] = c.Type
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) != len(tables[i].columns) || tables[i].columns[0].Name != "id" {
			t.Errorf("columns of %s (-API +declared)\n%s", tables[i].name, diff)
		}
	}
}

// property is a field in the API's description.
type property struct {
	Type       string          `json:"type"`
	Format     string          `json:"format"`
	AnyOf      []property      `json:"anyOf"`
	Expandable json.RawMessage `json:"x-expansionResources"`
}

func (p property) column(t *testing.T, name string) pipeline.Type {
	isText := func(o property) bool { return o.Type == "string" }
	switch {
	case p.Type == "integer" && p.Format == "unix-time":
		return pipeline.Instant
	case p.Type == "integer":
		return pipeline.Integer
	case p.Type == "number":
		return pipeline.Float
	case p.Type == "boolean":
		return pipeline.Boolean
	case p.Type == "string" && p.Format == "decimal":
		return pipeline.Decimal
	case p.Type == "string", p.Expandable != nil && slices.ContainsFunc(p.AnyOf, isText):
		return pipeline.String
	case p.Type == "object", p.Type == "array", p.Type == "" && !slices.ContainsFunc(p.AnyOf, isText):
		return pipeline.JSON
	}
	t.Errorf("field %s has no column type: %+v", name, p)
	return ""
}
