package vm

import (
	"errors"
	"strings"
)

func (m *machine) throwTop() error {
	v, err := m.pop()
	if err != nil {
		return err
	}
	if v.Kind() != KindError {
		return errorf(KindType, "Can not throw: value is not of type Error")
	}
	return &thrown{value: v}
}

// catch hands a thrown error to the innermost handler. Every other error, and one that nothing handles, comes back and
// ends the run.
func (m *machine) catch(err error) error {
	var t *thrown
	if !errors.As(err, &t) {
		return err
	}
	if len(m.handlers) == 0 || t.value.Kind() != KindError {
		return uncaught(t.value)
	}
	h := m.handlers[len(m.handlers)-1]
	m.handlers = m.handlers[:len(m.handlers)-1]
	if m.sp < int(h.height) {
		return errUnderflow
	}
	m.cut(int(h.height))
	clear(m.frames[h.frames:])
	m.frames = m.frames[:h.frames]
	m.base, m.ip = int(m.frames[h.frames-1].base), int(h.catch)
	m.push(t.value)
	return m.enterChunk(m.frames[h.frames-1].fn.program)
}

func uncaught(v Value) *Error {
	e, ok := v.AsError()
	if !ok {
		return errorf(KindHost, "Can not throw: value is not of type Error")
	}
	text := e.Type + "('" + strings.ReplaceAll(e.Message, "'", `\'`) + "')"
	return &Error{Kind: KindThrown, Message: text, Thrown: v}
}

// dropHandlers forgets the handlers of frames that are gone.
func (m *machine) dropHandlers() {
	for n := len(m.handlers); n > 0 && int(m.handlers[n-1].frames) > len(m.frames); n-- {
		m.handlers = m.handlers[:n-1]
	}
}

// jsonOf is a value as JSON, for a message.
func jsonOf(v Value) string {
	e := jsonEncoder{textWriter: textWriter{max: maxMessage}}
	e.value(v)
	return clip(string(e.dst))
}
