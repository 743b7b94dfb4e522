package chaos

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var (
	rounds     = flag.Int("chaos.rounds", 0, "how often each case does harm; 0 is the short form")
	results    = flag.String("chaos.results", "", "file to append a line of JSON to for each case, for the report")
	binaryFlag = flag.String("chaos.binary", "", "the command to test; default: built from this module")
	seed       = flag.Uint64("chaos.seed", 1, "seed of the events and of the moments at which harm is done")
)

// Paths of what the suite runs.
var prickleBinary, natsBinary string

func TestMain(m *testing.M) {
	flag.Parse()
	if *rounds == 0 && os.Getenv("PRICKLE_TEST_CHAOS") == "" {
		fmt.Println("NOT TESTED: the cases of chaos, which take minutes; run make chaos, or set PRICKLE_TEST_CHAOS=1 for their short form")
		return
	}
	code, err := func() (int, error) {
		dir, err := os.MkdirTemp("", "chaos")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir)
		prickleBinary, natsBinary = *binaryFlag, filepath.Join(dir, "natsd")
		if err := build(natsBinary, "./natsd"); err != nil {
			return 1, err
		}
		if prickleBinary == "" {
			prickleBinary = filepath.Join(dir, "prickle")
			if err := build(prickleBinary, "../../cmd/prickle"); err != nil {
				return 1, err
			}
		}
		return m.Run(), nil
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func build(to, what string, flags ...string) error {
	cmd := exec.Command("go", append(append([]string{"build", "-o", to}, flags...), what)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", what, err, out)
	}
	return nil
}

// missing ends a test for which this machine lacks something: loudly, and as a failure where everything is to be tested.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		t.Fatalf("NOT TESTED: %s is missing", what)
	}
	t.Skipf("NOT TESTED: %s is missing", what)
}

// needRoot ends a test that mounts or makes networks, unless it may.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		missing(t, "root, which mounts and network namespaces need,")
	}
}
