package lint

import (
	"slices"
	"strings"
	"time"

	"github.com/prickle-dev/prickle/hog/ast"
	"github.com/prickle-dev/prickle/hog/vm"
)

var literalRules = []Rule{
	{
		Name: "index-zero", Doc: "Lists begin at 1; index 0 is an error.",
		Bad: "let parts := splitByString('/', event.event)\nreturn parts[0]", Good: "let parts := splitByString('/', event.event)\nreturn parts[1]",
	},
	{
		Name: "date-unit", Doc: "A unit of time that the function does not know.",
		Bad: "return dateAdd('days', 1, now())", Good: "return dateAdd('day', 1, now())",
		check: dateUnit,
	},
	{
		Name: "date-format", Doc: "A code that formatDateTime does not know and leaves out. Minutes are `%i`, months `%m`.",
		Bad: "return formatDateTime(now(), '%Y-%N')", Good: "return formatDateTime(now(), '%Y-%m')",
		check: dateFormat,
	},
	{
		Name: "time-zone", Doc: "A time zone that does not exist.",
		Bad: "return toTimeZone(now(), 'Berlin')", Good: "return toTimeZone(now(), 'Europe/Berlin')",
		check: timeZone,
	},
	{
		Name: "date-text", Doc: "A text that is no date: write `YYYY-MM-DD`, with `HH:MM:SS` and a zone if needed.",
		Bad: "return toDateTime('1.5.2026')", Good: "return toDateTime('2026-05-01')",
		check: dateText,
	},
}

// units are what each function takes as its first argument.
var units = map[string][]string{
	"dateAdd":   {"second", "minute", "hour", "day", "week", "month", "year"},
	"dateDiff":  {"second", "minute", "hour", "day", "week", "month", "year"},
	"dateTrunc": {"minute", "hour", "day", "month", "year"},
	"extract":   {"second", "minute", "hour", "day", "month", "year"},
}

// formatCodes are the letters that formatDateTime knows behind %.
const formatCodes = "abCgydDeFGYhIlHkijMmcprRsSTWzfntQuwV%"

// zoneArgument is the place of the zone among the arguments.
var zoneArgument = map[string]int{
	"toDateTime": 1, "toTimeZone": 1, "toUnixTimestamp": 1, "toUnixTimestampMilli": 1, "formatDateTime": 2,
}

// literal calls visit with each text written as argument i of a library function.
func (p *pass) literal(i func(function string) (int, bool), visit func(function string, e ast.Expr, text string)) {
	p.inspect(func(n ast.Node) {
		call, ok := n.(*ast.Call)
		if !ok || !p.isLibraryCall(call, call.Name.Text) {
			return
		}
		at, ok := i(call.Name.Text)
		if !ok || at >= len(call.Args) {
			return
		}
		if c, ok := call.Args[at].(*ast.Constant); ok {
			if text, ok := c.Value.(string); ok {
				visit(call.Name.Text, c, text)
			}
		}
	})
}

func dateUnit(p *pass) {
	first := func(function string) (int, bool) { return 0, units[function] != nil }
	p.literal(first, func(function string, e ast.Expr, text string) {
		if !slices.Contains(units[function], text) {
			p.report(e, "write one of "+strings.Join(units[function], ", "), "%s knows no unit %q", function, text)
		}
	})
}

func dateFormat(p *pass) {
	second := func(function string) (int, bool) { return 1, function == "formatDateTime" }
	p.literal(second, func(_ string, e ast.Expr, format string) {
		for {
			_, rest, found := strings.Cut(format, "%")
			if !found {
				return
			}
			if rest == "" {
				p.report(e, "write %% for the sign itself", "the %% at the end stands for nothing")
				return
			}
			if !strings.Contains(formatCodes, rest[:1]) {
				p.report(e, "see formatDateTime in the list of functions", "formatDateTime knows no code %%%s", string([]rune(rest)[:1]))
				return
			}
			format = rest[1:]
		}
	})
}

func timeZone(p *pass) {
	place := func(function string) (int, bool) { at, ok := zoneArgument[function]; return at, ok }
	p.literal(place, func(_ string, e ast.Expr, name string) {
		if _, err := time.LoadLocation(name); err != nil || name == "Local" {
			p.report(e, "write a name such as 'Europe/Berlin', or 'UTC'", "there is no time zone %q", name)
		}
	})
}

func dateText(p *pass) {
	first := func(function string) (int, bool) {
		return 0, slices.Contains([]string{"toDate", "toDateTime"}, function)
	}
	p.literal(first, func(_ string, e ast.Expr, text string) {
		if _, ok := vm.ParseDateText(text, time.UTC); !ok {
			p.report(e, "write '2026-05-01' or '2026-05-01T10:00:00Z'", "%q is no date", text)
		}
	})
}
