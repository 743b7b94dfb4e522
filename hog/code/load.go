package code

import (
	"cmp"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
)

// Load turns portable bytecode into a program. It fails for bytecode that is malformed anywhere where a run could get
// to, with the reference's texts where it has any.
func Load(b Bytecode) (*Program, error) {
	version, start, err := b.Header()
	if err != nil {
		return nil, err
	}
	s := scanner{tokens: b.Tokens, start: start}
	if err := s.scan(); err != nil {
		return nil, err
	}
	l := loader{
		scanner: &s, bytecode: b, reversed: version == 0, consts: map[any]int32{}, calls: map[string]int32{},
		chains: map[string]int32{}, index: make([]int32, len(b.Tokens)+1),
		program: &Program{Source: b.Source, Tokens: b.Tokens, Reversed: version == 0},
	}
	if err := l.emitAll(start); err != nil {
		return nil, err
	}
	l.resolve()
	l.program.Fused = l.program.fuse()
	return l.program, nil
}

type loader struct {
	*scanner
	bytecode Bytecode
	reversed bool
	program  *Program
	consts   map[any]int32
	calls    map[string]int32
	chains   map[string]int32
	index    []int32 // instruction for each token that starts one
	jumps    []int32 // instructions whose A is still a token index
	entries  []int   // token index of each function's body
	texts    int     // how many of the last instructions push strings and are not jumped between
}

func (l *loader) emitAll(start int) error {
	p := l.program
	p.Functions = append(p.Functions, Function{Entry: 0, Call: -1})
	l.entries = append(l.entries, start)
	places := slices.Sorted(maps.Keys(l.found))
	for i, ip := range places {
		in := l.found[ip]
		if l.target[ip] {
			l.texts = 0
		}
		l.index[ip] = int32(len(p.Code))
		if err := l.emit(ip, in); err != nil {
			return err
		}
		following := len(l.tokens)
		if i+1 < len(places) {
			following = places[i+1]
		}
		if !in.ends() && in.next != following {
			l.jump(ip, Instr{Op: OpJump, B: addedJump}, in.next)
		}
	}
	l.index[len(l.tokens)] = int32(len(p.Code))
	l.push(len(l.tokens), Instr{Op: OpEnd})
	return nil
}

func (l *loader) push(ip int, in Instr) {
	in.Need, in.Room, in.Steps = opNeeds[in.Op], 1, 1
	l.program.Code = append(l.program.Code, in)
	l.program.Places = append(l.program.Places, int32(ip))
	if l.bytecode.Offsets == nil {
		return
	}
	place := int32(-1)
	if ip < len(l.bytecode.Offsets) {
		place = l.bytecode.Offsets[ip]
	}
	l.program.Offsets = append(l.program.Offsets, place)
}

// addedJump marks a jump that the loader put after an instruction; nothing else leads to it.
const addedJump = 1

func (l *loader) jump(ip int, in Instr, to int) {
	l.texts = 0
	l.jumps = append(l.jumps, int32(len(l.program.Code)))
	in.A = int32(to)
	l.push(ip, in)
}

func (l *loader) emit(ip int, in instruction) error {
	texts := l.texts
	l.texts = 0
	switch in.op {
	case 0:
		l.texts = texts
	case OpString:
		l.texts = texts + 1
		l.push(ip, Instr{Op: OpConst, A: l.constant(in.operands[0])})
	case OpInteger, OpFloat:
		l.push(ip, Instr{Op: OpConst, A: l.constant(toFloat(in.operands[0]))})
	case OpGetGlobal:
		l.global(ip, asNumber(in.operands[0]), texts)
	case OpCallGlobal:
		op := OpCallGlobal
		if l.reversed {
			op = OpCallGlobalReversed
		}
		argc := min(asNumber(in.operands[1]), 1<<16-1)
		l.push(ip, Instr{Op: op, A: l.call(in.operands[0].(string)), B: uint16(argc)})
	case OpJump, OpJumpIfFalse, OpJumpIfStackNotNull, OpTry:
		l.jump(ip, Instr{Op: in.op}, min(in.jump, len(l.tokens)))
	case OpCallable, OpDeclareFn:
		l.function(ip, in)
	case OpClosure:
		return l.closure(ip, in)
	case OpFault:
		l.push(ip, Instr{Op: OpFault, A: int32(len(l.program.Faults))})
		l.program.Faults = append(l.program.Faults, in.fault.Error())
	case OpCallLocal:
		l.push(ip, Instr{Op: in.op, B: uint16(min(asNumber(in.operands[0]), 1<<16-1))})
	case OpGetPropertyNullish:
		l.push(ip, Instr{Op: OpGetProperty})
	default:
		var a int32
		if len(in.operands) > 0 {
			a = int32(asNumber(in.operands[0]))
		}
		l.push(ip, Instr{Op: in.op, A: a})
	}
	return nil
}

// global folds the constants that name a chain into the read.
func (l *loader) global(ip, n, texts int) {
	p := l.program
	if n == 0 || n > texts {
		l.push(ip, Instr{Op: OpGetGlobal, A: int32(n)})
		return
	}
	first := len(p.Code) - n
	place := p.Places[first]
	chain := make([]string, 0, n)
	for i := len(p.Code) - 1; i >= first; i-- {
		chain = append(chain, p.Consts[p.Code[i].A].(string))
	}
	p.Code, p.Places = p.Code[:first], p.Places[:first]
	if p.Offsets != nil {
		p.Offsets = p.Offsets[:first]
	}
	key := chainKey(chain)
	at, ok := l.chains[key]
	if !ok {
		at = int32(len(p.Chains))
		l.chains[key] = at
		p.Chains = append(p.Chains, chain)
	}
	l.push(ip, Instr{Op: OpReadGlobal, A: at})
	p.Places[first] = place
}

// chainKey is a text that no other chain has, whatever is in the names.
func chainKey(chain []string) string {
	var key []byte
	for _, name := range chain {
		key = append(strconv.AppendInt(key, int64(len(name)), 10), ':')
		key = append(key, name...)
	}
	return string(key)
}

func (l *loader) function(ip int, in instruction) {
	p := l.program
	f := Function{Name: in.operands[0].(string), Args: asNumber(in.operands[1]), Call: -1}
	if in.op == OpCallable {
		f.Upvalues = asNumber(in.operands[2])
	} else {
		f.Call = l.call(f.Name)
	}
	l.push(ip, Instr{Op: in.op, A: int32(len(p.Functions))})
	p.Functions = append(p.Functions, f)
	l.entries = append(l.entries, in.body)
}

// closure folds a callable and its closure, which compilers put next to each other, around the body in between.
func (l *loader) closure(ip int, in instruction) error {
	captures := make([]Capture, 0, len(in.operands)/2)
	for i := 1; i < len(in.operands); i += 2 {
		captures = append(captures, Capture{Local: isTrue(in.operands[i]), Index: int32(asNumber(in.operands[i+1]))})
	}
	if len(captures) > 1<<16-1 {
		return fmt.Errorf("closure at %d captures too much", ip)
	}
	p := l.program
	l.push(ip, Instr{Op: OpClosure, A: int32(len(p.Captures)), B: uint16(len(captures))})
	p.Captures = append(p.Captures, captures...)
	return nil
}

// resolve turns token indexes into instruction indexes.
func (l *loader) resolve() {
	p := l.program
	for _, at := range l.jumps {
		p.Code[at].A = l.index[p.Code[at].A]
	}
	for i := range p.Functions {
		p.Functions[i].Entry = l.index[min(l.entries[i], len(l.tokens))]
	}
	l.fuseClosures()
}

// fuseClosures makes one instruction of a callable that jumps straight to a closure of the same size.
func (l *loader) fuseClosures() {
	p := l.program
	for i := range p.Code {
		in := &p.Code[i]
		if in.Op != OpCallable || i+1 >= len(p.Code) || p.Code[i+1].Op != OpJump || p.Code[i+1].B != addedJump {
			continue
		}
		f := &p.Functions[in.A]
		at := p.Code[i+1].A
		next := p.Code[at]
		if next.Op != OpClosure || int(next.B) != f.Upvalues {
			continue
		}
		f.Captures = p.Captures[next.A : next.A+int32(next.B)]
		in.Op = OpMakeClosure
		p.Code[i+1].A = at + 1
	}
}

func (l *loader) constant(v any) int32 {
	// NaN is not equal to itself and -0 equals 0, so neither can be found by value.
	if f, ok := v.(float64); ok && (f != f || f == 0) {
		l.program.Consts = append(l.program.Consts, v)
		return int32(len(l.program.Consts) - 1)
	}
	return intern(l.consts, &l.program.Consts, v)
}

func (l *loader) call(name string) int32 { return intern(l.calls, &l.program.Calls, name) }

func intern[T comparable](index map[T]int32, table *[]T, v T) int32 {
	at, ok := index[v]
	if !ok {
		at = int32(len(*table))
		index[v] = at
		*table = append(*table, v)
	}
	return at
}

func toFloat(t any) any {
	switch t := t.(type) {
	case Op:
		return float64(t)
	case int:
		return float64(t)
	case int64:
		return float64(t)
	case *big.Int:
		f, _ := new(big.Float).SetInt(t).Float64()
		return f
	}
	return t
}

func isTrue(t any) bool { return t == true || asNumber(t) == 1 }

// Globals is the first names of the globals that the program reads by a constant chain, sorted. Reads of a single name
// for which known is true are left out.
func (p *Program) Globals(known func(name string) bool) []string {
	var names []string
	for _, chain := range p.Chains {
		if len(chain) > 1 || !known(chain[0]) {
			names = append(names, chain[0])
		}
	}
	slices.SortFunc(names, cmp.Compare[string])
	return slices.Compact(names)
}
