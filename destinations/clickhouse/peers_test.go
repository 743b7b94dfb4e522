//go:build unix

package clickhouse

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/bus"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
	"github.com/prickle-dev/prickle/test/clickhouse"
)

var peerEvents = flag.Int("peers.events", 400_000, "how many events BenchmarkPeers writes")

// peer is another way to get a file of events, a JSON object a line, into the same engine.
type peer struct {
	name    string
	table   string // that it fills
	create  string
	mapping string // of Benthos
}

// The layouts are those that others publish for their users: the row of Jitsu, with a column for each property, and what Vector's sink of JSON lines is
// given, with the properties as text.
var peers = []peer{
	{
		name: "Benthos, columns as Jitsu's", table: "jitsu",
		create: `CREATE TABLE jitsu (uuid String, event Nullable(String), distinct_id Nullable(String), source Nullable(String), _timestamp DateTime64(6),
			received_at Nullable(DateTime64(6)), current_url Nullable(String), browser Nullable(String), browser_version Nullable(Int64), os Nullable(String),
			session_id Nullable(String), window_id Nullable(String), screen_width Nullable(Int64), lib Nullable(String), lib_version Nullable(String),
			host Nullable(String), pathname Nullable(String), amount Nullable(Float64), currency Nullable(String), plan Nullable(String), items Nullable(String),
			referrer Nullable(String), utm_source Nullable(String), logged_in Nullable(Bool))
			ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(_timestamp) ORDER BY uuid`,
		mapping: `root = {"uuid": this.uuid, "event": this.event, "distinct_id": this.distinct_id, "source": this.source, "_timestamp": this.timestamp, "received_at": this.received_at}
        root = root.merge(this.properties.without("items").map_each_key(k -> k.trim_prefix("$")))
        root.items = this.properties.items.format_json(no_indent: true)`,
	},
	{
		name: "Benthos, lines as Vector's", table: "vector",
		create: `CREATE TABLE vector (uuid UUID, event LowCardinality(String), distinct_id String, timestamp DateTime64(3), properties String)
			ENGINE = MergeTree PARTITION BY toYYYYMM(timestamp) ORDER BY (event, timestamp)`,
		mapping: `root = {"uuid": this.uuid, "event": this.event, "distinct_id": this.distinct_id, "timestamp": this.timestamp, "properties": this.properties.format_json(no_indent: true)}`,
	},
}

// BenchmarkPeers brings one file of events, a line each, into the engine: by this warehouse, which stores each once, and by Benthos, which stores whatever it
// is given. Both read and decode the lines, and write blocks of 10,000 rows, two at a time.
func BenchmarkPeers(b *testing.B) {
	file := filepath.Join(b.TempDir(), "events.ndjson")
	writeLines(b, file, *peerEvents)
	b.Run("prickle", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			w := opened(b, func(c *Config) { c.JSON = "off" })
			m := pipelinetest.Meter{Server: clickhouse.Shared(b).CPU}
			b.StartTimer()
			m.Start(b)
			sendLines(b, w, file)
			m.Stop(b)
			b.StopTimer()
			reportPeer(b, w, m, eventsRows)
			b.StartTimer()
		}
	})
	program := filepath.Join(b.TempDir(), "benthos")
	build := exec.Command("go", "build", "-o", program, "./benthos")
	build.Dir = filepath.Join("..", "..", "test", "numbers")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build Benthos: %v\n%s", err, out)
	}
	for _, p := range peers {
		b.Run(p.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				w := opened(b)
				if err := w.exec(context.Background(), p.create); err != nil {
					b.Fatal(err)
				}
				cmd := exec.Command(program, p.configuration(b, w, file))
				cmd.Stderr = os.Stderr
				m := pipelinetest.Meter{Server: clickhouse.Shared(b).CPU}
				b.StartTimer()
				m.Start(b)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				m.Stop(b)
				b.StopTimer()
				m.Add(cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime())
				reportPeer(b, w, m, p.table)
				b.StartTimer()
			}
		})
	}
}

func writeLines(b *testing.B, file string, n int) {
	b.Helper()
	f, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	out, s := bufio.NewWriter(f), source()
	for n > 0 {
		events := s.Events(b, min(n, batchEvents))
		_, _ = out.Write(bus.AppendFrame(nil, events)) // Flush has the error
		n -= len(events)
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// sendLines decodes the file's lines and sends them as a full queue does.
func sendLines(b *testing.B, w *Warehouse, file string) {
	b.Helper()
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	queue := make(chan []pipeline.Event, lanes)
	group := sending(w, queue)
	lines := bufio.NewScanner(f)
	var payload []byte
	flush := func() {
		if frame := bus.ParseFrame(payload, 0); len(frame.Events) > 0 {
			queue <- frame.Events
		}
		payload = nil
	}
	for n := 1; lines.Scan(); n++ {
		if payload = append(append(payload, lines.Bytes()...), '\n'); n%batchEvents == 0 {
			flush()
		}
	}
	flush()
	close(queue)
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

// configuration writes Benthos's, which posts JSON lines to the engine.
func (p *peer) configuration(b *testing.B, w *Warehouse, file string) string {
	b.Helper()
	query := url.Values{
		"query":    {"INSERT INTO " + w.options.Auth.Database + "." + p.table + " FORMAT JSONEachRow"},
		"database": {w.options.Auth.Database}, "date_time_input_format": {"best_effort"}, "input_format_skip_unknown_fields": {"1"},
	}
	path := filepath.Join(b.TempDir(), "benthos.yaml")
	text := fmt.Sprintf(`
http: {enabled: false}
logger: {level: ERROR}
input:
  file: {paths: [%q], scanner: {lines: {}}}
pipeline:
  processors:
    - mapping: |
        %s
output:
  http_client:
    url: "http://%s/?%s"
    verb: POST
    headers: {X-ClickHouse-User: %q, X-ClickHouse-Key: %q}
    max_in_flight: 2
    batch_as_multipart: false
    batching: {count: 10000, period: 5s, processors: [{archive: {format: lines}}]}
`, file, p.mapping, w.options.Addr[0], query.Encode(), w.options.Auth.Username, w.options.Auth.Password)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// reportPeer checks that all events are in the table, and reports the rate and the size.
func reportPeer(b *testing.B, w *Warehouse, m pipelinetest.Meter, table string) {
	b.Helper()
	var n uint64
	if err := w.conn.QueryRow(context.Background(), "SELECT count() FROM "+table).Scan(&n); err != nil || n != uint64(*peerEvents) {
		b.Fatalf("%d rows in %s, %v, want %d", n, table, err, *peerEvents)
	}
	m.Report(b, *peerEvents, "event")
	if err := w.exec(context.Background(), "OPTIMIZE TABLE "+table+" FINAL"); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(size(b, w, table)/float64(*peerEvents), "MB/million")
}
