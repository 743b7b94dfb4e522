package otlp

import (
	"encoding/json"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"
)

// names are PostHog's for attributes; what stands further down counts only when what stands above is not there.
var names = []struct{ from, to string }{
	{"gen_ai.input.messages", "$ai_input"},
	{"gen_ai.output.messages", "$ai_output_choices"},
	{"gen_ai.usage.input_tokens", "$ai_input_tokens"},
	{"gen_ai.usage.output_tokens", "$ai_output_tokens"},
	{"gen_ai.usage.cache_read.input_tokens", "$ai_cache_read_input_tokens"},
	{"gen_ai.usage.cache_creation.input_tokens", "$ai_cache_creation_input_tokens"},
	{"gen_ai.response.model", "$ai_model"},
	{"gen_ai.provider.name", "$ai_provider"},
	{"server.address", "$ai_base_url"},
	{"telemetry.sdk.name", "$ai_lib"},
	{"telemetry.sdk.version", "$ai_lib_version"},
}

// older are names that attributes had before.
var older = []struct{ from, to string }{
	{"gen_ai.system", "$ai_provider"},
	{"gen_ai.request.model", "$ai_model"},
	{"gen_ai.usage.prompt_tokens", "$ai_input_tokens"},
	{"gen_ai.usage.completion_tokens", "$ai_output_tokens"},
}

// said are attributes that the event itself says.
var said = []string{
	"telemetry.sdk.language", "gen_ai.operation.name", "posthog.ai.debug", "user.id", "posthog.distinct_id", "llm.request.type",
}

// translate gives attributes the names that PostHog has for them. Others stay as they are.
func translate(e *event, span *spans.Span) {
	p := e.Properties
	failure(p, span)
	fromVercel, fromTraceloop := p.has("ai.operationId", "ai.telemetry.functionId"), p.has("llm.request.type", "traceloop.span.kind", "traceloop.entity.name")
	if e.Event == "$ai_span" {
		e.Event = requestEvent(p.text("llm.request.type"))
	}
	operation := p.text("ai.operationId")
	if fromVercel {
		vercelMessages(p)
	}
	agreed(p)
	if e.Event == "$ai_span" && !p.has("$ai_parent_id") {
		e.Event = "$ai_trace"
	}
	switch {
	case fromVercel:
		vercel(e, operation)
	case fromTraceloop:
		traceloop(p)
	}
	for _, name := range said {
		delete(p, name)
	}
}

// agreed translates what OpenTelemetry has agreed upon.
func agreed(p properties) {
	for _, n := range names {
		p.move(n.from, n.to, true)
	}
	for _, n := range older {
		p.move(n.from, n.to, false)
	}
	p.parse("$ai_input")
	p.parse("$ai_output_choices")
	p.parse("$groups")
	oldMessages(p)
	instructions(p)
}

// has reports whether one of the names is there.
func (p properties) has(names ...string) bool {
	for _, name := range names {
		if _, ok := p[name]; ok {
			return true
		}
	}
	return false
}

// message is one of a conversation.
type message struct {
	Role       string          `json:"role,omitempty"`
	Content    json.RawMessage `json:"content,omitempty"`
	ToolCalls  json.RawMessage `json:"tool_calls,omitempty"`
	ToolCallID json.RawMessage `json:"tool_call_id,omitempty"`
}

// saidBy makes a message of a text.
func saidBy(role, text string) message {
	content, _ := json.Marshal(text) // texts always marshal
	return message{Role: role, Content: content}
}

// instructions puts the system prompt, where it is an attribute of its own, in front of the messages, unless there is one.
func instructions(p properties) {
	p.parse("gen_ai.system_instructions")
	raw, ok := p["gen_ai.system_instructions"]
	delete(p, "gen_ai.system_instructions")
	text := instructionText(raw)
	if !ok || text == "" {
		return
	}
	system := saidBy("system", text)
	messages, isList := p.list("$ai_input")
	switch {
	case !p.has("$ai_input"):
		p["$ai_input"] = []any{system}
	case isList && (len(messages) == 0 || roleOf(messages[0]) != "system"):
		p["$ai_input"] = append([]any{system}, messages...)
	}
}

// instructionText is the text of a prompt, which may be in parts.
func instructionText(value any) (text string) {
	raw, err := json.Marshal(value)
	if err != nil || value == nil {
		return ""
	}
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct{ Type, Content string }
	if json.Unmarshal(raw, &parts) != nil {
		return string(raw)
	}
	for _, part := range parts {
		if part.Type != "text" || part.Content == "" {
			continue
		}
		if text != "" {
			text += "\n\n"
		}
		text += part.Content
	}
	return text
}

// roleOf is whose a message is, or "".
func roleOf(value any) string {
	var m struct{ Role any }
	if raw, err := json.Marshal(value); err == nil {
		_ = json.Unmarshal(raw, &m) // what is no message has no role
	}
	role, _ := m.Role.(string)
	return role
}
