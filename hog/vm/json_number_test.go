package vm

import (
	"math"
	"strconv"
	"testing"
)

// TestNumbersOfJSON compares the short way of reading numbers with the general one, bit by bit.
func TestNumbersOfJSON(t *testing.T) {
	check := func(text string) {
		t.Helper()
		v, err := ParseJSON(text)
		got, _ := v.AsNumber()
		want, _ := strconv.ParseFloat(text, 64)
		if err != nil || math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%s\n got %v %v\nwant %v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"0", "-0", "-0.0", "0.0", "1.5", "-12.75", "0.1", "-0.1", "0.000000000001", "123456789.12345", "-99999999999.99", "51.5", "7", "-7",
		"999999999999999", "9999999999999999", "0.999999999999999", "0.00000000000000000001", "12345678901234567890", "-0.12345678901234567",
		"1e5", "1.5E3", "-1.5e-3", "0e0", "1e400", "1234567890123456789012345678901234567890.5e-3",
	} {
		check(text)
	}
	for i := range 200_000 {
		check(strconv.FormatFloat(float64(i*7919)/1000, 'f', 3, 64))
	}
	for _, text := range []string{"-", "01", "-01", "1.", "-.5", "1.e5", "1e", "1e+", "1.5.5", "1-5", "1234567890123456-5", "1.2345678901234567-5", "0x1", "+1", ".5"} {
		if v, err := ParseJSON(text); err == nil {
			t.Errorf("%s\n got %v\nwant an error", text, v)
		}
	}
}
