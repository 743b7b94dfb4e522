package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/lexer"
	"github.com/prickle-dev/prickle/hog/source"
)

var ignoreRules = []Rule{{
	Name: "ignore", Doc: "A comment `lint:ignore` without a rule or a reason, for a rule that does not exist, or where there is nothing to ignore.",
	Bad:  "return event // lint:ignore no-effect looks odd",
	Good: "let list := [1]\narrayPushBack(list, 2) // lint:ignore no-effect shows that the list stays as it is\nreturn list",
}}

// ignore is one comment. Lines count from 1.
type ignore struct {
	span         source.Span
	line         int
	rule, reason string
}

type ignores []ignore

var ignorePattern = regexp.MustCompile(`^(?://|--|#)[ \t]*lint:ignore\b[ \t]*([\w-]*)[ \t]*(.*)`)

// ignoresOf finds the comments.
func ignoresOf(text *source.Text) ignores {
	if !strings.Contains(text.Body, "lint:ignore") {
		return nil
	}
	var list ignores
	tokens, _ := lexer.Scan(text)
	for _, c := range lexer.Comments(text, tokens) {
		if m := ignorePattern.FindStringSubmatch(text.Body[c.Pos():c.Stop()]); m != nil {
			line, _ := text.Position(c.Pos())
			list = append(list, ignore{span: c.Span, line: line, rule: m[1], reason: m[2]})
		}
	}
	return list
}

// applies reports whether a comment is about a finding: on its line, or on the one above.
func (i ignore) applies(f Finding) bool {
	return i.rule == f.Rule && i.reason != "" && (i.line == f.Line || i.line == f.Line-1)
}

func (l ignores) covers(f Finding) bool {
	return slices.ContainsFunc(l, func(i ignore) bool { return i.applies(f) })
}

// misused returns a finding for each comment that does nothing.
func (l ignores) misused(text *source.Text, found []Finding, opts Options) (list []Finding) {
	add := func(i ignore, hint, message string) {
		list = append(list, finding(text, i.span, "ignore", hint, message))
	}
	for _, i := range l {
		switch {
		case i.rule == "" || i.reason == "":
			add(i, "write // lint:ignore rule reason", "lint:ignore needs the name of a rule and a reason")
		case !slices.ContainsFunc(table, func(r Rule) bool { return r.Name == i.rule }):
			add(i, "see the list of rules", "there is no rule `"+i.rule+"`")
		case slices.ContainsFunc(found, i.applies) || slices.Contains(opts.Disabled, i.rule):
		case !opts.Transform && isTransformRule(i.rule):
		default:
			add(i, "leave it out", "there is nothing to ignore for `"+i.rule+"` on this line or the next")
		}
	}
	return list
}

func isTransformRule(name string) bool {
	return slices.ContainsFunc(table, func(r Rule) bool { return r.Name == name && r.transform })
}
