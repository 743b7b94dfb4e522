package bus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a power failure does to files that were replaced without a sync: they are there and empty, or not there at all.
func TestPlacesSurviveTornFiles(t *testing.T) {
	for name, tear := range map[string]func(path string) error{
		"empty": func(path string) error { return os.Truncate(path, 0) },
		"zeros": func(path string) error { return os.WriteFile(path, make([]byte, 40), 0o600) },
		"gone":  os.Remove,
		"nothing but o.dat is torn": func(path string) error {
			if filepath.Base(path) != "o.dat" {
				return nil
			}
			return os.Truncate(path, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			acknowledgeFirst(t, dir) // the server writes down how far it has come when it ends
			b := open(t, dir)
			deliverable(t, b, 1, 2)
			eventually(t, func() string { return placesHold(b.embedded.places) })
			capture(t, b, "second", events(1, 1)) // behind the copy
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
			if torn := eachNoted(t, dir, tear); torn < 12 {
				t.Fatalf("only %d files are torn", torn)
			}
			b = open(t, dir)
			if got, want := sizes(fetch(t, deliveries(t, b), everything)), "[1 2]"; got != want {
				t.Errorf("to be delivered\n got %s\nwant %s", got, want)
			}
			messages, _ := subscribe(t, b, "web")
			if m := receiveAck(t, messages); m.UUID != "second" {
				t.Errorf("after the power failure\n got %s\nwant second", m.UUID)
			}
		})
	}
}

// acknowledgeFirst opens a bus, works one frame with it, and closes it.
func acknowledgeFirst(t *testing.T, dir string) {
	t.Helper()
	b := open(t, dir)
	messages, s := subscribe(t, b, "web")
	capture(t, b, "first", events(1, 1))
	receiveAck(t, messages)
	eventually(t, func() string {
		c, err := b.events.Consumer(t.Context(), "web+3")
		if err != nil {
			return err.Error()
		}
		if info := c.CachedInfo(); info.NumAckPending > 0 || info.AckFloor.Stream == 0 {
			return "the frame is not acknowledged"
		}
		return ""
	})
	// A server that is stopped while it writes this down may leave what it was before.
	state := filepath.Join(dir, "store", "jetstream", "$G", "streams", streamEvents, "obs", "web+3", "o.dat")
	eventually(t, func() string {
		const floorAt = 2 // behind two bytes of a head
		if text, err := os.ReadFile(state); err != nil || len(text) <= floorAt || text[floorAt] == 0 {
			return fmt.Sprintf("the server has not written down that the frame is acknowledged: %x, %v", text, err)
		}
		return ""
	})
	if err := errors.Join(s.Close(), b.Close()); err != nil {
		t.Fatal(err)
	}
}

// placesHold says what is missing in the copy.
func placesHold(p *places) string {
	if err := p.save(); err != nil {
		return err.Error()
	}
	text, err := os.ReadFile(p.file)
	if err != nil {
		return err.Error()
	}
	for _, want := range []string{"EVENTS/meta.inf", "EVENTS/obs/web+3/meta.sum", "EVENTS/obs/web+3/o.dat"} {
		if !strings.Contains(string(text), want) {
			return "there is no " + want
		}
	}
	return ""
}

func eachNoted(t *testing.T, dir string, do func(path string) error) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(dir, "store"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !noted(entry.Name()) {
			return err
		}
		n++
		return do(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A pipeline's place that was made right before the power failed is not in the copy. Its standing is.
func TestTornConsumerWithoutCopy(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	eventually(t, func() string {
		if err := b.embedded.places.save(); err != nil {
			return err.Error()
		}
		return ""
	})
	b.embedded.places.end()
	b.embedded.places = nil
	deliverable(t, b, 1, 2)
	if err := b.Subscriber("web").SubscribeInitialize(EventsTopic(3)); err != nil {
		t.Fatal(err)
	}
	capture(t, b, "first", events(1, 1))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"meta.inf", "meta.sum", "o.dat"} {
		path := filepath.Join(dir, "store", "jetstream", "$G", "streams", streamEvents, "obs", "web+3", file)
		if err := os.WriteFile(path, make([]byte, 40), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b = open(t, dir)
	if got, want := sizes(fetch(t, deliveries(t, b), everything)), "[1 2]"; got != want {
		t.Errorf("to be delivered\n got %s\nwant %s", got, want)
	}
	messages, _ := subscribe(t, b, "web")
	if m := receiveAck(t, messages); m.UUID != "first" {
		t.Errorf("what was captured before the power failed\n got %s\nwant first", m.UUID)
	}
}

// A store whose files the server syncs itself has no copy, and none is left that would be out of date later.
func TestNoPlacesWhenAlwaysSynced(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "places.json")
	b := open(t, dir)
	eventually(t, func() string { return placesExist(file, true) })
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir, func(c *Config) { c.Sync = SyncAlways })
	deliverable(t, b, 1)
	if text := placesExist(file, false); text != "" {
		t.Error(text)
	}
}

func placesExist(file string, want bool) string {
	switch _, err := os.Stat(file); {
	case want && err != nil:
		return err.Error()
	case !want && err == nil:
		return "there is a copy"
	}
	return ""
}

func TestDamagedPlaces(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "places.json"), []byte(`{"a`), 0o600); err != nil {
		t.Fatal(err)
	}
	got := openError(t, func(c *Config) { c.Dir, c.Sync = dir, SyncInterval })
	if !strings.Contains(got, "places.json") || !strings.Contains(got, "remove it, unless the power has just failed") {
		t.Errorf("got %s", got)
	}
}
