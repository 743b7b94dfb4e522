package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"
)

// powerCut returns a copy of a bus folder as it is at the moment, which is what a power failure leaves of one that is always synced while nothing is
// written.
func powerCut(t *testing.T, dir string) string {
	t.Helper()
	left := t.TempDir()
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

func always(c *Config) { c.Sync = SyncAlways }

// late has standings written only when their lane is quiet.
func late(b *Bus) *Bus {
	b.standingEvery = time.Hour
	b.standingsNow = rate.NewLimiter(0, 0)
	return b
}

// work receives messages of lane 3 of web, records them, and acknowledges them.
func work(t *testing.T, b *Bus, messages <-chan *message.Message, n int) {
	t.Helper()
	for range n {
		m := receive(t, messages)
		note(t, b, m)
		m.Ack()
	}
}

func placesOn(t *testing.T, b *Bus) (list []string) {
	t.Helper()
	places, err := b.Places(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range places {
		list = append(list, fmt.Sprintf("%s %d behind %d since %s", p.Pipeline, p.Lane, p.Done, p.Created.Format(time.RFC3339Nano)))
	}
	slices.Sort(list)
	return list
}

// onDisk are the places that the server keeps on disk itself.
func onDisk(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := filepath.Glob(filepath.Join(dir, "store", "jetstream", "$G", "streams", streamEvents, "obs", "*", "meta.inf"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range entries {
		names = append(names, filepath.Base(filepath.Dir(path)))
	}
	return names
}

// After a power failure each pipeline goes on with the frame that it had in hand, whether it takes one or several at a time, and nobody trims what a
// pipeline has not processed that is not in the project any more.
func TestPlacesAfterAPowerCut(t *testing.T) {
	dir := t.TempDir()
	b := late(open(t, dir, always))
	messages, _ := subscribe(t, b, "web")
	gone, s := subscribe(t, b, "gone")
	captureSeveral(t, b, "a", "b", "c")
	work(t, b, messages, 2)
	note(t, b, receive(t, messages)) // c
	receiveAck(t, gone)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string { // what was acknowledged last is on its way to the server
		if got := placesOn(t, b); got[0][:len("gone 3 behind 1")] != "gone 3 behind 1" || got[1][:len("web 3 behind 2")] != "web 3 behind 2" {
			return fmt.Sprint(got)
		}
		return ""
	})
	before := placesOn(t, b)
	left := powerCut(t, dir)
	b = open(t, left, always)
	if got := placesOn(t, b); !slices.Equal(got, before) {
		t.Errorf("places\n got %v\nwant %v", got, before)
	}
	if names := onDisk(t, left); len(names) > 0 {
		t.Errorf("on disk: %v", names)
	}
	messages, _ = subscribe(t, b, "web")
	if m := receiveAck(t, messages); m.UUID != "c" {
		t.Errorf("web goes on with %s, want c", m.UUID)
	}
	if n, err := trimEvents(t.Context(), b.events); n != 1 || err != nil {
		t.Errorf("trimmed %d frames (%v), want the one that gone has processed", n, err)
	}
	gone, _ = subscribe(t, b, "gone")
	if m := receiveAck(t, gone); m.UUID != "b" {
		t.Errorf("gone goes on with %s, want b", m.UUID)
	}
}

// Places that are on disk, as sync: interval and older versions have them, become standings, and go back to disk, without an event that is lost or comes
// twice, and with the time since when there is one.
func TestPlacesGoFromDiskAndBack(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	captureSeveral(t, b, "before")
	// As older versions made them, one of which has been given nothing yet.
	for _, pipeline := range []string{"new", "web"} {
		config, err := b.Subscriber(pipeline).config(EventsTopic(3))
		if err != nil {
			t.Fatal(err)
		}
		config.DeliverPolicy = jetstream.DeliverNewPolicy
		if _, err := b.events.CreateConsumer(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	captureSeveral(t, b, "0", "1", "2", "3")
	since := placesOn(t, b)
	next := 0
	for _, sync := range []string{SyncInterval, SyncAlways, SyncInterval, SyncAlways} {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir, func(c *Config) { c.Sync = sync })
		if names := onDisk(t, dir); (len(names) > 0) != (sync == SyncInterval) {
			t.Errorf("sync: %s: on disk are %v", sync, names)
		}
		messages, s := subscribe(t, b, "web")
		if m := receiveAck(t, messages); m.UUID != fmt.Sprint(next) {
			t.Errorf("sync: %s\n got frame %s\nwant %d", sync, m.UUID, next)
		}
		next++
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	got := placesOn(t, b)
	want := slices.Clone(since)
	for i := range want {
		var pipeline, at string
		var lane, done int
		if _, err := fmt.Sscanf(want[i], "%s %d behind %d since %s", &pipeline, &lane, &done, &at); err != nil {
			t.Fatal(err)
		}
		if pipeline == "web" {
			done += 4
		}
		want[i] = fmt.Sprintf("%s %d behind %d since %s", pipeline, lane, done, at)
	}
	if !slices.Equal(got, want) {
		t.Errorf("places\n got %v\nwant %v", got, want)
	}
	messages, _ := subscribe(t, b, "new")
	if m := receiveAck(t, messages); m.UUID != "0" {
		t.Errorf("a place that was never used\n got frame %s\nwant 0", m.UUID)
	}
}

// A pipeline that was forgotten is new afterwards, whenever the process ends.
func TestForgottenPlaceStaysForgotten(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, always)
	messages, s := subscribe(t, b, "web")
	captureSeveral(t, b, "a", "b")
	receiveAck(t, messages)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Forget(t.Context(), "web", ""); err != nil {
		t.Fatal(err)
	}
	b = open(t, powerCut(t, dir), always)
	if got := placesOn(t, b); len(got) > 0 {
		t.Errorf("places: %v", got)
	}
	messages, _ = subscribe(t, b, "web")
	captureSeveral(t, b, "c")
	if m := receiveAck(t, messages); m.UUID != "c" {
		t.Errorf("a pipeline that is new again\n got frame %s\nwant c", m.UUID)
	}
}

// keptOf is the standing of lane 3 of web as it is stored.
func keptOf(t *testing.T, b *Bus) string {
	t.Helper()
	value, _, err := b.State().Get(t.Context(), standingKey("web", "3"))
	if err != nil {
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(string(value), " ")
	return number
}

// A lane that has nothing to do does not repeat what it did last when the power fails.
func TestIdleLaneRepeatsNothing(t *testing.T) {
	dir := t.TempDir()
	b := late(open(t, dir, always))
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	work(t, b, messages, 2) // a; b and c
	eventually(t, func() string {
		if at := keptOf(t, b); at != "3" {
			return "the standing is " + at
		}
		return ""
	})
	b = open(t, powerCut(t, dir), always)
	messages, _ = together(t, b, "web")
	captureSeveral(t, b, "d")
	wantFrames(t, receiveAck(t, messages), "d")
}

// What one start finds in the journal, the next one knows without.
func TestStartKeepsWhatTheJournalSaid(t *testing.T) {
	dir := t.TempDir()
	b := late(open(t, dir, always))
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	work(t, b, messages, 2)
	before := keptOf(t, b)
	if b = open(t, powerCut(t, dir), always); keptOf(t, b) != "1" || before != "0" {
		t.Errorf("the standing was %s and is %s, want 0 and 1", before, keptOf(t, b))
	}
}

// The journal of a run that did not sync everything may tell of what a power failure took. It is not believed by a run that does, nor by the next ones.
func TestJournalOfAnUnsyncedRun(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	messages, s := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	receiveAck(t, messages)
	note(t, b, receive(t, messages)) // b and c
	gone := &ProcessRecord{Pipeline: "web", Lane: 3, Frame: "d", Sequence: 4}
	if err := b.Journal(&Record{Process: gone}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.State().Put(t.Context(), standingKey("web", "3"), []byte("3")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir, always)
	}
	messages, _ = together(t, b, "web")
	wantFrames(t, receive(t, messages), "b", "c")
}

// journalAhead returns what a power failure leaves of a synced run in which the standing of lane 3 of web is behind frame 0, and the journal knows that
// it is settled up to 1: frames 2 to 4 were together.
func journalAhead(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	b := late(open(t, dir, always))
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c", "d")
	work(t, b, messages, 2)
	return powerCut(t, dir)
}

// What a run that synced everything has put into the journal is known to the next one, whatever that does, and to none after one that does not.
func TestJournalOfASyncedRun(t *testing.T) {
	dir := journalAhead(t)
	for _, sync := range []string{SyncInterval, SyncAlways} {
		b := open(t, dir, func(c *Config) { c.Sync = sync })
		if got := placesOn(t, b)[0]; !strings.HasPrefix(got, "web 3 behind 1 ") {
			t.Errorf("sync: %s: the place is %q, want behind 1", sync, got)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if from, err := readSynced(dir); err != nil || from < 2 {
		t.Errorf("the journal is believed from %d on (%v), want behind what it had", from, err)
	}
}

// A place that is ahead of the log goes on with what is captured next, at once and ever after, whatever the journal says of frames that had the same
// sequences.
func TestPlaceAheadOfTheLog(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, always)
	messages, s := subscribe(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	work(t, b, messages, 3)
	if err := errors.Join(s.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "store", "jetstream", "$G", "streams", streamEvents)); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir, always)
	captureSeveral(t, b, "d", "e", "f")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir, always)
	captureSeveral(t, b, "g")
	messages, _ = subscribe(t, b, "web")
	for _, want := range []string{"d", "e", "f", "g"} {
		if m := receiveAck(t, messages); m.UUID != want {
			t.Errorf("got frame %s, want %s", m.UUID, want)
		}
	}
}

// Where the journal tells of frames that the log does not have, the standing counts.
func TestJournalAheadOfTheLog(t *testing.T) {
	dir := t.TempDir()
	b := late(open(t, dir, always))
	subscribe(t, b, "web")
	captureSeveral(t, b, "a", "b", "c")
	for _, sequence := range []uint64{2, 5, 7} {
		if err := b.Journal(&Record{Process: &ProcessRecord{Pipeline: "web", Lane: 3, Sequence: sequence}}).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b = open(t, powerCut(t, dir), always)
	if got := placesOn(t, b)[0]; !strings.HasPrefix(got, "web 3 behind 0 ") {
		t.Errorf("the place is %q, want behind 0", got)
	}
}

// A start with sync: interval that does not come to its end takes nothing away from what the journal tells.
func TestUnfinishedStartKeepsTheJournal(t *testing.T) {
	dir := journalAhead(t)
	if got := openError(t, func(c *Config) { c.Dir, c.Sync, c.Lanes = dir, SyncInterval, 16 }); !strings.Contains(got, "lanes") {
		t.Fatalf("with other lanes: %s", got)
	}
	if got := placesOn(t, open(t, dir, always))[0]; !strings.HasPrefix(got, "web 3 behind 1 ") {
		t.Errorf("the place is %q, want behind 1", got)
	}
}

// A place that comes back to disk, as when a power failure undoes its removal, knows less than the standing.
func TestPlaceThatComesBackToDisk(t *testing.T) {
	for _, sync := range []string{SyncInterval, SyncAlways} {
		dir := t.TempDir()
		places := filepath.Join("store", "jetstream", "$G", "streams", streamEvents, "obs")
		b := open(t, dir)
		messages, s := subscribe(t, b, "web")
		captureSeveral(t, b, "a", "b", "c")
		receiveAck(t, messages)
		if err := errors.Join(s.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
		ghosts := t.TempDir()
		if err := os.CopyFS(ghosts, os.DirFS(filepath.Join(dir, places))); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir, always)
		messages, s = subscribe(t, b, "web")
		receiveAck(t, messages)
		if err := errors.Join(s.Close(), b.Close()); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(dir, places), os.DirFS(ghosts)); err != nil {
			t.Fatal(err)
		}
		b = open(t, dir, func(c *Config) { c.Sync = sync })
		messages, _ = subscribe(t, b, "web")
		if m := receiveAck(t, messages); m.UUID != "c" {
			t.Errorf("sync: %s: goes on with %s, want c", sync, m.UUID)
		}
	}
}

// Where somebody has removed the journal, the next one is believed.
func TestJournalThatBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	if err := open(t, dir, always).Close(); err != nil {
		t.Fatal(err)
	}
	if err := writeSynced(filepath.Join(dir, syncedFile), []byte("1000")); err != nil {
		t.Fatal(err)
	}
	open(t, dir, always)
	if from, err := readSynced(dir); err != nil || from != 1 {
		t.Errorf("the journal is believed from %d on (%v), want 1", from, err)
	}
}

// What was in hand comes again as it was, however much is written to the journal before its lane begins.
func TestTakesAreKnownBeforeAnythingIsWritten(t *testing.T) {
	dir := t.TempDir()
	b := late(open(t, dir, always))
	messages, _ := together(t, b, "web")
	captureSeveral(t, b, "a", "b", "c", "d")
	work(t, b, messages, 1)
	note(t, b, receive(t, messages)) // b, c and d
	b = open(t, powerCut(t, dir), always)
	b.takes.back = 0 // as if the process had been away for long
	if err := b.Journal(&Record{Process: &ProcessRecord{Pipeline: "other", Sequence: 1}}).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	messages, _ = together(t, b, "web")
	wantFrames(t, receiveAck(t, messages), "b", "c", "d")
}

// Of takes that overlap, the one that was begun last comes again.
func TestTakesThatOverlap(t *testing.T) {
	for _, c := range []struct {
		takes []stretch
		want  []string
	}{
		{[]stretch{{1, 1}, {2, 4}, {3, 5}}, []string{"c", "d", "e"}},
		{[]stretch{{1, 1}, {3, 4}, {2, 5}}, []string{"b", "c", "d", "e"}},
	} {
		dir := t.TempDir()
		b := late(open(t, dir, always))
		if err := b.Subscriber("web").SubscribeInitialize(EventsTopic(3)); err != nil {
			t.Fatal(err)
		}
		captureSeveral(t, b, "a", "b", "c", "d", "e", "f")
		for _, take := range c.takes {
			r := &ProcessRecord{Pipeline: "web", Lane: 3, Sequence: take.first, First: take.first, Last: take.last}
			if err := b.Journal(&Record{Process: r}).Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		messages, _ := together(t, open(t, powerCut(t, dir), always), "web")
		wantFrames(t, receiveAck(t, messages), c.want...)
	}
}

func TestDamagedSynced(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, syncedFile), []byte("soon"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := openError(t, func(c *Config) { c.Dir, c.Sync = dir, SyncAlways }); !strings.Contains(got, "is damaged: remove it") {
		t.Errorf("got %s", got)
	}
}

// A bus that has failed, and a disk that is nearly full, keep no subscriber waiting.
func TestSubscribingDoesNotHang(t *testing.T) {
	b := open(t, t.TempDir(), always)
	b.disk.free, b.disk.asked = func() (int64, error) { return 40 << 20, nil }, time.Time{}
	if err := b.Subscriber("web").SubscribeInitialize(EventsTopic(3)); err != nil {
		t.Errorf("with room for what is small: %v", err)
	}
	b.disk.free, b.disk.asked = func() (int64, error) { return 4 << 20, nil }, time.Time{}
	if err := b.Subscriber("new").SubscribeInitialize(EventsTopic(3)); err == nil || !strings.Contains(err.Error(), "nearly full") {
		t.Errorf("without room\n got %v\nwant that there is none", err)
	}
	if err := b.standing("web", "3").put(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "nearly full") {
		t.Errorf("a standing, without room\n got %v\nwant that there is none", err)
	}
	b.embedded.failure.fail("test", b.embedded.server, b.log)
	<-b.embedded.failure.ended
	if _, err := b.Subscriber("web").Subscribe(context.Background(), EventsTopic(3)); err == nil {
		t.Error("on a bus that has failed there is no error")
	}
}

func TestSettledBy(t *testing.T) {
	for name, c := range map[string]struct {
		takes []stretch
		want  uint64
	}{
		"none":                       {nil, 0},
		"one":                        {[]stretch{{2, 4}}, 0},
		"one after the other":        {[]stretch{{2, 4}, {7, 9}, {12, 12}}, 9},
		"begun within another":       {[]stretch{{2, 4}, {3, 5}}, 2},
		"begun before another":       {[]stretch{{5, 10}, {2, 12}}, 1},
		"the first frame of the log": {[]stretch{{1, 1}, {1, 2}}, 0},
	} {
		if got := settledBy(c.takes); got != c.want {
			t.Errorf("%s\n got %d\nwant %d", name, got, c.want)
		}
	}
}
