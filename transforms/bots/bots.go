// Package bots is the transform that recognises the events of bots by the user agent's text, and drops or marks them.
//
//	bots: drop
//	bots: {action: mark, also: [StatusCake], except: [Googlebot]}
//
// The text is looked for where package useragent does. An event without one, such as a server's, is nobody's bot.
package bots

import (
	"context"
	"strings"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
	"github.com/prickle-dev/prickle/transforms/useragent"
)

// Config is the transform's part of the configuration. Its short form is the action.
type Config struct {
	// Action is what becomes of a bot's event: "drop", or "mark" to set $is_bot to true and $bot_name.
	Action Action `yaml:"action,required"`
	// Also lists parts of user agents' texts that are bots too, in any case.
	Also []string `yaml:"also"`
	// Except lists parts of texts that are let through whatever they are, in any case.
	Except []string `yaml:"except"`
	// From is the property with the text, as for user_agent.
	From pipeline.Code `yaml:"from"`
}

// Action is what becomes of a bot's event.
type Action string

// UnmarshalText takes drop or mark.
func (a *Action) UnmarshalText(text []byte) error {
	switch Action(text) {
	case drop, mark:
		*a = Action(text)
		return nil
	}
	return &pipeline.ConfigError{Message: "want drop or mark"}
}

const drop, mark Action = "drop", "mark"

// Short makes `bots: drop` the action.
func (c *Config) Short() any { return &c.Action }

// Validate refuses parts that are in every text.
func (c *Config) Validate() error {
	for _, list := range [][]string{c.Also, c.Except} {
		for _, part := range list {
			if strings.TrimSpace(part) == "" {
				return &pipeline.ConfigError{Message: "an empty text is part of every user agent", Hint: "name a part of the texts that are meant, such as StatusCake"}
			}
		}
	}
	return nil
}

// Spec describes the transform.
var Spec = pipeline.Spec[pipeline.Transform]{
	Type:      "bots",
	Summary:   "drops or marks the events of bots",
	NewConfig: func() any { return new(Config) },
	New:       func(config any, _ pipeline.Env) (pipeline.Transform, error) { return New(config.(*Config)) },
}

// Bots drops or marks events.
type Bots struct {
	field        useragent.Field
	mark         bool
	also, except []string // in lower case
}

var _ pipeline.Transform = (*Bots)(nil)

// New returns a Bots. A mistake is a *pipeline.ConfigError.
func New(config *Config) (*Bots, error) {
	field, err := useragent.NewField(config.From)
	if err != nil {
		return nil, err
	}
	return &Bots{field, config.Action == mark, lower(config.Also), lower(config.Except)}, nil
}

func lower(texts []string) []string {
	var out []string
	for _, t := range texts {
		out = append(out, strings.ToLower(t))
	}
	return out
}

// Apply appends e unless it is dropped. It never fails.
func (b *Bots) Apply(_ context.Context, e pipeline.Event, out []pipeline.Event) ([]pipeline.Event, error) {
	name := b.name(&e)
	switch {
	case name == "":
		return append(out, e), nil
	case !b.mark:
		return out, nil
	}
	e.Properties = e.Properties.Set([]byte("true"), "$is_bot")
	e.Properties = e.Properties.Set(rawjson.AppendString(nil, name), "$bot_name")
	return append(out, e), nil
}

// name is the bot that an event is of, or "".
func (b *Bots) name(e *pipeline.Event) string {
	text := b.field.Of(e)
	if text == "" {
		return ""
	}
	name := useragent.Read(text).Bot
	if len(b.also)+len(b.except) == 0 {
		return name
	}
	text = strings.ToLower(text)
	for _, part := range b.except {
		if strings.Contains(text, part) {
			return ""
		}
	}
	for _, part := range b.also {
		if name == "" && strings.Contains(text, part) {
			return part
		}
	}
	return name
}
