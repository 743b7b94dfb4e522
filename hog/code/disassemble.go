package code

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Disassemble is the bytecode as text, one instruction a line: the index of its first token, its name and its operands.
// Jumps lead to labels, which stand before the instruction they name, and bodies of functions are indented. Where the
// source is known, its line stands beside the first instruction that comes from it. It goes on after tokens that are no
// opcode.
func (b Bytecode) Disassemble() string {
	_, start, err := b.Header()
	if err != nil {
		return err.Error() + "\n"
	}
	d := disassembler{Bytecode: b, labels: b.labels(start), lines: newLineIndex(b.Source)}
	for ip := start; ip < len(b.Tokens); {
		ip = d.instruction(ip)
	}
	if label := d.labels[len(b.Tokens)]; label != "" {
		fmt.Fprintf(&d.out, "%-*s %5d  end\n", labelWidth, label+":", len(b.Tokens))
	}
	return d.out.String()
}

// Columns of a listing.
const (
	labelWidth  = 5
	sourceAt    = 48 // where the source begins, when the instruction leaves room
	sourceWidth = 100
)

type disassembler struct {
	Bytecode
	labels map[int]string
	lines  lineIndex
	bodies []int // ends of the function bodies that are open
	shown  int   // the source line shown last
	out    strings.Builder
}

// instruction writes the instruction at ip and returns where the next one is.
func (d *disassembler) instruction(ip int) int {
	for len(d.bodies) > 0 && d.bodies[len(d.bodies)-1] <= ip {
		d.bodies = d.bodies[:len(d.bodies)-1]
	}
	label := d.labels[ip]
	if label != "" {
		label += ":"
	}
	line := fmt.Sprintf("%-*s %5d  %s", labelWidth, label, ip, strings.Repeat("  ", len(d.bodies)))
	op, ok := opAt(d.Tokens, ip)
	next := ip + 1
	if ok {
		var operands string
		operands, next = d.operands(op, next)
		line += op.String() + operands
	} else {
		line += "?  " + spelled(d.Tokens[ip])
	}
	d.out.WriteString(d.beside(line, ip))
	d.out.WriteByte('\n')
	return next
}

// operands is the text of an instruction's operands, each after a space, and the index of the token after them.
func (d *disassembler) operands(op Op, ip int) (text string, next int) {
	var out strings.Builder
	count := 0
	for _, kind := range op.Operands() {
		if kind == OperandPairs {
			for range min(count, (len(d.Tokens)-ip)/2) {
				fmt.Fprintf(&out, " %s %s", captured(d.Tokens[ip]), spelled(d.Tokens[ip+1]))
				ip += 2
			}
			continue
		}
		if ip >= len(d.Tokens) {
			out.WriteString(" ?")
			break
		}
		t := d.Tokens[ip]
		ip++
		if kind == OperandOffset {
			to := target(op, ip-1, t)
			fmt.Fprintf(&out, " -> %s", d.label(to))
			if (op == OpCallable || op == OpDeclareFn) && to > ip {
				d.bodies = append(d.bodies, to)
			}
			continue
		}
		count = max(asNumber(t), 0)
		out.WriteString(" " + spelled(t))
	}
	return out.String(), ip
}

func (d *disassembler) label(target int) string {
	if name := d.labels[target]; name != "" {
		return name
	}
	return fmt.Sprintf("token %d", target)
}

// spelled is a token as it stands in the bytecode.
func spelled(t any) string {
	text, err := appendToken(nil, t, false)
	if err != nil {
		return fmt.Sprint(t)
	}
	return string(text)
}

func captured(isLocal any) string {
	if isTrue(isLocal) {
		return "local"
	}
	return "upvalue"
}

// beside adds the source line of the token at ip when it is another than the one before.
func (d *disassembler) beside(line string, ip int) string {
	if ip >= len(d.Offsets) {
		return line
	}
	n := d.lines.number(int(d.Offsets[ip]))
	if n == 0 || n == d.shown {
		return line
	}
	d.shown = n
	room := max(sourceAt-utf8.RuneCountInString(line), 1)
	return line + strings.Repeat(" ", room) + fmt.Sprintf("; %d: %s", n, d.lines.line(n))
}

// labels names the instructions that jumps lead to, in their order.
func (b Bytecode) labels(start int) map[int]string {
	targets := make([]bool, len(b.Tokens)+1)
	starts := make([]bool, len(b.Tokens)+1)
	starts[len(b.Tokens)] = true
	for ip := start; ip < len(b.Tokens); {
		starts[ip] = true
		op, _ := opAt(b.Tokens, ip)
		ip++
		count := 0
		for _, kind := range op.Operands() {
			switch {
			case kind == OperandPairs:
				ip += 2 * min(count, max(len(b.Tokens)-ip, 0)/2)
				continue
			case ip >= len(b.Tokens):
				continue
			case kind == OperandOffset:
				if to := target(op, ip, b.Tokens[ip]); to >= 0 && to < len(targets) {
					targets[to] = true
				}
			default:
				count = max(asNumber(b.Tokens[ip]), 0)
			}
			ip++
		}
	}
	names := map[int]string{}
	for at, is := range targets {
		if is && starts[at] {
			names[at] = fmt.Sprintf("L%d", len(names)+1)
		}
	}
	return names
}

// target is where the offset at an index leads to: it counts from the token after it, but that of TRY from its own.
func target(op Op, at int, t any) int {
	if op == OpTry {
		return at + offset(t)
	}
	return at + 1 + offset(t)
}

// opAt is the opcode that a token stands for.
func opAt(tokens []any, ip int) (Op, bool) {
	if ip < 0 || ip >= len(tokens) {
		return 0, false
	}
	n := asNumber(tokens[ip])
	if n <= 0 || n >= OpCount {
		return 0, false
	}
	return Op(n), true
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
