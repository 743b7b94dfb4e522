package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/httpsend"
)

// advice tells what to do about the errors by which Slack refuses a message.
var advice = map[string]string{
	"channel_not_found":     "check the channel's name or id; a private channel is found only after inviting the bot: /invite @bot",
	"not_in_channel":        "invite the bot to the channel (/invite @bot), or give it the scope chat:write.public",
	"is_archived":           "the channel is archived: name another one",
	"invalid_auth":          "the token is not valid: copy the bot token (xoxb-…) from the app's page again",
	"not_authed":            "the token is missing",
	"account_inactive":      "the token belongs to a bot or workspace that was deleted: install the app again",
	"token_revoked":         "the token was revoked: install the app again and copy its new token",
	"token_expired":         "the token has expired: turn token rotation off for the app, or renew the token",
	"missing_scope":         "add the scope to the app and install it again",
	"no_text":               "text and blocks are both empty for this event",
	"msg_too_long":          "shorten the text",
	"msg_blocks_too_long":   "shorten the blocks",
	"invalid_blocks":        "try the blocks in Slack's Block Kit Builder",
	"invalid_blocks_format": "try the blocks in Slack's Block Kit Builder",
	"restricted_action":     "the workspace does not let the bot post in this channel",
	"thread_not_found":      "thread_ts names no message of this channel",
}

// passing are the errors of Slack that another try may cure.
var passing = map[string]bool{
	"internal_error": true, "fatal_error": true, "service_unavailable": true, "request_timeout": true, "team_added_to_org": true,
	"ratelimited": true, "rate_limited": true, "message_limit_exceeded": true,
}

// classify turns an error of the library into the outcome that the pipeline acts on. Nothing in it can hold the token.
func classify(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	var refused slack.SlackErrorResponse
	var transport *url.Error
	switch {
	case errors.As(err, &limited):
		return pipeline.RetryAfter(errors.New("slack: rate limit reached"), min(max(limited.RetryAfter, 0), time.Hour))
	case errors.As(err, &status):
		err := fmt.Errorf("slack: answered %d %s", status.Code, http.StatusText(status.Code))
		if httpsend.Retryable(status.Code) {
			return err
		}
		return pipeline.Permanent(err)
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &transport) && transport.Timeout():
		return errors.New("slack: no answer in time")
	case errors.As(err, &transport):
		return fmt.Errorf("slack: %w", transport.Err)
	}
	return errors.New("slack: the answer is not one of Slack's API")
}

func refusal(r slack.SlackErrorResponse) error {
	text := "slack: " + r.Err
	if r.Needed != "" {
		text += fmt.Sprintf(" (needed: %s)", r.Needed)
	}
	if len(r.ResponseMetadata.Messages) > 0 {
		text += ": " + strings.Join(r.ResponseMetadata.Messages, "; ")
	}
	if hint, ok := advice[r.Err]; ok {
		text += "; " + hint
	}
	if passing[r.Err] {
		return errors.New(text)
	}
	return pipeline.Permanent(errors.New(text))
}
