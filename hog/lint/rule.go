package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/source"
)

// Rule is one row of the table.
type Rule struct {
	// Name is short and stable: it stands in comments of programs.
	Name string
	// Doc says in one line what is wrong with it.
	Doc string
	// Bad is a program with a finding, Good is what to write instead.
	Bad, Good string
	// transform marks rules for functions of transforms alone.
	transform bool
	// check is nil for what the compiler reports under the rule's name.
	check func(p *pass)
}

// Transform reports whether the rule is applied only with Options.Transform.
func (r Rule) Transform() bool { return r.transform }

var table = sorted(
	nameRules, unusedRules, callRules, assignRules, flowRules, compareRules, textRules, effectRules, closureRules,
	catchRules, dictRules, literalRules, queryRules, ignoreRules,
)

func sorted(groups ...[]Rule) []Rule {
	all := slices.Concat(groups...)
	slices.SortFunc(all, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Rules is the whole table, sorted by name.
func Rules() []Rule { return slices.Clone(table) }

// pass is one rule at work on one program.
type pass struct {
	*file
	rule  string
	found []Finding
}

// report adds a finding at a node or name. The hint says what to write instead.
func (p *pass) report(n ast.Node, hint, format string, args ...any) {
	p.found = append(p.found, finding(p.text, n.Range(), p.rule, hint, fmt.Sprintf(format, args...)))
}

func finding(text *source.Text, span source.Span, rule, hint, message string) Finding {
	err := text.Errorf(span, "%s", message)
	err.Rule, err.Hint = rule, hint
	return Finding{err}
}
