package vm

import "time"

// Limits bound one run of a program. A zero field means its default; a negative one means no limit. Each limit has an
// error kind of its own.
type Limits struct {
	// Steps is the number of instructions. Default: none, the wall time bounds a run.
	Steps int64
	// Time is the wall time. Default: 5 s.
	Time time.Duration
	// Memory is the estimated size in bytes of the values alive at once. Default: 64 MiB.
	Memory int64
	// Depth is the number of calls inside each other, the program itself included. Default: 1000.
	Depth int
	// Output is the number of bytes printed. Default: 1 MiB.
	Output int
	// StringSize is the length in bytes of one string. Default: 16 MiB.
	StringSize int
}

// DefaultLimits are the limits of a zero Limits.
func DefaultLimits() Limits {
	return Limits{
		Steps: -1, Time: 5 * time.Second, Memory: 64 << 20, Depth: 1000, Output: 1 << 20, StringSize: 16 << 20,
	}
}

// withDefaults replaces zero by the default and leaves negative, which means no limit.
func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	setDefault(&l.Steps, d.Steps)
	setDefault(&l.Time, d.Time)
	setDefault(&l.Memory, d.Memory)
	setDefault(&l.Depth, d.Depth)
	setDefault(&l.Output, d.Output)
	setDefault(&l.StringSize, d.StringSize)
	return l
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}
