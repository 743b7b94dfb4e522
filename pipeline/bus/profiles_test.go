package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func openProfiles(t *testing.T, b *Bus) *Profiles {
	t.Helper()
	p, err := b.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantProfile(t *testing.T, p *Profiles, key, want string) Profile {
	t.Helper()
	got, err := p.Get(t.Context(), key)
	if err != nil || string(got.Value) != want || (want == "") != (got.Value == nil) {
		t.Errorf("%s\n got %q, %v\nwant %q", key, got.Value, err, want)
	}
	return got
}

func TestProfilesSave(t *testing.T) {
	b := open(t, t.TempDir())
	p := openProfiles(t, b)
	wantProfile(t, p, "person.a", "")
	changes := []Profile{{Key: "person.a", Value: []byte("1")}, {Key: "person.b", Value: []byte("2")}}
	if err := p.Save(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if got := wantProfile(t, p, "person.a", "1"); got.Revision != changes[0].Revision {
		t.Errorf("revision\n got %d\nwant %d, as Save said", got.Revision, changes[0].Revision)
	}
	// One of them was changed meanwhile: the other is stored.
	again := []Profile{{Key: "person.a", Value: []byte("x"), Revision: changes[1].Revision}, {Key: "person.b", Value: []byte("3"), Revision: changes[1].Revision}}
	if err := p.Save(t.Context(), again); !errors.Is(err, ErrConflict) {
		t.Errorf("Save over another's change\n got %v\nwant %v", err, ErrConflict)
	}
	wantProfile(t, p, "person.a", "1")
	b3 := wantProfile(t, p, "person.b", "3")
	if err := p.Save(t.Context(), []Profile{{Key: "person.b", Revision: b3.Revision}}); err != nil {
		t.Fatal(err)
	}
	wantProfile(t, p, "person.b", "")
	if err := p.Erase(t.Context(), "person.a"); err != nil {
		t.Fatal(err)
	}
	wantProfile(t, p, "person.a", "")
}

// TestProfilesSaveBatches stores more than fits in one batch, changes it, and loses nothing to one change that comes too late.
func TestProfilesSaveBatches(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"sync always":   func(c *Config) { c.Sync = SyncAlways },
		"sync interval": func(c *Config) { c.Sync = SyncInterval },
	} {
		t.Run(name, func(t *testing.T) {
			p := openProfiles(t, open(t, t.TempDir(), change))
			changes := make([]Profile, 2*mostBatch+leastBatch/2)
			save := func(value string) error {
				for i := range changes {
					changes[i].Key, changes[i].Value = "person."+itoa(i), []byte(value+itoa(i))
				}
				return p.Save(t.Context(), changes)
			}
			want := func(value string) {
				t.Helper()
				for i := range changes {
					got := wantProfile(t, p, changes[i].Key, value+itoa(i))
					if got.Revision != changes[i].Revision {
						t.Fatalf("%s\n got revision %d\nwant %d, as Save said", changes[i].Key, got.Revision, changes[i].Revision)
					}
				}
			}
			for _, value := range []string{"first ", "second "} {
				if err := save(value); err != nil {
					t.Fatal(err)
				}
				want(value)
			}
			late := changes[3].Revision
			changes[3].Revision--
			if err := save("third "); !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), `"person.3"`) {
				t.Errorf("Save over another's change\n got %v\nwant %v of person.3", err, ErrConflict)
			}
			wantProfile(t, p, "person.3", "second 3")
			changes[3].Revision = late
			if err := save("fourth "); err != nil {
				t.Fatal(err)
			}
			want("fourth ")
		})
	}
}

// TestProfilesSaveBesideEachOther has many writers store batches of the same keys: of each round one is stored, and the others learn that they were late.
func TestProfilesSaveBesideEachOther(t *testing.T) {
	p := openProfiles(t, open(t, t.TempDir()))
	const writers, keys, rounds = 8, 40, 5
	var stored atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for done := 0; done < rounds; {
				changes := make([]Profile, keys)
				for i := range changes {
					var err error
					if changes[i], err = p.Get(t.Context(), "k."+itoa(i)); err != nil {
						t.Error(err)
						return
					}
					n, _ := strconv.Atoi(string(changes[i].Value))
					changes[i].Value = []byte(itoa(n + 1))
				}
				err := p.Save(t.Context(), changes)
				for _, c := range changes {
					now, _ := p.Get(t.Context(), c.Key)
					if err == nil && now.Revision < c.Revision {
						t.Errorf("writer %d: %s\n got revision %d after %d was stored", w, c.Key, now.Revision, c.Revision)
					}
				}
				if err == nil {
					stored.Add(1)
					done++
				} else if !errors.Is(err, ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	for i := range keys {
		got, err := p.Get(t.Context(), "k."+itoa(i))
		n, _ := strconv.Atoi(string(got.Value))
		if err != nil || n < writers*rounds {
			t.Errorf("k.%d\n got %q, %v\nwant at least the %d of the writers that stored all", i, got.Value, err, stored.Load())
		}
	}
}

// TestProfilesChanges reads what changed since, each key once, and a removal as a key without a value.
func TestProfilesChanges(t *testing.T) {
	p := openProfiles(t, open(t, t.TempDir()))
	save := func(key, value string) {
		t.Helper()
		was, err := p.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		was.Value = []byte(value)
		if err := p.Save(t.Context(), []Profile{was}); err != nil {
			t.Fatal(err)
		}
	}
	read := func(from uint64) (got string) {
		t.Helper()
		last, err := p.Last(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = p.Changes(t.Context(), from, last, func(c Profile) error {
			got += fmt.Sprintf("%s=%s ", c.Key, c.Value)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := read(1); got != "" {
		t.Errorf("changes of nothing\n got %s", got)
	}
	save("a", "1")
	save("b", "1")
	save("a", "2")
	if got, want := read(1), "b=1 a=2 "; got != want {
		t.Errorf("all changes\n got %s\nwant %s", got, want)
	}
	save("b", "")
	if got, want := read(4), "b= "; got != want {
		t.Errorf("changes since the third\n got %s\nwant %s", got, want)
	}
}

// Nothing of a value that was erased is in a file.
func TestProfilesErase(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	p, err := b.Profiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	marked := func() (files int) {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if bytes.Contains(text, []byte("marked-value")) {
				files++
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil // the server has replaced it
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	changes := []Profile{{Key: "person.a", Value: []byte("marked-value")}}
	for i := range leastBatch { // stored as a batch, which the server writes down elsewhere first
		changes = append(changes, Profile{Key: "person.b" + itoa(i), Value: []byte("b")})
	}
	if err := p.Save(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if marked() == 0 {
		t.Fatal("the value is in no file")
	}
	for range 2 { // an erased one too
		if err := p.Erase(t.Context(), "person.a"); err != nil {
			t.Fatal(err)
		}
	}
	if n := marked(); n > 0 {
		t.Errorf("files with the erased value\n got %d\nwant none", n)
	}
	if got, err := p.Get(t.Context(), "person.a"); err != nil || got.Value != nil || got.Revision != 0 {
		t.Errorf("an erased profile\n got %+v, %v\nwant none", got, err)
	}
}

// A key that is too long is refused, and the connection stays.
func TestProfilesLongKey(t *testing.T) {
	p := openProfiles(t, open(t, t.TempDir()))
	long := "group." + strings.Repeat("k", 100_000)
	if _, err := p.Get(t.Context(), long); !errors.Is(err, errLongKey) {
		t.Errorf("Get\n got %.200v\nwant %v", err, errLongKey)
	}
	if err := p.Save(t.Context(), []Profile{{Key: long, Value: []byte("x")}}); !errors.Is(err, errLongKey) {
		t.Errorf("Save\n got %.200v\nwant %v", err, errLongKey)
	}
	longest := "group." + strings.Repeat("k", longestKey-len("group."))
	if err := p.Save(t.Context(), []Profile{{Key: longest, Value: []byte("x")}}); err != nil {
		t.Errorf("Save of the longest key: %v", err)
	}
	wantProfile(t, p, longest, "x")
}

// BenchmarkProfilesSave stores values of 300 bytes, so many at once; each is one of 10,000 that change in turn.
func BenchmarkProfilesSave(b *testing.B) {
	for _, n := range []int{1, 15, 16, 100, 500} {
		b.Run(itoa(n)+" at once", func(b *testing.B) {
			bus := open(b, b.TempDir(), func(c *Config) { c.Sync = SyncAlways })
			p, err := bus.Profiles(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			value := bytes.Repeat([]byte("v"), 300)
			all := make([]Profile, 10_000/n*n)
			for i := range all {
				all[i] = Profile{Key: "person." + itoa(i), Value: value}
			}
			b.ReportAllocs()
			at := 0
			for b.Loop() {
				if err := p.Save(b.Context(), all[at:at+n]); err != nil {
					b.Fatal(err)
				}
				at = (at + n) % len(all)
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "profiles/s")
		})
	}
}
