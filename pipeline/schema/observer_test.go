package schema

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

var began = time.Date(2026, 8, 20, 10, 0, 0, 0, time.UTC)

func event(second int, name, properties string) *pipeline.Event {
	return &pipeline.Event{Name: name, DistinctID: "u", Properties: pipeline.Properties(properties), ReceivedAt: began.Add(time.Duration(second) * time.Second)}
}

func store(t *testing.T) *bus.Profiles {
	t.Helper()
	p, err := pipelinetest.Bus(t).Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func observer(t *testing.T, s Store, config Config) *Observer {
	t.Helper()
	o := NewObserver(s, config, slog.New(slog.DiscardHandler))
	if err := o.Open(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func flush(t *testing.T, o *Observer) {
	t.Helper()
	if err := o.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// rows are those of the table, without where they are from.
func rows(t *testing.T, s Store) (all []string) {
	t.Helper()
	err := s.Each(t.Context(), Prefix, func(p bus.Profile) error {
		records, err := AppendRecords(nil, p)
		for _, r := range records {
			all = append(all, string(r.Data))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestObserved(t *testing.T) {
	s := store(t)
	one, two := observer(t, s, DefaultConfig()), observer(t, s, DefaultConfig())
	one.count(event(0, "buy", `{"amount":1,"plan":"pro","at":"2026-08-20T10:00:00Z","x":null}`))
	one.count(event(1, "buy", `{"amount":1.5,"plan":"a\"b","x":{"y":[1]}}`))
	flush(t, one)
	two.count(event(5, "buy", `{"amount":null,"pl\u0061n":false,"x":[1]}`))
	two.count(event(6, "see", `{"u\u0000":true}`))
	flush(t, two)
	flush(t, one) // nothing new
	want := []string{
		`{"event":"buy","property":"amount","type":"number","types":{"integer":1,"null":1,"number":1},"count":3,"event_count":3,"null_share":0.3333333333333333,"first_seen":"2026-08-20T10:00:00Z","last_seen":"2026-08-20T10:00:05Z","sample":"1"}`,
		`{"event":"buy","property":"at","type":"time","types":{"time":1},"count":1,"event_count":3,"null_share":0,"first_seen":"2026-08-20T10:00:00Z","last_seen":"2026-08-20T10:00:00Z","sample":"2026-08-20T10:00:00Z"}`,
		`{"event":"buy","property":"plan","type":"mixed","types":{"boolean":1,"string":2},"count":3,"event_count":3,"null_share":0,"first_seen":"2026-08-20T10:00:00Z","last_seen":"2026-08-20T10:00:05Z","sample":"false"}`,
		`{"event":"buy","property":"x","type":"mixed","types":{"array":1,"null":1,"object":1},"count":3,"event_count":3,"null_share":0.3333333333333333,"first_seen":"2026-08-20T10:00:00Z","last_seen":"2026-08-20T10:00:05Z","sample":"[1]"}`,
		`{"event":"see","property":"u` + "\uFFFD" + `","type":"boolean","types":{"boolean":1},"count":1,"event_count":1,"null_share":0,"first_seen":"2026-08-20T10:00:06Z","last_seen":"2026-08-20T10:00:06Z","sample":"true"}`,
	}
	if diff := cmp.Diff(want, rows(t, s)); diff != "" {
		t.Error(diff)
	}
}

// Properties come in any order, stay away for a while and come back: each is counted under its own name.
func TestAnyOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	o := NewObserver(nil, DefaultConfig(), slog.New(slog.DiscardHandler))
	want, got := map[string]int64{}, map[string]int64{}
	for range 300 {
		for range 1 + dice.IntN(20) {
			var members []string
			for _, i := range dice.Perm(6)[:dice.IntN(7)] {
				name := fmt.Sprintf("p%d", i+dice.IntN(2)*10)
				members = append(members, fmt.Sprintf("%q:%d", name, i))
				want[name]++
			}
			o.count(event(0, fmt.Sprint("e", dice.IntN(2)), "{"+strings.Join(members, ",")+"}"))
		}
		for _, e := range o.take("me") {
			for name, p := range e.Properties {
				got[name] += p.Kinds[Integer.String()]
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
}

// What is worked again counts once, also when several events come of one.
func TestWatchAgain(t *testing.T) {
	s := store(t)
	o := observer(t, s, DefaultConfig())
	w := o.Watch()
	for range 3 {
		w.Reset()
		w.Event(event(0, "a", `{"p":1}`), 0, 7, 0)
		w.Event(event(0, "a", `{"p":1}`), 0, 7, 0)
		w.Event(event(0, "a", `{"p":1}`), 0, 7, 1)
	}
	w.Reset()
	w.Event(event(0, "a", `{"p":1}`), 0, 8, 0)
	flush(t, o)
	if got := rows(t, s); len(got) != 1 || !strings.Contains(got[0], `"count":4,"event_count":4,`) {
		t.Errorf("got %s", got)
	}
}

// failing is a Store whose next Save fails, before or after it has stored.
type failing struct {
	Store
	fails, stores bool
	meanwhile     func()
}

var errAway = errors.New("away")

func (f *failing) Save(ctx context.Context, changes []bus.Profile) error {
	if f.meanwhile != nil {
		m := f.meanwhile
		f.meanwhile = nil
		m()
	}
	if !f.fails {
		return f.Store.Save(ctx, changes)
	}
	f.fails = false
	if f.stores {
		if err := f.Store.Save(ctx, slices.Clone(changes)); err != nil {
			return err
		}
	}
	return errAway
}

// Nothing is lost and nothing is added twice, whether the save that failed was stored or not, and whoever else stores meanwhile.
func TestFlushAgain(t *testing.T) {
	for _, stores := range []bool{false, true} {
		t.Run(fmt.Sprint("stored=", stores), func(t *testing.T) {
			f := &failing{Store: store(t), fails: true, stores: stores}
			o := observer(t, f, DefaultConfig())
			o.count(event(0, "a", `{"p":1}`))
			if err := o.Flush(t.Context()); !errors.Is(err, errAway) {
				t.Fatalf("got %v", err)
			}
			o.count(event(1, "a", `{"p":2}`))
			f.meanwhile = func() {
				other := observer(t, f.Store, DefaultConfig())
				other.count(event(2, "b", `{"p":3}`))
				flush(t, other)
			}
			flush(t, o)
			o.count(event(3, "a", `{"p":4}`))
			f.meanwhile = func() {
				other := observer(t, f.Store, DefaultConfig())
				other.count(event(4, "a", `{"p":5}`))
				flush(t, other)
			}
			flush(t, o)
			got := rows(t, f)
			if len(got) != 2 || !strings.Contains(got[0], `"count":4,"event_count":4,`) || !strings.Contains(got[1], `"count":1,`) {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	s := store(t)
	o := observer(t, s, DefaultConfig())
	long := strings.Repeat("ü", 80)
	for i := range mostProperties + 20 {
		o.count(event(i, "many", fmt.Sprintf(`{"p%d":"%s"}`, i, long)))
	}
	o.count(event(0, "many", fmt.Sprintf(`{"%s":1}`, strings.Repeat("n", longestName+1))))
	for i := range mostNames + 10 {
		o.count(event(i, fmt.Sprint("e", i), `{"p":1}`))
	}
	flush(t, o)
	o.count(event(0, "many", `{"later":1}`)) // within what is counted at once, beyond what is kept
	flush(t, o)
	all := rows(t, s)
	if want := mostProperties + 1 + mostNames - 1 + 1; len(all) != want {
		t.Errorf("rows\n got %d\nwant %d", len(all), want)
	}
	for _, want := range []string{
		fmt.Sprintf(`{"event":"many","property":"(others)","type":"mixed","types":{"integer":2,"string":20},"count":22,"event_count":%d,`, mostProperties+22),
		`{"event":"(others)","property":"(others)","type":"integer","types":{"integer":11},"count":11,"event_count":11,`,
		`"sample":"` + strings.Repeat("ü", 50) + `"`,
	} {
		if !slices.ContainsFunc(all, func(row string) bool { return strings.Contains(row, want) }) {
			t.Errorf("no row has %s", want)
		}
	}
	if o.pending > mostPending {
		t.Errorf("pending: %d", o.pending)
	}
}

// Without samples no value is kept, and those that were are taken away.
func TestNoSamples(t *testing.T) {
	s := store(t)
	o := observer(t, s, DefaultConfig())
	o.count(event(0, "a", `{"p":"private","q":"private"}`))
	flush(t, o)
	quiet := DefaultConfig()
	quiet.Samples = false
	o = observer(t, s, quiet)
	o.count(event(0, "a", `{"p":"private"}`))
	flush(t, o)
	if got := rows(t, s); len(got) != 2 || strings.Contains(strings.Join(got, ""), "private") {
		t.Errorf("got %s", got)
	}
}

// What was counted is stored when Run is asked to stop.
func TestRunStops(t *testing.T) {
	s := store(t)
	config := DefaultConfig()
	config.Every = time.Hour
	o := observer(t, s, config)
	o.count(event(0, "a", `{"p":1}`))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := o.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, s); len(got) != 1 {
		t.Errorf("got %s", got)
	}
}

// Properties that are known are counted without an allocation.
func TestCountAllocates(t *testing.T) {
	o := NewObserver(nil, DefaultConfig(), slog.New(slog.DiscardHandler))
	e := event(0, "purchase", benchmarkProperties)
	o.count(e)
	if n := testing.AllocsPerRun(100, func() { o.count(e) }); n != 0 {
		t.Errorf("allocations: %v", n)
	}
}

func TestTypes(t *testing.T) {
	for want, kinds := range map[string]map[string]int64{
		"null": {"null": 2}, "number": {"integer": 1, "number": 1, "null": 3}, "integer": {"integer": 1}, "string": {"string": 1, "time": 4},
		"mixed": {"string": 1, "time": 4, "integer": 1}, "object": {"object": 1},
	} {
		if got := (&Property{Kinds: maps.Clone(kinds)}).Type(); got != want {
			t.Errorf("%v\n got %s\nwant %s", kinds, got, want)
		}
	}
}

const benchmarkProperties = `{"$current_url":"https://shop.example.com/a/b?c=d","$host":"shop.example.com","$pathname":"/a/b","$browser":"Chrome","$os":"Linux",` +
	`"$device_type":"Desktop","$screen_width":1920,"$screen_height":1080,"$lib":"web","$lib_version":"1.200.0","$session_id":"0198c5a0-0000-7000-8000-000000000001",` +
	`"$referrer":"https://search.example.com/","plan":"pro","amount":129.5,"currency":"EUR","items":[{"sku":"a","qty":1},{"sku":"b","qty":2}],"coupon":null,"first":true}`

func BenchmarkCount(b *testing.B) {
	o := NewObserver(nil, DefaultConfig(), slog.New(slog.DiscardHandler))
	e := event(0, "purchase", benchmarkProperties)
	b.ReportAllocs()
	b.SetBytes(int64(len(benchmarkProperties)))
	for b.Loop() {
		o.count(e)
	}
}
