package vm

// Callback names the library functions that call back into the program. They are frames of the machine.
type Callback uint8

// The library functions with callbacks.
const (
	NoCallback Callback = iota
	CallbackMap
	CallbackFilter
	CallbackExists
	CallbackCount
	CallbackReduce
)

// Builtin is one library function as the machine calls it.
type Builtin struct {
	Name string
	// Min and Max are the numbers of arguments; a negative Max means any number.
	Min, Max int
	// Exact words a wrong number of arguments as the reference does for its functions written in Hog. Such functions
	// cannot be called through a value.
	Exact bool
	// Callback is set instead of Func for functions that take a callback.
	Callback Callback
	// Func does the work. The arguments are valid during the call only; what it returns is fresh or shared with them.
	Func func(c *Call, args []Value) (Value, error)
}

// Library is library functions by name.
type Library map[string]*Builtin
