package otlp

import "strings"

// library is a way to tell about language models in attributes.
type library struct {
	prefixes []string // of names of attributes, by which its spans are known
	event    func(properties) string
}

// libraries are asked in this order: those that use names of their own beside those that OpenTelemetry has agreed upon come first.
var libraries = []library{
	{[]string{"ai.", "eve."}, vercelEvent},
	{[]string{"pydantic_ai."}, func(properties) string { return "$ai_span" }},
	{[]string{"traceloop.", "llm.request.type"}, func(p properties) string { return requestEvent(p.text("llm.request.type")) }},
	{[]string{"gen_ai."}, func(p properties) string { return operationEvent(p.text("gen_ai.operation.name")) }},
}

// kind is the name of a span's event, or "" when the span is not about language models.
func kind(p properties) string {
	for _, l := range libraries {
		for name := range p {
			for _, prefix := range l.prefixes {
				if strings.HasPrefix(name, prefix) {
					return l.event(p)
				}
			}
		}
	}
	return ""
}

func operationEvent(operation string) string {
	switch operation {
	case "chat":
		return "$ai_generation"
	case "embeddings":
		return "$ai_embedding"
	}
	return "$ai_span"
}

func requestEvent(kind string) string {
	switch kind {
	case "chat", "completion":
		return "$ai_generation"
	case "embedding", "embeddings":
		return "$ai_embedding"
	}
	return "$ai_span"
}

func vercelEvent(p properties) string {
	operation := p.text("ai.operationId")
	switch {
	case operation == "":
		return operationEvent(p.text("gen_ai.operation.name"))
	case strings.HasSuffix(operation, ".doGenerate"), strings.HasSuffix(operation, ".doStream"):
		return "$ai_generation"
	case operation == "ai.embed.doEmbed", operation == "ai.embedMany.doEmbed":
		return "$ai_embedding"
	}
	return "$ai_span"
}
