package sdks

import "testing"

// inOTLP runs the session that two exporters of spans share.
func inOTLP(exporter string) func(t *testing.T, host, key, part string) *driver {
	return func(t *testing.T, host, key, part string) *driver {
		return node(t, "sessions/otlp.mjs", host, key, part, exporter)
	}
}

// spansOfModels are what that session means.
func spansOfModels(string) []want {
	span := props{"$lib": "posthog-otel", "$lib_version": "1.2.3", "$ai_ingestion_source": "otel", "$ip": "127.0.0.1", "$geoip_disable": true, "$ai_trace_id": "?trace", "user.id": nil}
	inAgent := merged(span, props{"$ai_parent_id": "?agent"})
	return []want{
		{event: "$ai_trace", id: "ada", at: then, exact: true, props: merged(span, props{"$ai_span_id": "?agent", "$ai_parent_id": nil, "$ai_span_name": "agent", "$ai_latency": 2, "gen_ai.agent.name": "helper"})},
		{event: "$ai_generation", id: "ada", at: then, exact: true, props: merged(inAgent, props{
			"$ai_model": "gpt-4o-2024-08-06", "$ai_provider": "openai", "$ai_input": []props{{"role": "user", "content": "Grüße 👋"}},
			"$ai_output_choices": []props{{"role": "assistant", "content": "Hi"}}, "$ai_input_tokens": 12, "$ai_output_tokens": 3, "$ai_latency": 1.5,
			"gen_ai.request.temperature": 0.5, "tags": []string{"a", "b"}, "$ai_is_error": nil,
		})},
		{event: "$ai_embedding", id: "ada", at: then, exact: true, props: merged(inAgent, props{"$ai_is_error": true, "$ai_error": "TypeError: no such model", "$ai_http_status": 500})},
	}
}

// calls are those of the session's retry.
func calls() []want {
	var wants []want
	for n := 1; n <= 3; n++ {
		wants = append(wants, want{event: "$ai_generation", id: "ada", props: props{"n": n}})
	}
	return wants
}
