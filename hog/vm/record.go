package vm

import (
	"math"
	"strings"
	"time"
	"unsafe"
)

// Names of the marker fields that tell records apart on the wire.
const (
	markDateTime = "__hogDateTime__"
	markDate     = "__hogDate__"
	markInterval = "__hogInterval__"
	markError    = "__hogError__"
	markAST      = "__hx_ast"
)

// DateTime is an instant and the zone it is shown in. It never changes, so runs share it.
type DateTime struct {
	// Epoch is seconds since 1970 in UTC; NaN when the text it was made from was no date.
	Epoch float64
	// Zone is an IANA zone name, not checked.
	Zone string
}

// NewDateTime is a datetime value. It keeps a copy of the zone, which can be a piece of a large text.
func NewDateTime(epoch float64, zone string) Value {
	if zone != "UTC" {
		zone = strings.Clone(zone)
	}
	return object(KindDateTime, unsafe.Pointer(&DateTime{Epoch: epoch, Zone: zone}))
}

// Time is the datetime value of an instant, in UTC, cut to milliseconds.
func Time(t time.Time) Value {
	return NewDateTime(float64(t.UnixMilli())/1000, "UTC")
}

// Date is a calendar day. The fields are numbers of the language and may be NaN for text that was no date.
type Date struct {
	Year, Month, Day float64
}

// NewDate is a date value.
func NewDate(year, month, day float64) Value {
	return object(KindDate, unsafe.Pointer(&Date{Year: year, Month: month, Day: day}))
}

// Epoch is the day's midnight in UTC as seconds since 1970.
func (d *Date) Epoch() float64 {
	if d.Year != d.Year || d.Month != d.Month || d.Day != d.Day {
		return math.NaN()
	}
	return float64(time.Date(int(d.Year), time.Month(int(d.Month)), int(d.Day), 0, 0, 0, 0, time.UTC).Unix())
}

// Interval is a length of time as the toInterval functions make it.
type Interval struct {
	Value Value
	Unit  string
}

// NewInterval is an interval value.
func NewInterval(value Value, unit string) Value {
	return object(KindInterval, unsafe.Pointer(&Interval{Value: value, Unit: unit}))
}

// ErrorValue is an error that a program made and may throw.
type ErrorValue struct {
	Type    string
	Message string
	Payload Value
}

// NewError is an error value.
func NewError(typ, message string, payload Value) Value {
	return object(KindError, unsafe.Pointer(&ErrorValue{Type: typ, Message: message, Payload: payload}))
}

// FunctionKind says where a function value comes from.
type FunctionKind uint8

// The kinds of functions.
const (
	FunctionLocal   FunctionKind = iota // defined in Hog
	FunctionLibrary                     // a function of the library
	FunctionAsync                       // sleep, or one that the host runs outside the machine
)

// Function is the content of a function value: a closure, or a reference to a library function.
type Function struct {
	Name string
	Args int
	Kind FunctionKind

	program  *Program // whose code it runs
	entry    int32
	open     bool // a callable that no closure was made of yet
	upvalues int32
	cells    []*cell
	library  *Builtin
}

// keepsVariables reports whether the function has captured variables, and none of them is on a stack any more.
func (f *Function) keepsVariables() bool {
	for _, c := range f.cells {
		if c.open {
			return false
		}
	}
	return len(f.cells) > 0
}

func newFunction(f *Function) Value { return object(KindFunction, unsafe.Pointer(f)) }

// cell is a captured variable: a slot of the stack while its scope lives, a value of its own afterwards.
type cell struct {
	value Value // while open: the machine whose stack the slot is in, see ownedBy
	slot  int32
	open  bool
	next  *cell
}

// openedBy makes the cell a slot of the machine's stack.
func (c *cell) openedBy(m *machine) { c.open, c.value = true, Value{ptr: unsafe.Pointer(m)} }

// ownedBy reports whether the slot of an open cell is one of the machine's stack. It is not when a host hands a function
// of a run that still goes on to another run.
func (c *cell) ownedBy(m *machine) bool { return c.value.ptr == unsafe.Pointer(m) }
