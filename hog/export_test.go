package hog

import "github.com/prickle-dev/prickle/hog/vm"

// Plain is the program without fused instructions, which the tests compare with the one that has them.
func (p *Program) Plain() *Program {
	return &Program{machine: vm.New(p.machine.Code().Plain(), library()), portable: p.portable}
}
