package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/hogs"
)

// message is what is posted, and how it is printed without a token.
type message struct {
	Channel   string  `json:"channel"`
	Text      string  `json:"text,omitempty"`
	Blocks    []block `json:"blocks,omitempty"`
	ThreadTS  string  `json:"thread_ts,omitempty"`
	Username  string  `json:"username,omitempty"`
	IconEmoji string  `json:"icon_emoji,omitempty"`
}

// block is one block as it was configured. It goes through the library as it is, so that blocks newer than the library work too.
type block map[string]any

// BlockType returns the block's type.
func (b block) BlockType() slack.MessageBlockType {
	name, _ := b["type"].(string)
	return slack.MessageBlockType(name)
}

// ID returns the block's id.
func (b block) ID() string {
	id, _ := b["block_id"].(string)
	return id
}

// maxMessage is how many characters Slack takes in a message's own text.
const maxMessage = 40_000

func (s *Slack) render(ctx context.Context, e *pipeline.Event) (message, error) {
	var m message
	for _, part := range []struct {
		name     string
		template *hogs.Template
		into     *string
	}{
		{"channel", s.channel, &m.Channel},
		{"text", s.text, &m.Text},
		{"thread_ts", s.thread, &m.ThreadTS},
		{"username", s.username, &m.Username},
		{"icon_emoji", s.icon, &m.IconEmoji},
	} {
		text, err := part.template.Text(ctx, e)
		if err != nil {
			return m, fmt.Errorf("%s: %w", part.name, err)
		}
		*part.into = text
	}
	m.Text = cut(m.Text, maxMessage)
	if m.Channel == "" {
		return m, errors.New("channel: the template gives no channel for this event")
	}
	if s.blocks == nil {
		return m, nil
	}
	raw, err := s.blocks.Render(ctx, e)
	if err != nil {
		return m, fmt.Errorf("blocks: %w", err)
	}
	if err := json.Unmarshal(raw, &m.Blocks); err != nil {
		return m, errors.New("blocks: want a list of blocks, which are objects")
	}
	m.Blocks = fit(m.Blocks)
	return m, nil
}

func (m message) options() []slack.MsgOption {
	out := []slack.MsgOption{slack.MsgOptionText(m.Text, false)}
	if len(m.Blocks) > 0 {
		blocks := make([]slack.Block, len(m.Blocks))
		for i, b := range m.Blocks {
			blocks[i] = b
		}
		out = append(out, slack.MsgOptionBlocks(blocks...))
	}
	if m.ThreadTS != "" {
		out = append(out, slack.MsgOptionTS(m.ThreadTS))
	}
	if m.Username != "" {
		out = append(out, slack.MsgOptionUsername(m.Username))
	}
	if m.IconEmoji != "" {
		out = append(out, slack.MsgOptionIconEmoji(m.IconEmoji))
	}
	return out
}

// print writes the message as one line of JSON.
func (s *Slack) print(m message) error {
	line, err := json.Marshal(struct {
		Destination string `json:"destination"`
		message
	}{"slack", m})
	if err != nil {
		return hogs.Final(fmt.Errorf("message: %w", err))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.dry.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
