package capture

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/pipeline"
	"github.com/prickle-dev/prickle/pipeline/capture/wire"
)

// narrowLog takes events of up to a number of bytes, as a bus does.
type narrowLog struct {
	memoryLog
	most int
}

func (l *narrowLog) Append(ctx context.Context, events []pipeline.Event) error {
	for i := range events {
		if size := events[i].Size(); size > l.most {
			return fmt.Errorf("bus: %w", &EventTooLargeError{Index: i, Size: size, Limit: l.most})
		}
	}
	return l.memoryLog.Append(ctx, events)
}

const largeUUID = "0196b2d0-0000-7000-8000-00000000000a"

var filler = strings.Repeat("x", 5000)

// An event that is too large is named by its place in the request, its uuid, its size and the limit, whichever limit it is over.
func TestTooLargeIsNamed(t *testing.T) {
	posthogEvent := `{"event":"e","distinct_id":"d","uuid":"` + largeUUID + `","properties":{"x":"` + filler + `"}}`
	segmentMessage := `{"type":"track","event":"e","userId":"u","messageId":"` + largeUUID + `","properties":{"x":"` + filler + `"}}`
	for _, test := range []struct {
		name, target, body string
		index              int
	}{
		// What is left out before it must not shift the index.
		{"batch", "/batch", `{"api_key":"` + projectToken + `","batch":[{"event":"$performance_event","distinct_id":"d"},{"event":"e","distinct_id":"d"},` + posthogEvent + `]}`, 2},
		{"single", "/e", strings.Replace(posthogEvent, "{", `{"token":"`+projectToken+`",`, 1), 0},
		{"segment single", "/v1/track", strings.Replace(segmentMessage, "{", `{"writeKey":"`+projectToken+`",`, 1), 0},
		{"segment batch of one", "/v1/batch", `{"writeKey":"` + projectToken + `","batch":[{"type":"track"},` + segmentMessage + `]}`, 1},
	} {
		for _, limit := range []string{"capture", "log"} {
			t.Run(test.name+" by "+limit, func(t *testing.T) {
				fx := newFixture(t, withRate(1000, 0))
				log := &narrowLog{most: 1 << 20}
				fx.deps.Events = log
				if limit == "log" {
					log.most = 4000
				} else {
					fx.config.Limits.Event = 4000
				}
				answer := fx.post(test.target, test.body)
				checkError(t, answer, 413, "event_too_large")
				var got errorBody
				decode(t, answer.Body.Bytes(), &got)
				large := got.Errors[len(got.Errors)-1]
				var size, most int
				if _, err := fmt.Sscanf(large.Detail, "%d bytes, the limit is %d", &size, &most); err != nil || size < 5000 || size > 6000 || most != 4000 {
					t.Errorf("detail %q does not say both sizes", large.Detail)
				}
				if large.Index != test.index || large.UUID != largeUUID || !strings.HasPrefix(got.Detail, fmt.Sprintf("event %d: %s", test.index, large.Detail)) {
					t.Errorf("got %s\nwant event %d, uuid %s", answer.Body, test.index, largeUUID)
				}
				if n := len(log.take(t)); n != 0 {
					t.Errorf("%d events stored, want none", n)
				}
				if n := fx.Stats().Rejected()["event_too_large"]; n != 1 {
					t.Errorf("%d events count as rejected, want 1", n)
				}
			})
		}
	}
}

// From a batch of Segment's, the messages that fit are stored, whichever limit the others are over.
func TestSegmentBatchWithoutTheTooLarge(t *testing.T) {
	message := func(id, filler string) string {
		return `{"type":"track","event":"` + id + `","userId":"u","messageId":"` + id + `","properties":{"x":"` + filler + `"}}`
	}
	body := `{"writeKey":"` + projectToken + `","batch":[` + strings.Join([]string{
		message("a", ""), message("b", filler), `{"type":"track","event":"c"}`, message("d", ""), message("e", filler), message("f", ""),
	}, ",") + `]}`
	fx := newFixture(t, withQuota(6, PerDay), withRate(6, 0)) // the request is charged once, however often it is tried
	log := &narrowLog{most: 4000}
	fx.deps.Events = log
	answer := fx.post("/v1/batch", body)
	var got struct {
		Success bool
		Errors  []wire.EventProblem
	}
	decode(t, answer.Body.Bytes(), &got)
	var problems, stored []string
	for _, p := range got.Errors {
		problems = append(problems, fmt.Sprint(p.Index, " ", p.Code))
	}
	for _, e := range log.take(t) {
		stored = append(stored, e.Name)
	}
	if diff := cmp.Diff([]string{"1 event_too_large", "2 missing_user_id", "4 event_too_large"}, problems); diff != "" || answer.Code != 200 || !got.Success {
		t.Errorf("answer %d %s\n(-want +got)\n%s", answer.Code, answer.Body, diff)
	}
	if diff := cmp.Diff([]string{"a", "d", "f"}, stored); diff != "" {
		t.Errorf("stored (-want +got)\n%s", diff)
	}
	if accepted, used := fx.Stats().Accepted.Load(), fx.Keys(t.Context())[0].Used; accepted != 3 || used != 3 {
		t.Errorf("%d events count as accepted and %d in the quota, want 3", accepted, used)
	}
}
