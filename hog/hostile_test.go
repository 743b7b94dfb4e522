package hog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
)

// hostileSteps is the work that a program without an end is given. Steps, and with them time, are the only limits that
// are not the default, so that what would run until the time is up ends the same way on every machine.
const hostileSteps = 1_000_000

// hostileTime is far above what that takes, even on a busy machine.
const hostileTime = time.Minute

// hostileHeap is how much the heap may grow: four times the memory limit.
const hostileHeap = 4 * 64 << 20

// hostilePrograms is the programs of testdata/hostile by name. Their first line says how they end: with a value, or with
// an error of one of some kinds.
func hostilePrograms(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "hostile", "*.hog"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no programs in testdata: %v", err)
	}
	programs := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		programs[strings.TrimSuffix(filepath.Base(path), ".hog")] = string(text)
	}
	return programs
}

// hostileGlobals are a list of lists that share each other, and one with 100,000 items.
func hostileGlobals() func([]string) (hog.Value, bool, error) {
	dag := hog.NewArray(hog.String("x"))
	for range 60 {
		dag = hog.NewArray(dag, dag)
	}
	return hog.GlobalsOf(map[string]hog.Value{"dag": dag, "big": hog.NewArray(make([]hog.Value, 100_000)...)})
}

func TestHostilePrograms(t *testing.T) {
	for name, text := range hostilePrograms(t) {
		t.Run(name, func(t *testing.T) {
			ends, _, _ := strings.Cut(strings.TrimPrefix(text, "// "), "\n")
			p, err := hog.Compile(name+".hog", text)
			if err != nil {
				t.Fatal(err)
			}
			env := hog.Env{Global: hostileGlobals(), Now: time.Now, Limits: hog.Limits{Steps: hostileSteps, Time: hostileTime}}
			if !strings.Contains(ends, "steps") {
				env.Limits.Steps *= 150 // enough to get to what they end with
			}
			heap := watchHeap()
			start := time.Now()
			v, err := p.Run(t.Context(), env)
			if took := time.Since(start); took > hostileTime {
				t.Errorf("ran for %s under a limit of %d steps", took, hostileSteps)
			}
			if grown := heap(); grown > hostileHeap {
				t.Errorf("heap grew by %d MB\nwant at most %d MB", grown>>20, hostileHeap>>20)
			}
			if got := endOf(err); !slices.Contains(strings.Split(ends, "|"), got) {
				t.Errorf("ends with %s (%v)\nwant %s", got, err, ends)
			}
			if err != nil && len(err.Error()) > 20_000 {
				t.Errorf("the message has %d bytes", len(err.Error()))
			}
			checkOutside(t, v)
		})
	}
}

// endOf is "value", or the kind of the error that a run ended with.
func endOf(err error) string {
	if err == nil {
		return "value"
	}
	if e, ok := errors.AsType[*hog.Error](err); ok {
		return string(e.Kind)
	}
	return "an error without a kind"
}

// checkOutside looks at a result as a host does.
func checkOutside(t *testing.T, v hog.Value) {
	t.Helper()
	heap := watchHeap()
	if text, err := v.AppendJSON(nil); err == nil && len(text) > hostileHeap {
		t.Errorf("JSON of %d bytes", len(text))
	}
	_ = v.String()
	if grown := heap(); grown > 2*hostileHeap {
		t.Errorf("the result's texts take %d MB", grown>>20)
	}
}

// watchHeap looks at the size of the heap all the time, until the function that it returns is called for by how much
// the heap has grown at most. Meanwhile garbage is collected early, so that it is little of what is measured.
func watchHeap() (grown func() int64) {
	percent := debug.SetGCPercent(25)
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	read := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	before := read()
	peak := before
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, read())
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() int64 {
		stop()
		<-done
		debug.SetGCPercent(percent)
		return max(peak, read()) - before
	}
}

// likeReference are the hostile programs that end with a value on the reference machine, too.
var likeReference = []string{
	"cycle_error", "cycle_json", "cycle_operators", "cycle_print", "cycle_single", "cycle_sort", "arguments_many", "dates_huge",
	"json_surrogates", "null_bytes", "numbers_huge",
}

func TestHostileProgramsAgainstReference(t *testing.T) {
	ref := newReference(t)
	programs := hostilePrograms(t)
	for _, name := range likeReference {
		t.Run(name, func(t *testing.T) {
			p, err := hog.Compile(name+".hog", programs[name])
			if err != nil {
				t.Fatal(err)
			}
			want := outcome(ref.run(t, p.Bytecode(), "{}"))
			got := observe(p, hog.Env{})
			got.Result = throughJSON(t, got.Result)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("differs (-reference +ours):\n%s", diff)
			}
		})
	}
}
