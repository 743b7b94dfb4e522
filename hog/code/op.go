package code

// Op is an opcode number of section 12 of the Hog specification.
type Op uint8

// The opcodes. The picture beside each shows what it takes from the stack and what it leaves, with the top on the right.
const (
	OpGetGlobal          Op = 1  // n names, root on top → value; reads a global by its dotted chain
	OpCallGlobal         Op = 2  // n args → result; calls a function by name
	OpAnd                Op = 3  // n values → bool; all truthy
	OpOr                 Op = 4  // n values → bool; any truthy
	OpNot                Op = 5  // v → bool; not truthy
	OpPlus               Op = 6  // b a → a+b; the left operand is on top, here and below
	OpMinus              Op = 7  // b a → a-b
	OpMultiply           Op = 8  // b a → a*b
	OpDivide             Op = 9  // b a → a/b
	OpMod                Op = 10 // b a → a%b; the sign is that of a
	OpEq                 Op = 11 // b a → bool; equality after unification
	OpNotEq              Op = 12 // b a → bool
	OpGt                 Op = 13 // b a → bool; false when either is null, as the next three
	OpGtEq               Op = 14 // b a → bool
	OpLt                 Op = 15 // b a → bool
	OpLtEq               Op = 16 // b a → bool
	OpLike               Op = 17 // pattern text → bool; SQL pattern, searched anywhere in the text
	OpILike              Op = 18 // pattern text → bool
	OpNotLike            Op = 19 // pattern text → bool
	OpNotILike           Op = 20 // pattern text → bool
	OpIn                 Op = 21 // container needle → bool
	OpNotIn              Op = 22 // container needle → bool
	OpRegex              Op = 23 // pattern text → bool; RE2, searched anywhere in the text
	OpNotRegex           Op = 24 // pattern text → bool
	OpIRegex             Op = 25 // pattern text → bool
	OpNotIRegex          Op = 26 // pattern text → bool
	OpInCohort           Op = 27 // reserved, runs nowhere
	OpNotInCohort        Op = 28 // reserved, runs nowhere
	OpTrue               Op = 29 // → true
	OpFalse              Op = 30 // → false
	OpNull               Op = 31 // → null
	OpString             Op = 32 // → string
	OpInteger            Op = 33 // → number
	OpFloat              Op = 34 // → number
	OpPop                Op = 35 // v →
	OpGetLocal           Op = 36 // → local i
	OpSetLocal           Op = 37 // v →; stores into local i
	OpReturn             Op = 38 // v →; leaves the function, v is its result
	OpJump               Op = 39 // →
	OpJumpIfFalse        Op = 40 // v →; jumps when v is not truthy
	OpDeclareFn          Op = 41 // →; legacy: remembers the body that follows under a name, skips it
	OpDict               Op = 42 // k1 v1 … kn vn → dict
	OpArray              Op = 43 // n values → array
	OpTuple              Op = 44 // n values → tuple
	OpGetProperty        Op = 45 // obj key → value
	OpSetProperty        Op = 46 // obj key value →
	OpJumpIfStackNotNull Op = 47 // v → v; jumps when the top is not null, never pops
	OpGetPropertyNullish Op = 48 // obj key → value
	OpThrow              Op = 49 // err →
	OpTry                Op = 50 // →; pushes a handler
	OpPopTry             Op = 51 // →; drops the innermost handler
	OpCallable           Op = 52 // → callable; argument count, upvalue count; skips the body that follows
	OpClosure            Op = 53 // callable → closure; n pairs of isLocal and index
	OpCallLocal          Op = 54 // n args, closure → result; calls a value
	OpGetUpvalue         Op = 55 // → value
	OpSetUpvalue         Op = 56 // v →
	OpCloseUpvalue       Op = 57 // v →; pops and keeps the value for the closures that captured it
)

// OpCount is one more than the highest opcode.
const OpCount = 58

var opNames = [OpCount]string{
	OpGetGlobal:          "GET_GLOBAL",
	OpCallGlobal:         "CALL_GLOBAL",
	OpAnd:                "AND",
	OpOr:                 "OR",
	OpNot:                "NOT",
	OpPlus:               "PLUS",
	OpMinus:              "MINUS",
	OpMultiply:           "MULTIPLY",
	OpDivide:             "DIVIDE",
	OpMod:                "MOD",
	OpEq:                 "EQ",
	OpNotEq:              "NOT_EQ",
	OpGt:                 "GT",
	OpGtEq:               "GT_EQ",
	OpLt:                 "LT",
	OpLtEq:               "LT_EQ",
	OpLike:               "LIKE",
	OpILike:              "ILIKE",
	OpNotLike:            "NOT_LIKE",
	OpNotILike:           "NOT_ILIKE",
	OpIn:                 "IN",
	OpNotIn:              "NOT_IN",
	OpRegex:              "REGEX",
	OpNotRegex:           "NOT_REGEX",
	OpIRegex:             "IREGEX",
	OpNotIRegex:          "NOT_IREGEX",
	OpInCohort:           "IN_COHORT",
	OpNotInCohort:        "NOT_IN_COHORT",
	OpTrue:               "TRUE",
	OpFalse:              "FALSE",
	OpNull:               "NULL",
	OpString:             "STRING",
	OpInteger:            "INTEGER",
	OpFloat:              "FLOAT",
	OpPop:                "POP",
	OpGetLocal:           "GET_LOCAL",
	OpSetLocal:           "SET_LOCAL",
	OpReturn:             "RETURN",
	OpJump:               "JUMP",
	OpJumpIfFalse:        "JUMP_IF_FALSE",
	OpDeclareFn:          "DECLARE_FN",
	OpDict:               "DICT",
	OpArray:              "ARRAY",
	OpTuple:              "TUPLE",
	OpGetProperty:        "GET_PROPERTY",
	OpSetProperty:        "SET_PROPERTY",
	OpJumpIfStackNotNull: "JUMP_IF_STACK_NOT_NULL",
	OpGetPropertyNullish: "GET_PROPERTY_NULLISH",
	OpThrow:              "THROW",
	OpTry:                "TRY",
	OpPopTry:             "POP_TRY",
	OpCallable:           "CALLABLE",
	OpClosure:            "CLOSURE",
	OpCallLocal:          "CALL_LOCAL",
	OpGetUpvalue:         "GET_UPVALUE",
	OpSetUpvalue:         "SET_UPVALUE",
	OpCloseUpvalue:       "CLOSE_UPVALUE",
}

// String is the opcode's name in the specification, for instance GET_GLOBAL.
func (op Op) String() string {
	if op.Valid() {
		return opNames[op]
	}
	return "UNKNOWN"
}

// Valid reports whether the opcode exists.
func (op Op) Valid() bool { return op > 0 && op < OpCount }

// Operand is the kind of one operand token of an opcode.
type Operand uint8

// The kinds of operands.
const (
	OperandCount  Operand = iota + 1 // how many values
	OperandIndex                     // of a local or a captured variable
	OperandOffset                    // of a jump, relative to the token after it
	OperandName                      // of a function
	OperandText                      // of a string
	OperandNumber                    // or a boolean
	OperandPairs                     // as many pairs of isLocal and index as the count before says
)

var opOperands = [OpCount][]Operand{
	OpGetGlobal:          {OperandCount},
	OpCallGlobal:         {OperandName, OperandCount},
	OpAnd:                {OperandCount},
	OpOr:                 {OperandCount},
	OpString:             {OperandText},
	OpInteger:            {OperandNumber},
	OpFloat:              {OperandNumber},
	OpGetLocal:           {OperandIndex},
	OpSetLocal:           {OperandIndex},
	OpJump:               {OperandOffset},
	OpJumpIfFalse:        {OperandOffset},
	OpDeclareFn:          {OperandName, OperandCount, OperandOffset},
	OpDict:               {OperandCount},
	OpArray:              {OperandCount},
	OpTuple:              {OperandCount},
	OpJumpIfStackNotNull: {OperandOffset},
	OpTry:                {OperandOffset},
	OpCallable:           {OperandName, OperandCount, OperandCount, OperandOffset},
	OpClosure:            {OperandCount, OperandPairs},
	OpCallLocal:          {OperandCount},
	OpGetUpvalue:         {OperandIndex},
	OpSetUpvalue:         {OperandIndex},
}

// Operands is the kinds of the operand tokens that follow the opcode.
func (op Op) Operands() []Operand {
	if op.Valid() {
		return opOperands[op]
	}
	return nil
}

// opNeeds is how many values each opcode takes from the stack, besides those that its count names.
var opNeeds = [256]uint8{
	OpNot:                1,
	OpPlus:               2,
	OpMinus:              2,
	OpMultiply:           2,
	OpDivide:             2,
	OpMod:                2,
	OpEq:                 2,
	OpNotEq:              2,
	OpGt:                 2,
	OpGtEq:               2,
	OpLt:                 2,
	OpLtEq:               2,
	OpLike:               2,
	OpILike:              2,
	OpNotLike:            2,
	OpNotILike:           2,
	OpIn:                 2,
	OpNotIn:              2,
	OpRegex:              2,
	OpNotRegex:           2,
	OpIRegex:             2,
	OpNotIRegex:          2,
	OpPop:                1,
	OpSetLocal:           1,
	OpReturn:             1,
	OpJumpIfFalse:        1,
	OpGetProperty:        2,
	OpSetProperty:        3,
	OpJumpIfStackNotNull: 1,
	OpGetPropertyNullish: 2,
	OpThrow:              1,
	OpClosure:            1,
	OpSetUpvalue:         1,
	OpCloseUpvalue:       1,
}
