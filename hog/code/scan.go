package code

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

var errTruncated = errors.New("Unexpected end of bytecode") //nolint:staticcheck // the reference's text

// instruction is one decoded portable instruction.
type instruction struct {
	op       Op // 0 for a null token, which does nothing
	operands []any
	next     int // index of the token after it
	jump     int // where it may jump, or -1
	body     int // where the function that it declares starts, or -1
	fault    error
}

// ends reports whether the instruction never goes on with the next one.
func (in instruction) ends() bool {
	return in.op == OpJump || in.op == OpReturn || in.op == OpThrow || in.op == OpFault
}

// scanner finds the instructions that a program can reach. Portable jumps may lead anywhere, even into operands, and
// the reference runs what it finds there; following the jumps keeps that meaning.
type scanner struct {
	tokens []any
	start  int
	found  map[int]instruction
	target []bool // by token: a jump or a call leads here
	work   []int
	faulty []int // where lines start that end in a fault
}

func (s *scanner) scan() error {
	s.found = make(map[int]instruction, len(s.tokens)/2)
	s.target = make([]bool, len(s.tokens)+1)
	if err := s.follow(s.start); err != nil {
		return err
	}
	for len(s.work) > 0 {
		ip := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		if err := s.line(ip); err != nil {
			return err
		}
	}
	return s.refuse()
}

// refuse fails for faults that an ordinary place leads to. The reference's compiler emits jumps that are one short, into
// the operands of an instruction; they matter only when they are taken, so a fault behind such a jump is kept.
func (s *scanner) refuse() error {
	if len(s.faulty) == 0 {
		return nil
	}
	written := writtenStarts(s.tokens, s.start)
	for _, start := range s.faulty {
		if !written[start] {
			continue
		}
		for ip := start; ; ip = s.found[ip].next {
			if err := s.found[ip].fault; err != nil {
				return err
			}
		}
	}
	return nil
}

// writtenStarts marks where instructions start when the tokens are read from the first to the last, as a compiler wrote
// them, whether they can be reached or not.
func writtenStarts(tokens []any, start int) []bool {
	starts := make([]bool, len(tokens)+1)
	for ip := start; ip < len(tokens); {
		starts[ip] = true
		op, _ := opAt(tokens, ip)
		n := len(op.Operands())
		if op == OpClosure && ip+1 < len(tokens) {
			n = 1 + 2*min(max(asNumber(tokens[ip+1]), 0), len(tokens))
		}
		ip += 1 + n
	}
	return starts
}

// follow notes a place that something jumps to.
func (s *scanner) follow(ip int) error {
	if ip < s.start {
		return fmt.Errorf("jump to %d, which is outside of the bytecode", ip)
	}
	ip = min(ip, len(s.tokens))
	s.target[ip] = true
	s.work = append(s.work, ip)
	return nil
}

// line decodes from ip until an instruction that is known or that does not go on.
func (s *scanner) line(ip int) error {
	start := ip
	for ip < len(s.tokens) {
		if _, ok := s.found[ip]; ok {
			return nil
		}
		in, fault := s.decode(ip)
		if fault != nil {
			in = instruction{op: OpFault, fault: fault, jump: -1, body: -1}
			s.faulty = append(s.faulty, start)
		}
		s.found[ip] = in
		if in.body >= 0 {
			if err := s.follow(in.body); err != nil {
				return err
			}
		}
		if in.jump >= 0 || in.op == OpJump {
			if err := s.follow(in.jump); err != nil {
				return err
			}
		}
		if in.ends() {
			return nil
		}
		ip = in.next
	}
	return nil
}

func (s *scanner) decode(ip int) (instruction, error) {
	in := instruction{next: ip + 1, jump: -1, body: -1}
	if s.tokens[ip] == nil {
		return in, nil
	}
	op, ok := opAt(s.tokens, ip)
	if !ok || op == OpInCohort || op == OpNotInCohort {
		return in, errUnexpected(s.tokens[ip])
	}
	in.op = op
	kinds := op.Operands()
	n := len(kinds)
	if op == OpClosure {
		if ip+1 >= len(s.tokens) {
			return in, errTruncated
		}
		pairs := asNumber(s.tokens[ip+1])
		if pairs < 0 || pairs > len(s.tokens) {
			return in, errTruncated
		}
		n = 1 + 2*pairs
	}
	in.next = ip + 1 + n
	if in.next > len(s.tokens) {
		return in, errTruncated
	}
	in.operands = s.tokens[ip+1 : in.next]
	return in, s.check(ip, &in)
}

// check validates the operands and works out the jump.
func (s *scanner) check(ip int, in *instruction) error {
	for i, kind := range in.op.Operands() {
		if kind == OperandPairs {
			return checkPairs(in)
		}
		if !validOperand(kind, in.operands[i]) {
			return fmt.Errorf("bad operand of %s at %d: %s", in.op, ip, jsonText(in.operands[i]))
		}
		if kind == OperandOffset {
			in.jump = in.next + offset(in.operands[i])
		}
	}
	switch in.op {
	case OpTry:
		in.jump-- // relative to its operand, unlike all others
	case OpCallable, OpDeclareFn:
		in.body = in.next
		// The body is skipped, never jumped over conditionally.
		in.next, in.jump = in.jump, -1
		if in.next < s.start || in.next > len(s.tokens) {
			return errTruncated
		}
		// Code after the body is reached from here, not by falling out of the body.
		return s.follow(in.next)
	}
	if in.jump < 0 && hasOffset(in.op) {
		return fmt.Errorf("jump to %d, which is outside of the bytecode", in.jump)
	}
	return nil
}

func hasOffset(op Op) bool {
	switch op {
	case OpJump, OpJumpIfFalse, OpJumpIfStackNotNull, OpTry:
		return true
	}
	return false
}

func checkPairs(in *instruction) error {
	for i := 1; i < len(in.operands); i += 2 {
		if n := asNumber(in.operands[i+1]); n < 0 || n >= maxOperand {
			return fmt.Errorf("Invalid upvalue index: %s", jsonText(in.operands[i+1])) //nolint:staticcheck // the reference's text
		}
	}
	return nil
}

// maxOperand bounds counts and offsets; no program is near it.
const maxOperand = 1 << 24

func validOperand(kind Operand, t any) bool {
	switch kind {
	case OperandName, OperandText:
		_, ok := t.(string)
		return ok
	case OperandNumber:
		switch t.(type) {
		case Op, int, int64, *big.Int, float64, bool:
			return true
		}
		return false
	case OperandOffset:
		n := offset(t)
		return (n != 0 || asNumber(t) == 0) && n > -maxOperand && n < maxOperand
	}
	n := asNumber(t)
	return n >= 0 && n < maxOperand
}

func errUnexpected(t any) error {
	return fmt.Errorf("Unexpected node while running bytecode in chunk \"root\": %s", tokenText(t)) //nolint:staticcheck // the reference's text
}

func tokenText(t any) string {
	if s, ok := t.(string); ok {
		return s
	}
	return jsonText(t)
}

func jsonText(t any) string {
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Sprint(t)
	}
	return string(text)
}
