package otlp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/prickle-dev/prickle/pipeline/capture/wire"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

func request(form string) Request {
	return Request{Form: form, Source: "web", Fallback: "nobody", MaxBytes: 20 << 20, Room: func(int64) error { return nil }}
}

// attributes is JSON of attributes: pairs of a name and a value's JSON, such as {"stringValue":"x"}; a text alone stands for itself.
func attributes(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		value := pairs[i+1]
		if !strings.HasPrefix(value, "{\"") || !strings.Contains(value, "Value\"") {
			text, _ := json.Marshal(value)
			value = `{"stringValue":` + string(text) + `}`
		}
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"key":%q,"value":%s}`, pairs[i], value)
	}
	return b.String()
}

const (
	traceID = "0102030405060708090a0b0c0d0e0f10"
	spanID  = "0102030405060708"
)

// export is a request with one span, by its attributes and more of its members; members begin with a comma.
func export(attributes, members string) string {
	return `{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"scope":{"name":"x","version":"1.2.3"},"spans":[{"traceId":"` + traceID +
		`","spanId":"` + spanID + `","parentSpanId":"a1a2a3a4a5a6a7a8","name":"chat gpt-4","kind":3,"startTimeUnixNano":"1704067200000000000","endTimeUnixNano":"1704067201500000000","attributes":[` +
		attributes + `]` + members + `}]}]}]}`
}

// read makes events of a request in JSON, and of the same in protobuf, which have to be the same.
func readBoth(t *testing.T, text string) []map[string]any {
	t.Helper()
	fromJSON := readEvents(t, JSON, []byte(text))
	parsed, err := decode(JSON, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	binary, err := proto.Marshal(parsed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fromJSON, readEvents(t, Protobuf, binary)); diff != "" {
		t.Errorf("from JSON and from protobuf (-JSON +protobuf)\n%s", diff)
	}
	return fromJSON
}

func readEvents(t *testing.T, form string, body []byte) []map[string]any {
	t.Helper()
	batch, err := Read(request(form), bytes.Clone(body))
	if err != nil {
		t.Fatalf("%s: %v", form, err)
	}
	var events []map[string]any
	if err := json.Unmarshal(batch.Text, &events); err != nil {
		t.Fatalf("%v: %s", err, batch.Text)
	}
	if len(events) != batch.Events {
		t.Errorf("%d events, and %d are said", len(events), batch.Events)
	}
	return events
}

func one(t *testing.T, text string) map[string]any {
	t.Helper()
	events := readBoth(t, text)
	if len(events) != 1 {
		t.Fatalf("%d events, want 1", len(events))
	}
	return events[0]
}

// has compares the properties that are wanted, as JSON; null is one that is not to be there.
func has(t *testing.T, event map[string]any, wanted string) {
	t.Helper()
	var want map[string]any
	if err := json.Unmarshal([]byte(wanted), &want); err != nil {
		t.Fatalf("%v: %s", err, wanted)
	}
	got := event["properties"].(map[string]any)
	for name, value := range want {
		if diff := cmp.Diff(value, got[name]); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
		if _, there := got[name]; there && value == nil {
			t.Errorf("%s is there", name)
		}
	}
}

func TestGeneration(t *testing.T) {
	e := one(t, export(attributes(
		"gen_ai.operation.name", "chat", "gen_ai.provider.name", "openai", "gen_ai.system", "azure", "gen_ai.request.model", "gpt-4",
		"gen_ai.response.model", "gpt-4-0613", "server.address", "api.openai.com",
		"gen_ai.usage.input_tokens", `{"intValue":"12"}`, "gen_ai.usage.output_tokens", `{"intValue":34}`, "gen_ai.usage.cache_read.input_tokens", `{"intValue":5}`,
		"gen_ai.request.temperature", `{"doubleValue":0.5}`, "gen_ai.response.finish_reasons", `{"arrayValue":{"values":[{"stringValue":"stop"},{}]}}`,
		"gen_ai.input.messages", `[{"role":"user","content":"Hi <b>"}]`, "gen_ai.output.messages", "no JSON",
		"raw", `{"bytesValue":"q80="}`, "nested", `{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}`, "nothing", `{"doubleValue":null}`, "nan", `{"doubleValue":"NaN"}`,
	), ""))
	if e["event"] != "$ai_generation" || e["timestamp"] != "2024-01-01T00:00:00Z" {
		t.Errorf("got %v at %v", e["event"], e["timestamp"])
	}
	has(t, e, `{"$ai_provider":"openai","$ai_model":"gpt-4-0613","$ai_base_url":"api.openai.com","$ai_input_tokens":12,"$ai_output_tokens":34,
		"$ai_cache_read_input_tokens":5,"gen_ai.request.temperature":0.5,"gen_ai.response.finish_reasons":["stop"],
		"$ai_input":[{"role":"user","content":"Hi <b>"}],"$ai_output_choices":"no JSON","raw":"abcd","nested":{"a":true},
		"$ai_trace_id":"`+traceID+`","$ai_span_id":"`+spanID+`","$ai_parent_id":"a1a2a3a4a5a6a7a8","$ai_span_name":"chat gpt-4","$ai_latency":1.5,
		"$ai_ingestion_source":"otel","$lib":"posthog-otel","$lib_version":"1.2.3","$geoip_disable":true,
		"gen_ai.operation.name":null,"gen_ai.system":null,"gen_ai.request.model":null,"gen_ai.input.messages":null,"nothing":null,"$ai_is_error":null}`)
	if v, there := e["properties"].(map[string]any)["nan"]; !there || v != nil {
		t.Errorf("nan is %v", v)
	}
}

func TestNamesOfEvents(t *testing.T) {
	for _, test := range []struct {
		name, value, want string
	}{
		{"gen_ai.operation.name", "chat", "$ai_generation"},
		{"gen_ai.operation.name", "embeddings", "$ai_embedding"},
		{"gen_ai.operation.name", "execute_tool", "$ai_span"},
		{"gen_ai.request.model", "m", "$ai_span"},
		{"ai.operationId", "ai.streamText.doStream", "$ai_generation"},
		{"ai.operationId", "ai.embed.doEmbed", "$ai_embedding"},
		{"ai.operationId", "ai.streamText", "$ai_span"},
		{"eve.session.id", "s", "$ai_span"},
		{"llm.request.type", "completion", "$ai_generation"},
		{"llm.request.type", "embedding", "$ai_embedding"},
		{"traceloop.workflow.name", "w", "$ai_span"},
		{"pydantic_ai.agent_name", "a", "$ai_span"},
		{"http.request.method", "POST", ""},
		{"xgen_ai.x", "x", ""},
	} {
		events := readBoth(t, export(attributes(test.name, test.value), ""))
		got := ""
		if len(events) > 0 {
			got = events[0]["event"].(string)
		}
		if got != test.want {
			t.Errorf("%s = %s: got %q, want %q", test.name, test.value, got, test.want)
		}
	}
	// What the SDK says beside the agreed names is about what is agreed, when it does not say what it is by itself.
	e := one(t, export(attributes("gen_ai.operation.name", "chat", "ai.usage.outputTokenDetails.reasoningTokens", `{"intValue":7}`), ""))
	if e["event"] != "$ai_generation" {
		t.Errorf("got %v", e["event"])
	}
	// A span that is in no other is the whole trace; one of zeros is none.
	for _, parent := range []string{`""`, `"0000000000000000"`} {
		root := strings.Replace(export(attributes("gen_ai.request.model", "m"), ""), `"a1a2a3a4a5a6a7a8"`, parent, 1)
		e = one(t, root)
		if e["event"] != "$ai_trace" {
			t.Errorf("parent %s: got %v", parent, e["event"])
		}
		has(t, e, `{"$ai_parent_id":null}`)
	}
	root := strings.Replace(export(attributes("gen_ai.operation.name", "chat"), ""), `"parentSpanId":"a1a2a3a4a5a6a7a8",`, "", 1)
	if e = one(t, root); e["event"] != "$ai_generation" {
		t.Errorf("a call that is in no other span: got %v", e["event"])
	}
}

func TestOwners(t *testing.T) {
	model := []string{"gen_ai.request.model", "m"}
	with := func(more ...string) map[string]any { return one(t, export(attributes(append(model, more...)...), "")) }
	ofTrace := with()["distinct_id"]
	for want, more := range map[string][]string{
		"a": {"user.id", "x", "posthog.distinct_id", "y", "ai.telemetry.metadata.posthog_distinct_id", "a"},
		"b": {"user.id", "x", "posthog.distinct_id", "b"},
		"c": {"user.id", "c", "posthog.distinct_id", ""},
	} {
		e := with(more...)
		if e["distinct_id"] != want {
			t.Errorf("got %v, want %s", e["distinct_id"], want)
		}
		has(t, e, `{"user.id":null,"posthog.distinct_id":null}`)
	}
	if got := with("user.id", `{"intValue":7}`)["distinct_id"]; got != ofTrace {
		t.Errorf("a number names nobody: got %v", got)
	}
	resource := strings.Replace(export(attributes(model...), ""), `"attributes":[]`, `"attributes":[`+attributes("user.id", "r", "host.name", "h", "os.type", "linux",
		"process.pid", `{"intValue":1}`, "telemetry.sdk.name", "opentelemetry", "service.name", "shop", "posthog.geoip_disable", `{"boolValue":false}`)+`]`, 1)
	e := one(t, resource)
	if e["distinct_id"] != "r" {
		t.Errorf("of the resource: got %v", e["distinct_id"])
	}
	has(t, e, `{"service.name":"shop","host.name":null,"os.type":null,"process.pid":null,"telemetry.sdk.name":null,"$geoip_disable":false,"posthog.geoip_disable":null}`)
	again, session := with()["distinct_id"], with("gen_ai.conversation.id", "s")["distinct_id"]
	other := one(t, strings.Replace(export(attributes(model...), ""), traceID, "f"+traceID[1:], 1))["distinct_id"]
	otherOfSession := one(t, strings.Replace(export(attributes("gen_ai.request.model", "m", "gen_ai.conversation.id", "s"), ""), traceID, "f"+traceID[1:], 1))["distinct_id"]
	if again != ofTrace || other == ofTrace || session == ofTrace || otherOfSession != session {
		t.Errorf("ids of traces %v %v %v, of sessions %v %v", ofTrace, again, other, session, otherOfSession)
	}
	if got := one(t, strings.Replace(export(attributes(model...), ""), traceID, "", 1)); got["distinct_id"] != "nobody" || got["uuid"] != nil {
		t.Errorf("without a trace: got %v, uuid %v", got["distinct_id"], got["uuid"])
	}
}

// A span has the same uuid whenever it is sent, and no other has it.
func TestUUIDs(t *testing.T) {
	text := export(attributes("gen_ai.request.model", "m"), "")
	first, again := one(t, text)["uuid"], one(t, text)["uuid"]
	other := one(t, strings.Replace(text, spanID, "f"+spanID[1:], 1))["uuid"]
	r := request(JSON)
	r.Source = "other"
	batch, err := Read(r, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if first != again || first == other || strings.Contains(string(batch.Text), first.(string)) {
		t.Errorf("got %v and %v, of another span %v, of another key %s", first, again, other, batch.Text)
	}
}

func TestFailures(t *testing.T) {
	for _, test := range []struct{ attributes, members, want string }{
		{"", `,"status":{"code":2,"message":"slow down"}`, `{"$ai_is_error":true,"$ai_error":"slow down","$ai_http_status":500}`},
		{"", `,"status":{"code":"STATUS_CODE_ERROR"}`, `{"$ai_is_error":true,"$ai_error":"the span has failed","$ai_http_status":500}`},
		{"", `,"status":{"code":1,"message":"x"}`, `{"$ai_is_error":null,"$ai_error":null}`},
		{
			`,` + attributes("http.response.status_code", `{"intValue":429}`),
			`,"status":{"code":2},"events":[{"name":"exception","attributes":[` + attributes("exception.type", "E", "exception.message", "old") + `]},{"name":"exception","attributes":[` +
				attributes("exception.type", "RateLimit", "exception.message", "too many") + `]},{"name":"x"}]`,
			`{"$ai_error":"RateLimit: too many","$ai_http_status":429}`,
		},
		{
			`,` + attributes("http.status_code", "418"), `,"status":{"code":2},"events":[{"name":"e","attributes":[` + attributes("exception.type", "E", "status_code", `{"intValue":503}`) + `]}]`,
			`{"$ai_error":"E","$ai_http_status":503}`,
		},
		{`,` + attributes("$ai_error", "mine", "$ai_http_status", `{"intValue":1}`), `,"status":{"code":2}`, `{"$ai_error":"mine","$ai_http_status":1,"$ai_is_error":true}`},
	} {
		has(t, one(t, export(attributes("gen_ai.request.model", "m")+test.attributes, test.members)), test.want)
	}
}

func TestMessages(t *testing.T) {
	for _, test := range []struct {
		attributes []string
		want       string
	}{
		{[]string{"gen_ai.system_instructions", "Be kind"}, `{"$ai_input":[{"role":"system","content":"Be kind"}],"gen_ai.system_instructions":null}`},
		{
			[]string{"gen_ai.system_instructions", `[{"type":"text","content":"a"},{"type":"image"},{"type":"text","content":"b"}]`, "gen_ai.input.messages", `[{"role":"user"}]`},
			`{"$ai_input":[{"role":"system","content":"a\n\nb"},{"role":"user"}]}`,
		},
		{[]string{"gen_ai.system_instructions", "x", "gen_ai.input.messages", `[{"role":"system"}]`}, `{"$ai_input":[{"role":"system"}]}`},
		{[]string{"gen_ai.system_instructions", "x", "gen_ai.input.messages", `text`}, `{"$ai_input":"text"}`},
		{[]string{"$groups", `{"company":"acme"}`}, `{"$groups":{"company":"acme"}}`},
		{
			[]string{"events", `[{"event.name":"gen_ai.choice","message":{"role":"assistant","content":"yes"}},{"event.name":"gen_ai.user.message","gen_ai.message.index":1,"content":"2"},` +
				`{"event.name":"gen_ai.system.message","gen_ai.message.index":0,"content":"1"},{"event.name":"other"},{"event.name":"gen_ai.choice","content":"no"}]`},
			`{"$ai_input":[{"role":"system","content":"1"},{"role":"user","content":"2"}],"$ai_output_choices":[{"role":"assistant","content":"yes"},{"content":"no"}],"events":null}`,
		},
		{[]string{"events", "no list", "gen_ai.prompt", "x"}, `{"events":"no list","gen_ai.prompt":"x"}`},
	} {
		has(t, one(t, export(attributes(append([]string{"gen_ai.operation.name", "chat"}, test.attributes...)...), "")), test.want)
	}
}

func TestVercel(t *testing.T) {
	for _, test := range []struct {
		attributes []string
		want       string
	}{
		{
			[]string{
				"ai.operationId", "ai.generateText.doGenerate", "gen_ai.request.model", "m", "ai.prompt.messages", `[{"role":"user","content":"Hi"}]`, "ai.response.text", "Hello",
				"ai.response.finishReason", "stop", "ai.telemetry.metadata.$ai_session_id", "s", "ai.telemetry.metadata.posthog_distinct_id", "ada", "ai.telemetry.functionId", "greet",
				"ai.request.headers.authorization", "secret", "ai.usage.outputTokenDetails.reasoningTokens", `{"intValue":3}`,
			},
			`{"$ai_model":"m","$ai_input":[{"role":"user","content":"Hi"}],"$ai_output_choices":[{"role":"assistant","content":"Hello"}],"$ai_stop_reason":"stop","$ai_session_id":"s",
				"functionId":"greet","$ai_span_name":"chat gpt-4","posthog_distinct_id":"ada","$ai_lib":"opentelemetry/vercel-ai","$ai_framework":"vercel","$ai_reasoning_tokens":3,
				"ai.request.headers.authorization":null,"ai.response.text":null,"ai.prompt.messages":null}`,
		},
		{
			[]string{"ai.operationId", "ai.generateText", "ai.prompt", `{"system":"s","prompt":"p"}`, "ai.response.text", "a", "ai.telemetry.functionId", "greet"},
			`{"$ai_input":[{"role":"system","content":"s"},{"role":"user","content":"p"}],"$ai_input_state":{"role":"user","content":"p"},
				"$ai_output_state":{"role":"assistant","content":"a"},"$ai_span_name":"greet"}`,
		},
		{
			[]string{"ai.operationId", "ai.streamText", "ai.prompt", `{"messages":[{"role":"user","content":"1"},{"role":"assistant"},{"role":"user","content":"2"}]}`},
			`{"$ai_input_state":{"role":"user","content":"2"},"$ai_output_state":null}`,
		},
		{[]string{"ai.operationId", "ai.streamText", "ai.prompt", "just text"}, `{"$ai_input":[{"role":"user","content":"just text"}]}`},
		{
			[]string{"ai.operationId", "ai.toolCall", "ai.toolCall.name", "weather", "ai.toolCall.args", `{"city":"Bern"}`, "ai.toolCall.result", "sunny", "ai.telemetry.metadata.$ai_span_name", "mine"},
			`{"$ai_span_name":"mine","$ai_input_state":{"city":"Bern"},"$ai_output_state":"sunny"}`,
		},
	} {
		has(t, one(t, export(attributes(test.attributes...), "")), test.want)
	}
}

func TestTraceloop(t *testing.T) {
	has(t, one(t, export(attributes(
		"llm.request.type", "chat", "gen_ai.prompt.1.content", "b", "gen_ai.prompt.0.role", "user", "gen_ai.prompt.0.content", "a", "gen_ai.prompt.0.tool_calls.0.name", "f",
		"gen_ai.completion.0.content", "c", "llm.request.functions.0.name", "f", "gen_ai.usage.prompt_tokens", `{"intValue":1}`, "gen_ai.prompt.x.role", "odd",
		"llm.response.stop_reason", "stop",
	), "")), `{"$ai_input":[{"role":"user","content":"a","tool_calls":[{"name":"f"}]},{"content":"b"}],"$ai_output_choices":[{"content":"c"}],"$ai_tools":[{"name":"f"}],
		"$ai_input_tokens":1,"$ai_stop_reason":"stop","$ai_lib":"opentelemetry/traceloop","gen_ai.prompt.x.role":"odd","llm.request.type":null,"gen_ai.prompt.0.role":null}`)
	has(t, one(t, export(attributes("llm.request.type", "chat", "llm.prompts.0.content", "a", "llm.request.model", "m", "llm.usage.completion_tokens", `{"intValue":2}`), "")),
		`{"$ai_input":[{"content":"a"}],"$ai_model":"m","$ai_output_tokens":2}`)
}

func refused(t *testing.T, form string, body []byte, status int, code string) {
	t.Helper()
	_, err := Read(request(form), body)
	var refusal *wire.Refusal
	if !errors.As(err, &refusal) || refusal.Status != status || refusal.Code != code {
		t.Errorf("got %v, want %d %s", err, status, code)
	}
}

// What is little as it is sent, and much when it is decoded, is refused before it is.
func TestBombs(t *testing.T) {
	spans := bytes.Repeat([]byte{0x12, 0}, 1_000_000)
	scope := append(binaryField(2, nil), spans...)
	refused(t, Protobuf, binaryField(1, binaryField(2, scope)), 413, "too_many_attributes")
	refused(t, JSON, []byte(`{"resourceSpans":[{"scopeSpans":[{"spans":[`+strings.Repeat(`{},`, 1_000_000)+`{}]}]}]}`), 413, "too_many_attributes")
	deep := []byte{}
	for range 1000 {
		deep = binaryField(5, binaryField(1, deep)) // a value that is a list with a value
	}
	refused(t, Protobuf, binaryField(1, binaryField(1, binaryField(1, append(binaryField(1, []byte("a")), binaryField(2, deep)...)))), 400, "invalid_protobuf")
	refused(t, JSON, []byte(`{"x":`+strings.Repeat(`[`, 300)+strings.Repeat(`]`, 300)+`}`), 400, "json_too_deep")

	// A resource's attributes are told by each of its spans.
	span := `{"traceId":"` + traceID + `","spanId":"` + spanID + `","attributes":[` + attributes("gen_ai.request.model", "m") + `]},`
	text := `{"resourceSpans":[{"resource":{"attributes":[` + attributes("large", strings.Repeat("x", 1<<20)) + `]},"scopeSpans":[{"spans":[` + strings.TrimSuffix(strings.Repeat(span, 500), ",") + `]}]}]}`
	refused(t, JSON, []byte(text), 413, "events_too_large")
}

// A text that is little as it is and much when it is taken apart stays a text.
func TestTextsOfManyParts(t *testing.T) {
	for name, part := range map[string]string{
		"events": "{}", "gen_ai.system_instructions": "{}", "gen_ai.input.messages": "1", "ai.prompt": "1", "gen_ai.output.messages": `{"role":[{"":1}]}`,
	} {
		text := "[" + strings.Repeat(part+",", 1_000_000) + part + "]"
		body := []byte(export(attributes("gen_ai.request.model", "m", "ai.operationId", "ai.generateText", "gen_ai.operation.name", "chat", name, text), ""))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Read(request(JSON), body); err != nil {
			var refusal *wire.Refusal
			if !errors.As(err, &refusal) || refusal.Code != "events_too_large" {
				t.Errorf("%s: %v", name, err)
			}
		}
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 20*uint64(len(body)) {
			t.Errorf("%s: %d MB for a body of %d MB", name, took>>20, len(body)>>20)
		}
	}
}

func binaryField(number byte, value []byte) []byte {
	length := len(value)
	head := []byte{number<<3 | 2}
	for ; length >= 0x80; length >>= 7 {
		head = append(head, byte(length)|0x80)
	}
	return append(append(head, byte(length)), value...)
}

func TestRefusals(t *testing.T) {
	refused(t, Protobuf, []byte("{}"), 400, "invalid_protobuf")
	refused(t, JSON, []byte("{nope"), 400, "invalid_json")
	refused(t, JSON, []byte(`{"resourceSpans":7}`), 400, "invalid_otlp")
	full := errors.New("full")
	r := request(JSON)
	r.Room = func(int64) error { return full }
	if _, err := Read(r, []byte(export("", ""))); !errors.Is(err, full) {
		t.Errorf("got %v, want what Room says", err)
	}
	// A value that would be too deep for what stores events stays a text.
	deep := strings.Repeat("[", rawjson.MaxDepth-2) + strings.Repeat("]", rawjson.MaxDepth-2)
	has(t, one(t, export(attributes("gen_ai.input.messages", deep), "")), `{"$ai_input":"`+deep+`"}`)
}

func TestAnswers(t *testing.T) {
	if got := string(Answer{}.Encode(JSON)); got != "{}" {
		t.Errorf("got %s", got)
	}
	if got := (Answer{}).Encode(Protobuf); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	var answer collector.ExportTraceServiceResponse
	if err := proto.Unmarshal(Answer{Rejected: 2, Why: "large"}.Encode(Protobuf), &answer); err != nil || answer.GetPartialSuccess().GetRejectedSpans() != 2 {
		t.Errorf("got %v, %v", &answer, err)
	}
}

// Read takes what is made up by chance, and gives what posthog.Decode may be given.
func FuzzRead(f *testing.F) {
	good := export(attributes("gen_ai.operation.name", "chat", "gen_ai.input.messages", `[{"role":"user"}]`, "llm.request.type", "x", "ai.prompt", `{"system":"a"}`, "events", `[{}]`), `,"status":{"code":2}`)
	f.Add(true, []byte(good))
	parsed, err := decode(JSON, []byte(good))
	if err != nil {
		f.Fatal(err)
	}
	binary, err := proto.Marshal(parsed)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(false, binary)
	f.Fuzz(func(t *testing.T, text bool, body []byte) {
		form := Protobuf
		if text {
			form = JSON
		}
		batch, err := Read(request(form), body)
		if err != nil {
			return
		}
		var events []struct {
			Event      string          `json:"event"`
			DistinctID string          `json:"distinct_id"`
			Properties json.RawMessage `json:"properties"`
		}
		if err := json.Unmarshal(batch.Text, &events); err != nil || len(events) != batch.Events {
			t.Fatalf("%d events of %d, %v: %s", len(events), batch.Events, err, batch.Text)
		}
		for _, e := range events {
			if !strings.HasPrefix(e.Event, "$ai_") || e.DistinctID == "" {
				t.Errorf("an event %q of %q", e.Event, e.DistinctID)
			}
		}
	})
}
