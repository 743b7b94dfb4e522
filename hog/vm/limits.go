package vm

import "time"

// Limits bound one run of a program. A zero field means its default; a negative one means no limit. Each limit has an
// error kind of its own.
type Limits struct {
	// Steps is the number of instructions, and of what counts as some: 64 bytes of text that a function works on, 4 items
	// of a list, 16 moves of a regular expression. Default: none, the wall time bounds a run.
	Steps int64
	// Time is the wall time. Default: 5 s.
	Time time.Duration
	// Memory is the estimated size in bytes of the values alive at once. Default: 64 MiB.
	Memory int64
	// Depth is the number of calls inside each other, the program itself included. Default: 1000.
	Depth int
	// AsyncSteps is the number of suspensions. Default: 100.
	AsyncSteps int
	// Output is the number of bytes printed. Default: 1 MiB.
	Output int
	// StringSize is the length in bytes of one string. Default: 16 MiB.
	StringSize int
	// RegexSize is the size of one regular expression: of its text in bytes, and of what it is compiled to in
	// instructions, where x{100} counts as a hundred x; and of classes such as \p{L} at most 100. Default: 10,000. No limit means a million.
	RegexSize int
}

// DefaultLimits are the limits of a zero Limits.
func DefaultLimits() Limits {
	return Limits{
		Steps: -1, Time: 5 * time.Second, Memory: 64 << 20, Depth: 1000, AsyncSteps: 100, Output: 1 << 20, StringSize: 16 << 20,
		RegexSize: 10_000,
	}
}

// withDefaults replaces zero by the default and leaves negative, which means no limit.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	setDefault(&l.Steps, d.Steps)
	setDefault(&l.Time, d.Time)
	setDefault(&l.Memory, d.Memory)
	setDefault(&l.Depth, d.Depth)
	setDefault(&l.AsyncSteps, d.AsyncSteps)
	setDefault(&l.Output, d.Output)
	setDefault(&l.StringSize, d.StringSize)
	setDefault(&l.RegexSize, d.RegexSize)
	return l
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// maxText bounds strings where no limit does: outside of a run, and in one without a limit.
const maxText = 1 << 30

// textLimit is how many bytes one string may have, and the kind of the limit that says so.
func (l *Limits) textLimit() (int, ErrorKind) {
	limit, kind := maxText, KindStringSize
	if l.StringSize >= 0 {
		limit = min(limit, l.StringSize)
	}
	if l.Memory >= 0 && l.Memory < int64(limit) {
		limit, kind = int(l.Memory), KindMemory
	}
	return limit, kind
}

// regexLimit is the size that a regular expression may have.
func (l *Limits) regexLimit() int {
	const most = 1_000_000
	if l.RegexSize < 0 {
		return most
	}
	return min(l.RegexSize, most)
}
