package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Every command has a section in docs/commands.md that names all its flags, and there is no section for a command that is not there.
func TestDocsCommands(t *testing.T) {
	sections := map[string]string{}
	for part := range strings.SplitSeq("\n"+page(t, docs+"commands.md"), "\n## ") {
		title, text, _ := strings.Cut(part, "\n")
		sections[strings.Trim(title, "`")] = text
	}
	root := newRoot(streams{})
	known := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		known[c.CommandPath()] = true
		text, ok := sections[c.CommandPath()]
		if c.Runnable() && !ok && !c.Hidden {
			t.Errorf("docs/commands.md has no section %q", c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if ok && f.Name != "help" && !strings.Contains(text, "`--"+f.Name) {
				t.Errorf("docs/commands.md, %s: flag --%s is missing", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	for title := range sections {
		if strings.HasPrefix(title, "prickle ") && !known[title] && title != "prickle completion" {
			t.Errorf("docs/commands.md has a section for %q, which is no command", title)
		}
	}
}

// Every line of a ```sh block that begins with prickle is a command line that the command takes.
func TestDocsCommandLines(t *testing.T) {
	n := 0
	for _, path := range pages(t) {
		for _, b := range blocks(page(t, path)) {
			if b.language != "sh" {
				continue
			}
			for line := range strings.Lines(strings.ReplaceAll(b.text, "\\\n", " ")) {
				for _, args := range commandLines(line) {
					n++
					if err := parseArgs(args); err != nil {
						t.Errorf("%s: %s: %v", filepath.Base(path), strings.TrimSpace(line), err)
					}
				}
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d command lines found", n)
	}
}

// commandLines splits a line of shell into its commands and returns the arguments of those that are prickle.
func commandLines(line string) [][]string {
	line = strings.ReplaceAll(strings.TrimSpace(line), "go run ./cmd/prickle", "prickle")
	var all [][]string
	var words []string
	end := func() {
		for len(words) > 0 && strings.Contains(words[0], "=") { // variables in front
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "prickle" {
			all = append(all, words[1:])
		}
		words = nil
	}
	token := regexp.MustCompile(`(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"|;&#<>])+|&&|[|;&#<>]`)
	skip := false
	for _, w := range token.FindAllString(line, -1) {
		switch {
		case w == "#":
			end()
			return all
		case w == "|" || w == ";" || w == "&" || w == "&&":
			end()
		case w == "<" || w == ">":
			skip = true
		case skip:
			skip = false
		default:
			words = append(words, strings.NewReplacer(`'`, "", `"`, "").Replace(w))
		}
	}
	end()
	return all
}

func parseArgs(args []string) error {
	c, rest, err := newRoot(streams{}).Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	if err := c.ValidateArgs(c.Flags().Args()); err != nil {
		return err
	}
	if !c.Runnable() && len(c.Flags().Args()) > 0 {
		return fmt.Errorf("unknown command %q", c.Flags().Args()[0])
	}
	return nil
}
