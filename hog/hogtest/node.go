// Package hogtest finds the reference implementation of Hog, which tests compare ours with.
package hogtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Reference returns the path of node and of the node_modules folder that holds an npm package of the reference: the one named by
// PRICKLE_NODE_MODULES, else test/node/node_modules of the repository. A test that lacks one of them ends: it is skipped, or fails when
// PRICKLE_TEST_ALL is set, which says that nothing is to be left out.
func Reference(t testing.TB, npmPackage string) (node, modules string) {
	t.Helper()
	missing := t.Skipf
	if os.Getenv("PRICKLE_TEST_ALL") != "" {
		missing = t.Fatalf
	}
	modules = os.Getenv("PRICKLE_NODE_MODULES")
	if modules == "" {
		modules = filepath.Join(repository(), "test", "node", "node_modules")
	}
	modules, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	if node, err = exec.LookPath("node"); err != nil {
		missing("NOT TESTED against the reference: node is not on the PATH")
	}
	if _, err := os.Stat(filepath.Join(modules, npmPackage)); err != nil {
		missing("NOT TESTED against the reference: no %s in %s; run `make tools`, or set PRICKLE_NODE_MODULES", npmPackage, modules)
	}
	return node, modules
}

// repository is the root of the source tree, whichever package's test asks.
func repository() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..")
}
