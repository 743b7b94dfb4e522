package otlp

import (
	"slices"
	"strconv"
	"strings"
)

// traceloop translates the attributes of Traceloop's libraries, which have a message's parts in attributes of their own, such as
// gen_ai.prompt.0.content. Their Go library has other names for the same.
func traceloop(p properties) {
	for _, n := range []struct{ from, to string }{
		{"gen_ai.prompt.", "$ai_input"}, {"llm.prompts.", "$ai_input"},
		{"gen_ai.completion.", "$ai_output_choices"}, {"llm.completions.", "$ai_output_choices"},
		{"llm.request.functions.", "$ai_tools"},
	} {
		if !p.has(n.to) {
			if list := p.collect(n.from); list != nil {
				p[n.to] = list
			}
		}
	}
	for _, n := range []struct{ from, to string }{
		{"llm.response.model", "$ai_model"}, {"llm.request.model", "$ai_model"}, {"llm.vendor", "$ai_provider"},
		{"llm.usage.prompt_tokens", "$ai_input_tokens"}, {"llm.usage.completion_tokens", "$ai_output_tokens"},
		{"llm.response.stop_reason", "$ai_stop_reason"}, {"llm.response.finish_reason", "$ai_stop_reason"},
	} {
		p.move(n.from, n.to, false)
	}
	p["$ai_lib"] = "opentelemetry/traceloop"
}

// collect makes a list of attributes whose names are a prefix, a number, a dot and the name of a part, and takes them away. A part's name may
// go on in the same way. It returns nil when there are none.
func (p properties) collect(prefix string) []any {
	parts := map[int]properties{}
	for name, value := range p {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		number, part, dotted := strings.Cut(rest, ".")
		n, err := strconv.Atoi(number)
		if !dotted || err != nil || n < 0 {
			continue
		}
		if parts[n] == nil {
			parts[n] = properties{}
		}
		parts[n][part] = value
		delete(p, name)
	}
	numbers := make([]int, 0, len(parts))
	for n := range parts {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var list []any
	for _, n := range numbers {
		part := parts[n]
		if calls := part.collect("tool_calls."); calls != nil {
			part["tool_calls"] = calls
		}
		list = append(list, map[string]any(part))
	}
	return list
}
