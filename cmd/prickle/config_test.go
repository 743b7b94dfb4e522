package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const configProject = `
capture: {listen: "127.0.0.1:0", keys: [k]}
include: [parts/*.yaml]
pipelines:
  web:
    transforms:
      - hog: tag.hog
    destinations:
      - webhook:
          url: %q
          headers:
            Authorization: %s
`

const partProject = "pipelines: {%s: {destinations: [{webhook: {url: %q, when: 'false'}}]}}\n"

// text runs a command that must succeed, and returns what it prints.
func (p *instance) command(args ...string) string {
	p.t.Helper()
	code, out, errOut := run(p.t, append(args, "-p", p.dir)...)
	if code != 0 {
		p.t.Fatalf("prickle %s: exit code %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	return out
}

func (p *instance) refused(want string, args ...string) {
	p.t.Helper()
	code, out, errOut := run(p.t, append(args, "-p", p.dir)...)
	if code != 1 || !strings.Contains(errOut, want) {
		p.t.Errorf("prickle %s: exit code %d\n got %s%s\nwant %s", strings.Join(args, " "), code, out, errOut, want)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contains wants all of some texts in another.
func contains(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s\n got %s\nwant %s", what, text, want)
		}
	}
}

// startUnwatched runs a project that reloads on command only, with which its configurations are counted.
func startUnwatched(t *testing.T, dir string, env ...string) *instance {
	t.Helper()
	return startWith(t, dir, []string{"--watch=false"}, env...)
}

// Configurations get numbers, can be compared without a secret, and brought back.
func TestConfigVersions(t *testing.T) {
	in := newInbox(t)
	dir := project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(configProject, in.URL, "${TOKEN}"), "tag.hog": tag("one"), "parts/a.yaml": fmt.Sprintf(partProject, "a", in.URL),
	})
	t.Setenv("TOKEN", "hunter2-from-the-environment")
	p := startUnwatched(t, dir)
	p.command("reload")
	write(t, dir, "tag.hog", tag("two"))
	write(t, dir, "parts/b.yaml", fmt.Sprintf(partProject, "b", in.URL))
	p.command("reload")
	write(t, dir, "prickle.yaml", fmt.Sprintf(configProject, in.URL, "hunter2-in-the-file"))
	p.command("reload")
	list := p.command("config", "list")
	contains(t, "list", list, "parts/a.yaml, prickle.yaml, tag.hog", "parts/b.yaml, tag.hog", "│ prickle.yaml ", "3 configurations")
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "│      3 ") != strings.Contains(line, "in force") {
			t.Errorf("the one in force\n got %s\nwant it to be 3", line)
		}
	}
	contains(t, "status", p.command("status"), "configuration 3\n")

	diff := p.command("config", "diff", "1")
	contains(t, "diff", diff, "--- tag.hog (1)\n+++ tag.hog (3)\n", "-e.properties.tag := 'one'\n+e.properties.tag := 'two'\n", "+++ parts/b.yaml (3)\n",
		"-            Authorization: ${TOKEN}\n", "+            Authorization: ***\n")
	if strings.Contains(diff, "hunter2") {
		t.Errorf("a secret is shown:\n%s", diff)
	}
	write(t, dir, "prickle.yaml", fmt.Sprintf(configProject, in.URL, "hunter2-in-the-file-is-another"))
	p.command("reload")
	diff = p.command("config", "diff", "3", "4")
	contains(t, "diff of a secret", diff, "-            Authorization: ***\n+            Authorization: ***\n")
	contains(t, "diff of nothing", p.command("config", "diff", "4"), "configurations 4 and 4 are the same")

	rolled := p.command("config", "rollback", "1")
	contains(t, "rollback", rolled, "written: prickle.yaml, tag.hog; removed: parts/b.yaml", "in force as configuration 5: changed ", `removed `)
	if got := read(t, dir, "tag.hog"); got != tag("one") {
		t.Errorf("tag.hog\n got %s\nwant what it was", got)
	}
	p.capture(t, "k", "after")
	in.waits(t, "the old function is in force", named("after", "one"))
	contains(t, "list", p.command("config", "list"), "rollback to 1")
	p.refused("configuration 9: no such configuration; those from 1 to 5 are kept", "config", "diff", "9")
	p.refused("want a number from `prickle config list`", "config", "rollback", "last")
	p.stop()
	contains(t, "list without a process", p.command("config", "list"), "5 configurations", "in force")
}

// What a rollback would lose keeps it from happening.
func TestRollbackRefused(t *testing.T) {
	t.Parallel()
	in := newInbox(t)
	good := fmt.Sprintf(configProject, in.URL, "x")
	dir := project(t, map[string]string{"prickle.yaml": good, "tag.hog": tag("one"), "parts/a.yaml": fmt.Sprintf(partProject, "a", in.URL)})
	p := startUnwatched(t, dir)
	write(t, dir, "tag.hog", tag("two"))
	p.command("reload")
	write(t, dir, "tag.hog", tag("edited"))
	p.refused("edits in tag.hog would be lost, which no kept configuration has: put them in force first, save them elsewhere, or give --force", "config", "rollback", "1")
	if got := read(t, dir, "tag.hog"); got != tag("edited") {
		t.Errorf("after a refusal\n got %s\nwant the edits", got)
	}
	write(t, dir, "parts/new.yaml", fmt.Sprintf(partProject, "new", in.URL))
	write(t, dir, "tag.hog", tag("two"))
	p.refused("parts/new.yaml would be included too", "config", "rollback", "1")
	if got := read(t, dir, "tag.hog"); got != tag("two") || read(t, dir, "parts/new.yaml") == "" {
		t.Errorf("after a refusal\n got %s\nwant what was there", got)
	}
	contains(t, "forced", p.command("config", "rollback", "1", "--force"), "removed: parts/new.yaml", "in force as configuration 3")

	// With a mistake in the files, and one that only a restart can put in force.
	write(t, dir, "prickle.yaml", "pipelines: {web: {destinations: [")
	p.refused("would be lost", "config", "rollback", "2")
	p.command("config", "rollback", "2", "--force")
	if got := read(t, dir, "prickle.yaml"); got != good {
		t.Errorf("over a mistake\n got %s\nwant what was kept", got)
	}
	p.stop()
	write(t, dir, "prickle.yaml", good+"bus: {retain: 3d}\n")
	p = startUnwatched(t, dir)
	p.refused("stop it, roll back, and start it", "config", "rollback", "2")
	if got := read(t, dir, "prickle.yaml"); got == good {
		t.Errorf("after a refusal\n got %s\nwant what was there", got)
	}
	p.stop()
	contains(t, "without a process", p.command("config", "rollback", "2"), "put in force by the next prickle run")
	if got := read(t, dir, "prickle.yaml"); got != good {
		t.Errorf("without a process\n got %s\nwant what was kept", got)
	}
}

// A configuration that this binary refuses is not put in place.
func TestRollbackToMistakes(t *testing.T) {
	in := newInbox(t)
	dir := project(t, map[string]string{
		"prickle.yaml": fmt.Sprintf(configProject, in.URL, "${TOKEN}"), "tag.hog": tag("one"), "parts/a.yaml": fmt.Sprintf(partProject, "a", in.URL),
	})
	p := startUnwatched(t, dir, "TOKEN=t")
	p.stop()
	now := fmt.Sprintf(configProject, in.URL, "fixed")
	write(t, dir, "prickle.yaml", now)
	p = startUnwatched(t, dir)
	p.refused("configuration 1 has mistakes for this binary, so nothing was changed:\n", "config", "rollback", "1")
	p.refused("variable TOKEN is not set", "config", "rollback", "1")
	if got := read(t, dir, "prickle.yaml"); got != now {
		t.Errorf("after a refusal\n got %s\nwant %s", got, now)
	}
	contains(t, "list", p.command("config", "list"), "2 configurations")
}
