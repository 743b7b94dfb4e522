package gen

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// tokens are roughly those of the language; what is none is a token of one character.
var tokens = regexp.MustCompile(`(?s)'(?:[^'\\]|\\.)*'|/\*.*?\*/|(?:--|//)[^\n]*|[\w$]+|->|:=|[<>!=]=|\?\?|\?\.|\|\||\s+|.`)

// vocabulary is what mutation puts in.
var vocabulary = strings.Fields("( ) [ ] { } , ; : . ?. := -> = == + - * / % || ?? ? not and or in is null like between case when then end " +
	"if else for while fn return let try catch throw 'x' `q` \"d\" 1 0x1 1.5 .5 x f( interval day as select from f'{ ' <a /> < >")

// Mutate is the text with a few tokens dropped, doubled, swapped, replaced or put in, the same for the same seed. Most
// results are no programs any more, and many nearly are.
func Mutate(text string, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 0xD1B54A32D192ED03))
	list := tokens.FindAllString(text, -1)
	if from := r.IntN(max(len(list)-20, 1)); r.IntN(2) == 0 {
		list = list[from:min(from+40, len(list))] // a piece, in which a fault is not drowned
	}
	for range 1 + r.IntN(3) {
		list = mutate(r, list)
	}
	return strings.Join(list, "")
}

func mutate(r *rand.Rand, list []string) []string {
	if len(list) == 0 {
		return vocabulary[:1]
	}
	at, other := r.IntN(len(list)), r.IntN(len(list))
	switch r.IntN(6) {
	case 0:
		return slices.Delete(slices.Clone(list), at, min(at+1+r.IntN(3), len(list)))
	case 1:
		return slices.Insert(slices.Clone(list), at, list[at])
	case 2:
		list = slices.Clone(list)
		list[at], list[other] = list[other], list[at]
		return list
	case 3:
		list = slices.Clone(list)
		list[at] = list[other]
		return list
	case 4:
		list = slices.Clone(list)
		list[at] = vocabulary[r.IntN(len(vocabulary))]
		return list
	}
	return slices.Insert(slices.Clone(list), at, " "+vocabulary[r.IntN(len(vocabulary))]+" ")
}

// ShrinkText drops tokens while fails holds, and returns the shortest text found. It asks at most so many times.
func ShrinkText(text string, tries int, fails func(string) bool) string {
	list := tokens.FindAllString(text, -1)
	for size := len(list) / 2; size > 0; {
		dropped := false
		for at := len(list) - size; at >= 0; at -= size {
			if tries--; tries < 0 {
				return strings.Join(list, "")
			}
			shorter := slices.Delete(slices.Clone(list), at, min(at+size, len(list)))
			if fails(strings.Join(shorter, "")) {
				list, dropped = shorter, true
			}
		}
		if !dropped {
			size /= 2
		}
		size = min(size, len(list))
	}
	return strings.Join(list, "")
}
