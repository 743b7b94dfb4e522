package code

import "testing"

// TestFuse pins which sequences become one instruction; the numbers are opcodes and operands of portable bytecode.
func TestFuse(t *testing.T) {
	for text, want := range map[string]struct {
		op    Op
		steps uint8
	}{
		`36,0,36,1,6,35`:         {OpSlotSlot, 3},         // GET_LOCAL GET_LOCAL PLUS
		`33,1,36,0,6,37,0`:       {OpSlotConstSet, 4},     // INTEGER GET_LOCAL PLUS SET_LOCAL
		`33,1,36,0,6,37,0,39,-9`: {OpSlotConstSetJump, 5}, // and JUMP
		`36,0,33,2,8,38`:         {OpConstSlot, 3},        // GET_LOCAL INTEGER MULTIPLY
		`36,0,36,1,8,6,35`:       {OpSlotSlotTop, 4},      // GET_LOCAL GET_LOCAL MULTIPLY PLUS
		`33,9,36,0,15,40,0`:      {OpSlotConstJump, 4},    // INTEGER GET_LOCAL LT JUMP_IF_FALSE
		`15,40,0`:                {OpTopTopJump, 2},       // LT JUMP_IF_FALSE
		`3,2,40,0`:               {OpLogicJump, 2},        // AND JUMP_IF_FALSE
		`36,0,32,"plan",45,35`:   {OpSlotProperty, 3},     // GET_LOCAL STRING GET_PROPERTY
		`32,"plan",45,35`:        {OpTopProperty, 2},      // STRING GET_PROPERTY
		`36,0,36,1,45,35`:        {OpSlotItem, 3},         // GET_LOCAL GET_LOCAL GET_PROPERTY
		`36,0,37,1`:              {OpMove, 2},             // GET_LOCAL SET_LOCAL
		`36,0,38`:                {OpReturnSlot, 2},       // GET_LOCAL RETURN
		`36,0,54,1`:              {OpCallSlot, 2},         // GET_LOCAL CALL_LOCAL
		`55,0,54,1`:              {OpCallUpvalue, 2},      // GET_UPVALUE CALL_LOCAL
		`32,"a",36,0,35`:         {OpPush2, 2},            // STRING GET_LOCAL
		`32,"a",36,0,6,35`:       {OpConst, 1},            // a text is no operand of arithmetic here
		`33,7,36,0,10,35`:        {OpPush2, 2},            // the remainder is a plain instruction
		`36,70000,36,1,6,35`:     {OpGetLocal, 1},         // too large for the operand
		`33,1,36,0,6,35`:         {OpSlotConst, 3},
		`36,0,6,35`:              {OpSlotTop, 2},
		`33,1,9,35`:              {OpConstTop, 2},
		`8,37,0`:                 {OpTopTopSet, 2},
	} {
		p, err := Load(decode(t, `["_H",1,`+text+`]`))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if in := p.Fused[0]; in.Op != want.op || in.Steps != want.steps {
			t.Errorf("%s\n got opcode %d for %d steps\nwant opcode %d for %d", text, in.Op, in.Steps, want.op, want.steps)
		}
		for i := range p.Code {
			if p.Plain().Fused[i] != p.Code[i] {
				t.Errorf("%s: the plain program differs at %d", text, i)
			}
		}
	}
}
