package stdlib

import (
	"strconv"
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

func searches() []Function {
	return []Function{
		{Name: "position", Min: 2, Max: 3, Doc: "Where a text occurs in another, counted from 1, or 0.", Func: position(false), Examples: []Example{{"position('abc', 'c')", "3"}, {"position('abc', 'x')", "0"}}},
		{Name: "positionCaseInsensitive", Min: 2, Max: 3, Doc: "position without regard to case.", Func: position(true), Examples: []Example{{"positionCaseInsensitive('ABC', 'c')", "3"}, {"positionCaseInsensitive(null, 'x')", "0"}}},
		{Name: "startsWith", Min: 2, Max: 2, Doc: "Whether a text starts with another.", Func: test2(startsWith), Examples: []Example{{"startsWith('abc', 'ab')", "true"}, {"startsWith('abc', '')", "true"}}},
		{Name: "like", Min: 2, Max: 2, Doc: "Whether the pattern with % and _ occurs in the text.", Func: like(false, false), Examples: []Example{{"like('abc', 'a%c')", "true"}, {"like('abc', 'b')", "true"}}},
		{Name: "ilike", Min: 2, Max: 2, Doc: "like without regard to case.", Func: like(true, false), Examples: []Example{{"ilike('ABC', 'a_c')", "true"}, {`ilike('a\nb', 'A%B')`, "false"}}},
		{Name: "notLike", Min: 2, Max: 2, Doc: "The negation of like.", Func: like(false, true), Examples: []Example{{"notLike('abc', 'x')", "true"}, {"notLike('abc', 'b')", "false"}}},
		{Name: "notILike", Min: 2, Max: 2, Doc: "The negation of ilike.", Func: like(true, true), Examples: []Example{{"notILike('ABC', 'b')", "false"}, {"notILike(null, 'x')", "true"}}},
		{Name: "match", Min: 2, Max: 2, Doc: "Whether the RE2 pattern occurs in the text.", Func: match, Examples: []Example{{`match('abc12', '\\d+$')`, "true"}, {"match('', '.*')", "false"}}},
		{Name: "extractRegex", Min: 2, Max: 2, Doc: "What the pattern's first group matched, or the whole match, or ''.", Func: extractRegex, Examples: []Example{{`extractRegex('id=42;', 'id=(\\d+)')`, "'42'"}, {"extractRegex('abc', 'x')", "''"}}},
		{Name: "multiSearchAnyCaseInsensitive", Min: 2, Max: 2, Doc: "1 if any of the texts occurs, else 0.", Func: multiSearch, Examples: []Example{{"multiSearchAnyCaseInsensitive('Hello', ['x', 'ELL'])", "1"}, {"multiSearchAnyCaseInsensitive(null, ['x'])", "0"}}},
		{Name: "sortableSemver", Min: 1, Max: 1, Exact: true, Doc: "The numbers of a version as an array, which orders as versions do.", Func: sortableSemver, Examples: []Example{{"sortableSemver('v1.10.2-rc')", "[1, 10, 2]"}, {"sortableSemver('latest')", "[]"}}},
	}
}

func position(fold bool) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		s, ok := args[0].AsString()
		if !ok {
			return vm.Number(0), nil
		}
		t, err := c.HostString(args[1])
		if err != nil {
			return vm.Null(), err
		}
		if fold {
			if s, err = lowerCase(c, s); err == nil {
				t, err = lowerCase(c, t)
			}
			if err != nil {
				return vm.Null(), err
			}
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
		yes, err := c.Like(args[0], args[1], fold)
		return vm.Bool(yes != negate), err
	}
}

func match(c *vm.Call, args []vm.Value) (vm.Value, error) {
	yes, err := c.Match(args[0], args[1])
	return vm.Bool(yes), err
}

func extractRegex(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[0].IsNull() || args[1].IsNull() {
		return vm.String(""), nil
	}
	texts, err := hostStrings(c, args...)
	if err != nil {
		return vm.Null(), err
	}
	groups, err := c.Find(texts[0], texts[1])
	if err != nil {
		return vm.Null(), err
	}
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
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	if s, err = lowerCase(c, s); err != nil {
		return vm.Null(), err
	}
	for _, v := range list {
		t, err := c.HostString(v)
		if err != nil {
			return vm.Null(), err
		}
		if t, err = lowerCase(c, t); err != nil {
			return vm.Null(), err
		}
		if strings.Contains(s, t) {
			return vm.Number(1), nil
		}
		if err := c.Work(len(s) + len(t) + vm.ItemSize); err != nil {
			return vm.Null(), err
		}
	}
	return vm.Number(0), nil
}

// semver is the numbers of a version.
const semver = `\d+(?:\.\d+)+`

func sortableSemver(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if args[0].IsNull() {
		return vm.NewArray(), nil
	}
	s, err := c.HostString(args[0])
	if err != nil {
		return vm.Null(), err
	}
	found, err := c.Find(s, semver)
	if err != nil || found == nil {
		return vm.NewArray(), err
	}
	run := found[0]
	n := strings.Count(run, ".") + 1
	if err := c.List(n); err != nil {
		return vm.Null(), err
	}
	numbers := make([]vm.Value, 0, n)
	for part := range strings.SplitSeq(run, ".") {
		f, err := strconv.ParseFloat(part, 64)
		if err != nil {
			f = 0
		}
		numbers = append(numbers, vm.Number(f))
	}
	return vm.NewArray(numbers...), nil
}
