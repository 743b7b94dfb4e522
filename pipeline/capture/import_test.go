package capture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/pipelinetest"
)

// importTo posts a body to /import and returns the status and the answer.
func importTo(t *testing.T, fx *fixture, query, body string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/import?"+query, strings.NewReader(body))
	r.SetBasicAuth("wk_test_0001", "")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := fx.do(r)
	return w.Code, w.Body.String()
}

// told is an event without what is different each time.
func told(e pipeline.Event) string {
	return fmt.Sprintf("%s %s %s %s %s", e.Source, e.Name, e.DistinctID, e.Timestamp.Format(time.RFC3339Nano), e.Properties)
}

const history = `"$historical_migration":true`

func TestImportFormats(t *testing.T) {
	fx := newFixture(t)
	for _, c := range []struct{ name, query, body, want string }{
		{
			"a batch export of PostHog", "format=events",
			`{"uuid":"0198C5A0-0000-7000-8000-000000000001","event":"$pageview","distinct_id":"ada","timestamp":"2024-01-02 03:04:05.678","properties":"{\"plan\":\"pro\"}","elements_chain":"a:href=\"/\"","team_id":1,"person_properties":{"x":1},"set":{"email":"ada@example.org"}}`,
			`wk1 $pageview ada 2024-01-02T03:04:05.678Z {"plan":"pro","$elements_chain":"a:href=\"/\"","$set":{"email":"ada@example.org"},` + history + `}`,
		},
		{
			"lines of Prickle", "",
			`{"uuid":"0198c5a0-0000-7000-8000-000000000001","event":"purchase","distinct_id":"ada","timestamp":"2024-01-02T03:04:05Z","received_at":"2024-01-02T03:04:06Z","source":"old","properties":{"amount":12345678901234567890}}`,
			`wk1 purchase ada 2024-01-02T03:04:05Z {"amount":12345678901234567890,` + history + `}`,
		},
		{
			"messages of Segment", "format=segment",
			`{"type":"track","event":"Order Completed","userId":"ada","messageId":"m1","timestamp":"2024-01-02T03:04:05Z","properties":{"total":7}}`,
			`wk1 Order Completed ada 2024-01-02T03:04:05Z {"total":7,"$segment_message_type":"track","$original_timestamp":"2024-01-02T03:04:05Z",` + history + `}`,
		},
		{
			"Mixpanel's raw export", "format=mixpanel",
			`{"event":"$mp_web_page_view","properties":{"time":1704164645,"distinct_id":"ada","$insert_id":"abc","$browser":"Chrome","mp_lib":"web","mp_country_code":"DE","$city":"Munich","token":"theirs"}}`,
			`wk1 $pageview ada 2024-01-02T03:04:05Z {"distinct_id":"ada","$insert_id":"abc","$browser":"Chrome","mp_lib":"web","mp_country_code":"DE","$city":"Munich","$lib":"web","$geoip_city_name":"Munich","$geoip_country_code":"DE",` + history + `}`,
		},
		{
			"Amplitude's export", "format=amplitude",
			`{"event_type":"[Amplitude] Page Viewed","user_id":null,"device_id":"d1","event_time":"2024-01-02 03:04:05.678000","uuid":"0198c5a0-0000-7000-8000-000000000001","event_properties":{"path":"/"},"user_properties":{"plan":"pro"},"ip_address":"81.2.69.160","country":"Germany","platform":"Web","os_name":"Chrome","os_version":"124","session_id":1704164645000}`,
			`wk1 $pageview d1 2024-01-02T03:04:05.678Z {"path":"/","$ip":"81.2.69.160","$geoip_country_name":"Germany","$session_id":1704164645000,"$device_id":"d1","$browser":"Chrome","$browser_version":"124","$set":{"plan":"pro"},` + history + `}`,
		},
		{
			"CSV", "format=csv&column.distinct_id=customer+id&column.event==signed_up&column.timestamp=at",
			"\ufeffcustomer id,at,plan,amount,zip,vip,note\n0042,2024-01-02T03:04:05Z,pro,19.50,01234,true,\"two\nlines, \"\"quoted\"\"\"\n",
			`wk1 signed_up 0042 2024-01-02T03:04:05Z {"plan":"pro","amount":19.50,"zip":"01234","vip":true,"note":"two\nlines, \"quoted\"",` + history + `}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := importTo(t, fx, c.query, c.body)
			if status != http.StatusOK || answer != `{"accepted":1,"rejected":[]}` {
				t.Fatalf("answer %d %s", status, answer)
			}
			events := fx.log.take(t)
			if len(events) != 1 {
				t.Fatalf("%d events", len(events))
			}
			if diff := cmp.Diff(c.want, told(events[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is wrong is named by its line, and the rest is stored.
func TestImportRejects(t *testing.T) {
	fx := newFixture(t)
	body := `{"event":"a","distinct_id":"1"}` + "\n\n" + `{"event":"b"` + "\n" + `[1]` + "\n" + `{"event":"c"}` + "\n" +
		`{"event":"d","distinct_id":"2","properties":"no"}` + "\n" + `{"event":"e","distinct_id":"3"}`
	status, answer := importTo(t, fx, "line=101", body)
	want := `{"accepted":2,"rejected":[{"line":103,"code":"invalid_json","detail":"the body is not JSON in UTF-8: wrong at byte 12"},` +
		`{"line":104,"code":"invalid_record","detail":"want an object"},` +
		`{"line":105,"code":"missing_distinct_id","detail":"distinct_id is missing or blank"},` +
		`{"line":106,"code":"invalid_record","detail":"properties: the body is not JSON in UTF-8: wrong at byte 0"}]}`
	if status != http.StatusOK || answer != want {
		t.Errorf("%d\n got %s\nwant %s", status, answer, want)
	}
	if events := fx.log.take(t); len(events) != 2 || events[0].Name != "a" || events[1].Name != "e" {
		t.Errorf("stored: %v", events)
	}
	for _, c := range []struct {
		name, query, body, code string
		status                  int
	}{
		{"nothing", "", "\n\n", "empty_batch", 400},
		{"no body", "", "", "empty_payload", 400},
		{"nothing right", "", `{"event":"c"}`, "missing_distinct_id", 400},
		{"nothing readable", "", `{`, "invalid_json", 400},
		{"an unknown format", "format=xml", `{}`, "unknown_format", 400},
		{"a wrong line", "line=x", `{}`, "invalid_line", 400},
		{"a CSV without columns", "format=csv", "a,b\n1,2\n", "invalid_columns", 400},
		{"a CSV with an unknown field", "format=csv&column.name=a", "a,b\n1,2\n", "invalid_columns", 400},
		{"a CSV with a missing column", "format=csv&column.event=c&column.distinct_id=a", "a,b\n1,2\n", "invalid_columns", 400},
		{"a broken CSV", "format=csv", "event,distinct_id\na,\"b\n", "invalid_csv", 400},
		{"a CSV that breaks in the middle", "format=csv", "event,distinct_id\na,b\nc,\"d\ne,f\n", "invalid_csv", 400},
		{"nothing but a broken row", "format=csv", "event,distinct_id\na,b\"\n", "invalid_csv", 400},
	} {
		status, answer := importTo(t, fx, c.query, c.body)
		var got errorBody
		if err := json.Unmarshal([]byte(answer), &got); err != nil || status != c.status || got.Code != c.code {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
	if events := fx.log.take(t); len(events) != 0 {
		t.Errorf("stored: %v", events)
	}
}

// A record whose time cannot be read is not stored with that of the import.
func TestImportRejectsUnreadableTimes(t *testing.T) {
	for name, c := range map[string]struct{ query, wrong, right string }{
		"lines":     {"", `{"event":"a","distinct_id":"1","timestamp":"1. März 2024"}`, `{"event":"b","distinct_id":"1","timestamp":""}`},
		"CSV":       {"format=csv&line=1", "event,distinct_id,timestamp\na,1,1709251200123456", "b,1,\n"},
		"messages":  {"format=segment", `{"type":"track","event":"a","userId":"1","timestamp":"soon","originalTimestamp":"late"}`, `{"type":"track","event":"b","userId":"1","timestamp":"soon","originalTimestamp":"2024-03-01"}`},
		"Mixpanel":  {"format=mixpanel", `{"event":"a","properties":{"distinct_id":"1","time":"soon"}}`, `{"event":"b","properties":{"distinct_id":"1","time":1709251200}}`},
		"Amplitude": {"format=amplitude", `{"event_type":"a","user_id":"1","event_time":true}`, `{"event_type":"b","user_id":"1","event_time":"2024-03-01 00:00:00"}`},
	} {
		t.Run(name, func(t *testing.T) {
			fx := newFixture(t)
			status, answer := importTo(t, fx, c.query, c.wrong+"\n"+c.right)
			if status != http.StatusOK || !strings.Contains(answer, `{"accepted":1,"rejected":[{"line":1,"code":"invalid_timestamp","detail":"timestamp `) {
				t.Errorf("answer %d %s", status, answer)
			}
			if events := fx.log.take(t); len(events) != 1 || events[0].Name != "b" {
				t.Errorf("stored: %v", events)
			}
		})
	}
}

func TestImportCSVLines(t *testing.T) {
	fx := newFixture(t)
	body := "event,distinct_id,n\na,1,\"x\ny\"\nb,2\nc,,3\nd,4,\n"
	status, answer := importTo(t, fx, "", body, "Content-Type", "text/csv; charset=utf-8")
	want := `{"accepted":2,"rejected":[{"line":4,"code":"invalid_record","detail":"2 columns, the header has 3"},{"line":5,"code":"missing_distinct_id","detail":"distinct_id is missing or blank"}]}`
	if status != 200 || answer != want {
		t.Errorf("%d\n got %s\nwant %s", status, answer, want)
	}
	if events := fx.log.take(t); len(events) != 2 || events[0].Name != "a" || events[1].Name != "d" {
		t.Errorf("stored: %v", events)
	}
}

// A part that is sent again gives events with the same UUIDs. Two records that say the same are two events, and so is a record that is read as
// something else.
func TestImportUUIDs(t *testing.T) {
	fx := newFixture(t)
	ids := func(query, body string) string {
		t.Helper()
		if status, answer := importTo(t, fx, query, body); status != http.StatusOK {
			t.Fatalf("%d %s", status, answer)
		}
		var out []string
		for _, e := range fx.log.take(t) {
			out = append(out, e.UUID)
		}
		if out[0] == out[1] {
			t.Errorf("%s: two events have one UUID", query)
		}
		return strings.Join(out, " ")
	}
	const same = `{"event":"a","distinct_id":"1","timestamp":"2024-01-02"}` + "\n"
	const message = `{"type":"track","userId":"a","event":"b","messageId":null}` + "\n"
	const table = "id,at,also\n1,2024-01-02,2024-02-02\n2,2024-01-02,2024-02-02\n"
	const csv = "format=csv&column.distinct_id=id&column.event=="
	seen := map[string]string{}
	for _, c := range []struct{ query, body string }{
		{"", same + same},
		{"line=7", same + same},
		{"line=9", same + same},
		{"line=7", strings.ReplaceAll(same, "1", "2") + same},
		{"format=segment", message + message},
		{"format=segment&line=3", message + message},
		{csv + "signed_up&column.timestamp=at", table},
		{csv + "churned&column.timestamp=at", table},
		{csv + "signed_up&column.timestamp=also", table},
		{csv + "signed_up&line=2", table},
		{csv + "signed_up&line=2", strings.Replace(table, "also", "too", 1)},
	} {
		first := ids(c.query, c.body)
		if first != ids(c.query, c.body) {
			t.Errorf("%s: what is sent again has other UUIDs", c.query)
		}
		if other, ok := seen[first]; ok {
			t.Errorf("%s and %s have the same UUIDs", c.query, other)
		}
		seen[first] = c.query
	}
	const insert = `{"event":"a","properties":{"time":1,"distinct_id":"x","$insert_id":"%s"}}` + "\n"
	mixpanel := fmt.Sprintf(insert+insert, "1", "2")
	if ids("format=mixpanel", mixpanel) != ids("format=mixpanel&line=5", mixpanel) {
		t.Error("an event of Mixpanel is not known by its insert id")
	}
}

// What is too deep or too large is rejected alone, and a table that is too wide as a whole, before memory is spent on it.
func TestImportBounds(t *testing.T) {
	fx := newFixture(t, func(c *Config) { c.Limits.Event = 1000 })
	deep := strings.Repeat("[", 255) + strings.Repeat("]", 255)
	lines := `{"event":"a","distinct_id":"1"}` + "\n" + `{"event":"b","distinct_id":"1","properties":{"x":` + deep + `}}` + "\n" +
		`{"event":"c","distinct_id":"1","properties":"{\"x\":` + deep + `}"}` + "\n" + `{"event":"d","distinct_id":"1","x":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	status, answer := importTo(t, fx, "", lines)
	want := `{"accepted":1,"rejected":[{"line":2,"code":"json_too_deep","detail":"the JSON is nested deeper than 252 levels"},` +
		`{"line":3,"code":"invalid_record","detail":"properties: the JSON is nested deeper than 252 levels"},{"line":4,"code":"event_too_large","detail":"1038 bytes, the limit is 1000"}]}`
	if status != 200 || answer != want {
		t.Errorf("%d\n got %s\nwant %s", status, answer, want)
	}
	wide := "a" + strings.Repeat(",", 1<<20)
	for query, code := range map[string]string{
		"format=csv&column.event==x&column.distinct_id==y":          "too_many_columns",
		"format=csv&column.event==x&column.distinct_id==y&line=100": "too_many_columns",
	} {
		for _, body := range []string{wide, "a,b\n" + wide} {
			used := allocated(func() {
				status, answer := importTo(t, fx, query, body)
				if status != 400 || !strings.Contains(answer, code) {
					t.Errorf("%d %.200s", status, answer)
				}
			})
			if used > 16<<20 {
				t.Errorf("%d bytes for a table of 1 MB", used)
			}
		}
	}
	for want, body := range map[string]string{
		"two columns are named": "event,distinct_id,a,a\nx,1,2,3\n",
	} {
		if status, answer := importTo(t, fx, "format=csv", body); status != 400 || !strings.Contains(answer, want) {
			t.Errorf("%d %s", status, answer)
		}
	}
	fx.log.take(t)
	if status, answer := importTo(t, fx, "format=csv", "\ufeff\"event\",distinct_id,,n,big\nx,1,unnamed,12e4,1e999\n"); status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	if got := string(fx.log.take(t)[0].Properties); got != `{"column_3":"unnamed","n":"12e4","big":"1e999","$historical_migration":true}` {
		t.Errorf("got %s", got)
	}
	if status, answer := importTo(t, fx, "", "\ufeff"+`{"event":"a","distinct_id":"1"}`); status != 200 {
		t.Errorf("a byte order mark: %d %s", status, answer)
	}
}

func TestImportKeysAndGzip(t *testing.T) {
	fx := newFixture(t)
	const line = `{"event":"a","distinct_id":"1"}`
	for _, c := range []struct {
		name, query, body, header, value string
		status                           int
	}{
		{"gzip", "", pipelinetest.Gzip(line), "Content-Encoding", "gzip", 200},
		{"bearer", "", line, "Authorization", "Bearer wk_test_0002", 200},
		{"query", "api_key=wk_test_0001", line, "Authorization", "", 200},
		{"unknown", "", line, "Authorization", "Bearer other", 401},
		{"none", "", line, "Authorization", "", 401},
		{"personal", "", line, "Authorization", "Bearer phx_personal", 401},
	} {
		status, answer := importTo(t, fx, c.query, c.body, c.header, c.value)
		if status != c.status || len(fx.log.take(t)) != (map[bool]int{true: 1})[c.status == 200] {
			t.Errorf("%s: %d %s", c.name, status, answer)
		}
	}
}

// A quote where none may be costs its row alone, as far as it can be told where the row ends.
func TestImportGoesOnBehindBrokenRows(t *testing.T) {
	fx := newFixture(t)
	body := "event,distinct_id,note\n" + // line 1
		"a,1,x\n" + "b,2,5\" disk\n" + "\n" + "c,3,\"y\ny\"\n" + "d,4,\"z\" z\n" + // 2, 3, 5, 7
		"\"e\ne\",5,1\"\n" + "f,6,\"v\nv\" w\n" + "g,7,\"\"\"q\"\"\"" // 8, 10, 12
	status, answer := importTo(t, fx, "format=csv", body)
	const bare, quoted = `bare \" in non-quoted-field`, `extraneous or missing \" in quoted-field`
	want := `{"accepted":3,"rejected":[{"line":3,"code":"invalid_csv","detail":"` + bare + `"},{"line":7,"code":"invalid_csv","detail":"` + quoted +
		`"},{"line":8,"code":"invalid_csv","detail":"` + bare + `"},{"line":10,"code":"invalid_csv","detail":"` + quoted + `"}]}`
	if status != http.StatusOK || answer != want {
		t.Errorf("%d\n got %s\nwant %s", status, answer, want)
	}
	var got []string
	for _, e := range fx.log.take(t) {
		got = append(got, e.Name+" "+e.Properties.String("note"))
	}
	if want := []string{"a x", "c y\ny", `g "q"`}; !slices.Equal(got, want) {
		t.Errorf("stored\n got %q\nwant %q", got, want)
	}
	wide := "event,distinct_id\na,b\"\n" + strings.Repeat(",", 10_000) + "\n" // the quote pairs with none
	if status, answer := importTo(t, fx, "format=csv", wide); status != 400 || !strings.Contains(answer, "too_many_columns") {
		t.Errorf("a wide row behind a broken one: %d %s", status, answer)
	}
}
