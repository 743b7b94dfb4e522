package bus

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func letter(person, number int, stage, destination string) DeadLetter {
	e := event(person, number)
	at := time.Date(2026, 8, 20, 11, 0, 0, 123456789, time.UTC)
	return DeadLetter{
		Key: e.UUID, Pipeline: "web", Destination: destination, Stage: stage, Component: "hog", Attempts: 4, FirstAt: at, LastAt: at.Add(time.Hour),
		Reason: "line one\nat \"functions/enrich.hog\":3\t– ü", Event: json.RawMessage(e.AppendJSON(nil)),
	}
}

func bury(t *testing.T, b *Bus, letters ...DeadLetter) {
	t.Helper()
	if err := b.Bury(t.Context(), letters); err != nil {
		t.Fatal(err)
	}
}

func deadLetters(t *testing.T, b *Bus, f DeadFilter) []DeadLetter {
	t.Helper()
	list, err := b.DeadLetters(t.Context(), f, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestDeadLettersAreReadBackExactly(t *testing.T) {
	b := open(t, t.TempDir())
	want := []DeadLetter{letter(1, 1, StageDeliver, "crm"), letter(1, 2, StageProcess, ""), letter(1, 3, StageDeliver, "slack")}
	want[1].Event = json.RawMessage(` {"odd" :  "spacing and <html>"} `)
	bury(t, b, want...)
	bury(t, b, want[0]) // the key makes this a no-op
	got := deadLetters(t, b, DeadFilter{})
	for i := range want {
		want[i].ID = uint64(i + 1)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(DeadLetter{}, "Key")); diff != "" {
		t.Errorf("letters\n%s", diff)
	}
	for name, c := range map[string]struct {
		filter DeadFilter
		after  uint64
		limit  int
		want   []uint64
	}{
		"destination":       {DeadFilter{Destination: "slack"}, 0, 10, []uint64{3}},
		"pipeline":          {DeadFilter{Pipeline: "web"}, 0, 10, []uint64{1, 2, 3}},
		"another pipeline":  {DeadFilter{Pipeline: "app"}, 0, 10, nil},
		"limit":             {DeadFilter{}, 0, 2, []uint64{1, 2}},
		"after":             {DeadFilter{}, 1, 1, []uint64{2}},
		"both":              {DeadFilter{Pipeline: "web", Destination: "crm"}, 0, 10, []uint64{1}},
		"after the last":    {DeadFilter{}, 3, 10, nil},
		"none are asked of": {DeadFilter{}, 0, 0, nil},
	} {
		list, err := b.DeadLetters(t.Context(), c.filter, c.after, c.limit)
		if err != nil {
			t.Fatal(err)
		}
		var ids []uint64
		for _, l := range list {
			ids = append(ids, l.ID)
		}
		if diff := cmp.Diff(c.want, ids); diff != "" {
			t.Errorf("%s\n%s", name, diff)
		}
	}
}

func TestDeadLetterOfALineThatIsNotJSON(t *testing.T) {
	b := open(t, t.TempDir())
	l := letter(1, 1, StageProcess, "")
	l.Event, l.Reason = json.RawMessage("not \"json\x01"), strings.Repeat("ü", maxReason)
	bury(t, b, l)
	got, err := b.DeadLetter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if want := `"not \"json\u0001"`; string(got.Event) != want {
		t.Errorf("event\n got %s\nwant %s", got.Event, want)
	}
	if n := len(got.Reason); n > maxReason || n < maxReason-4 || !strings.HasSuffix(got.Reason, "ü…") {
		t.Errorf("a long reason has %d bytes and ends in %q", n, got.Reason[n-6:])
	}
	if _, err := json.Marshal(got); err != nil {
		t.Errorf("the letter cannot be shown: %v", err)
	}
	if err := b.Replay(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "replay: dead letter 1: event line") {
		t.Errorf("replay\n got %v", err)
	}
}

func TestDrop(t *testing.T) {
	b := open(t, t.TempDir())
	bury(t, b, letter(1, 1, StageDeliver, "crm"), letter(1, 2, StageDeliver, "crm"), letter(1, 3, StageDeliver, "crm"))
	if err := b.Drop(t.Context(), 1, 3); err != nil {
		t.Fatal(err)
	}
	if got := deadLetters(t, b, DeadFilter{}); len(got) != 1 || got[0].ID != 2 {
		t.Errorf("after dropping 1 and 3 there are %v", got)
	}
	for _, id := range []uint64{0, 1, 99} {
		_, read := b.DeadLetter(t.Context(), id)
		if drop, replay := b.Drop(t.Context(), id), b.Replay(t.Context(), id); !errors.Is(read, ErrNotFound) || !errors.Is(drop, ErrNotFound) || !errors.Is(replay, ErrNotFound) {
			t.Errorf("letter %d: read %v, drop %v, replay %v, want %v", id, read, drop, replay, ErrNotFound)
		}
	}
}

func TestReplay(t *testing.T) {
	b := open(t, t.TempDir())
	bury(t, b, letter(1, 1, StageDeliver, "crm"), letter(2, 2, StageProcess, ""))
	if err := b.Replay(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	if left := deadLetters(t, b, DeadFilter{}); len(left) != 0 {
		t.Errorf("%d letters are left", len(left))
	}
	got, _ := stored(t, b.deliver, ReplayTopic("web", "crm", LaneOf("person-1", 8)))
	if want := events(1, 2)[1:]; uuids(got) != uuids(want) {
		t.Errorf("to the destination\n got %s\nwant %s", uuids(got), uuids(want))
	}
	got, _ = stored(t, b.events, eventsOnlySubject("web", itoa(LaneOf("person-2", 8))))
	if want := events(2, 3)[2:]; uuids(got) != uuids(want) {
		t.Errorf("to the pipeline\n got %s\nwant %s", uuids(got), uuids(want))
	}
}

// A crash between the acknowledgement and the removal makes the user repeat the replay.
func TestReplayTwiceIsOnce(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	bury(t, b, letter(1, 1, StageDeliver, "crm"))
	raw, err := b.rawLetter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.sendAgain(t.Context(), raw, ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	if err := b.Replay(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got, _ := stored(t, b.deliver, "replay.>"); len(got) != 1 {
		t.Errorf("events\n got %d\nwant 1", len(got))
	}
}

// A pipeline that was taken out of the project and put back gets the letters that are replayed to it before it runs.
func TestReplayToAPipelineWithoutAPlace(t *testing.T) {
	b := open(t, t.TempDir())
	bury(t, b, letter(1, 1, StageProcess, ""), letter(1, 2, StageProcess, ""))
	if err := b.Replay(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	messages, s := subscribeTo(t, b, "web", EventsOnlyTopic)
	if m := receiveAck(t, messages); m.UUID != "replay/1" {
		t.Errorf("replayed\n got %s\nwant replay/1", m.UUID)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(t.Context(), "web", ""); err != nil {
		t.Fatal(err)
	}
	if err := b.Replay(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	messages, _ = subscribeTo(t, b, "web", EventsOnlyTopic)
	if m := receiveAck(t, messages); m.UUID != "replay/2" {
		t.Errorf("replayed after the pipeline was forgotten\n got %s\nwant replay/2", m.UUID)
	}
}

func TestStatusCountsDeadLetters(t *testing.T) {
	b := open(t, t.TempDir())
	bury(t, b, letter(1, 1, StageDeliver, "crm"), letter(1, 2, StageDeliver, "crm"), letter(1, 3, StageProcess, ""))
	s, err := b.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []DeadStatus{{StageDeliver, "web", "crm", 2}, {StageProcess, "web", "", 1}}
	if diff := cmp.Diff(want, s.Dead, cmpopts.SortSlices(func(a, b DeadStatus) bool { return a.Stage < b.Stage })); diff != "" {
		t.Errorf("dead letters\n%s", diff)
	}
	if len(s.Streams) != 4 || s.Streams[2].Name != streamDead || s.Streams[2].Messages != 3 || s.Streams[2].Bytes == 0 {
		t.Errorf("streams\n got %+v", s.Streams)
	}
}

// A reason that grows when it is escaped still leaves room for the largest event.
func TestLetterOfLargestEvent(t *testing.T) {
	b := open(t, t.TempDir())
	l := letter(1, 1, StageDeliver, "crm")
	l.Reason = strings.Repeat("<\x01&", maxReason)
	l.Event = append(bytes.Repeat([]byte(" "), b.MaxEvent()-len(l.Event)), l.Event...)
	bury(t, b, l)
	got, err := b.DeadLetters(t.Context(), DeadFilter{}, 0, 10)
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0].Reason, "<\x01&<") {
		t.Errorf("dead letters\n got %d, %v\nwant one", len(got), err)
	}
}

func TestForget(t *testing.T) {
	b := open(t, t.TempDir())
	if err := b.Subscriber("web").SubscribeInitialize(EventsTopic(0)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Deliveries(t.Context(), "web", "crm", 0, InFlight); err != nil {
		t.Fatal(err)
	}
	for _, forget := range []struct {
		destination string
		left        int
	}{{"crm", 1}, {"", 0}} {
		if err := b.Forget(t.Context(), "web", forget.destination); err != nil {
			t.Fatal(err)
		}
		if st, err := b.Status(t.Context()); err != nil || len(st.Consumers) != forget.left {
			t.Errorf("after forgetting %q\n got %v, %v\nwant %d places", forget.destination, st.Consumers, err, forget.left)
		}
	}
}
