package hog_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDifferencesAreDocumented checks that docs/hog/compatibility.md has a row for every name under which tests let the
// machines differ, and none besides.
func TestDifferencesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/hog/compatibility.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(doc), "## Differences")
	if !ok {
		t.Fatal("the page has no section on differences")
	}
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \|.*\|$`).FindAllStringSubmatch(table, -1) {
		rows[m[1]] = true
	}
	delete(rows, "name")
	delete(rows, "---")
	used := excuseNames(t)
	for name := range used {
		if !rows[name] {
			t.Errorf("tests excuse %q, which is no row of docs/hog/compatibility.md", name)
		}
	}
	for name := range rows {
		if !used[name] {
			t.Errorf("docs/hog/compatibility.md has a row %q, which no test excuses any more", name)
		}
	}
}

// excuseNames is every name under which a test lets the machines differ.
func excuseNames(t *testing.T) map[string]bool {
	t.Helper()
	script, err := os.ReadFile("testdata/reference/newer.js")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{
		hostErrorText: true, otherLimits: true, unprintable: true, mendedBetween: true, mendedCatch: true, mendedIf: true, mendedCondition: true, mendedStep: true, mendedArguments: true,
	}
	for _, m := range regexp.MustCompile(`(?:note|stop)\('([^']+)'\)|instead\('\w+', '([^']+)'`).FindAllStringSubmatch(string(script), -1) {
		names[m[1]+m[2]] = true
	}
	for _, table := range []map[string]string{defects, intended} {
		for _, name := range table {
			names[name] = true
		}
	}
	for _, d := range libraryDiffers {
		names[d.why] = true
	}
	return names
}
