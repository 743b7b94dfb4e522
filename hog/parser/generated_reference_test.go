package parser_test

import (
	"flag"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prickle-dev/prickle/hog/hogtest/gen"
)

// What `make hog-diff` sets. The reference's parser takes a good part of a second for a program, so few are the default.
var (
	diffCount = flag.Int("diff.count", 25, "how many generated programs are parsed and compared with the reference")
	diffSeed  = flag.Uint64("diff.seed", 1, "the seed of the first generated program; the others count up from it")
)

const (
	// shardSize is how many programs are worth another process of the reference.
	shardSize = 500
	// shrinkTries is how often a text is tried to be made shorter.
	shrinkTries = 150
	// maxFailures is how many texts of a shard are shrunk and shown.
	maxFailures = 5
)

// dotAfterNumber is a number before a dot and a name, which is two statements to the reference and is left alone.
var dotAfterNumber = regexp.MustCompile("(?:^|[^\\w$.])[0-9.]+\\s*\\.\\s*[A-Za-z_$`\"]")

// TestGeneratedProgramsAgainstReference parses generated programs, and each once more with its tokens disordered, with the
// reference parser and with ours.
func TestGeneratedProgramsAgainstReference(t *testing.T) {
	shards := min(1+*diffCount/shardSize, runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	total := map[string]int{}
	t.Run("shards", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				counts := compareGenerated(t, shard, shards)
				mu.Lock()
				defer mu.Unlock()
				for verdict, n := range counts {
					total[verdict] += n
				}
			})
		}
	})
	var table strings.Builder
	for _, row := range slices.Sorted(maps.Keys(total)) {
		fmt.Fprintf(&table, "\n%7d  %s", total[row], row)
	}
	t.Log(table.String())
}

// compareGenerated compares every program whose seed falls to the shard, and counts the verdicts.
func compareGenerated(t *testing.T, shard, shards int) map[string]int {
	t.Helper()
	reference := startReference(t)
	counts := map[string]int{}
	failures := 0
	for i := shard; i < *diffCount && failures < maxFailures; i += shards {
		seed := *diffSeed + uint64(i)
		text := gen.New(seed).Source()
		mode := []string{"program", "program", "expr", "template"}[seed%4]
		for what, s := range map[string]sample{
			"as generated: ":           {"program", text},
			"with tokens disordered: ": {mode, gen.Mutate(text, seed)},
		} {
			if dotAfterNumber.MatchString(s.src) {
				continue
			}
			v := judge(t, reference, s)
			counts[what+v.kind]++
			if v.differs() {
				failures++
				t.Errorf("seed %d differs. Shrunk to\n%s\nAgain: go test ./hog/parser -run GeneratedProgramsAgainstReference -diff.seed %d -diff.count 1",
					seed, shrunk(t, reference, s), seed)
			}
		}
	}
	return counts
}

// shrunk is the verdict on the shortest text found on which the parsers differ.
func shrunk(t *testing.T, reference *referenceParser, s sample) verdict {
	t.Helper()
	small := gen.ShrinkText(s.src, shrinkTries, func(text string) bool {
		return judge(t, reference, sample{s.mode, text}).differs()
	})
	return judge(t, reference, sample{s.mode, small})
}
