package hogs

import (
	"bytes"

	"github.com/prickle-dev/prickle/hog"
	"github.com/prickle-dev/prickle/pipeline/rawjson"
)

// A Hog number is a float64, which cannot hold every integer of more than 15 digits. An id that a program does not even look at must not
// come out changed, so a property with such a number keeps its spelling when the program left its value alone.

// keepNumbers returns the properties after a run, with the spelling from before in place of long numbers that were not changed.
func keepNumbers(before, after []byte) []byte {
	if !hasLongNumber(before) {
		return after
	}
	for key, raw := range rawjson.Members(before) {
		name, _ := rawjson.String(key)
		now, ok := rawjson.Get(after, name)
		if !ok || !hasLongNumber(raw) {
			continue
		}
		if v, err := hog.FromJSON(raw); err == nil {
			if same, err := v.AppendJSON(nil); err == nil && bytes.Equal(same, now) {
				after = rawjson.Set(after, name, raw)
			}
		}
	}
	return after
}

// maxDigits is how many digits a float64 always keeps.
const maxDigits = 15

// hasLongNumber reports whether there may be a number of more than 15 digits. Digits in text count too, which costs a comparison at most.
func hasLongNumber(raw []byte) bool {
	// Of a run that is long enough, one character is among those that are looked at.
	for i := maxDigits; i < len(raw); i += maxDigits + 1 {
		if !inNumber(raw[i]) {
			continue
		}
		digits, start := 0, i
		for start > 0 && inNumber(raw[start-1]) {
			start--
		}
		for i = start; i < len(raw) && inNumber(raw[i]); i++ {
			if raw[i] != '.' {
				digits++
			}
		}
		if digits > maxDigits {
			return true
		}
	}
	return false
}

func inNumber(c byte) bool { return c >= '0' && c <= '9' || c == '.' }
