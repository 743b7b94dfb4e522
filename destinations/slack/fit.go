package slack

import (
	"encoding/json"
	"strconv"
)

// The limits of Block Kit, in blocks and characters (https://docs.slack.dev/reference/block-kit/).
const (
	maxBlocks = 50
	maxText   = 3000
	maxField  = 2000
	maxHeader = 150
	maxLabel  = 75
)

// fit makes blocks acceptable to Slack: too many are left out, too long texts are cut, and what a template has left without text gets a
// space, because one empty text would have the whole message refused.
func fit(blocks []block) []block {
	blocks = blocks[:min(len(blocks), maxBlocks)]
	for _, b := range blocks {
		limit := maxText
		if b["type"] == "header" {
			limit = maxHeader
		}
		fitObject(b, limit)
	}
	return blocks
}

// fitObject fits the text objects below o; limit is for the one at o's key "text".
func fitObject(o map[string]any, limit int) {
	switch o["type"] {
	case "mrkdwn", "plain_text":
		o["text"] = textOf(o["text"], limit)
		return
	case "button", "workflow_button":
		limit = maxLabel
	}
	for key, value := range o {
		switch key {
		case "fields":
			fitList(value, maxField)
		case "options", "option_groups":
			fitList(value, maxLabel)
		case "text":
			fitValue(value, limit)
		default:
			fitValue(value, maxText)
		}
	}
}

func fitValue(value any, limit int) {
	switch v := value.(type) {
	case map[string]any:
		fitObject(v, limit)
	case []any:
		fitList(v, limit)
	}
}

func fitList(value any, limit int) {
	list, _ := value.([]any)
	for _, item := range list {
		fitValue(item, limit)
	}
}

// textOf is a text of 1 to limit characters for what a template gave.
func textOf(value any, limit int) string {
	var text string
	switch v := value.(type) {
	case nil:
	case string:
		text = v
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		raw, _ := json.Marshal(v) // it was JSON before
		text = string(raw)
	}
	if text == "" {
		return " "
	}
	return cut(text, limit)
}

// cut shortens a text to limit characters, the last of them an ellipsis.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}
