package hog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/hog/stdlib"
)

// exampleEnv is a host with a clock that stands and a source of zeros.
var exampleEnv = hog.Env{Now: func() time.Time { return time.Unix(0, 0) }, Rand: zeros{}}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestLibraryIsDocumented wants a line about each function, and two examples, of which one shows an edge.
func TestLibraryIsDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range stdlib.Functions() {
		if seen[f.Name] {
			t.Errorf("%s is there twice", f.Name)
		}
		seen[f.Name] = true
		if !strings.HasSuffix(f.Doc, ".") || strings.Contains(f.Doc, "\n") {
			t.Errorf("%s: %q is no line of documentation", f.Name, f.Doc)
		}
		if len(f.Examples) < 2 && !f.Async() {
			t.Errorf("%s has %d examples\nwant at least 2", f.Name, len(f.Examples))
		}
	}
}

// TestLibraryIsComplete has the functions of the language by their numbers of arguments; ∞ is any number.
func TestLibraryIsComplete(t *testing.T) {
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(`
0 0 generateUUIDv4 randomFloat today
0 1 now
0 2 Error RetryError NotImplementedError
0 ∞ print tuple
1 1 arrayPopBack arrayPopFront arrayReverse assumeNotNull base64Decode base64Encode decodeURLComponent empty
1 1 encodeURLComponent fromUnixTimestamp fromUnixTimestampMilli isNotNull isNull isValidJSON jsonParse keys length lower
1 1 md5Hex not notEmpty reverse sha1Hex sha1HmacChainHex sha256Hex sha256HmacChainHex sleep toDate toFloat toInt
1 1 toIntervalDay toIntervalHour toIntervalMinute toIntervalMonth toMonth toStartOfHour toStartOfMonth toUUID toYYYYMM
1 1 toYear tryBase64Decode tryDecodeURLComponent typeof upper values sortableSemver
1 2 arrayStringConcat floor jsonStringify md5 range round sha1 sha1HmacChain sha256 sha256HmacChain toDateTime
1 2 toStartOfDay toStartOfWeek toString toUnixTimestamp toUnixTimestampMilli trim trimLeft trimRight
1 3 HogError
1 ∞ and arrayReverseSort arraySort coalesce concat JSONExtractArrayRaw JSONExtractBool JSONExtractFloat JSONExtractInt
1 ∞ JSONExtractString JSONHas JSONLength or
2 2 addDays arrayPushBack arrayPushFront equals extract extractRegex greater greaterOrEquals has ifNull ilike in indexOf
2 2 isIPAddressInRange less lessOrEquals like match min2 minus multiSearchAnyCaseInsensitive notEquals notILike notLike
2 2 plus startsWith toTimeZone arrayMap arrayFilter arrayExists arrayCount inCohort notInCohort
2 3 dateTrunc formatDateTime position positionCaseInsensitive splitByString substring
2 ∞ JSONExtract
3 3 dateAdd dateDiff if replaceAll replaceOne arrayReduce
3 ∞ multiIf`), "\n") {
		fields := strings.Fields(line)
		for _, name := range fields[2:] {
			want[name] = fields[0] + " " + fields[1]
		}
	}
	got := map[string]string{}
	for _, f := range stdlib.Functions() {
		got[f.Name] = fmt.Sprintf("%d %d", f.Min, f.Max)
		if f.Max == stdlib.Unbounded {
			got[f.Name] = fmt.Sprintf("%d ∞", f.Min)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the library (-want +got):\n%s", diff)
	}
}

func TestLibraryExamples(t *testing.T) {
	for _, f := range stdlib.Functions() {
		for _, e := range f.Examples {
			t.Run(e.Code, func(t *testing.T) {
				p, err := hog.CompileExpression("example", e.Code, hog.WithFunctions(), hog.WithGlobals())
				if err != nil {
					t.Fatal(err)
				}
				v, err := p.Run(context.Background(), exampleEnv)
				if err != nil {
					t.Fatal(err)
				}
				if got := v.Display(); got != e.Result {
					t.Errorf("value form:\n got %s\nwant %s", got, e.Result)
				}
			})
		}
	}
}
