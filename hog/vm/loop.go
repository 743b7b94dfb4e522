package vm

import (
	"math"

	"github.com/prickle-dev/prickle/hog/code"
)

// run executes instructions until the program ends or fails. The hot state lives in locals. The cases below are what
// instructions do as a rule; a case that does not continue has done nothing, and step runs the plain instruction with all
// that it may need: checks, growth, errors, calls.
func (m *machine) run() (Value, error) {
	prog, consts := m.program.code.Fused, m.program.consts
	stack, sp, ip, base := m.stack, m.sp, m.ip, m.base
	fuel := m.fuel
	for {
		in := &prog[ip]
		ip++
		fuel -= int64(in.Steps)
		if fuel < 0 || sp+int(in.Room) > len(stack) || sp < int(in.Need) {
			goto slow
		}
		switch in.Op {
		case code.OpConst:
			stack[sp] = consts[in.A]
			sp++
			continue
		case code.OpTrue, code.OpFalse:
			stack[sp] = Bool(in.Op == code.OpTrue)
			sp++
			continue
		case code.OpNull:
			stack[sp] = Value{}
			sp++
			continue
		case code.OpPop:
			sp--
			continue
		case code.OpGetLocal:
			if i := base + int(in.A); i < sp {
				stack[sp] = stack[i]
			} else {
				stack[sp] = Value{}
			}
			sp++
			continue
		case code.OpSetLocal:
			if i := base + int(in.A); i < sp-1 {
				sp--
				stack[i] = stack[sp]
				continue
			}
		case code.OpJump:
			ip = int(in.A)
			continue
		case code.OpJumpIfFalse:
			sp--
			if !stack[sp].Truthy() {
				ip = int(in.A)
			}
			continue
		case code.OpJumpIfStackNotNull:
			if !stack[sp-1].IsNull() {
				ip = int(in.A)
			}
			continue
		case code.OpPlus:
			if a, b := &stack[sp-1], &stack[sp-2]; a.IsNumber() && b.IsNumber() {
				b.setNumber(a.num() + b.num())
				sp--
				continue
			}
		case code.OpMinus:
			if a, b := &stack[sp-1], &stack[sp-2]; a.IsNumber() && b.IsNumber() {
				b.setNumber(a.num() - b.num())
				sp--
				continue
			}
		case code.OpMultiply:
			if a, b := &stack[sp-1], &stack[sp-2]; a.IsNumber() && b.IsNumber() {
				b.setNumber(a.num() * b.num())
				sp--
				continue
			}
		case code.OpDivide:
			if a, b := &stack[sp-1], &stack[sp-2]; a.IsNumber() && b.IsNumber() {
				b.setNumber(a.num() / b.num())
				sp--
				continue
			}
		case code.OpMod:
			if a, b := &stack[sp-1], &stack[sp-2]; a.IsNumber() && b.IsNumber() {
				b.setNumber(mod(a.num(), b.num()))
				sp--
				continue
			}
		case code.OpEq:
			if equal, ok := quickEqual(stack[sp-1], stack[sp-2]); ok {
				sp--
				stack[sp-1] = Bool(equal)
				continue
			}
		case code.OpNotEq:
			if equal, ok := quickEqual(stack[sp-1], stack[sp-2]); ok {
				sp--
				stack[sp-1] = Bool(!equal)
				continue
			}
		case code.OpLt:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() < b.num())
				continue
			}
		case code.OpLtEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() <= b.num())
				continue
			}
		case code.OpGt:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() > b.num())
				continue
			}
		case code.OpGtEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() >= b.num())
				continue
			}
		case code.OpNot:
			stack[sp-1] = Bool(!stack[sp-1].Truthy())
			continue
		case code.OpGetProperty:
			if v, ok := quickProperty(stack[sp-2], stack[sp-1]); ok {
				sp--
				stack[sp-1] = v
				continue
			}
		case code.OpSetProperty:
			if m.room >= 0 {
				if place := m.settable(stack[sp-3], stack[sp-2], fuel); place != nil {
					*place = stack[sp-1]
					sp -= 3
					continue
				}
			}
		case code.OpReadGlobal:
			if m.known[in.A] {
				stack[sp] = m.globals[in.A]
				sp++
				continue
			}
		case code.OpCallGlobal:
			if b := m.directCall(in.A, int(in.B), sp); b != nil {
				m.sp, m.ip, m.fuel = sp, ip, fuel
				if err := m.callLibrary(b, int(in.B)); err != nil {
					if err = m.catch(err); err != nil {
						return Value{}, err
					}
				}
				stack, sp, ip, base, fuel = m.stack, m.sp, m.ip, m.base, m.fuel
				continue
			}
		case code.OpCallUpvalue:
			if f := m.frames[len(m.frames)-1].fn; f != nil && int(in.C) < len(f.cells) {
				callee := f.cells[in.C].value
				if c := f.cells[in.C]; c.open && int(c.slot) < sp && c.ownedBy(m) {
					callee = stack[c.slot]
				}
				if at, to, ok := m.enterAt(callee, int(in.B), sp, ip+1); ok {
					base, ip = at, to
					continue
				}
			}
		case code.OpCallSlot:
			if l := base + int(in.C); l < sp {
				if at, to, ok := m.enterAt(stack[l], int(in.B), sp, ip+1); ok {
					base, ip = at, to
					continue
				}
			}
		case code.OpReturnSlot:
			if l := base + int(in.C); l < sp {
				if at, to, ok := m.leaveAt(sp); ok {
					stack[base] = stack[l]
					sp, base, ip = base+1, at, to
					continue
				}
			}
		case code.OpReturn:
			if at, to, ok := m.leaveAt(sp - 1); ok {
				stack[base] = stack[sp-1]
				sp, base, ip = base+1, at, to
				continue
			}
		case code.OpSlotSlot:
			if l, r := base+int(in.C), base+int(in.B); l < sp && r < sp && stack[l].IsNumber() && stack[r].IsNumber() {
				if in.Sub < code.OpEq {
					stack[sp] = Number(arithmetic(in.Sub, stack[l].num(), stack[r].num()))
				} else {
					stack[sp] = Bool(holds(in.Sub, stack[l].num(), stack[r].num()))
				}
				sp++
				ip += 2
				continue
			}
		case code.OpSlotConst:
			if l, r := base+int(in.C), &consts[in.B]; l < sp && stack[l].IsNumber() {
				if in.Sub < code.OpEq {
					stack[sp] = Number(arithmetic(in.Sub, stack[l].num(), r.num()))
				} else {
					stack[sp] = Bool(holds(in.Sub, stack[l].num(), r.num()))
				}
				sp++
				ip += 2
				continue
			}
		case code.OpConstSlot:
			if l, r := &consts[in.C], base+int(in.B); r < sp && stack[r].IsNumber() {
				if in.Sub < code.OpEq {
					stack[sp] = Number(arithmetic(in.Sub, l.num(), stack[r].num()))
				} else {
					stack[sp] = Bool(holds(in.Sub, l.num(), stack[r].num()))
				}
				sp++
				ip += 2
				continue
			}
		case code.OpSlotTop:
			if l, r := base+int(in.C), &stack[sp-1]; l < sp && stack[l].IsNumber() && r.IsNumber() {
				if in.Sub < code.OpEq {
					stack[sp-1] = Number(arithmetic(in.Sub, stack[l].num(), r.num()))
				} else {
					stack[sp-1] = Bool(holds(in.Sub, stack[l].num(), r.num()))
				}
				ip += 1
				continue
			}
		case code.OpConstTop:
			if l, r := &consts[in.C], &stack[sp-1]; r.IsNumber() {
				if in.Sub < code.OpEq {
					stack[sp-1] = Number(arithmetic(in.Sub, l.num(), r.num()))
				} else {
					stack[sp-1] = Bool(holds(in.Sub, l.num(), r.num()))
				}
				ip += 1
				continue
			}
		case code.OpSlotSlotTop:
			l, r, t := base+int(in.C), base+int(in.B), &stack[sp-1]
			if l < sp && r < sp && stack[l].IsNumber() && stack[r].IsNumber() && t.IsNumber() {
				t.setNumber(arithmetic(code.Op(in.A), arithmetic(in.Sub, stack[l].num(), stack[r].num()), t.num()))
				ip += 3
				continue
			}
		case code.OpConstSlotTop:
			if l, r, t := &consts[in.C], base+int(in.B), &stack[sp-1]; r < sp && stack[r].IsNumber() && t.IsNumber() {
				t.setNumber(arithmetic(code.Op(in.A), arithmetic(in.Sub, l.num(), stack[r].num()), t.num()))
				ip += 3
				continue
			}
		case code.OpSlotSlotSet:
			if l, r := base+int(in.C), base+int(in.B); l < sp && r < sp && stack[l].IsNumber() && stack[r].IsNumber() && base+int(in.A) < sp {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, stack[l].num(), stack[r].num()))
				ip += 3
				continue
			}
		case code.OpSlotConstSet:
			if l, r := base+int(in.C), &consts[in.B]; l < sp && stack[l].IsNumber() && base+int(in.A) < sp {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, stack[l].num(), r.num()))
				ip += 3
				continue
			}
		case code.OpConstSlotSet:
			if l, r := &consts[in.C], base+int(in.B); r < sp && stack[r].IsNumber() && base+int(in.A) < sp {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, l.num(), stack[r].num()))
				ip += 3
				continue
			}
		case code.OpSlotTopSet:
			if l, r := base+int(in.C), &stack[sp-1]; l < sp && stack[l].IsNumber() && r.IsNumber() && base+int(in.A) < sp-1 {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, stack[l].num(), r.num()))
				sp -= 1
				ip += 2
				continue
			}
		case code.OpConstTopSet:
			if l, r := &consts[in.C], &stack[sp-1]; r.IsNumber() && base+int(in.A) < sp-1 {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, l.num(), r.num()))
				sp -= 1
				ip += 2
				continue
			}
		case code.OpTopTopSet:
			if l, r := &stack[sp-1], &stack[sp-2]; l.IsNumber() && r.IsNumber() && base+int(in.A) < sp-2 {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, l.num(), r.num()))
				sp -= 2
				ip += 1
				continue
			}
		case code.OpSlotSlotJump:
			if l, r := base+int(in.C), base+int(in.B); l < sp && r < sp && stack[l].IsNumber() && stack[r].IsNumber() {
				if ip += 3; !holds(in.Sub, stack[l].num(), stack[r].num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpSlotConstJump:
			if l, r := base+int(in.C), &consts[in.B]; l < sp && stack[l].IsNumber() {
				if ip += 3; !holds(in.Sub, stack[l].num(), r.num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpConstSlotJump:
			if l, r := &consts[in.C], base+int(in.B); r < sp && stack[r].IsNumber() {
				if ip += 3; !holds(in.Sub, l.num(), stack[r].num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpSlotTopJump:
			if l, r := base+int(in.C), &stack[sp-1]; l < sp && stack[l].IsNumber() && r.IsNumber() {
				sp -= 1
				if ip += 2; !holds(in.Sub, stack[l].num(), r.num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpConstTopJump:
			if l, r := &consts[in.C], &stack[sp-1]; r.IsNumber() {
				sp -= 1
				if ip += 2; !holds(in.Sub, l.num(), r.num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpTopTopJump:
			if l, r := &stack[sp-1], &stack[sp-2]; l.IsNumber() && r.IsNumber() {
				sp -= 2
				if ip += 1; !holds(in.Sub, l.num(), r.num()) {
					ip = int(in.A)
				}
				continue
			}
		case code.OpSlotConstSetJump:
			if l, r := base+int(in.C), &consts[in.B]; l < sp && stack[l].IsNumber() && base+int(in.A) < sp {
				stack[base+int(in.A)].setNumber(arithmetic(in.Sub, stack[l].num(), r.num()))
				ip = int(prog[ip+3].A)
				continue
			}
		case code.OpPush2:
			l, r := base+int(in.C), base+int(in.A)
			switch {
			case code.Op(in.B) == code.OpConst:
				stack[sp] = consts[in.C]
			case l < sp:
				stack[sp] = stack[l]
			default:
				stack[sp] = Value{}
			}
			sp++
			switch {
			case in.Sub == code.OpConst:
				stack[sp] = consts[in.A]
			case r < sp:
				stack[sp] = stack[r]
			default:
				stack[sp] = Value{}
			}
			sp++
			ip++
			continue
		case code.OpMove:
			if from, to := base+int(in.C), base+int(in.A); from < sp && to < sp {
				stack[to] = stack[from]
				ip++
				continue
			}
		case code.OpLogicJump:
			sp -= int(in.B)
			if ip++; !logic(in.Sub == code.OpOr, stack[sp:sp+int(in.B)]) {
				ip = int(in.A)
			}
			continue
		case code.OpSlotItem:
			if l, r := base+int(in.C), base+int(in.A); l < sp && r < sp {
				if v, ok := quickProperty(stack[l], stack[r]); ok {
					stack[sp] = v
					sp++
					ip += 2
					continue
				}
			}
		case code.OpSlotProperty:
			if l := base + int(in.C); l < sp {
				if v, ok := quickProperty(stack[l], consts[in.A]); ok {
					stack[sp] = v
					sp++
					ip += 2
					continue
				}
			}
		case code.OpTopProperty:
			if v, ok := quickProperty(stack[sp-1], consts[in.A]); ok {
				stack[sp-1] = v
				ip++
				continue
			}
		}
	slow:
		m.sp, m.ip, m.fuel = sp, ip, fuel+int64(in.Steps)
		if v, done, err := m.step(); done || err != nil {
			return v, err
		}
		stack, sp, ip, base, fuel = m.stack, m.sp, m.ip, m.base, m.fuel
	}
}

// quickText is how long texts may be that are looked at without counting it as work.
const quickText = 32

// quickEqual is the operator == of two numbers or two short texts; ok tells whether they are.
func quickEqual(a, b Value) (equal, ok bool) {
	if a.IsNumber() && b.IsNumber() {
		return a.num() == b.num(), true
	}
	if a.Kind() != KindString || b.Kind() != KindString || len(a.str()) > quickText || len(b.str()) > quickText {
		return false, false
	}
	return a.str() == b.str(), true
}

// quickProperty is the property of a dictionary with a short name, or the item of an array that has it; ok tells whether
// it is one of these.
func quickProperty(obj, key Value) (v Value, ok bool) {
	if obj.Kind() == KindDict && key.Kind() == KindString && len(key.str()) <= quickText {
		v, _ = obj.dict().Get(key)
		return v, true
	}
	if item := itemOf(obj, key); item != nil {
		return *item, true
	}
	return Value{}, false
}

// settable is where an array has an item that is there, or a dictionary the value of a text, which it gets if it is new;
// else nil. It counts what that takes as work and memory. When there is too little left of either it is nil, too.
func (m *machine) settable(obj, key Value, fuel int64) *Value {
	if obj.Kind() != KindDict || key.Kind() != KindString {
		return itemOf(obj, key)
	}
	s := key.str()
	work := m.work + int64(len(s))
	if work>>burnShift > fuel {
		return nil
	}
	d, mark, i := obj.dict(), markOf(s), -1
	if d.marks&mark != 0 {
		i = d.find(key)
	}
	if i < 0 {
		before := d.size()
		d.marks |= mark
		d.add(key, Value{})
		if m.room -= int64(d.size() - before); m.room < 0 {
			return nil // the plain instruction finds the key, and that there is no room
		}
		i = len(d.entries) - 1
	}
	m.work = work
	return &d.entries[i].value
}

// itemOf is the item of an array at a whole number from 1 on, or nil for everything else.
func itemOf(list, index Value) *Value {
	if list.Kind() != KindArray || !index.IsNumber() {
		return nil
	}
	items, f := list.array().Items, index.num()
	if i := int(f) - 1; i >= 0 && i < len(items) && float64(i+1) == f {
		return &items[i]
	}
	return nil
}

// logic is and or or of the values.
func logic(or bool, values []Value) bool {
	for _, v := range values {
		if v.Truthy() == or {
			return or
		}
	}
	return !or
}

// arithmetic is + - * / of two numbers.
func arithmetic(op code.Op, a, b float64) float64 {
	switch op {
	case code.OpPlus:
		return a + b
	case code.OpMinus:
		return a - b
	case code.OpMultiply:
		return a * b
	}
	return a / b
}

// holds is a comparison of two numbers.
func holds(op code.Op, a, b float64) bool {
	switch op {
	case code.OpLt:
		return a < b
	case code.OpLtEq:
		return a <= b
	case code.OpGt:
		return a > b
	case code.OpGtEq:
		return a >= b
	case code.OpEq:
		return a == b
	}
	return a != b
}

// mod is the remainder with the sign of a.
func mod(a, b float64) float64 {
	if a >= 0 && b > 0 && a <= 1<<53 && b <= 1<<53 {
		if x, y := int64(a), int64(b); float64(x) == a && float64(y) == b {
			return float64(x % y)
		}
	}
	return math.Mod(a, b)
}
