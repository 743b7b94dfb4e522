package chaos

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/prickle-dev/prickle/test/chaos/rig"
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
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// binaries tells the enclosed program where the binaries are.
const binaries = "PRICKLE_CHAOS_BINARIES"

// few are the cases that need no root and together take less than a minute: killed, reloaded, a destination that answers 500, poison.
const few = "^Test(Killed|Reloaded|ReceiverFails|Poison)$/^answers_500$"

func run(m *testing.M) (int, error) {
	named := flag.Lookup("test.run").Value
	quick := *rounds == 0 && os.Getenv("PRICKLE_TEST_CHAOS") == "" && named.String() == ""
	if quick {
		fmt.Println("NOT TESTED: the other cases of chaos, which take minutes; run make chaos, or set PRICKLE_TEST_CHAOS=1 for their short form")
		if err := named.Set(few); err != nil {
			return 1, err
		}
	}
	dir := os.Getenv(binaries)
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "chaos"); err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir)
		if err := buildAll(dir, quick); err != nil { // here, because it may need the network
			return 1, err
		}
		if err := os.Setenv(binaries, dir); err != nil {
			return 1, err
		}
	}
	prickleBinary, natsBinary = filepath.Join(dir, "prickle"), filepath.Join(dir, "natsd")
	if *binaryFlag != "" {
		prickleBinary = *binaryFlag
	}
	if quick {
		return m.Run(), nil
	}
	code, done, err := rig.Enclose()
	if err != nil {
		return 1, err
	}
	if done {
		return code, nil
	}
	return m.Run(), nil
}

func buildAll(dir string, quick bool) error {
	if !quick {
		if err := build(filepath.Join(dir, "natsd"), "./natsd"); err != nil {
			return err
		}
	}
	if *rounds > 0 {
		overlay, err := steppingOverlay(dir)
		if err != nil {
			return err
		}
		if err := build(filepath.Join(dir, "stepping"), "../../cmd/prickle", "-overlay", overlay); err != nil {
			return err
		}
	}
	if *binaryFlag != "" {
		return nil
	}
	return build(filepath.Join(dir, "prickle"), "../../cmd/prickle")
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
	if !rig.Enclosed() {
		missing(t, "root with mounts and network namespaces")
	}
}
