package vm

import (
	"math"

	"github.com/prickle-dev/prickle/hog/code"
)

// run executes instructions until the program ends or fails. The hot state lives in locals; every case that may fail,
// call, grow the stack or account for memory first writes it back (m.sp, m.ip), leaves the switch, and reads it again.
func (m *machine) run() (Value, error) {
	prog, consts := m.program.code.Code, m.program.consts
	stack, sp, ip, base := m.stack, m.sp, m.ip, m.base
	for {
		in := prog[ip]
		ip++
		var err error
		if m.fuel--; m.fuel < 0 || sp >= len(stack) || sp < int(in.Need) {
			m.sp, m.ip = sp, ip
			if err = m.prepare(in); err != nil {
				return Value{}, err
			}
			stack = m.stack
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
			sp--
			if i := base + int(in.A); i < sp {
				stack[i] = stack[sp]
				continue
			}
			m.ip, err = ip, errUnderflow
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
			sp--
			stack[sp-1] = Number(toNumber(stack[sp]) + toNumber(stack[sp-1]))
			continue
		case code.OpMinus:
			sp--
			stack[sp-1] = Number(toNumber(stack[sp]) - toNumber(stack[sp-1]))
			continue
		case code.OpMultiply:
			sp--
			stack[sp-1] = Number(toNumber(stack[sp]) * toNumber(stack[sp-1]))
			continue
		case code.OpDivide:
			sp--
			stack[sp-1] = Number(toNumber(stack[sp]) / toNumber(stack[sp-1]))
			continue
		case code.OpMod:
			sp--
			stack[sp-1] = Number(mod(toNumber(stack[sp]), toNumber(stack[sp-1])))
			continue
		case code.OpEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() == b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpNotEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() != b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpLt:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() < b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpLtEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() <= b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpGt:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() > b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpGtEq:
			if a, b := stack[sp-1], stack[sp-2]; a.IsNumber() && b.IsNumber() {
				sp--
				stack[sp-1] = Bool(a.num() >= b.num())
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.compare(in.Op)
		case code.OpNot:
			stack[sp-1] = Bool(!stack[sp-1].Truthy())
			continue
		case code.OpGetProperty:
			sp--
			var v Value
			if v, err = getProperty(stack[sp-1], stack[sp]); err == nil {
				stack[sp-1] = v
				continue
			}
			m.ip = ip
		case code.OpReadGlobal:
			if m.known[in.A] {
				stack[sp] = m.globals[in.A]
				sp++
				continue
			}
			m.sp, m.ip = sp, ip
			err = m.readGlobal(int(in.A))
		case code.OpReturn, code.OpEnd:
			var v Value
			if in.Op == code.OpReturn || len(m.frames) == 1 && sp > 0 {
				sp--
				v = stack[sp]
			}
			m.sp, m.ip = sp, ip
			if len(m.frames) == 1 {
				return v, nil
			}
			err = m.leave(v)
		default:
			m.sp, m.ip = sp, ip
			err = m.execute(in)
		}
		if err != nil {
			if err = m.catch(err); err != nil {
				return Value{}, err
			}
		}
		stack, sp, ip, base = m.stack, m.sp, m.ip, m.base
	}
}

// prepare makes the machine ready for an instruction that cannot run at once: the fuel is used up, the stack is full or
// too short.
func (m *machine) prepare(in code.Instr) error {
	if m.fuel < 0 {
		m.fuel = 0
		if err := m.check(); err != nil {
			return err
		}
		m.fuel--
	}
	if m.sp >= len(m.stack) {
		m.grow()
		if err := m.charge(0); err != nil {
			return err
		}
	}
	if m.sp < int(in.Need) {
		return errEmptyStack
	}
	return nil
}

func toNumber(v Value) float64 {
	if v.IsNumber() {
		return v.num()
	}
	return ToNumber(v)
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
