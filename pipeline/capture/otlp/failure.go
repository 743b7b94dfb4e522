package otlp

import (
	"slices"
	"strconv"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"
)

// statuses are the attributes in which libraries say how a provider has answered.
var statuses = []string{
	"http.response.status_code", "http.status_code", "http.status", "status_code", "error.status_code", "exception.status_code",
}

// failure says in an event that its span has failed, and why.
func failure(p properties, span *spans.Span) {
	if span.GetStatus().GetCode() != spans.Status_STATUS_CODE_ERROR {
		return
	}
	p["$ai_is_error"] = true
	thrown := exception(span)
	why := span.Status.Message
	switch kind, message := thrown.text("exception.type"), thrown.text("exception.message"); {
	case kind != "" && message != "":
		why = kind + ": " + message
	case kind+message != "":
		why = kind + message
	case why == "":
		why = "the span has failed"
	}
	p.absent("$ai_error", why)
	if _, known := p["$ai_http_status"]; known {
		return
	}
	p["$ai_http_status"] = 500
	for _, of := range []properties{p, thrown} { // what is thrown knows best
		if status, ok := httpStatus(of); ok {
			p["$ai_http_status"] = status
		}
	}
}

// exception is what the last exception of a span says, or nothing.
func exception(span *spans.Span) properties {
	for _, e := range slices.Backward(span.Events) {
		if p := read(e.GetAttributes()); e.GetName() == "exception" || p.text("exception.message") != "" || p.text("exception.type") != "" {
			return p
		}
	}
	return nil
}

func httpStatus(p properties) (int, bool) {
	for _, name := range statuses {
		status := 0
		switch value := p[name].(type) {
		case int64:
			status = int(value)
		case string:
			status, _ = strconv.Atoi(value)
		}
		if status >= 100 && status < 600 {
			return status, true
		}
	}
	return 0, false
}
