package code

import "math"

// Opcodes of fused instructions. Each stands for a sequence of plain ones and does the same when its operands are what
// they are as a rule, mostly numbers. When they are not, or the steps or the stack do not last for all of it, the machine
// runs the first of the plain instructions instead, and goes on behind that; so faults, limits and places are those of
// the plain code.
//
// Operands of a calculation or comparison are named left to right: Slot is a local variable, Const a constant, Top the
// stack. Sub is the operation. The left operand is in C, the right one in B, which of the two there are; the local that
// takes the result or the place to jump to in A.
const (
	// OpSlotSlot and the next ones push the result.
	OpSlotSlot Op = iota + OpFault + 1
	OpSlotConst
	OpConstSlot
	OpSlotTop
	OpConstTop
	// OpSlotSlotTop and the next one calculate the result with the top, by the operation A.
	OpSlotSlotTop
	OpConstSlotTop
	// OpSlotSlotSet and the next ones set local A.
	OpSlotSlotSet
	OpSlotConstSet
	OpConstSlotSet
	OpSlotTopSet
	OpConstTopSet
	OpTopTopSet
	// OpSlotSlotJump and the next ones go to A when the comparison is false.
	OpSlotSlotJump
	OpSlotConstJump
	OpConstSlotJump
	OpSlotTopJump
	OpConstTopJump
	OpTopTopJump
	// OpSlotConstSetJump sets local A and goes to what follows, as loops end.
	OpSlotConstSetJump

	// OpPush2 pushes two locals or constants: first C, then A. Sub and B say which: OpGetLocal or OpConst.
	OpPush2
	// OpMove sets local A to local C.
	OpMove
	// OpReturnSlot returns local C.
	OpReturnSlot
	// OpCallUpvalue calls captured variable C, OpCallSlot local C, with B arguments.
	OpCallUpvalue
	OpCallSlot
	// OpLogicJump takes B values and goes to A when Sub, OpAnd or OpOr, of them is false.
	OpLogicJump
	// OpSlotItem pushes local C's item at local A.
	OpSlotItem
	// OpSlotProperty pushes local C's property constant A; OpTopProperty replaces the top by its property constant A.
	OpSlotProperty
	OpTopProperty
)

// Plain is the program without fused instructions.
func (p *Program) Plain() *Program {
	plain := *p
	plain.Fused = plain.Code
	return &plain
}

// fuse is Code with fused instructions in place of the first ones of what they stand for.
func (p *Program) fuse() []Instr {
	fused := make([]Instr, len(p.Code))
	f := fuser{p, fused}
	for i := len(fused) - 1; i >= 0; i-- {
		fused[i] = f.at(i)
	}
	return fused
}

type fuser struct {
	*Program
	fused []Instr // from the instruction after the current one on
}

// at is the instruction to run at i.
func (f fuser) at(i int) Instr {
	for _, try := range []func(int) (Instr, bool){f.calculation, f.access, f.control, f.pair} {
		if in, ok := try(i); ok {
			return in
		}
	}
	return f.Code[i]
}

// op is the plain opcode at i, 0 beyond the end.
func (f fuser) op(i int) Op {
	if i >= len(f.Code) {
		return 0
	}
	return f.Code[i].Op
}

func isArithmetic(op Op) bool { return op >= OpPlus && op <= OpDivide }

func isComparison(op Op) bool { return op >= OpEq && op <= OpLtEq }

// simple reports an instruction that pushes a local or a number, and that fits into the operands of a fused one.
func (f fuser) simple(i int) bool {
	switch in := f.Code[i]; in.Op {
	case OpGetLocal:
		return in.A <= math.MaxUint16
	case OpConst:
		_, number := f.Consts[in.A].(float64)
		return number && in.A <= math.MaxUint16
	}
	return false
}

// forms are the opcodes by operands, left then right, and by what becomes of the result: it is pushed, set, or jumped on.
var forms = map[[2]Op][3]Op{
	{OpGetLocal, OpGetLocal}: {OpSlotSlot, OpSlotSlotSet, OpSlotSlotJump},
	{OpGetLocal, OpConst}:    {OpSlotConst, OpSlotConstSet, OpSlotConstJump},
	{OpConst, OpGetLocal}:    {OpConstSlot, OpConstSlotSet, OpConstSlotJump},
	{OpGetLocal, 0}:          {OpSlotTop, OpSlotTopSet, OpSlotTopJump},
	{OpConst, 0}:             {OpConstTop, OpConstTopSet, OpConstTopJump},
	{0, 0}:                   {0, OpTopTopSet, OpTopTopJump},
}

// calculation fuses [right] [left] operation [set local, or jump if false].
func (f fuser) calculation(i int) (Instr, bool) {
	in := Instr{Room: 1}
	var left, right Op // 0 for the stack
	operands := 0
	for operands < 2 && i+operands+1 < len(f.Code) && f.simple(i+operands) {
		operands++
	}
	if operands == 2 && !isArithmetic(f.op(i+2)) && !isComparison(f.op(i+2)) {
		operands = 1
	}
	switch operands {
	case 2:
		right, left = f.Code[i].Op, f.Code[i+1].Op
		in.B, in.C = uint16(f.Code[i].A), f.Code[i+1].A
	case 1:
		left, in.C = f.Code[i].Op, f.Code[i].A
	}
	form, ok := forms[[2]Op{left, right}]
	in.Sub = f.op(i + operands)
	if !ok || !isArithmetic(in.Sub) && !isComparison(in.Sub) {
		return Instr{}, false
	}
	in.Need, in.Room, in.Steps = uint8(2-operands), uint8(1+operands), uint8(2+operands)
	switch next := i + operands + 1; {
	case isArithmetic(in.Sub) && f.op(next) == OpSetLocal:
		in.Op, in.A = form[1], f.Code[next].A
		if in.Op == OpSlotConstSet && f.op(next+1) == OpJump {
			in.Op, in.Steps = OpSlotConstSetJump, in.Steps+1
		}
	case isComparison(in.Sub) && f.op(next) == OpJumpIfFalse:
		in.Op, in.A = form[2], f.Code[next].A
	case isArithmetic(in.Sub) && isArithmetic(f.op(next)) && (form[0] == OpSlotSlot || form[0] == OpConstSlot):
		in.Op, in.Need, in.A = OpSlotSlotTop, 1, int32(f.op(next))
		if form[0] == OpConstSlot {
			in.Op = OpConstSlotTop
		}
	default:
		in.Op, in.Steps = form[0], in.Steps-1
	}
	return in, in.Op != 0
}

// access fuses reads of items and properties.
func (f fuser) access(i int) (Instr, bool) {
	if f.op(i+1) == OpGetProperty && f.op(i) == OpConst {
		return Instr{Op: OpTopProperty, Need: 1, Room: 2, Steps: 2, A: f.Code[i].A}, true
	}
	if f.op(i+2) != OpGetProperty || f.op(i) != OpGetLocal {
		return Instr{}, false
	}
	in := Instr{Room: 3, Steps: 3, C: f.Code[i].A, A: f.Code[i+1].A}
	switch f.op(i + 1) {
	case OpGetLocal:
		in.Op = OpSlotItem
	case OpConst:
		in.Op = OpSlotProperty
	}
	return in, in.Op != 0
}

// control fuses moves, returns, calls, and jumps on and and or.
func (f fuser) control(i int) (Instr, bool) {
	if i+1 >= len(f.Code) {
		return Instr{}, false
	}
	first, second := f.Code[i], f.Code[i+1]
	in := Instr{Room: 1, Steps: 2, C: first.A, A: second.A, B: second.B}
	switch [2]Op{first.Op, second.Op} {
	case [2]Op{OpGetLocal, OpSetLocal}:
		in.Op, in.Room = OpMove, 2
	case [2]Op{OpGetLocal, OpReturn}:
		in.Op, in.Room = OpReturnSlot, 2
	case [2]Op{OpGetUpvalue, OpCallLocal}:
		in.Op, in.Room = OpCallUpvalue, 2
	case [2]Op{OpGetLocal, OpCallLocal}:
		in.Op, in.Room = OpCallSlot, 2
	case [2]Op{OpAnd, OpJumpIfFalse}, [2]Op{OpOr, OpJumpIfFalse}:
		if first.A < 1 || first.A > math.MaxUint8 {
			return Instr{}, false
		}
		in.Op, in.Sub, in.B, in.Need = OpLogicJump, first.Op, uint16(first.A), uint8(first.A)
	}
	return in, in.Op != 0
}

// pair fuses two pushes, unless the second is the start of something better.
func (f fuser) pair(i int) (Instr, bool) {
	if i+1 >= len(f.Code) || f.fused[i+1].Steps > 1 {
		return Instr{}, false
	}
	first, second := f.Code[i], f.Code[i+1]
	for _, in := range []Instr{first, second} {
		if in.Op != OpGetLocal && in.Op != OpConst {
			return Instr{}, false
		}
	}
	return Instr{Op: OpPush2, Room: 2, Steps: 2, Sub: second.Op, B: uint16(first.Op), C: first.A, A: second.A}, true
}
