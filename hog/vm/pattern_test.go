package vm

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"sync"
	"testing"
)

// TestSearchEndsAtTheLimit searches a text with a pattern that is costly for each character: the search must not go on
// to the end of the text.
func TestSearchEndsAtTheLimit(t *testing.T) {
	text := strings.Repeat("a", 1<<20)
	for name, search := range map[string]func(m *machine, re *compiledPattern) error{
		"search": func(m *machine, re *compiledPattern) error { _, err := m.search(re, text); return err },
		"find":   func(m *machine, re *compiledPattern) error { _, err := m.find(re, text); return err },
	} {
		m := bareMachine()
		m.limits.Steps = 100_000
		m.grant()
		re, err := m.pattern(`(a?){500}(a*)*b$`)
		if err != nil {
			t.Fatal(err)
		}
		err = search(m, re)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != KindSteps {
			t.Errorf("%s: %v", name, err)
		}
		if most := m.limits.Steps + 2*checkEvery; m.steps > most {
			t.Errorf("%s made %d steps\nwant at most %d", name, m.steps, most)
		}
	}
}

func TestRegexFindsTheSame(t *testing.T) {
	text := strings.Repeat("ä\nxfoo1 ", 1<<17) + "key=42;"
	for pattern, want := range map[string]string{
		`key=(\d+);$`: "42", `\Aä\nx(f)`: "f", `nothing`: "", `k(e)y|x(y)`: "e", `(?s)^.*(4)2;\z`: "4", `\bke(y)\b`: "y",
	} {
		m := bareMachine()
		m.limits.Steps, m.limits.Time = -1, -1
		m.grant()
		c := Call{m: m}
		groups, err := c.Find(text, pattern)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if groups != nil {
			got = groups[1]
		}
		if got != want {
			t.Errorf("%s:\n got %q\nwant %q", pattern, got, want)
		}
	}
}

// TestPatternSize compares what is counted before a pattern is compiled with what it is compiled to.
func TestPatternSize(t *testing.T) {
	for _, pattern := range []string{
		``, `a`, `abc`, `a|b|c`, `a*`, `a+?`, `(a)(b)`, `[a-z\d]{3,7}`, `(ab{2,5}){3,}`, `x{1000}`, `^$`, `\b(?i)straße`, `(a|b*|){0,20}`,
		`(?:(?:a{10}){10}){5}`, `()()()`, `(|a)*`, `.{0,100}`, `\pL{3}`, `(?m)^a$|\z`,
	} {
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		if got, least := instructions(tree)+2, len(prog.Inst); got < least || got > 3*least+4 {
			t.Errorf("%s: counted %d instructions, compiled to %d", pattern, got, least)
		}
	}
}

// TestPatternCache has many goroutines compile more patterns than are kept.
func TestPatternCache(t *testing.T) {
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			m := bareMachine()
			for i := range 200 {
				pattern := fmt.Sprintf(`\pL{900}x%d`, i*(g%2+1))
				re, err := m.pattern(pattern)
				if err != nil {
					t.Error(err)
					return
				}
				if re.String() != pattern {
					t.Errorf("got the pattern %s\nwant %s", re, pattern)
				}
				m.giveBack()
			}
		})
	}
	group.Wait()
	patterns.RLock()
	defer patterns.RUnlock()
	weight := 0
	for _, p := range patterns.compiled {
		weight += p.weight
	}
	if weight != patterns.weight || weight > maxPatternBytes {
		t.Errorf("the cache holds %d bytes, counts %d and may hold %d", weight, patterns.weight, maxPatternBytes)
	}
}

func TestCaseFoldingIsFound(t *testing.T) {
	for pattern, want := range map[string]bool{
		`a`: false, `(?i)a`: true, `x(?si:a)`: true, `(?s)a(?U)b`: false, `(?-i)a`: false, `(?P<i>a)`: false, `(a?i)`: false,
		`(?:i)`: false, `(?s)(?i)a`: true,
	} {
		if got := foldsCase(pattern); got != want {
			t.Errorf("%s folds case:\n got %v\nwant %v", pattern, got, want)
		}
	}
}
