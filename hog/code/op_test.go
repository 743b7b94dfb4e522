package code

import (
	"strings"
	"testing"
)

// TestOpTables walks every table, so that no opcode is half added.
func TestOpTables(t *testing.T) {
	seen := map[string]Op{}
	for n := 1; n < OpCount; n++ {
		op := Op(n)
		name := op.String()
		if !op.Valid() || name == "" || name == "UNKNOWN" || name != strings.ToUpper(name) {
			t.Errorf("opcode %d has no proper name: %q", n, name)
		}
		if other, ok := seen[name]; ok {
			t.Errorf("opcodes %d and %d share the name %s", other, n, name)
		}
		seen[name] = op
		for _, kind := range op.Operands() {
			if kind < OperandCount || kind > OperandPairs {
				t.Errorf("%s has an unknown operand kind %d", name, kind)
			}
		}
		if jumps := hasOffset(op) || op == OpCallable || op == OpDeclareFn; jumps != hasKind(op, OperandOffset) {
			t.Errorf("%s: jumps is %v but its operands say otherwise", name, jumps)
		}
	}
	for _, n := range []int{0, OpCount, 255} {
		if op := Op(n); op.Valid() || op.Operands() != nil || op.String() != "UNKNOWN" {
			t.Errorf("%d is taken for an opcode", n)
		}
	}
}

func hasKind(op Op, kind Operand) bool {
	for _, k := range op.Operands() {
		if k == kind {
			return true
		}
	}
	return false
}

// TestOpNumbers pins the numbers that are on the wire.
func TestOpNumbers(t *testing.T) {
	for op, want := range map[Op]int{
		OpGetGlobal: 1, OpPlus: 6, OpEq: 11, OpLike: 17, OpRegex: 23, OpTrue: 29, OpString: 32, OpPop: 35, OpReturn: 38,
		OpJump: 39, OpDeclareFn: 41, OpDict: 42, OpTuple: 44, OpThrow: 49, OpCallable: 52, OpCallLocal: 54,
		OpCloseUpvalue: 57,
	} {
		if int(op) != want {
			t.Errorf("%s:\n got %d\nwant %d", op, op, want)
		}
	}
}
