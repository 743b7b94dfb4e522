package otlp

import (
	"cmp"
	"encoding/json"
	"slices"
)

// oldRoles are whose messages are, by the names of the events that messages were before they became attributes.
var oldRoles = map[string]string{
	"gen_ai.system.message": "system", "gen_ai.user.message": "user", "gen_ai.assistant.message": "assistant", "gen_ai.tool.message": "tool",
}

// oldEvent is a message that was an event of the span.
type oldEvent struct {
	message
	Name  string   `json:"event.name"`
	Index *float64 `json:"gen_ai.message.index"`
	Whole *message `json:"message"`
}

// oldMessages takes messages out of the attribute events, in which Logfire has what were events of the span, where there are no others.
func oldMessages(p properties) {
	p.parse("events")
	raw, err := json.Marshal(p["events"])
	var all []oldEvent
	if err != nil || json.Unmarshal(raw, &all) != nil || all == nil {
		return
	}
	asked := slices.DeleteFunc(slices.Clone(all), func(e oldEvent) bool { return oldRoles[e.Name] == "" })
	if !slices.ContainsFunc(asked, func(e oldEvent) bool { return e.Index == nil }) {
		slices.SortStableFunc(asked, func(a, b oldEvent) int { return cmp.Compare(*a.Index, *b.Index) })
	}
	var questions, answers []any
	for _, e := range asked {
		e.Role = cmp.Or(e.Role, oldRoles[e.Name])
		questions = append(questions, e.message)
	}
	for _, e := range all {
		switch {
		case e.Name != "gen_ai.choice":
		case e.Whole != nil:
			answers = append(answers, *e.Whole)
		default:
			answers = append(answers, e.message)
		}
	}
	delete(p, "events")
	if questions != nil {
		p.absent("$ai_input", questions)
	}
	if answers != nil {
		p.absent("$ai_output_choices", answers)
	}
}
