package app

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/prickle-dev/prickle/pipeline/versions"
)

func errWithheld(number int) error {
	return fmt.Errorf("configuration %d was too large to be kept as a whole: only the names of its files are", number)
}

// side is a version and the lines of a file in it with stars in place of secrets; nil means that there are none to hide.
type side struct {
	version *versions.Version
	masked  []string
}

// diffOf is the unified diff of a file. It is made of the real lines, so that a changed secret shows as a change, and shows the masked ones.
func diffOf(name string, from, to side) string {
	before, _ := from.version.Text(name)
	after, _ := to.version.Text(name)
	title := func(s side) string { return fmt.Sprintf("%s (%d)", name, s.version.Number) }
	text := string(diff.Diff(title(from), []byte(before), title(to), []byte(after)))
	var b strings.Builder
	old, now := 0, 0 // lines that come next, from 1; 0 is before the first hunk
	for line := range strings.Lines(text) {
		if _, err := fmt.Sscanf(line, "@@ -%d", &old); err == nil && strings.HasPrefix(line, "@@ ") {
			_, counted, _ := strings.Cut(line, "+")
			_, _ = fmt.Sscanf(counted, "%d", &now) // which the library has written
			b.WriteString(line)
			continue
		}
		if old+now == 0 && !strings.HasPrefix(line, "--- ") && !strings.HasPrefix(line, "+++ ") {
			continue // "diff A B"
		}
		b.WriteString(maskedLine(line, &old, &now, from.masked, to.masked))
	}
	return b.String()
}

// maskedLine is a line of a hunk as it may be shown, and counts it.
func maskedLine(line string, old, now *int, before, after []string) string {
	if *old+*now == 0 {
		return line
	}
	number, lines := now, after
	switch line[0] {
	case '-':
		number, lines = old, before
	case ' ':
		*old++
	case '+':
	default:
		return line // "\ No newline at end of file"
	}
	*number++
	if i := *number - 2; lines != nil && i >= 0 && i < len(lines) {
		return line[:1] + lines[i] + "\n"
	}
	return line
}
