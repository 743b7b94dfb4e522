package stdlib

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/vm"
)

// replacer makes replaceOne and replaceAll: at most limit replacements, or all for a negative limit.
func replacer(name string, limit int) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		if args[0].IsNull() {
			return vm.Null(), nil
		}
		s, err := text(name, args[0])
		if err != nil {
			return vm.Null(), err
		}
		old, err := c.HostString(args[1])
		if err != nil {
			return vm.Null(), err
		}
		with, err := c.HostString(args[2])
		if err != nil {
			return vm.Null(), err
		}
		if old != "" || limit >= 0 || vm.IsASCII(s) {
			out, err := replace(c, s, old, with, limit)
			return vm.String(out), err
		}
		// Between all units means between the halves of surrogate pairs, too.
		out, err := replace(c, apart(s), old, with, limit)
		return vm.String(vm.FromUnits(vm.Units(out))), err
	}
}

// apart is the text with each surrogate pair as two halves, which Units takes together again where they still meet.
func apart(s string) string {
	var out strings.Builder
	for _, unit := range vm.Units(s) {
		out.WriteString(vm.FromUnits([]uint16{unit}))
	}
	return out.String()
}

func replace(c *vm.Call, s, old, with string, limit int) (string, error) {
	if old != "" && limit < 0 && strings.IndexByte(with, '$') < 0 {
		return replacePlain(c, s, old, with)
	}
	var out []byte
	found := false
	at, search := 0, 0 // what is copied so far, and where to look next
	for n := 0; n != limit; n++ {
		i := strings.Index(s[search:], old)
		if i < 0 {
			break
		}
		i += search
		found = true
		if err := c.Text(len(out) + i - at + len(with)); err != nil {
			return "", err
		}
		out = append(out, s[at:i]...)
		err := c.Work(len(with) + vm.ItemSize)
		if err != nil {
			return "", err
		}
		if out, err = expand(c, out, with, s, i, i+len(old)); err != nil {
			return "", err
		}
		at, search = i+len(old), i+len(old)
		if old == "" {
			if search++; search > len(s) {
				break
			}
			for search < len(s) && s[search]&0xC0 == 0x80 {
				search++
			}
		}
	}
	if !found {
		return s, nil
	}
	return string(append(out, s[at:]...)), c.Text(len(out) + len(s) - at)
}

// replacePlain is replace of all, where the length of the result is known before.
func replacePlain(c *vm.Call, s, old, with string) (string, error) {
	n := strings.Count(s, old)
	if n == 0 {
		return s, nil
	}
	size := len(s) + n*(len(with)-len(old))
	if err := c.Text(size); err != nil {
		return "", err
	}
	if err := c.Work(n * (len(with) + vm.ItemSize)); err != nil {
		return "", err
	}
	out := c.Bytes(size)
	rest := out
	for range n {
		i := strings.Index(s, old)
		rest = rest[copy(rest, s[:i]):]
		rest = rest[copy(rest, with):]
		s = s[i+len(old):]
	}
	copy(rest, s)
	return vm.TextOf(out), nil
}

// expand appends the replacement with its $ patterns filled in for the match s[from:to].
func expand(c *vm.Call, out []byte, with, s string, from, to int) ([]byte, error) {
	for {
		i := strings.IndexByte(with, '$')
		if i < 0 || i+1 == len(with) {
			out = append(out, with...)
			return out, c.Text(len(out))
		}
		out = append(out, with[:i]...)
		switch with[i+1] {
		case '$':
			out = append(out, '$')
		case '&':
			out = append(out, s[from:to]...)
		case '`':
			out = append(out, s[:from]...)
		case '\'':
			out = append(out, s[to:]...)
		default:
			out = append(out, with[i:i+2]...)
		}
		if err := c.Text(len(out)); err != nil {
			return nil, err
		}
		with = with[i+2:]
	}
}
