package code

import "github.com/prickle-dev/prickle/hog/source"

// Opcodes that only loaded programs have.
const (
	// OpConst pushes constant A.
	OpConst Op = iota + 64
	// OpReadGlobal pushes the global of chain A.
	OpReadGlobal
	// OpCallGlobalReversed is OpCallGlobal of version 0: the first argument is on top.
	OpCallGlobalReversed
	// OpMakeClosure pushes a closure of function A with the captures of that function.
	OpMakeClosure
	// OpEnd leaves the function, whose result is null, or the program, whose result is the top of the stack.
	OpEnd
	// OpFault fails with fault A.
	OpFault
)

// Instr is one instruction of a loaded program: an opcode and its operands.
type Instr struct {
	Op Op
	// Need is how many values must be on the stack, as far as it fits; the machine checks larger counts itself.
	Need uint8
	// Room is how many free slots the stack must have.
	Room uint8
	// Steps is how many plain instructions this one stands for.
	Steps uint8
	// B is the number of arguments of a call or of captures.
	B uint16
	// Sub is the operation of a fused instruction.
	Sub Op
	// A is a count, a stack slot, the index of the instruction to jump to, or an index into a table of the Program.
	A int32
	// C is a second stack slot of a fused instruction.
	C int32
}

// Function is one function of a loaded program.
type Function struct {
	Name     string
	Args     int
	Upvalues int
	// Entry is the index of its first instruction.
	Entry int32
	// Call is the index in Calls of a legacy declared function's name.
	Call int32
	// Captures is what OpMakeClosure captures.
	Captures []Capture
}

// Capture is one captured variable: a local of the running function, or one of its own captures.
type Capture struct {
	Local bool
	Index int32
}

// Program is bytecode in the form that the machine runs: instructions of fixed size, jumps resolved to instructions,
// names and constants in tables. It is immutable.
type Program struct {
	Code []Instr
	// Fused is Code as the machine runs it: where several instructions can be done as one, the first of them is replaced
	// by one that does all. The others stay, so every index means the same in both.
	Fused     []Instr
	Functions []Function
	// Consts are strings and float64s, and booleans where an integer operand was one.
	Consts []any
	// Chains are the names of globals as dotted chains.
	Chains [][]string
	// Faults are the errors of malformed places that only a jump into the operands of an instruction leads to.
	Faults []string
	// Calls are the names of functions called or declared by name.
	Calls []string
	// Captures are those of OpClosure: B of them from A.
	Captures []Capture
	// Reversed says that arguments are pushed last argument first, as in version 0, but for functions of programs.
	Reversed bool
	// Tokens is the portable bytecode that the program was loaded from.
	Tokens []any
	// Places is the index in Tokens of each instruction, never falling. A pass over the code keeps it that way, and keeps
	// what follows a call at the start of an instruction, so that a suspended run can be told by tokens.
	Places []int32
	// Offsets is the place in the source of each instruction, or nil.
	Offsets []int32
	// Source is the text, or nil.
	Source *source.Text
}
