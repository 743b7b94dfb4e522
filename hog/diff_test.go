package hog_test

import (
	"flag"
	"os"
	"testing"

	"github.com/prickle-dev/prickle/hog/hogtest/gen"
)

// What `make hog-diff` sets.
var (
	diffCount = flag.Int("diff.count", 1500, "how many generated programs are compared with the reference")
	diffSeed  = flag.Uint64("diff.seed", 1, "the seed of the first generated program; the others count up from it")
	diffFile  = flag.String("diff.file", "", "a program to compare instead of generated ones")
)

const (
	// batchSize is how many programs go to the reference at once.
	batchSize = 50
	// shrinkTries is how often the text of a shrunk program is tried to be made shorter still.
	shrinkTries = 1000
	// maxFailures is how many programs are shrunk and shown.
	maxFailures = 8
)

// TestGeneratedProgramsAgainstReference runs generated programs on the reference machine and on ours. Each is compiled as
// the reference does and as we do. Whatever differs without a reason that has a name is an error.
func TestGeneratedProgramsAgainstReference(t *testing.T) {
	d := newDiffer(t)
	if *diffFile != "" {
		d.compareFile(t, *diffFile)
		return
	}
	failures := 0
	for first := 0; first < *diffCount && failures < maxFailures; first += batchSize {
		var batch []*trial
		for i := first; i < min(first+batchSize, *diffCount); i++ {
			seed := *diffSeed + uint64(i)
			program := gen.New(seed)
			batch = append(batch, d.try(seed, program.Source()))
			d.counts.statements += program.Statements()
		}
		d.compare(t, batch)
		for _, tr := range batch {
			d.counts.add(tr)
			if tr.diff != "" && failures < maxFailures {
				failures++
				d.report(t, tr)
			}
		}
	}
	t.Log(d.counts.String())
}

// report shrinks a program that differs and tells all about it.
func (d *differ) report(t *testing.T, tr *trial) {
	t.Helper()
	small := tr
	fails := func(source string) bool {
		smaller := d.try(tr.seed, source)
		d.compare(t, []*trial{smaller})
		if smaller.diff != "" {
			small = smaller
		}
		return smaller.diff != ""
	}
	gen.ShrinkText(gen.New(tr.seed).Shrink(fails).Source(), shrinkTries, fails)
	t.Errorf("seed %d differs. Shrunk to\n\n%s\n\n%s\nAgain: go test ./hog -run GeneratedProgramsAgainstReference -diff.seed %d -diff.count 1",
		tr.seed, small.source, small.diff, tr.seed)
}

// compareFile compares one program and tells everything.
func (d *differ) compareFile(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tr := d.try(0, string(text))
	d.compare(t, []*trial{tr})
	t.Logf("refused: %v", tr.refused)
	for i, f := range tr.forms {
		t.Logf("%s\n%v\nours      %+v\nreference %+v", f.name, f.bytecode.Tokens, f.ours, tr.replies[i])
	}
	t.Logf("excused: %q", tr.excuses)
	if tr.diff != "" {
		t.Error(tr.diff)
	}
}
