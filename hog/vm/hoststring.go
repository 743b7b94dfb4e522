package vm

import "strconv"

// HostString is the text that the reference's host language makes of a value: arrays joined by commas, dictionaries as
// [object Map]. The operators and functions that convert silently use it. It must be called inside of a run only: for
// lists with more than a million items in them it ends the run with KindStringSize.
func HostString(v Value) string {
	if v.Kind() == KindString {
		return v.str()
	}
	return hostString(v, "[object Map]")
}

// PlainString is HostString of a value that was parsed from JSON just now, whose objects are no dictionaries there yet.
func PlainString(v Value) string { return hostString(v, "[object Object]") }

// maxHostItems bounds the work of one silent conversion; lists that hold each other many times have more items than
// could ever be walked.
const maxHostItems = 1_000_000

func hostString(v Value, dict string) string {
	h := hostPrinter{dict: dict}
	h.value(v)
	if h.full() {
		// Conversions are silent and deep inside of operators, so this leaves the run the short way; see Program.Run.
		panic(errorf(KindStringSize, "a list is too large to be taken as text"))
	}
	return string(h.dst)
}

type hostPrinter struct {
	dst   []byte
	dict  string
	items int
	path  path
}

func (h *hostPrinter) full() bool { return h.items > maxHostItems || len(h.dst) > maxText }

func (h *hostPrinter) value(v Value) {
	switch v.Kind() {
	case KindString:
		h.dst = append(h.dst, v.str()...)
	case KindArray, KindTuple:
		h.list(v)
	case KindDict:
		h.dst = append(h.dst, h.dict...)
	case KindNull:
		h.dst = append(h.dst, "null"...)
	case KindBool:
		h.dst = strconv.AppendBool(h.dst, v.Truthy())
	case KindNumber:
		h.dst = appendNumber(h.dst, v.num())
	default:
		h.dst = append(h.dst, "[object Object]"...)
	}
}

func (h *hostPrinter) list(v Value) {
	if !h.path.enter(v) {
		return
	}
	for i, item := range v.array().Items {
		if h.items++; h.full() {
			break
		}
		if i > 0 {
			h.dst = append(h.dst, ',')
		}
		if !item.IsNull() {
			h.value(item)
		}
	}
	h.path.leave()
}
