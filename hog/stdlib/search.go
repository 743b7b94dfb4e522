package stdlib

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

func searches() []Function {
	return []Function{
		{Name: "position", Min: 2, Max: 3, Doc: "Where a text occurs in another, counted from 1, or 0.", Func: position(false), Examples: ex("position('abc', 'c')", "3")},
		{Name: "positionCaseInsensitive", Min: 2, Max: 3, Doc: "position without regard to case.", Func: position(true), Examples: ex("positionCaseInsensitive('ABC', 'c')", "3")},
		{Name: "startsWith", Min: 2, Max: 2, Doc: "Whether a text starts with another.", Func: test2(startsWith), Examples: ex("startsWith('abc', 'ab')", "true")},
		{Name: "like", Min: 2, Max: 2, Doc: "Whether the pattern with % and _ occurs in the text.", Func: like(false, false), Examples: ex("like('abc', 'a%c')", "true")},
		{Name: "ilike", Min: 2, Max: 2, Doc: "like without regard to case.", Func: like(true, false), Examples: ex("ilike('ABC', 'a_c')", "true")},
		{Name: "notLike", Min: 2, Max: 2, Doc: "The negation of like.", Func: like(false, true), Examples: ex("notLike('abc', 'x')", "true")},
		{Name: "notILike", Min: 2, Max: 2, Doc: "The negation of ilike.", Func: like(true, true), Examples: ex("notILike('ABC', 'b')", "false")},
		{Name: "match", Min: 2, Max: 2, Doc: "Whether the RE2 pattern occurs in the text.", Func: match, Examples: ex(`match('abc12', '\\d+$')`, "true")},
		{Name: "extractRegex", Min: 2, Max: 2, Doc: "What the pattern's first group matched, or the whole match, or ''.", Func: extractRegex, Examples: []Example{{`extractRegex('id=42;', 'id=(\\d+)')`, "'42'"}, {"extractRegex('abc', 'x')", "''"}}},
		{Name: "multiSearchAnyCaseInsensitive", Min: 2, Max: 2, Doc: "1 if any of the texts occurs, else 0.", Func: multiSearch, Examples: ex("multiSearchAnyCaseInsensitive('Hello', ['x', 'ELL'])", "1")},
		{Name: "sortableSemver", Min: 1, Max: 1, Exact: true, Doc: "The numbers of a version as an array, which orders as versions do.", Func: sortableSemver, Examples: ex("sortableSemver('v1.10.2-rc')", "[1, 10, 2]")},
	}
}

func position(fold bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		s, ok := args[0].AsString()
		if !ok {
			return vm.Number(0), nil
		}
		t := vm.HostString(args[1])
		if fold {
			s, t = strings.ToLower(s), strings.ToLower(t)
		}
		i := strings.Index(s, t)
		if i < 0 {
			return vm.Number(0), nil
		}
		return vm.Number(float64(vm.UnitLen(s[:i]) + 1)), nil
	}
}

func startsWith(s, prefix vm.Value) bool {
	a, ok := s.AsString()
	b, ok2 := prefix.AsString()
	return ok && ok2 && strings.HasPrefix(a, b)
}

func like(fold, negate bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		yes, err := vm.Like(args[0], args[1], fold)
		return vm.Bool(yes != negate), err
	}
}

func match(c *vm.Call, args []vm.Value) (vm.Value, error) {
	yes, err := vm.Match(args[0], args[1], false)
	return vm.Bool(yes), err
}

func extractRegex(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[0].IsNull() || args[1].IsNull() {
		return vm.String(""), nil
	}
	re, err := vm.Regexp(vm.HostString(args[1]))
	if err != nil {
		return vm.Null(), err
	}
	groups := re.FindStringSubmatch(vm.HostString(args[0]))
	switch len(groups) {
	case 0:
		return vm.String(""), nil
	case 1:
		return vm.String(groups[0]), nil
	}
	return vm.String(groups[1]), nil
}

func multiSearch(c *vm.Call, args []vm.Value) (vm.Value, error) {
	list, ok := items(args[1])
	if !ok || args[0].IsNull() {
		return vm.Number(0), nil
	}
	s := strings.ToLower(vm.HostString(args[0]))
	for _, t := range list {
		if strings.Contains(s, strings.ToLower(vm.HostString(t))) {
			return vm.Number(1), nil
		}
	}
	return vm.Number(0), nil
}

var semver = regexp.MustCompile(`\d+(?:\.\d+)+`)

func sortableSemver(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[0].IsNull() {
		return vm.NewArray(), nil
	}
	run := semver.FindString(vm.HostString(args[0]))
	if run == "" {
		return vm.NewArray(), nil
	}
	var numbers []vm.Value
	for part := range strings.SplitSeq(run, ".") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			f = 0
		}
		numbers = append(numbers, vm.Number(f))
	}
	return vm.NewArray(numbers...), nil
}
