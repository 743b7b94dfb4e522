package vm

import "context"

// bareMachine is a machine with the default limits and no program.
func bareMachine() *machine {
	m := &machine{ctx: context.Background(), limits: DefaultLimits()}
	m.room = m.limits.Memory
	m.grant()
	return m
}
