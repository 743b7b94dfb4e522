package sdks

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write docs/sdks.md anew")

// whole says that everything is to be tested, not only what is quick.
var whole bool

func TestMain(m *testing.M) {
	flag.Parse()
	whole = os.Getenv("PRICKLE_TEST_SDKS") != "" || flag.Lookup("test.run").Value.String() != ""
	if !whole {
		fmt.Println("NOT TESTED: most of what SDKs do when requests fail, and the snippets; run make sdks, or set PRICKLE_TEST_SDKS=1")
	}
	os.Exit(m.Run())
}

// build makes a program of the module in dir and returns where it is.
func build(t *testing.T, dir, what string, flags ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), what)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s in %s: %v\n%s", what, dir, err, out)
	}
	return path
}

// missing ends a test for which this machine lacks something: loudly, and as a failure where everything is to be tested.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		t.Fatalf("NOT TESTED: %s is missing", what)
	}
	t.Skipf("NOT TESTED: %s is missing", what)
}
