package otlp

import (
	"encoding/json"
	"slices"
	"strings"
)

// wholeCalls are what Vercel's SDK calls the spans around the calls of a model.
var wholeCalls = []string{"ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject"}

// vercelMessages gives the messages in the attributes of Vercel's SDK the names that OpenTelemetry has agreed upon, before those are translated.
func vercelMessages(p properties) {
	p.move("ai.prompt.messages", "gen_ai.input.messages", false)
	if prompt, ok := p["ai.prompt"]; ok && !p.has("gen_ai.input.messages") {
		if messages := vercelPrompt(prompt); messages != nil {
			p["gen_ai.input.messages"] = messages
		}
	}
	if answer, ok := p["ai.response.text"].(string); ok {
		p.absent("gen_ai.output.messages", []any{saidBy("assistant", answer)})
	}
	p.move("ai.telemetry.metadata.$groups", "$groups", false)
	delete(p, "ai.prompt")
	delete(p, "ai.response.text")
}

// vercelPrompt makes messages of a prompt: a list of them, a text, or an object with a system prompt and one of the two.
func vercelPrompt(prompt any) []any {
	p := properties{"it": prompt}
	p.parse("it")
	if messages, ok := p.list("it"); ok {
		return messages
	}
	if text, ok := p["it"].(string); ok {
		return []any{saidBy("user", text)}
	}
	var parts struct {
		System, Prompt string
		Messages       []json.RawMessage
	}
	raw, err := json.Marshal(p["it"])
	if err != nil || json.Unmarshal(raw, &parts) != nil {
		return nil
	}
	var messages []any
	if parts.System != "" {
		messages = append(messages, saidBy("system", parts.System))
	}
	if parts.Messages == nil && parts.Prompt != "" {
		messages = append(messages, saidBy("user", parts.Prompt))
	}
	for _, m := range parts.Messages {
		messages = append(messages, m)
	}
	return messages
}

// vercel translates what else Vercel's SDK tells.
func vercel(e *event, operation string) {
	p := e.Properties
	whole := e.Event == "$ai_trace" || e.Event != "$ai_generation" && slices.Contains(wholeCalls, operation)
	if whole {
		vercelStates(p)
	}
	if operation == "ai.toolCall" {
		p.move("ai.toolCall.name", "$ai_span_name", true)
		p.move("ai.toolCall.args", "$ai_input_state", true)
		p.move("ai.toolCall.result", "$ai_output_state", true)
		p.parse("$ai_input_state")
		p.parse("$ai_output_state")
	}
	if function := p.text("ai.telemetry.functionId"); function != "" {
		p.absent("functionId", function)
		if whole {
			p["$ai_span_name"] = function
		}
	}
	for _, name := range []string{"$ai_session_id", "$ai_prompt_name", "$ai_prompt_version"} {
		p.move("ai.telemetry.metadata."+name, name, false)
	}
	p.move("ai.telemetry.metadata.posthog_distinct_id", "posthog_distinct_id", false)
	p.move("ai.telemetry.metadata.$ai_span_name", "$ai_span_name", true)
	p.move("ai.response.finishReason", "$ai_stop_reason", false)
	if reasons, ok := p.list("gen_ai.response.finish_reasons"); ok && len(reasons) > 0 {
		p.absent("$ai_stop_reason", reasons[0])
	}
	p.move("ai.usage.outputTokenDetails.reasoningTokens", "$ai_reasoning_tokens", false)
	p["$ai_lib"] = "opentelemetry/vercel-ai"
	p.absent("$ai_framework", "vercel")
	for name := range p {
		if strings.HasPrefix(name, "ai.request.headers.") { // keys of providers may be among them
			delete(p, name)
		}
	}
}

// vercelStates are the last question and the last answer of the calls that a span is around.
func vercelStates(p properties) {
	if messages, ok := p.list("$ai_input"); ok {
		for _, m := range slices.Backward(messages) {
			if roleOf(m) == "user" {
				p.absent("$ai_input_state", m)
				break
			}
		}
	}
	if answers, ok := p.list("$ai_output_choices"); ok && len(answers) > 0 {
		p.absent("$ai_output_state", answers[len(answers)-1])
	}
}
