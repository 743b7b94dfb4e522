package stdlib

import (
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/prickle-dev/prickle/hog/vm"
)

func numbers() []Function {
	return []Function{
		{Name: "floor", Min: 1, Max: 2, Doc: "The largest integer not above the number.", Func: mapNumber(math.Floor), Examples: []Example{{"floor(-1.5)", "-2"}, {"floor('x')", "NaN"}}},
		{Name: "round", Min: 1, Max: 2, Doc: "The nearest integer, halves up.", Func: mapNumber(round), Examples: []Example{{"round(2.5)", "3"}, {"round(-2.5)", "-2"}}},
		{Name: "min2", Min: 2, Max: 2, Doc: "The smaller of two values.", Func: min2, Examples: []Example{{"min2(3, 2)", "2"}, {"min2('b', 'a')", "'a'"}}},
		{Name: "plus", Min: 2, Max: 2, Doc: "The sum of numbers, or texts joined.", Func: plus, Examples: []Example{{"plus(1, 2)", "3"}, {"plus('a', 'b')", "'ab'"}}},
		{Name: "minus", Min: 2, Max: 2, Doc: "The difference of two numbers.", Func: minus, Examples: []Example{{"minus('3', 1)", "2"}, {"minus('x', 1)", "NaN"}}},
		{Name: "range", Min: 1, Max: 2, Doc: "The integers from 0, or from the first number, up to but without the last.", Func: rangeOf,
			Examples: []Example{{"range(3)", "[0, 1, 2]"}, {"range(2, 4)", "[2, 3]"}}},
		{Name: "randomFloat", Min: 0, Max: 0, Doc: "A random number from 0 up to but without 1.", Func: randomFloat, Examples: []Example{{"randomFloat() < 1", "true"}, {"randomFloat() >= 0", "true"}}},
		{Name: "generateUUIDv4", Min: 0, Max: 0, Doc: "A random UUID.", Func: generateUUID, Examples: []Example{{"length(generateUUIDv4())", "36"}, {"substring(generateUUIDv4(), 15, 1)", "'4'"}}},
	}
}

func mapNumber(f func(float64) float64) func(*vm.Call, []vm.Value) (vm.Value, error) {
	return func(c *vm.Call, args []vm.Value) (vm.Value, error) {
		return vm.Number(f(c.Number(args[0]))), nil
	}
}

func round(f float64) float64 {
	low := math.Floor(f)
	if f-low >= 0.5 {
		return low + 1
	}
	return low
}

func min2(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if o, ok, err := c.Compare(args[0], args[1]); err != nil || ok && o < 0 {
		return args[0], err
	}
	return args[1], nil
}

func plus(c *vm.Call, args []vm.Value) (vm.Value, error) {
	if joins(args[0]) || joins(args[1]) {
		texts, err := hostStrings(c, args...)
		if err != nil {
			return vm.Null(), err
		}
		if err := c.Text(len(texts[0]) + len(texts[1])); err != nil {
			return vm.Null(), err
		}
		return vm.String(texts[0] + texts[1]), nil
	}
	return vm.Number(c.Number(args[0]) + c.Number(args[1])), nil
}

// joins reports the values that the reference's host language adds as texts.
func joins(v vm.Value) bool {
	switch v.Kind() {
	case vm.KindNull, vm.KindBool, vm.KindNumber:
		return false
	}
	return true
}

func minus(c *vm.Call, args []vm.Value) (vm.Value, error) {
	return vm.Number(c.Number(args[0]) - c.Number(args[1])), nil
}

// maxRange bounds ranges where no limit does.
const maxRange = 1 << 28

func rangeOf(c *vm.Call, args []vm.Value) (vm.Value, error) {
	start, end := 0.0, c.Number(args[0])
	if len(args) == 2 {
		start, end = end, c.Number(args[1])
	}
	return numbersFrom(c, start, integer(end-start, 0, maxRange))
}

// numbersFrom is an array of n numbers one apart.
func numbersFrom(c *vm.Call, start float64, n int) (vm.Value, error) {
	if err := c.List(n); err != nil {
		return vm.Null(), err
	}
	if n == maxRange {
		return vm.Null(), vm.Errorf(vm.KindMemory, "a list of %d items or more is too long", n)
	}
	values := make([]vm.Value, n)
	for i := range values {
		values[i] = vm.Number(start + float64(i))
	}
	return vm.NewArray(values...), nil
}

func randomFloat(c *vm.Call, args []vm.Value) (vm.Value, error) {
	var buf [8]byte
	if err := c.Random(buf[:]); err != nil {
		return vm.Null(), err
	}
	return vm.Number(float64(binary.LittleEndian.Uint64(buf[:])>>11) / (1 << 53)), nil
}

func generateUUID(c *vm.Call, args []vm.Value) (vm.Value, error) {
	var b [16]byte
	if err := c.Random(b[:]); err != nil {
		return vm.Null(), err
	}
	b[6], b[8] = b[6]&0x0F|0x40, b[8]&0x3F|0x80
	h := hex.EncodeToString(b[:])
	return vm.String(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]), nil
}
