package vm

import (
	"math"
	"strconv"
	"testing"
)

// TestShortDecimal compares the short way of reading numbers with the general one, bit by bit.
func TestShortDecimal(t *testing.T) {
	for _, text := range []string{"0", "-0", "-0.0", "1.5", "-12.75", "0.1", "0.000000000001", "123456789.12345", "-99999999999.99", "51.5", "7"} {
		got, ok := shortDecimal(text)
		want, err := strconv.ParseFloat(text, 64)
		if err != nil || !ok || math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%s\n got %v %v\nwant %v", text, got, ok, want)
		}
	}
	for i := range 200_000 {
		text := strconv.FormatFloat(float64(i*7919)/1000, 'f', 3, 64)
		got, _ := shortDecimal(text)
		if want, _ := strconv.ParseFloat(text, 64); got != want {
			t.Fatalf("%s\n got %v\nwant %v", text, got, want)
		}
	}
	for _, text := range []string{"1e5", "1.5E3", "1234567890123456"} {
		if _, ok := shortDecimal(text); ok {
			t.Errorf("%s is taken for a short decimal", text)
		}
	}
}
