package otlp

import (
	"bytes"
	"encoding/hex"

	"github.com/google/uuid"
)

// Whose a span is, by what it says itself and then by what its resource says: one process may serve many people.
var (
	spanOwners = []string{
		"ai.telemetry.metadata.posthog_distinct_id", "ai.settings.context.posthog_distinct_id", "posthog.distinct_id", "user.id",
	}
	resourceOwners = []string{"posthog.distinct_id", "user.id"}
)

// sessions are the attributes that name what several traces belong to.
var sessions = []string{
	"$ai_session_id", "ai.telemetry.metadata.$ai_session_id", "ai.settings.context.$ai_session_id", "eve.session.id", "anthropic.session.id",
	"gen_ai.conversation.id",
}

// idSpace is what ids are made from. With another one, whatever is sent again would be something new.
var idSpace = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://prickle.dev/otlp"))

// owner is the distinct id of a span. One that names nobody gets an id of its session, else of its trace, so that what belongs together in
// several requests stays together.
func owner(span, resource properties, trace []byte, fallback string) string {
	for _, key := range spanOwners {
		if id := span.text(key); id != "" {
			return id
		}
	}
	for _, key := range resourceOwners {
		if id := resource.text(key); id != "" {
			return id
		}
	}
	for _, key := range sessions {
		for _, of := range []properties{span, resource} {
			if id := of.text(key); id != "" {
				return uuid.NewSHA1(idSpace, []byte("session:"+id)).String()
			}
		}
	}
	if isID(trace) {
		return uuid.NewSHA1(idSpace, []byte("trace:"+hex.EncodeToString(trace))).String()
	}
	return fallback
}

// eventID is the uuid of a span's event, the same whenever the span is sent. A span without ids has none.
func eventID(source string, trace, span []byte) string {
	if !isID(trace) || !isID(span) {
		return ""
	}
	return uuid.NewSHA1(idSpace, []byte("span:"+source+":"+hex.EncodeToString(trace)+":"+hex.EncodeToString(span))).String()
}

// isID reports whether an id is one: zeros stand for none.
func isID(id []byte) bool { return len(bytes.Trim(id, "\x00")) > 0 }
