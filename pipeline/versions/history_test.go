package versions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/pipeline/bus"
)

// memory is a Store.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	before func() // called before a value is created
}

func (m *memory) Get(_ context.Context, key string) ([]byte, uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.values[key]; ok {
		return v, 1, nil
	}
	return nil, 0, nil
}

func (m *memory) Update(_ context.Context, key string, value []byte, _ uint64) (uint64, error) {
	if m.before != nil {
		m.before()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.values[key]; ok {
		return 0, bus.ErrConflict
	}
	m.values[key] = value
	return 1, nil
}

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

func (m *memory) Keys(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var keys []string
	for k := range maps.Keys(m.values) {
		if strings.HasPrefix(k, prefix+".") {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys) // as text, so config.10 is before config.2
	return keys, nil
}

func history() (*History, *memory) {
	m := &memory{values: map[string][]byte{"configuration.7": nil}}
	return New(m, 1<<20), m
}

func record(t *testing.T, h *History, files ...File) *Version {
	t.Helper()
	v, err := h.Record(t.Context(), files, "start")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRecord(t *testing.T) {
	h, _ := history()
	a, b := File{"prickle.yaml", "a: ${A}"}, File{"f.hog", "return 1"}
	if v := record(t, h, a, b); v.Number != 1 {
		t.Errorf("first version\n got %d\nwant 1", v.Number)
	}
	if v := record(t, h, b, a); v.Number != 1 {
		t.Errorf("the same files in another order\n got %d\nwant 1", v.Number)
	}
	if v := record(t, h, a); v.Number != 2 {
		t.Errorf("a file less\n got %d\nwant 2", v.Number)
	}
	if v := record(t, h, a, b); v.Number != 3 {
		t.Errorf("what was in force before the latest\n got %d\nwant 3", v.Number)
	}
	v, err := h.Get(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if text, ok := v.Text("prickle.yaml"); !ok || text != "a: ${A}" || v.Cause != "start" || v.At.IsZero() {
		t.Errorf("kept\n got %+v", v)
	}
}

func TestUnknownVersion(t *testing.T) {
	h, _ := history()
	_, err := h.Get(t.Context(), 4)
	if want := "configuration 4: no such configuration; none is kept yet: the first one is when the project runs"; err == nil || err.Error() != want {
		t.Errorf("nothing kept\n got %v\nwant %s", err, want)
	}
	record(t, h, File{"a", "1"})
	record(t, h, File{"a", "2"})
	_, err = h.Get(t.Context(), 4)
	if want := "configuration 4: no such configuration; those from 1 to 2 are kept: see prickle config list"; !errors.Is(err, ErrUnknown) || err.Error() != want {
		t.Errorf("another number\n got %v\nwant %s", err, want)
	}
}

func TestKept(t *testing.T) {
	h, _ := history()
	for i := range Keep + 5 {
		record(t, h, File{"a", fmt.Sprint(i)})
	}
	all, err := h.List(t.Context())
	if err != nil || len(all) != Keep || all[0].Number != 6 || all[Keep-1].Number != Keep+5 {
		t.Errorf("kept: %d versions from %d, %v\nwant %d from 6", len(all), all[0].Number, err, Keep)
	}
}

// Of processes that record at once, each gets a number of its own.
func TestRecordedAtOnce(t *testing.T) {
	h, m := history()
	first := true
	m.before = func() {
		if first {
			first = false
			record(t, h, File{"a", "of another process"})
		}
	}
	if v := record(t, h, File{"a", "mine"}); v.Number != 2 {
		t.Errorf("recorded second\n got %d\nwant 2", v.Number)
	}
	if v, err := h.Get(t.Context(), 1); err != nil || v.Files[0].Text != "of another process" {
		t.Errorf("recorded first\n got %+v, %v", v, err)
	}
}

// A project that is larger than a value may be has a number all the same, and another one each time.
func TestTooLarge(t *testing.T) {
	h, _ := history()
	h.limit = 2000
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte('a' + rand.IntN(26))
	}
	for want := 1; want <= 2; want++ {
		if v := record(t, h, File{"a", string(noise)}); v.Number != want {
			t.Errorf("number\n got %d\nwant %d", v.Number, want)
		}
	}
	v, err := h.Get(t.Context(), 2)
	if err != nil || !v.Withheld || len(v.Files) != 1 || v.Files[0].Name != "a" || v.Files[0].Text != "" {
		t.Errorf("kept\n got %+v, %v\nwant the name without the text", v, err)
	}
}

func TestChanged(t *testing.T) {
	one := &Version{Files: []File{{"a", "1"}, {"b", "1"}, {"c", "1"}}}
	other := &Version{Files: []File{{"a", "1"}, {"b", "2"}, {"d", "1"}}}
	if got, want := fmt.Sprint(Changed(one, other)), "[b c d]"; got != want {
		t.Errorf("changed\n got %s\nwant %s", got, want)
	}
	if got, want := fmt.Sprint(Changed(nil, one)), "[a b c]"; got != want {
		t.Errorf("changed from nothing\n got %s\nwant %s", got, want)
	}
}
