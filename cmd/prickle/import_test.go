package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

const importProject = `
capture: {listen: "127.0.0.1:0", keys: [{name: live, token: k}, {name: history, token: h}]}
pipelines: {main: {destinations: [warehouse]}}
`

// lines of events, of which each has a number.
func numbered(from, to int) string {
	var b strings.Builder
	for n := from; n < to; n++ {
		fmt.Fprintf(&b, `{"event":"n","distinct_id":"u%d","timestamp":"2024-01-02T03:04:05Z","properties":{"n":%d}}`+"\n", n%7, n)
	}
	return b.String()
}

func wantImported(t *testing.T, p *instance, sql, want string) {
	t.Helper()
	p.settled()
	if got := fmt.Sprint(p.query(sql)); got != want {
		t.Errorf("%s\n got %s\nwant %s", sql, got, want)
	}
}

func TestImport(t *testing.T) {
	dir := project(t, map[string]string{
		"prickle.yaml":  importProject,
		"log.jsonl.gz":  pipelinetest.Gzip(numbered(0, 2500)),
		"people.csv":    "id,at,plan,note\n7,2024-01-02T03:04:05Z,pro,\"two\nlines\"\n\n8,2024-01-03,free,\n,2024-01-04,x,\n",
		"mixpanel.json": `{"event":"Sign Up","properties":{"time":1704164645,"distinct_id":"m","$insert_id":"x"}}` + "\n",
	})
	p := start(t, dir)
	file := func(name string) string { return filepath.Join(dir, name) }

	code, out, errOut := run(t, "import", "-p", dir, "--key", "h", "--rate", "0", file("log.jsonl.gz"), file("mixpanel.json"))
	if want := fmt.Sprintf("%s: 2500 events stored by %s, 0 rejected\n%s: 1 event stored by %s, 0 rejected\n", file("log.jsonl.gz"), p.url, file("mixpanel.json"), p.url); code != 0 || out != want {
		t.Fatalf("exit code %d\n got %s%s\nwant %s", code, out, errOut, want)
	}
	rejected := filepath.Join(dir, "rejected.csv")
	code, out, errOut = run(t, "import", "-p", dir, "--rejected", rejected, "--column", "distinct_id=id", "--column", "event==signed_up", "--column", "timestamp=at", file("people.csv"))
	if want := file("people.csv") + ":6: distinct_id is missing or blank\n"; code != 0 || errOut != want || !strings.Contains(out, "2 events stored") {
		t.Fatalf("exit code %d\n%s\n got %s\nwant %s", code, out, errOut, want)
	}
	if text, err := os.ReadFile(rejected); err != nil || string(text) != ",2024-01-04,x,\n" {
		t.Errorf("rejected: %q, %v", text, err)
	}
	wantImported(t, p, `SELECT source, event, count(*), count(DISTINCT uuid), sum(CAST(properties->>'$.n' AS INT)) FROM events WHERE event = 'n' GROUP BY ALL`,
		fmt.Sprintf("[[history n 2500 2500 %d]]", 2500*2499/2))
	wantImported(t, p, `SELECT event, distinct_id, strftime(timestamp, '%Y-%m-%d %H:%M'), properties->>'$.plan', properties->>'$.note' FROM events WHERE event != 'n' ORDER BY distinct_id`,
		"[[signed_up 7 2024-01-02 03:04 pro two\nlines] [signed_up 8 2024-01-03 00:00 free <nil>] [Sign Up m 2024-01-02 03:04 <nil> <nil>]]")

	// A file that is imported again brings nothing new.
	if code, _, errOut := run(t, "import", "-p", dir, "--key", "h", "--rate", "0", file("log.jsonl.gz")); code != 0 {
		t.Fatalf("exit code %d\n%s", code, errOut)
	}
	wantImported(t, p, `SELECT count(*) FROM events WHERE event = 'n'`, "[[2500]]")
}

// An import that ends in the middle goes on where it was, and what capture has no place for is sent again.
func TestImportResumes(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": importProject, "log.jsonl": numbered(0, 3500)})
	p := start(t, dir)
	target, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	var broken atomic.Bool
	broken.Store(true)
	proxy := httputil.NewSingleHostReverseProxy(target)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := requests.Add(1); {
		case n == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n == 4 && broken.Load():
			http.Error(w, `{"code":"gone","detail":"somebody has pulled the plug"}`, http.StatusUnauthorized)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	defer between.Close()
	log := filepath.Join(dir, "log.jsonl")
	args := []string{"import", "-p", dir, "--to", between.URL, "--rate", "0", log}
	if code, _, errOut := run(t, args...); code != 1 || !strings.Contains(errOut, log+": somebody has pulled the plug") || !strings.Contains(errOut, log+": waiting at line 0: ") {
		t.Fatalf("exit code %d\n%s", code, errOut)
	}
	if code, _, errOut := run(t, "import", "-p", dir, log); code != 1 || !strings.Contains(errOut, "begin anew with --restart") {
		t.Errorf("another address: exit code %d\n%s", code, errOut)
	}
	broken.Store(false)
	requests.Store(10)
	code, out, errOut := run(t, args...)
	if code != 0 || errOut != log+": goes on behind line 2000, 2000 events stored so far\n" || !strings.Contains(out, "3500 events stored") {
		t.Fatalf("exit code %d\n%s%s", code, out, errOut)
	}
	if n := requests.Load() - 10; n != 2 {
		t.Errorf("%d requests for the rest, want 2", n)
	}
	wantImported(t, p, `SELECT count(*), count(DISTINCT uuid) FROM events`, "[[3500 3500]]")
	if _, err := os.Stat(log + ".import"); !os.IsNotExist(err) {
		t.Errorf("what was noted is left: %v", err)
	}
}

// What capture takes at once may be less than what is sent, and a record may be too large for it alone.
func TestImportHalves(t *testing.T) {
	t.Parallel()
	large := `{"event":"n","distinct_id":"u","properties":{"n":0,"x":"` + strings.Repeat("x", 30_000) + `"}}` + "\n"
	rows := "\ufeff\"distinct_id\",event,n,note\n"
	for n := range 1200 {
		rows += fmt.Sprintf("u%d,row,%d,\"a\n\nb\"\n\n", n%7, n)
	}
	dir := project(t, map[string]string{
		"prickle.yaml": strings.Replace(importProject, "capture: {", "capture: {limits: {events: 300, body: 20KB}, ", 1),
		"log.jsonl":    "\ufeff" + numbered(0, 1500) + large + strings.Repeat("\n", 3<<20) + numbered(1500, 2000), "rows.csv": rows, "old.jsonl.import": "{}",
	})
	p := start(t, dir)
	log := filepath.Join(dir, "log.jsonl")
	code, out, errOut := run(t, "import", "-p", dir, "--rate", "0", log, filepath.Join(dir, "rows.csv"), filepath.Join(dir, "old.jsonl.import"))
	if code != 0 || !strings.Contains(out, "2000 events stored") || !strings.Contains(out, "1200 events stored") || !strings.Contains(errOut, log+":1501: larger than capture takes: ") {
		t.Fatalf("exit code %d\n%s%s", code, out, errOut)
	}
	wantImported(t, p, `SELECT event, count(*), count(DISTINCT uuid), sum(CAST(properties->>'$.n' AS INT)) FROM events GROUP BY event ORDER BY event`,
		fmt.Sprintf("[[n 2000 2000 %d] [row 1200 1200 %d]]", 2000*1999/2, 1200*1199/2))

	// The file grows, and its beginning has the same uuids.
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(numbered(2000, 2010)); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run(t, "import", "-p", dir, "--rate", "0", log); code != 0 || !strings.Contains(out, "2010 events stored") {
		t.Fatalf("exit code %d\n%s%s", code, out, errOut)
	}
	wantImported(t, p, `SELECT count(*) FROM events WHERE event = 'n'`, "[[2010]]")
}

func TestImportMistakes(t *testing.T) {
	dir := project(t, map[string]string{"prickle.yaml": importProject, "broken.csv": "event,distinct_id\na,1\nb,\"2\nc,3\n", "log.jsonl": numbered(0, 1), "bare.csv": "a,b\n1,2\n", "old.csv": "event,distinct_id\ra,1\r", "other.jsonl": "{\"a\":1}\n{\"a\":2}\n"})
	start(t, dir)
	for want, args := range map[string][]string{
		`--format: want one of events, segment, mixpanel, amplitude, csv, got "xml"`:                  {"--format", "xml", "log.jsonl"},
		`--column: want field=column, for example distinct_id=customer_id, got "event"`:               {"--column", "event", "broken.csv"},
		`--rate: want a number of events a second`:                                                    {"--rate", "-1", "log.jsonl"},
		`broken.csv:3: extraneous or missing " in quoted-field`:                                       {"broken.csv"},
		`there is no column "event": say which one it is, or give all the same value with =`:          {"bare.csv"},
		`"name" is no field of an event: want one of event, distinct_id, timestamp, uuid, properties`: {"--column", "name=a", "bare.csv"},
		`--column is for CSV, and this file is read as events`:                                        {"--column", "event=a", "log.jsonl"},
		`is the project running?`:                  {"--to", "http://127.0.0.1:1", "log.jsonl"},
		`the key is not one of this server's keys`: {"--key", "other", "log.jsonl"},
		`no such file`:                             {"missing.jsonl"},
		`old.csv:1: there is a header and no row`:  {"old.csv"},
		`other.jsonl: no record of it is an event`: {"other.jsonl"},
	} {
		full := append([]string{"import", "-p", dir}, args...)
		full[len(full)-1] = filepath.Join(dir, full[len(full)-1])
		if code, _, errOut := run(t, full...); code != 1 || !strings.Contains(errOut, want) {
			t.Errorf("%v: exit code %d\n got %s\nwant %s", args, code, errOut, want)
		}
	}
}

func TestDetected(t *testing.T) {
	for want, heads := range map[string][]string{
		"events":    {`{"event":"a","distinct_id":"x","properties":{"time":1}}`, "", "nonsense"},
		"segment":   {`{"type":"track","userId":"a"}`, `{"messageId":"m","type":"page"}` + "\n{}"},
		"mixpanel":  {`{"event":"a","properties":{"time":1,"distinct_id":"x"}}`},
		"amplitude": {`{"event_type":"a","user_id":"x"}`},
	} {
		for _, head := range heads {
			if got := detected("log.json", []byte(head)); got != want {
				t.Errorf("%s: %s, want %s", head, got, want)
			}
		}
	}
	if got := detected("People.CSV.gz", nil); got != "csv" {
		t.Errorf("got %s", got)
	}
}

// A quote in the middle of a text costs its row, which is kept as it was written.
func TestImportKeepsBrokenRows(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("event,distinct_id,note\r\n")
	for n := range 1500 {
		note := "fine"
		if n == 700 || n == 1200 {
			note = `5" disk`
		}
		fmt.Fprintf(&rows, "row,u%d,%s\r\n", n, note)
	}
	dir := project(t, map[string]string{"prickle.yaml": importProject, "rows.csv": rows.String()})
	p := start(t, dir)
	file, rejected := filepath.Join(dir, "rows.csv"), filepath.Join(dir, "rejected.csv")
	code, out, errOut := run(t, "import", "-p", dir, "--rate", "0", "--rejected", rejected, file)
	if code != 0 || !strings.Contains(out, "1498 events stored") || !strings.Contains(errOut, file+":702: bare ") || !strings.Contains(errOut, file+":1202: bare ") {
		t.Errorf("exit code %d\n%s%s", code, out, errOut)
	}
	if text, err := os.ReadFile(rejected); err != nil || string(text) != "row,u700,5\" disk\nrow,u1200,5\" disk\n" {
		t.Errorf("rejected: %q, %v", text, err)
	}
	wantImported(t, p, `SELECT count(*), count(DISTINCT uuid) FROM events`, "[[1498 1498]]")
}

// What was rejected, and not yet noted when an import crashed, is listed once; what stands in the file beside it stays.
func TestImportRejectsOnce(t *testing.T) {
	wrong := func(n int) string { return fmt.Sprintf(`{"event":"wrong %d"}`, n) + "\n" }
	dir := project(t, map[string]string{
		"prickle.yaml": importProject, "log.jsonl": wrong(1) + numbered(0, 1200) + wrong(2) + wrong(3) + numbered(1200, 1300), "rejected.jsonl": "of another import\n",
	})
	p := start(t, dir)
	log, rejected := filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "rejected.jsonl")
	args := []string{"import", "-p", dir, "--rate", "0", "--rejected", rejected, log}
	// As it is after a crash: the first part is noted, of the second one its rejected records are written, the last of them in part.
	if code, _, errOut := run(t, args...); code != 0 {
		t.Fatal(errOut)
	}
	head, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	target := importTarget{address: strings.TrimSuffix(p.url, "/"), format: "events", key: "k"}
	state := importState{Begins: digest(head[:1000]), Bytes: 1000, To: target.shown(), As: target.how(), Line: 1000, Accepted: 999, Rejected: 1}
	before := "of another import\n" + wrong(1)
	state.Rejects = int64(len(before))
	text, _ := json.Marshal(state)
	for name, written := range map[string]string{"": "", "one": wrong(2), "in part": wrong(2) + wrong(3)[:5], "both": wrong(2) + wrong(3)} {
		for path, text := range map[string]string{log + ".import": string(text), rejected: before + written} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if code, out, errOut := run(t, args...); code != 0 || !strings.Contains(out, "1300") {
			t.Fatalf("%s: exit code %d\n%s%s", name, code, out, errOut)
		}
		if got, err := os.ReadFile(rejected); err != nil || string(got) != before+wrong(2)+wrong(3) {
			t.Errorf("%s written: %q, %v", name, got, err)
		}
	}
}
