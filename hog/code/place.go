package code

import "slices"

// Token is the index in Tokens at which a run goes on that stands before the instruction.
func (p *Program) Token(instr int) int {
	if instr < 0 || instr >= len(p.Places) {
		return len(p.Tokens)
	}
	if in := p.Code[instr]; in.Op == OpJump && in.B == addedJump {
		instr = int(in.A)
	}
	return int(p.Places[instr])
}

// Instruction is the instruction at which a run goes on that stands before a token; false for a token that starts none.
func (p *Program) Instruction(token int) (int, bool) {
	if token < 0 || token > len(p.Tokens) {
		return 0, false
	}
	for token < len(p.Tokens) && p.Tokens[token] == nil {
		token++ // which does nothing
	}
	return slices.BinarySearch(p.Places, int32(token))
}
