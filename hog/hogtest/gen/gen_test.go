package gen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/hogtest/gen"
)

func TestSameSeedSameProgram(t *testing.T) {
	for seed := range uint64(50) {
		text := gen.New(seed).Source()
		if again := gen.New(seed).Source(); again != text {
			t.Fatalf("seed %d:\n%s\nand then\n%s", seed, text, again)
		}
		mutated := gen.Mutate(text, seed)
		if again := gen.Mutate(text, seed); again != mutated {
			t.Fatalf("seed %d is mutated to\n%s\nand then to\n%s", seed, mutated, again)
		}
	}
}

// TestProgramsCompile checks that programs are not refused for something silly, which would make comparing them pointless.
func TestProgramsCompile(t *testing.T) {
	const count = 500
	refused := 0
	for seed := range uint64(count) {
		if _, err := hog.Compile("p.hog", gen.New(seed).Source()); err != nil {
			refused++
			t.Logf("seed %d: %v", seed, err)
		}
	}
	if refused > count/50 {
		t.Errorf("%d of %d programs are refused", refused, count)
	}
}

// TestEveryFunctionIsCalled checks that the generator knows all of the library but what is not the same twice or waits.
func TestEveryFunctionIsCalled(t *testing.T) {
	left := []string{"generateUUIDv4", "import", "now", "print", "randomFloat", "sleep", "today"}
	known := gen.Functions()
	for _, f := range hog.LibraryFunctions() {
		if !known[f.Name] && !slices.Contains(left, f.Name) {
			t.Errorf("%s is never called", f.Name)
		}
		delete(known, f.Name)
	}
	for name := range known {
		t.Errorf("%s is called and not in the library", name)
	}
}

func TestShrink(t *testing.T) {
	fails := func(text string) bool {
		_, err := hog.Compile("p.hog", text)
		return err == nil && strings.Contains(text, "upper(")
	}
	shrunk := 0
	for seed := range uint64(300) {
		p := gen.New(seed)
		if !fails(p.Source()) {
			continue
		}
		shrunk++
		small := gen.ShrinkText(p.Shrink(fails).Source(), 1000, fails)
		if !fails(small) || len(small) > 60 {
			t.Errorf("seed %d is shrunk to\n%s", seed, small)
		}
	}
	if shrunk < 3 {
		t.Errorf("%d programs were shrunk", shrunk)
	}
}

func TestShrinkText(t *testing.T) {
	got := gen.ShrinkText("let a := f(1, 'x', [2]) + g(3);", 1000, func(text string) bool { return strings.Contains(text, "[") && strings.Contains(text, "3") })
	if want := "[3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
