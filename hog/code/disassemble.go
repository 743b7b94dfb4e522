package code

import (
	"fmt"
	"strings"
)

// Disassemble is the bytecode as text, one instruction a line: index of the token, name, operands, and for jumps the
// index they lead to. It goes on after tokens that are no opcode.
func (b Bytecode) Disassemble() string {
	var out strings.Builder
	_, ip, err := b.Header()
	if err != nil {
		return err.Error() + "\n"
	}
	for ip < len(b.Tokens) {
		ip = b.disassembleAt(&out, ip)
	}
	return out.String()
}

func (b Bytecode) disassembleAt(out *strings.Builder, ip int) int {
	op, ok := opAt(b.Tokens, ip)
	if !ok {
		fmt.Fprintf(out, "%5d  ?  %v\n", ip, b.Tokens[ip])
		return ip + 1
	}
	fmt.Fprintf(out, "%5d  %s", ip, op)
	ip++
	count := 0
	for _, kind := range op.Operands() {
		if kind == OperandPairs {
			for range 2 * min(count, (len(b.Tokens)-ip)/2) {
				fmt.Fprintf(out, " %v", b.Tokens[ip])
				ip++
			}
			continue
		}
		if ip >= len(b.Tokens) {
			out.WriteString(" ?")
			break
		}
		t := b.Tokens[ip]
		ip++
		switch kind {
		case OperandOffset:
			fmt.Fprintf(out, " -> %d", ip+offset(t))
		case OperandName, OperandText:
			fmt.Fprintf(out, " %q", fmt.Sprint(t))
		default:
			count = max(asNumber(t), 0)
			fmt.Fprintf(out, " %v", t)
		}
	}
	out.WriteByte('\n')
	return ip
}

// opAt is the opcode that a token stands for.
func opAt(tokens []any, ip int) (Op, bool) {
	if ip < 0 || ip >= len(tokens) {
		return 0, false
	}
	n := asNumber(tokens[ip])
	return Op(n), n > 0 && n < OpCount
}

// offset is the operand of a jump.
func offset(t any) int {
	switch t := t.(type) {
	case int64:
		return int(t)
	case int:
		return t
	case float64:
		return int(t)
	case Op:
		return int(t)
	}
	return 0
}
