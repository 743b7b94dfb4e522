package sdks

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prickle-dev/prickle/pipeline/control"
	"github.com/prickle-dev/prickle/pipeline/query"
	"github.com/prickle-dev/prickle/test/chaos/rig"
)

// sdk is one that is tested.
type sdk struct {
	name    string
	version func() string
	calls   string // for people
	start   func(t *testing.T, host, key, part string) *driver
	// session is what is to be in the warehouse after a part of parts: session, and variants of it.
	session func(part string) []want
	parts   []string
	// retry is what is to be there after its calls under a fault, if every event arrives.
	retry []want
	// rules say where the SDK does not send again what failed.
	rules map[string]rule
	quick string // the fault of the short form
	event string // of the snippet, which says hello in it; "" for one of that name
}

// rule is one by which an SDK gives up.
type rule struct {
	says  string
	wants []want
}

func inNode(script string) func(t *testing.T, host, key, part string) *driver {
	return func(t *testing.T, host, key, part string) *driver { return node(t, script, host, key, part) }
}

func inBrowser(script string) func(t *testing.T, host, key, part string) *driver {
	return func(t *testing.T, host, key, part string) *driver { return browser(t, script, host, key, part) }
}

func npm(name string) func() string { return func() string { return versionOf(name) } }

var sdks = []sdk{
	{
		name: "posthog-js", version: npm("posthog-js"),
		calls: "autocapture, page views, `capture`, `register`, `identify`, `setPersonProperties`, `alias`, `group`, what is left at unload; with and without compression and remote config",
		start: inBrowser("sessions/posthog-js.mjs"), session: posthogJS, parts: []string{"session", "uncompressed", "no-config"},
		retry: visits(1, 4, func(int) string { return "?anon" }, nil),
		rules: map[string]rule{"429": {"drops what was refused, as on every 4xx", visits(3, 4, func(int) string { return "?anon" }, nil)}},
	},
	{
		name: "posthog-node", version: npm("posthog-node"), calls: "`capture`, 250 of them in batches, `identify`, `alias`, `groupIdentify`, `flush`, `shutdown`",
		start: inNode("sessions/posthog-node.mjs"), session: posthogNode, parts: []string{"session"}, retry: visits(1, 3, ada, nil), quick: "lost-answer",
	},
	{
		name: "posthog-go", version: goVersion, calls: "`Capture`, 250 of them in batches, `Identify`, `Alias`, `GroupIdentify`, `Close`",
		start:   func(t *testing.T, host, key, part string) *driver { return golang(t, ".", "", host, key, part) },
		session: posthogGo, parts: []string{"session"}, retry: visits(1, 3, ada, nil), quick: "429",
	},
	{
		name: "@segment/analytics-next", version: npm("@segment/analytics-next"), calls: "`track`, `identify`, `page`, `screen`, `group`, `alias`",
		start: inBrowser("sessions/analytics-next.mjs"), session: analyticsNext, parts: []string{"session"},
		retry: visits(1, 3, func(int) string { return "anon-1" }, nil),
	},
	{
		name: "@segment/analytics-node", version: npm("@segment/analytics-node"),
		calls: "`track`, 250 of them in batches, `identify`, `page`, `screen`, `group`, `alias`, `closeAndFlush`",
		start: inNode("sessions/analytics-node.mjs"), session: analyticsNode, parts: []string{"session"}, retry: visits(1, 3, ada, nil), quick: "503",
	},
	{
		name: "@rudderstack/analytics-js", version: npm("@rudderstack/analytics-js"), calls: "`track`, `identify`, `page`, `group`, `alias`; one by one and as beacons",
		start: inBrowser("sessions/analytics-js.mjs"), session: analyticsJS, parts: []string{"session", "beacon"},
		retry: visits(1, 3, func(int) string { return "anon-1" }, nil),
	},
	{
		name: "@rudderstack/rudder-sdk-node", version: npm("@rudderstack/rudder-sdk-node"),
		calls: "`track`, 250 of them in batches, `identify`, `page`, `screen`, `group`, `alias`, `flush`",
		start: inNode("sessions/rudder-sdk-node.mjs"), session: rudderNode, parts: []string{"session"}, retry: visits(1, 3, ada, nil), quick: "reset",
	},
	{
		name: "@posthog/ai", version: npm("@posthog/ai"), calls: "`PostHogTraceExporter`: spans of an agent, a model and an embedding that fails, as JSON",
		start: inOTLP("ai"), session: spansOfModels, parts: []string{"session"}, retry: calls(), quick: "lost-answer", event: "$ai_generation",
	},
	{
		name: "@opentelemetry/exporter-trace-otlp-proto", version: npm("@opentelemetry/exporter-trace-otlp-proto"),
		calls: "`OTLPTraceExporter`: the same and a span of no model, as protobuf in gzip",
		start: inOTLP("exporter-trace-otlp-proto"), session: spansOfModels, parts: []string{"session"}, retry: calls(), event: "$ai_generation",
	},
}

// key is what an SDK sends with in a part; it is the name of its source as well.
func (s sdk) key(part string) string { return s.short() + "-" + part }

// short is the name without its scope.
func (s sdk) short() string { return path.Base(s.name) }

// project has a key for every part of every SDK, so that they can run at once.
func project(t *testing.T) *rig.Prickle {
	t.Helper()
	keys := []string{"{name: snippets, token: phc_local}"}
	add := func(name string) { keys = append(keys, fmt.Sprintf("{name: %s, token: %s}", name, name)) }
	for _, s := range sdks {
		for _, part := range s.parts {
			add(s.key(part))
		}
		for _, f := range faults {
			add(s.key(f.name))
		}
	}
	p := rig.NewPrickle(t, build(t, ".", "../../cmd/prickle"), t.TempDir(), map[string]string{"prickle.yaml": fmt.Sprintf(
		"capture: {listen: \"127.0.0.1:0\", keys: [%s]}\npipelines: {web: {destinations: [warehouse]}}\n", strings.Join(keys, ", "))})
	p.Start()
	return p
}

func TestSDKs(t *testing.T) {
	p := project(t)
	for _, s := range sdks {
		t.Run(s.short(), func(t *testing.T) {
			for i, part := range s.parts {
				if whole || i == 0 {
					t.Run(part, func(t *testing.T) { s.play(t, p, part, fault{}, s.session(part)) })
				}
			}
			if whole {
				t.Run("snippet", func(t *testing.T) { s.say(t, p) })
			}
			for _, f := range faults {
				if whole || f.name == s.quick {
					t.Run(f.name, func(t *testing.T) { s.endure(t, p, f) })
				}
			}
		})
	}
}

// endure is the part under a fault.
func (s sdk) endure(t *testing.T, p *rig.Prickle, f fault) {
	wants := s.retry
	if r, ok := s.rules[f.name]; ok {
		wants = r.wants
	}
	m := s.play(t, p, f.name, f, wants)
	if spoilt := m.seen.Load(); spoilt <= f.times {
		t.Errorf("%d requests came, of which the first %d were spoilt: nothing was sent again", spoilt, f.times)
	}
}

// play runs a part of an SDK and compares what is in the warehouse then.
func (s sdk) play(t *testing.T, p *rig.Prickle, part string, f fault, wants []want) *middleman {
	t.Parallel()
	m := newMiddleman(t, p.URL(), f)
	m.bare = part == "no-config"
	source := s.key(part)
	began := time.Now()
	d := s.start(t, m.url, source, part)
	d.until(func() bool { return len(rows(t, p, source)) >= len(wants) })
	output := d.finish()
	p.Settled()
	compare(t, wants, rows(t, p, source), began, time.Now())
	if t.Failed() {
		t.Logf("the program with the SDK said:\n%s", output)
	}
	return m
}

// rows are the events of a source, through the project's own queries.
func rows(t *testing.T, p *rig.Prickle, source string) []row {
	t.Helper()
	return ask(t, p, "source = '"+source+"'")
}

func ask(t *testing.T, p *rig.Prickle, where string) []row {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	client, err := control.Dial(ctx, p.Dir+"/data")
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Text())
	}
	var all []row
	err = client.Query(ctx, query.Request{SQL: `SELECT CAST(uuid AS VARCHAR), event, distinct_id, epoch_us(timestamp), epoch_us(received_at), CAST(properties AS VARCHAR)
		FROM events WHERE ` + where + ` ORDER BY timestamp, received_at, uuid`}, query.EachRow(func(cells []any) error {
		r, err := newRow(cells)
		all = append(all, r)
		return err
	}))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.Text())
	}
	return all
}

func newRow(cells []any) (row, error) {
	text := make([]string, len(cells))
	for i, c := range cells {
		text[i] = fmt.Sprint(c)
	}
	at, err := strconv.ParseInt(text[3], 10, 64)
	if err != nil {
		return row{}, err
	}
	received, err := strconv.ParseInt(text[4], 10, 64)
	if err != nil {
		return row{}, err
	}
	r := row{uuid: text[0], event: text[1], id: text[2], at: time.UnixMicro(at).UTC(), received: time.UnixMicro(received).UTC()}
	return r, json.Unmarshal([]byte(text[5]), &r.props)
}
