package vm

import (
	"strings"

	"github.com/prickle-dev/prickle/hog/code"
)

// savedNative is a function with a callback in a saved stack.
type savedNative struct {
	builtin *Builtin
	layout  layout
	base    int
}

// findNatives looks for the functions with callbacks among the frames.
func (r *restorer) findNatives(frames []Value, height int) {
	end := 0
	for _, v := range frames {
		d, _ := v.AsDict()
		base := r.count(d, "stackStart")
		if base < end || base > height {
			r.fail("a frame starts at %d, which is not where one can", base)
			return
		}
		end = base
		b := r.library[trimLibrary(r.text(d, "chunk"))]
		if b == nil || b.Callback == NoCallback {
			continue
		}
		l := layouts[b.Callback]
		// The reference stops on the operand of a call of an async function held in a variable, one too early.
		if ip := r.count(d, "ip"); ip != l.ip && ip != l.ip-1 || base+l.size > height {
			r.fail("%s is not where it can be suspended", b.Name)
			return
		}
		r.natives = append(r.natives, savedNative{b, l, base})
		end = base + l.size
		r.shifts = addShift(r.shifts, end, callbackSlots-l.size)
	}
}

// trimLibrary is the function that runs in a chunk of the library, "" for other chunks.
func trimLibrary(chunk string) string {
	name, _ := strings.CutPrefix(chunk, libraryChunk)
	if name == chunk {
		return ""
	}
	return name
}

// stack is the values as our machine has them.
func (r *restorer) stack(saved []Value) {
	m, from := r.m, 0
	put := func(values []Value) {
		for _, v := range values {
			m.push(v)
		}
	}
	for _, n := range r.natives {
		slots, ok := n.layout.restore(saved[n.base : n.base+n.layout.size])
		if !ok {
			r.fail("%s is not where it can be suspended", n.builtin.Name)
		}
		put(saved[from:n.base])
		put(slots)
		from = n.base + n.layout.size
	}
	put(saved[from:])
}

func (r *restorer) frames(list []Value) {
	m := r.m
	if len(list) == 0 {
		r.fail("there are no frames")
	}
	natives := r.natives
	for i, v := range list {
		d, _ := v.AsDict()
		base := r.count(d, "stackStart")
		f := frame{base: int32(shifted(r.shifts, base))}
		if name := trimLibrary(r.text(d, "chunk")); name != "" {
			if len(natives) == 0 || i == 0 || natives[0].builtin.Name != name {
				r.fail("%s is not a function with a callback", name)
				return
			}
			if m.frames[i-1].native != nil {
				r.fail("%s is called by %s, which calls functions of the program only", name, m.frames[i-1].native.Name)
				return
			}
			f.native, natives = natives[0].builtin, natives[1:]
		} else {
			f.fn = r.frameFunction(d)
			ip, ok := r.place(f.fn, r.count(d, "ip"))
			if !ok {
				r.fail("a frame goes on at %d, where no instruction starts", r.count(d, "ip"))
				return
			}
			f.ret = int32(ip)
		}
		m.frames = append(m.frames, f)
	}
	if r.err != nil {
		return
	}
	top := m.frames[len(m.frames)-1]
	m.base, m.ip = int(top.base), int(top.ret)
	for i := len(m.frames) - 1; i >= 0; i-- {
		if fn := m.frames[i].fn; fn != nil {
			m.chunk = m.chunkOf(fn.program)
			break
		}
	}
}

// place is the instruction at a token of a function's program.
func (r *restorer) place(fn *Function, token int) (int, bool) {
	if fn == nil {
		return 0, false
	}
	p := fn.program.code
	at, ok := p.Instruction(token)
	if !ok && token > 0 {
		// The reference stops on the operand of a call of an async function held in a variable, one too early.
		if call, found := p.Instruction(token - 1); found && p.Code[call].Op == code.OpCallLocal {
			return p.Instruction(token + 1)
		}
	}
	return at, ok
}

func (r *restorer) handlers() {
	m := r.m
	for _, v := range r.list(r.state, "throwStack") {
		d, _ := v.AsDict()
		n := r.count(d, "callStackLen")
		if n < 1 || n > len(m.frames) || m.frames[n-1].native != nil {
			continue // the reference leaves handlers behind of functions that have returned
		}
		catch, ok := r.place(m.frames[n-1].fn, r.count(d, "catchIp"))
		if !ok {
			r.fail("a catch is at %d, where no instruction starts", r.count(d, "catchIp"))
			return
		}
		height := shifted(r.shifts, r.count(d, "stackLen"))
		if height < 0 {
			r.fail("a try starts at height %d", height)
			return
		}
		for k := len(m.handlers); k > 0 && int(m.handlers[k-1].frames) > n; k-- {
			m.handlers = m.handlers[:k-1]
		}
		m.handlers = append(m.handlers, handler{frames: int32(n), height: int32(height), catch: int32(catch)})
	}
}

// declared gives the programs back their legacy functions.
func (r *restorer) declared() {
	all := r.dict(r.state, "declaredFunctions")
	for _, c := range r.chunks {
		for i, name := range c.program.code.Calls {
			v, ok := all.get(name)
			pair, isList := v.AsArray()
			if !ok || !isList || len(pair.Items) == 0 {
				continue
			}
			ip, _ := pair.Items[0].AsNumber()
			if f := r.functionAt(c, int(ip)); f != nil && f.Call == int32(i) {
				c.declare(int32(i), &Function{Name: name, Args: f.Args, program: c.program, entry: f.Entry})
			}
		}
	}
}
